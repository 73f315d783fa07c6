"""Documents for the tests of formats: one written by hand, and a strategy for any."""

from __future__ import annotations

import datetime as dt
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import strategies as st

from dougong.model import documents as model
from dougong.model.money import CURRENCIES


@pytest.fixture
def plain():
    """A report as plain JSON with something in every list."""
    return {
        "source": "hesi",
        "tenant": "corp",
        "type": "expense",
        "id": "ID_1",
        "number": "B26000123",
        "state": "approved",
        "currency": "CNY",
        "entity": "C01",
        "updated_at": "2026-06-10T09:30:00+08:00",
        "submitter": "E001",
        "department": "D01",
        "reason": "上海出差\n两天",
        "lines": [
            {
                "id": "L1",
                "fee_type": "住宿费",
                "gross": "1090.00",
                "expense_date": "2026-06-08",
                "invoices": [{"id": "I1", "share": "1090.00"}],
                "splits": [{"department": "D01", "share": "0.6"}, {"department": "D02", "share": "0.4"}],
            },
            {"id": "L2", "fee_type": "餐费", "gross": "1200", "currency": "JPY", "rate": "0.048", "base": "57.60"},
        ],
        "invoices": [
            {"id": "I1", "kind": "专票", "gross": "1090.00", "net": "1028.30", "tax": "61.70", "verified": True}
        ],
        "advances": [{"loan": "J1", "amount": "500.00"}],
        "payees": [{"kind": "employee", "code": "E001", "amount": "647.60", "account": "6222000011112222"}],
        "withheld": [{"kind": "个税", "amount": "0.00"}],
        "events": [
            {"id": "a1", "type": "approved", "on": "2026-06-10T01:30:00Z"},
            {
                "id": "p1",
                "type": "paid",
                "on": "2026-06-11",
                "payments": [{"id": "T1", "payee": "E001", "amount": "647.60", "fee": "0.50"}],
            },
        ],
    }


def _amounts(currency):
    scale = CURRENCIES[currency]
    units = st.integers(-(10 ** (10 + scale)), 10 ** (10 + scale))
    return units.map(lambda number: Decimal(number).scaleb(-scale))


def _normal(text):
    return unicodedata.normalize("NFC", text)


# Identifiers are visible characters in normal form; sentences may have line ends and blanks too.
_letters = st.characters(
    codec="utf-8", categories=("L", "N", "P", "S"), exclude_characters="\u115f\u1160\u3164\uffa0\ufffc\ufffd"
)
_names = st.text(_letters, min_size=1, max_size=8).map(_normal)
_sentences = st.text(st.one_of(_letters, st.sampled_from(" \t\r\n<&]>")), min_size=1, max_size=20).map(_normal)
_rates = st.integers(1, 10**9).map(lambda number: Decimal(number).scaleb(-6))
_days = st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31))
_zones = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=8)), dt.timezone(-dt.timedelta(hours=3, minutes=30))])
_instants = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2099, 1, 1), timezones=_zones)  # noqa: DTZ001
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | _rates
    | st.text(st.characters(codec="utf-8"), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
_anything = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), _json, max_size=2)
# Any JSON at the head of a document; inside it a few that have been trouble, so that generating stays quick.
_extensions = st.sampled_from(
    [{}, {}, {"u_rate": Decimal("1.50")}, {"": [None, "\x00\uffff]]>", {"$": True}], "lines": "x"}]
)


def _maybe(strategy):
    return st.none() | strategy


def _some(strategy):
    return st.lists(strategy, max_size=2).map(tuple)


