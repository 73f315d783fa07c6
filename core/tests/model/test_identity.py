"""Two things never share a name, and one thing always has the same; the fingerprint sees money and nothing else."""

from __future__ import annotations

import datetime as dt
import string
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.model.documents import (
    Advance,
    Document,
    Event,
    Invoice,
    InvoiceShare,
    Line,
    PaidBy,
    Payee,
    SourceRef,
    Split,
    Withheld,
)
from dougong.model.identity import CROCKFORD, Coverage, Key, content_fingerprint, document_content

parts = st.lists(st.text(max_size=6), max_size=4).map(tuple)


def fingerprint(document):
    return content_fingerprint(document_content(document))


@pytest.fixture
def document():
    line = Line(
        "L1",
        "住宿费",
        Decimal("1090.00"),
        currency="USD",
        rate=Decimal("7.1"),
        base=Decimal("7739.00"),
        approved=Decimal("7000.00"),
        expense_date=dt.date(2026, 6, 8),
        reason="x",
        invoices=(InvoiceShare("I1", Decimal(5), Decimal(1)),),
        splits=(Split("C01", "D01", "P1", share=Decimal("0.6")), Split("C01", "D02", amount=Decimal(3))),
        paid_by=PaidBy("V1"),
    )
    invoice = Invoice(
        "I1",
        "专票",
        Decimal("1090.00"),
        number="2431",
        date=dt.date(2026, 6, 7),
        buyer="示例科技",
        seller="示例酒店",
        net=Decimal("1028.30"),
        tax=Decimal("61.70"),
        rate=Decimal("0.06"),
        fund=Decimal(50),
        currency="USD",
        verified=True,
    )
    return Document(
        "hesi",
        "corp",
        "expense",
        "ID1",
        "B1",
        "approved",
        "CNY",
        entity="C01",
        submitter="E001",
        department="D01",
        lines=(line, attrs.evolve(line, id="L2")),
        invoices=(invoice,),
        advances=(Advance("J1", Decimal(500)),),
        payees=(Payee("employee", "E001", Decimal(590), "6222"),),
        withheld=(Withheld("个税", Decimal(3)),),
        events=(Event("e", "approved", dt.date(2026, 6, 10)),),
    )


# -- keys ----------------------------------------------------------------------


@given(parts, parts)
def test_different_parts_are_different_keys(one, two):
    assert (Key(one).digest == Key(two).digest) == (one == two)
    assert (Key(one).text() == Key(two).text()) == (one == two)
    assert (Key(one).uuid() == Key(two).uuid()) == (one == two)
    assert (Key(one).number() == Key(two).number()) == (one == two)
    assert (Key(one).base64() == Key(two).base64()) == (one == two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("a", "b"), ("ab",)),
        (("a", ""), ("a",)),
        (("a,b",), ("a", "b")),
        (('a","b',), ("a", "b")),
        (("1", "1"), ("11", "")),
    ],
)
def test_parts_cannot_be_moved_into_each_other(one, two):
    assert Key(one).digest != Key(two).digest


@given(parts, st.integers(16, 60))
def test_text_fits_its_field(given_parts, length):
    text = Key(given_parts).text(length)
    assert text == Key(given_parts).text(length)
    assert len(text) == min(length, 34)
    assert text.startswith("DG")
    assert set(text) <= set(CROCKFORD)


@pytest.mark.parametrize(
    "alphabet", [string.digits, string.ascii_lowercase, string.hexdigits, string.ascii_letters + "-_"]
)
def test_text_keeps_to_the_alphabet_of_the_field(alphabet):
    texts = {Key(("k", str(number))).text(32, alphabet) for number in range(2000)}
    assert len(texts) == 2000
    assert set("".join(texts)) <= set(alphabet) | ({"D", "G"} & set(alphabet))


@pytest.mark.parametrize(
    ("length", "alphabet"),
    [(14, CROCKFORD), (2, CROCKFORD), (0, CROCKFORD), (19, string.digits), (34, "01"), (34, "0" * 64), (34, "")],
)
def test_a_field_too_small_to_be_sure_is_refused(length, alphabet):
    with pytest.raises(ValueError, match="too small"):
        Key(("x",)).text(length, alphabet)


def test_repeating_letters_of_an_alphabet_adds_nothing():
    assert Key(("x",)).text(30, string.digits * 3) == Key(("x",)).text(30, string.digits)


@given(parts, st.integers(18, 40))
def test_numbers_are_positive_and_fit(given_parts, digits):
    assert 0 < Key(given_parts).number(digits) < 10**digits


def test_a_short_number_is_refused():
    with pytest.raises(ValueError, match="18 digits"):
        Key(("x",)).number(17)


def test_a_uuid_is_a_real_one():
    assert Key(("x",)).uuid().version == 5
    assert Key(("x",)).uuid().variant == "specified in RFC 4122"


def test_keys_never_change():
    """Written into ERPs: another value for the same parts would post everything a second time."""
    key = Key(("reference", "hesi", "corp", "expense", "ID1", "C01", "A01", "accrual", "1", "1"))
    assert key.text() == "DGBXCSKA5MCK08T8KW6S"
    assert str(key.uuid()) == "ef80b6e1-b520-5d2e-b2cc-ced4e774dd00"
    assert key.number() == 930831724118275155


# -- coverage ----------------------------------------------------------------------


@pytest.fixture
def coverage():
    return Coverage(SourceRef("hesi", "corp", "expense", "ID1"), "C01", "A01", "accrual")


