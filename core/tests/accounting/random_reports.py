"""Random documents for the properties of accounting, and a world that knows everything about them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
from hypothesis import strategies as st

from dougong.accounting import Context, LoanFact
from dougong.model.documents import (
    Advance,
    Document,
    Event,
    ExecutedPayment,
    Invoice,
    InvoiceShare,
    Line,
    PaidBy,
    Payee,
    Split,
    Withheld,
)
from dougong.model.money import round_to
from dougong.model.operations import Limits
from dougong.tables.rates import Rate, Rates

__all__ = ["RATES", "approved_of", "cents", "reports", "shares", "world"]

D = Decimal
CENT = D("0.01")
#: Functional units per foreign unit, of every line and of the table.
RATES = {"HKD": D("0.9125"), "USD": D("7.15"), "JPY": D("0.0487")}
BEARERS = (("A", "D01", None), ("A", "D02", None), ("A", "D03", "P-R01"), ("B", "BD1", None), (None, None, None))
#: What `world` knows of a loan stands in its name: currency, what is left of it, what that was when it was lent.
LOANS = ("J1", "J2", "USD 1000.00 7200.01", "USD 333.33 2381.00")


def cents(low: int, high: int):
    return st.integers(low, high).map(lambda value: D(value).scaleb(-2))


def world(rules, needs, **changes) -> Context:
    """A context in which every report can be booked."""

    def needs_of(book, account):
        known = needs(account)
        keeps = account.startswith(("6601.", "1221.01"))
        return None if known is None else attrs.evolve(known, currencies=frozenset(RATES) if keeps else frozenset())

    first = dt.date(2026, 11, 1)
    base = Context(
        rules={"A01": rules, "B01": rules},
        books_for=lambda entity, moment, document: {"A": ["A01"], "B": ["B01"]}.get(entity, []),
        rates=Rates("rates.csv", {(name, "CNY", "month_start", first): Rate(rate, 2) for name, rate in RATES.items()}),
        account_needs=needs_of,
        limits=lambda book: Limits(max_summary=80),
        loan=_loan,
    )
    return attrs.evolve(base, **changes)


def _loan(name: str) -> LoanFact:
    currency, _, amounts = name.partition(" ")
    if not amounts:
        return LoanFact(name)
    remaining, carrying = map(D, amounts.split())
    return LoanFact(name, "E001", currency, remaining=remaining, carrying=carrying)


@st.composite
def shares(draw):
    """Shares that sum to 1 exactly, or written with four decimals as people write thirds."""
    parts = draw(st.lists(st.integers(1, 10_000), min_size=1, max_size=6))
    written = [(D(part) / sum(parts)).quantize(D("0.0001")) for part in parts]
    if draw(st.booleans()):
        written[-1] = 1 - sum(written[:-1])
    return written if min(written) > 0 else [D(1)]


@st.composite
def reports(draw):
    """A report whose payees are what is left to pay, as a source computes it, with what the bank did afterwards."""
    lines = [draw(_line(at)) for at in range(draw(st.integers(1, 6)))]
    invoices: list[Invoice] = []
    for at, line in enumerate(lines):
        kind = draw(st.sampled_from(("专票", "航空电子客票", "普票", None)))
        if kind is not None:
            invoice, share = draw(_invoice(f"i{at}", kind, line))
            invoices.append(invoice)
            lines[at] = attrs.evolve(line, invoices=(InvoiceShare(invoice.id, share),))
    if draw(st.booleans()):
        lines, invoices = _one_more(draw, lines, invoices)
    approved = sum(approved_of(line) for line in lines)
    company = sum(_base(line) for line in lines if line.paid_by)
    rest = approved - company
    advances = draw(_advances(rest))
    rest -= sum(_at_rate(one) for one in advances)
    withheld = draw(st.lists(cents(1, 5_000), max_size=2)) if rest > 1000 else []
    rest -= sum(withheld)
    own = sum(_base(line) - approved_of(line) for line in lines if line.paid_by)
    owed = rest < 0 and -rest <= own and draw(st.booleans())
    payees = () if owed else draw(_payees(rest))
    return Document(
        source="hesi",
        tenant="corp",
        type="expense",
        id="id-1",
        number="B26110009",
        state="approved",
        currency="CNY",
        entity="A",
        submitter="E001",
        submitter_name="张三",
        department="D01",
        lines=tuple(lines),
        invoices=tuple(invoices),
        advances=tuple(advances),
        payees=tuple(payees),
        withheld=tuple(Withheld(kind, amount) for kind, amount in zip(("个税", "增值税"), withheld, strict=False)),
        events=(Event("e1", "approved", dt.date(2026, 11, 18)), *draw(_bank(payees))),
    )


@st.composite
def _line(draw, at: int):
    """A line with everything that settlement looks at."""
    gross = draw(cents(1, 1_000_000)) * draw(st.sampled_from((1, 1, 1, -1)))
    currency = draw(st.sampled_from((None, None, None, *RATES)))
    if currency == "JPY":
        gross = gross.quantize(D(1)) or D(1)
    stated = None
    if currency and draw(st.booleans()):
        stated = round_to(gross * RATES[currency] + draw(cents(-3, 3)), 2)
        stated = stated if stated * gross > 0 else None
    line = Line(
        id=f"L{at}",
        fee_type=draw(st.sampled_from(("差旅费", "差旅费", "业务招待费"))),
        gross=gross,
        currency=currency,
        rate=RATES[currency] if currency else None,
        base=stated,
        expense_date=dt.date(2026, 11, 12),
        paid_by=PaidBy(draw(st.sampled_from(("S-1", "S-2")))) if draw(st.integers(0, 3)) == 0 else None,
    )
    base = _base(line)
    part = draw(st.none() | st.just(100) | st.integers(0, 100))
    line = attrs.evolve(line, approved=None if part is None else round_to(base * part / 100, 2))
    return attrs.evolve(line, splits=draw(_splits(line)))


@st.composite
def _splits(draw, line):
    """None at all, by share, or by amount."""
    how = draw(st.sampled_from(("none", "share", "amount")))
    if how == "none":
        return ()
    if how == "share":
        return tuple(Split(*draw(st.sampled_from(BEARERS)), share=share) for share in draw(shares()))
    total = abs(_base(line))
    parts = [draw(cents(0, int(total * 100))) for _ in range(draw(st.integers(0, 3)))]
    parts = parts if sum(parts) <= total else []
    amounts = [*parts, total - sum(parts)]
    return tuple(Split(*draw(st.sampled_from(BEARERS)), amount=one.copy_sign(line.gross)) for one in amounts)


@st.composite
def _invoice(draw, id: str, kind: str, line: Line):
    """An invoice that covers the line, or more than that; and what the line claims of it."""
    extra = draw(cents(0, 50_000)) if line.currency != "JPY" else D(0)
    gross = line.gross + extra.copy_sign(line.gross)
    rate = D(draw(st.sampled_from(("0.06", "0.09", "0.13"))))
    tax = None if kind == "航空电子客票" else (gross - gross / (1 + rate)).quantize(CENT)
    fund = draw(st.sampled_from((None, D("50.00")))) if kind == "航空电子客票" and abs(gross) > 100 else None
    buyer = draw(st.sampled_from(("A", "A", "B", None)))
    verified = draw(st.sampled_from((True, True, None, False)))
    fund = fund.copy_sign(gross) if fund else None
    invoice = Invoice(id, kind, gross, tax=tax, rate=rate, fund=fund, buyer=buyer, verified=verified)
    return invoice, draw(st.sampled_from((None, line.gross)))


def _one_more(draw, lines, invoices):
    """Several lines more, of one invoice together: the last cent of its tax falls on one of them."""
    amounts = draw(st.lists(cents(1, 30_000), min_size=2, max_size=4))
    gross = sum(amounts)
    invoice = Invoice("shared", "专票", gross, tax=(gross * 6 / 106).quantize(CENT), rate=D("0.06"), buyer="A")
    more = [
        Line(id=f"S{at}", fee_type="差旅费", gross=amount, invoices=(InvoiceShare("shared", amount),))
        for at, amount in enumerate(amounts)
    ]
    return [*lines, *more], [*invoices, invoice]


@st.composite
def _advances(draw, rest: Decimal):
    """Write-offs that leave something to pay; a report that gives money back may give a loan back."""
    out: list[Advance] = []
    for _ in range(draw(st.integers(0, 3)) if rest > 1000 else 0):
        loan = draw(st.sampled_from(LOANS))
        foreign = loan.startswith("USD")
        amount = draw(cents(1, 5_000 if foreign else 30_000))
        out.append(Advance(loan, amount, "USD" if foreign else None))
    return out


@st.composite
def _payees(draw, rest: Decimal):
    """What is left to pay, to one or to several."""
    if draw(st.booleans()) or not rest:
        return (Payee("employee", "E001", rest),)
    part = round_to(rest * draw(st.integers(0, 100)) / 100, 2)
    who = draw(st.sampled_from((("employee", "E002"), ("supplier", "S-1"))))
    return (Payee("employee", "E001", rest - part), Payee(*who, part))


@st.composite
def _bank(draw, payees):
    """Nothing paid; or everything, in one or several transfers; perhaps one came back."""
    owed = [one for one in payees if one.amount > 0]
    if not owed or draw(st.booleans()):
        return ()
    transfers = []
    for payee in owed:
        count = draw(st.integers(1, 3))
        part = round_to(payee.amount / count, 2)
        amounts = [one for one in [part] * (count - 1) + [payee.amount - part * (count - 1)] if one]
        transfers += [
            ExecutedPayment(payee.code, amount, id=draw(st.sampled_from((None, f"{payee.code}-{at}"))), account=BANK)
            for at, amount in enumerate(amounts)
        ]
    paid = Event("p1", "paid", dt.date(2026, 11, 20), payments=tuple(transfers))
    if draw(st.booleans()):
        return (paid,)
    return (paid, Event("r1", "payment_returned", dt.date(2026, 11, 23), payments=(transfers[0],)))


BANK = "工行基本户"


def _base(line: Line) -> Decimal:
    """What was claimed, in functional currency."""
    if line.base is not None:
        return line.base
    return round_to(line.gross * line.rate, 2) if line.rate else line.gross


def approved_of(line: Line) -> Decimal:
    """What was approved, in functional currency."""
    return _base(line) if line.approved is None else line.approved


def _at_rate(advance: Advance) -> Decimal:
    return round_to(advance.amount * RATES["USD"], 2) if advance.currency else advance.amount
