"""Documents, rules and books for accounting tests: those of the project template, without anything on disk changing."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest

import dougong
from dougong.accounting import Context, LoanFact, load_rules
from dougong.accounting.rules import read_rules
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
)
from dougong.model.masterdata import AccountNeeds
from dougong.model.operations import Limits
from dougong.tables.files import read_table
from dougong.tables.rates import Rates

sys.path.insert(0, str(Path(__file__).parent))

TEMPLATE = Path(dougong.__file__).parent / "templates" / "project"
D = Decimal


def needs_of(account: str) -> AccountNeeds | None:
    """What the accounts of posting-rules.md §5 take."""
    if account.startswith(("6601.", "6602.")):
        return AccountNeeds(frozenset({"department"}))
    if account.startswith("5301."):
        return AccountNeeds(frozenset({"department", "project"}))
    if account in ("1221.01", "1221.02", "2241.01"):
        return AccountNeeds(frozenset({"employee"}))
    if account == "2202.01":
        return AccountNeeds(frozenset({"supplier"}))
    if account in ("1221.09", "2241.09"):
        return AccountNeeds(frozenset({"company"}))
    if account == "1002.01":
        return AccountNeeds(frozenset({"bank", "cash_flow"}), cash=True)
    return AccountNeeds() if account.startswith(("2221.", "6603.", "6901")) else None


@pytest.fixture(scope="session")
def needs():
    return needs_of


@pytest.fixture(scope="session")
def rules():
    return load_rules(TEMPLATE / "rules" / "a01.toml", read_table)


@pytest.fixture(scope="session")
def rules_text():
    return (TEMPLATE / "rules" / "a01.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def rules_with(rules_text):
    """The template's rules with texts replaced, and tables replaced by name."""

    def build(*changes: tuple[str, str], **tables: bytes):
        text = rules_text
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)

        def read(name, relative):
            return read_table(tables[name] if name in tables else TEMPLATE / relative, relative)

        return read_rules(text, Path("rules/a01.toml"), read)

    return build


@pytest.fixture
def context(rules):
    """A context that knows everything; keywords replace parts of it."""

    def build(**changes) -> Context:
        base = Context(
            rules={"A01": rules, "B01": rules},
            books_for=lambda entity, moment, document: {"A": ["A01"], "A01": ["A01"], "B": ["B01"]}.get(entity, []),
            rates=Rates(),
            account_needs=lambda book, account: needs_of(account),
            limits=lambda book: Limits(max_summary=80),
            loan=LoanFact,
        )
        return attrs.evolve(base, **changes)

    return build


@pytest.fixture
def make():
    """Short names for documents and their parts."""
    return SimpleNamespace(
        report=_report, approved=_approved, line=_line, invoice=_invoice, loan=_loan, scenario_1=_scenario_1,
        payee=lambda code, amount, kind="employee": Payee(kind, code, D(amount)),
        advance=lambda loan, amount, currency=None: Advance(loan, D(amount), currency),
    )  # fmt: skip


@pytest.fixture
def lines_of():
    """A voucher's lines as a set of texts: side, account, amount, then what they carry."""

    def texts(voucher) -> set[str]:
        out = [_text(line) for line in voucher.lines]
        assert len(out) == len(set(out)), "two lines are equal"
        return set(out)

    return texts


def _text(line) -> str:
    parts = [line.side, line.account, f"{line.amount:.2f}"]
    parts += [f"{name}={value}" for name, value in sorted(line.dimensions.items())]
    if line.tax:
        parts += [f"rate={line.tax.rate}", f"base={line.tax.base:.2f}"]
    if line.original:
        parts += [f"original={line.original.currency}:{line.original.amount}@{line.original.rate}"]
    for name in ("clears", "opens", "cash_flow", "coordination"):
        if getattr(line, name):
            parts.append(f"{name}={getattr(line, name)}")
    return " ".join(parts)


def _approved(on="2026-11-18", id="e1"):
    return Event(id, "approved", dt.date.fromisoformat(on))


def _line(id, fee_type, gross, *, invoice=None, splits=(), paid_by=None, approved=None, **rest):
    return Line(
        id=id,
        fee_type=fee_type,
        gross=D(gross),
        approved=None if approved is None else D(approved),
        invoices=(InvoiceShare(invoice),) if isinstance(invoice, str) else tuple(invoice or ()),
        splits=tuple(_split(*one) for one in splits),
        paid_by=PaidBy(paid_by) if paid_by else None,
        **{name: D(value) if name in ("rate", "base") else value for name, value in rest.items()},
    )


def _split(share, department=None, project=None, entity=None):
    return Split(entity=entity, department=department, project=project, share=D(share))


def _invoice(id, kind, gross, tax=None, *, rate=None, fund=None, **rest):
    def amount(value):
        return None if value is None else D(value)

    return Invoice(id, kind, D(gross), tax=amount(tax), rate=amount(rate), fund=amount(fund), **{"buyer": "A", **rest})


def _report(lines, payees=(), invoices=(), **rest):
    given = {
        "number": "B26110009",
        "entity": "A",
        "submitter": "E001",
        "submitter_name": "张三",
        "department": "D01",
        "events": (_approved(),),
        **rest,
    }
    number = given.pop("number")
    return Document(
        source="hesi",
        tenant="corp",
        type=given.pop("type", "expense"),
        id=f"id-{number}",
        number=number,
        state=given.pop("state", "approved"),
        currency="CNY",
        lines=tuple(lines),
        payees=tuple(payees),
        invoices=tuple(invoices),
        **given,
    )


def _loan(amount="5000.00", on="2026-11-02", *, account="工行基本户", payments=None, **rest):
    paid = (ExecutedPayment("E004", D(amount), account=account),) if payments is None else payments
    given = {"number": "J26110003", "submitter": "E004", "state": "paid", "type": "loan", **rest}
    events = (Event("p1", "paid", dt.date.fromisoformat(on), payments=paid),)
    return _report((), (Payee("employee", "E004", D(amount)),), **{"events": events, **given})


def _scenario_1():
    """Report B26110001 of posting-rules.md §5, without the line in foreign currency."""
    return _report(
        [
            _line("1", "差旅费", "1272.00", invoice="i1", splits=[("0.6", "D02"), ("0.4", "D03", "P-R01")]),
            _line("2", "差旅费", "1140.00", invoice="i2"),
            _line("3", "业务招待费", "636.00", invoice="i3"),
            _line("5", "差旅补贴", "300.00"),
        ],
        [Payee("employee", "E001", D("1348.00"))],
        [
            _invoice("i1", "专票", "1272.00", "72.00", rate="0.06", verified=True),
            _invoice("i2", "航空电子客票", "1140.00", "90.00", rate="0.09", fund="50.00"),
            _invoice("i3", "普票", "636.00", "36.00", rate="0.06"),
        ],
        number="B26110001",
        department="D02",
        reason="上海客户现场实施",
        finance_approver="E900",
        advances=(Advance("J26100007", D("2000.00")),),
    )