@pytest.mark.parametrize("name", ["entity", "book", "moment", "part"])
def test_coverage_is_told_apart_by_each_of_its_parts(coverage, name):
    other = attrs.evolve(coverage, **{name: "other"})
    assert other.key != coverage.key
    assert other.reference(1) != coverage.reference(1)


@pytest.mark.parametrize("name", ["source", "tenant", "type", "id"])
def test_coverage_is_told_apart_by_its_document(coverage, name):
    other = attrs.evolve(coverage, ref=attrs.evolve(coverage.ref, **{name: "other"}))
    assert other.key != coverage.key
    assert other.reference(1) != coverage.reference(1)


def test_a_reference_is_its_own_for_each_incarnation(coverage):
    texts = {coverage.reference(number).text() for number in range(1, 100)}
    assert len(texts) == 99
    assert coverage.reference(1).text() == coverage.reference(1).text()
    assert coverage.key not in {coverage.reference(number).base64() for number in range(100)}


# -- fingerprint ----------------------------------------------------------------------


NOT_CONTENT = {
    *("source", "tenant", "type", "id", "number", "state", "updated_at"),
    *("submitter_name", "reason", "finance_approver", "events", "extensions"),
}
CONTENT = {"currency", "entity", "submitter", "department", "lines", "invoices", "advances", "payees", "withheld"}
OTHER = {
    str: "other",
    Decimal: Decimal("77.77"),
    dt.date: dt.date(2001, 1, 1),
    bool: False,
    PaidBy: PaidBy("other"),
    tuple: (),
    dict: {"x": 1},
    type(None): "other",
}


def test_every_member_of_a_document_is_decided_upon():
    assert {field.name for field in attrs.fields(Document)} == NOT_CONTENT | CONTENT


@pytest.mark.parametrize("name", sorted(NOT_CONTENT))
def test_what_only_says_how_far_it_is_does_not_move_the_fingerprint(document, name):
    assert fingerprint(attrs.evolve(document, **{name: OTHER[type(getattr(document, name))]})) == fingerprint(document)


@pytest.mark.parametrize("name", sorted(CONTENT - {"currency"}))
def test_content_moves_the_fingerprint(document, name):
    assert fingerprint(attrs.evolve(document, **{name: OTHER[type(getattr(document, name))]})) != fingerprint(document)


def test_the_currency_moves_the_fingerprint(document):
    assert fingerprint(attrs.evolve(document, currency="HKD")) != fingerprint(document)


ITEMS = {"lines": Line, "invoices": Invoice, "advances": Advance, "payees": Payee, "withheld": Withheld}
IGNORED = {"lines": {"reason", "extensions"}, "invoices": {"seller", "extensions"}, "payees": {"account", "extensions"}}


@pytest.mark.parametrize(
    ("member", "name"), [(member, field.name) for member, cls in ITEMS.items() for field in attrs.fields(cls)]
)
def test_each_member_of_each_item_moves_it_or_not(document, member, name):
    item, *rest = getattr(document, member)
    changed = attrs.evolve(item, **{name: OTHER[type(getattr(item, name))]})
    same = fingerprint(attrs.evolve(document, **{member: (changed, *rest)})) == fingerprint(document)
    assert same == (name in IGNORED.get(member, {"extensions"}))


@pytest.mark.parametrize("name", ["entity", "department", "project", "share", "amount"])
def test_each_member_of_a_split_moves_it(document, name):
    line = document.lines[0]
    first, second = line.splits
    changed = attrs.evolve(first, **{name: Decimal("0.5") if name in ("share", "amount") else "other"})
    lines = (attrs.evolve(line, splits=(changed, second)), *document.lines[1:])
    assert fingerprint(attrs.evolve(document, lines=lines)) != fingerprint(document)


def test_order_is_content(document):
    assert fingerprint(attrs.evolve(document, lines=document.lines[::-1])) != fingerprint(document)


def test_a_document_changed_back_has_its_first_fingerprint_again(document):
    other = attrs.evolve(document, department="D02")
    assert fingerprint(other) != fingerprint(document)
    assert fingerprint(attrs.evolve(other, department="D01")) == fingerprint(document)


@pytest.mark.parametrize(
    ("one", "two"), [("33", "33.00"), ("33.0", "33.00"), ("0", "0.000"), ("100", "1E+2"), ("0", "-0")]
)
def test_equal_amounts_are_equal_however_they_are_written(document, one, two):
    def with_gross(text):
        return fingerprint(attrs.evolve(document, lines=(attrs.evolve(document.lines[0], gross=Decimal(text)),)))

    assert with_gross(one) == with_gross(two)


def test_the_last_of_thirty_digits_counts(document):
    amounts = ("123456789012345678.000000000001", "123456789012345678.000000000002")
    lines = [(attrs.evolve(document.lines[0], rate=Decimal(text)),) for text in amounts]
    assert len({fingerprint(attrs.evolve(document, lines=line)) for line in lines}) == 2


def test_stating_the_documents_own_currency_changes_nothing(document):
    silent = tuple(attrs.evolve(line, currency=None) for line in document.lines)
    stated = tuple(attrs.evolve(line, currency="CNY") for line in document.lines)
    assert fingerprint(attrs.evolve(document, lines=silent)) == fingerprint(attrs.evolve(document, lines=stated))


def test_nothing_of_a_bank_account_is_in_the_content(document):
    assert "6222" not in repr(document_content(document))


def test_fingerprints_never_change(document):
    """Stored with every document: another value for the same content would make a revision of each."""
    assert fingerprint(document) == "159556923927c323b0a84a9df824271bd1189bc301bb63527904445be83c0e68"