@st.composite
def _lines(draw, home, invoices):
    currency = draw(_maybe(st.sampled_from(["CNY", "JPY", "KWD"])))
    own, functional = _amounts(currency or home), _amounts(home)
    shares = [
        st.builds(
            model.InvoiceShare,
            id=st.just(invoice.id),
            share=_maybe(_amounts(invoice.currency or home)),
            tax=_maybe(_amounts(invoice.currency or home)),
            extensions=_extensions,
        )
        for invoice in invoices
    ]
    split = st.builds(
        model.Split,
        entity=_maybe(_names),
        department=_maybe(_names),
        project=_maybe(_names),
        share=_maybe(_rates),
        amount=_maybe(functional),
        extensions=_extensions,
    )
    return draw(
        st.builds(
            model.Line,
            id=_names,
            fee_type=_names,
            gross=own,
            currency=st.just(currency),
            rate=_maybe(_rates),
            base=_maybe(functional),
            approved=_maybe(functional),
            expense_date=_maybe(_days),
            reason=_maybe(_sentences),
            invoices=_some(st.one_of(shares)) if shares else st.just(()),
            splits=_some(split),
            paid_by=_maybe(st.builds(model.PaidBy, _names, _extensions)),
            extensions=_extensions,
        )
    )


@st.composite
def _invoices(draw, home):
    currency = draw(_maybe(st.sampled_from(["CNY", "USD", "JPY"])))
    amounts = _amounts(currency or home)
    return draw(
        st.builds(
            model.Invoice,
            id=_names,
            kind=_names,
            gross=amounts,
            number=_maybe(_names),
            date=_maybe(_days),
            buyer=_maybe(_sentences),
            seller=_maybe(_sentences),
            net=_maybe(amounts),
            tax=_maybe(amounts),
            rate=_maybe(_rates),
            fund=_maybe(amounts),
            currency=st.just(currency),
            verified=_maybe(st.booleans()),
            extensions=_extensions,
        )
    )


def _events(home):
    payment = st.builds(
        model.ExecutedPayment,
        payee=_names,
        amount=_amounts(home),
        id=_maybe(_names),
        currency=st.just(None),
        rate=_maybe(_rates),
        account=_maybe(_names),
        method=_maybe(_names),
        bank_reference=_maybe(_names),
        fee=_maybe(_amounts(home)),
        extensions=_extensions,
    )
    return st.builds(
        model.Event,
        id=_names,
        type=st.sampled_from(model.EVENT_TYPES),
        on=st.one_of(_days, _instants),
        batch=_maybe(_names),
        payments=_some(payment),
        invoices=_some(_names),
        extensions=_extensions,
    )


@st.composite
def _documents(draw):
    home = draw(st.sampled_from(["CNY", "JPY", "KWD"]))
    amounts = _amounts(home)
    invoices = tuple(draw(st.lists(_invoices(home), max_size=2, unique_by=lambda invoice: invoice.id)))
    payee = st.builds(
        model.Payee,
        kind=st.sampled_from(["employee", "supplier"]),
        code=_names,
        amount=amounts,
        account=_maybe(_names),
        extensions=_extensions,
    )
    advance = st.builds(
        model.Advance, loan=_names, amount=amounts, currency=st.sampled_from([None, home]), extensions=_extensions
    )
    return draw(
        st.builds(
            model.Document,
            source=_names,
            tenant=_names,
            type=st.sampled_from(["expense", "payment_request", "loan", "repayment", "provision", "voucher"]),
            id=_names,
            number=_names,
            state=st.sampled_from(model.STATES),
            currency=st.just(home),
            entity=_maybe(_names),
            updated_at=_maybe(_instants),
            submitter=_maybe(_names),
            submitter_name=_maybe(_sentences),
            department=_maybe(_names),
            reason=_maybe(_sentences),
            finance_approver=_maybe(_names),
            lines=_some(_lines(home, invoices)),
            invoices=st.just(invoices),
            advances=_some(advance),
            payees=_some(payee),
            withheld=_some(st.builds(model.Withheld, _names, amounts, _extensions)),
            events=_some(_events(home)),
            extensions=_anything,
        )
    )


@pytest.fixture(scope="session")
def documents():
    """Strategy for any canonical document that the loader takes."""
    return _documents()
