"""What the ledger keeps comes back exactly as it was, types and digits included."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong import formats
from dougong.formats import exact
from dougong.model.bookings import LineTax, Original, Voucher, VoucherLine
from dougong.model.masterdata import AccountNeeds, MasterRecord
from dougong.model.messages import Payload
from dougong.model.postings import Facts, Posting, PostingLine, Stage
from dougong.model.problems import InputError, Problem


@pytest.fixture
def voucher():
    lines = (
        VoucherLine(
            1,
            "D",
            "660203",
            Decimal("616.98"),
            summary="住宿费 \u202e",
            dimensions={"department": "D01"},
            original=Original("USD", Decimal("85.00"), Decimal("7.2585882352941176470588235294")),
            tax=LineTax(Decimal("0.06"), Decimal("1028.30")),
            why={"entry": "cost", "row": 7, "share": Decimal("0.60"), "on": dt.date(2026, 6, 8), "$x": [None, True]},
        ),
        VoucherLine(2, "C", "224101", Decimal("-616.98"), sources=("L1",)),
    )
    return Voucher(
        "accrual", "C01", "A01", dt.date(2026, 6, 10), "2026-06", "记", "CNY", lines, ("B1",), attachments=3,
        extensions={"n": Decimal("1.0")},
    )  # fmt: skip


def stored(data):
    """As the ledger keeps it: as text, decimals as strings."""
    return formats.loads(formats.dumps(data))


def test_vouchers(voucher):
    back = formats.voucher_from_json(stored(formats.voucher_to_json(voucher)))
    assert back == voucher
    assert str(back.lines[0].why["share"]) == "0.60"
    assert str(back.lines[0].original.rate) == "7.2585882352941176470588235294"


def test_facts():
    facts = Facts(
        Decimal("1090.00"), "CNY", dt.date(2026, 6, 10), "001", (("D", Decimal("1090.00")), ("C", Decimal("1090.00")))
    )
    data = formats.facts_to_json(facts)
    assert data["lines"][0] == ["D", "1090.00"]
    assert formats.facts_from_json(stored(data)) == facts
    assert formats.facts_from_json(stored(formats.facts_to_json(Facts()))) == Facts()


def test_postings():
    line = PostingLine("D", "6602.03", Decimal(5), "CNY", Decimal("5.00"), "x\x00", {"department": "BM01"})
    posting = Posting("100001", Stage.AUDITED, "记-44", date=dt.date(2026, 6, 10), fiscal_year=2026, lines=(line,))
    convert = formats.converter()
    data = convert.unstructure(posting)
    assert type(data["stage"]) is str
    assert convert.structure(stored(data), Posting) == posting


def test_problems():
    problems = (
        Problem.of("A", "甲", "a", path="lines[0]", hint_zh="乙", hint_en="b", account="1"),
        Problem.of("B", "", ""),
    )
    assert tuple(map(Problem.from_json, stored([problem.to_json() for problem in problems]))) == problems


def test_master_data():
    record = MasterRecord("account", "1", "660203", "差旅费", data={"rate": Decimal("0.10")})
    needs = AccountNeeds(frozenset({"b", "a"}), optional=frozenset({"c"}), cash=True)
    convert = formats.converter()
    for value in (record, needs):
        assert convert.structure(stored(convert.unstructure(value)), type(value)) == value
    assert convert.unstructure(needs)["dimensions"] == ["a", "b"]


def test_payloads_keep_numbers_apart_from_texts():
    body = {
        "FDebit": Decimal("1.00"),
        "FText": "1.00",
        "FDate": dt.date(2026, 6, 10),
        "$dec": {"$dec": "x"},
        "FEntity": [{}],
    }
    payload = Payload(body, {"FDebit": "line.debit"})
    convert = formats.converter()
    data = convert.unstructure(payload)
    assert data["body"]["FDebit"] == {"$dec": "1.00"}
    assert convert.structure(stored(data), Payload) == payload


exact_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.text(st.characters(codec="utf-8"))
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.replace(fold=0)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$dec", "$$dec", "$date", "$time", "$", "x", ""]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(exact_values)
def test_any_value_comes_back_as_it_was(value):
    back = exact.read(stored(exact.write(value)))
    assert back == value
    assert repr(back) == repr(value)


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"a": {1}}, b"x", dt.datetime(2026, 1, 1), object()])  # noqa: DTZ001
def test_what_cannot_be_kept_exactly_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        exact.write(value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("lines[0].amount", 1),
        ("lines[0].side", "X"),
        ("posting_date", None),
        ("lines[0].nubmer", 1),
        ("attachments", "3"),
    ],
)
def test_a_damaged_booking_is_refused_with_its_path(voucher, path, value):
    data = formats.voucher_to_json(voucher)
    target = data["lines"][0] if path.startswith("lines") else data
    target[path.rpartition(".")[2]] = value
    with pytest.raises(InputError) as caught:
        formats.voucher_from_json(data)
    (problem,) = caught.value.problems
    assert problem.path == path


def test_unknown_members_of_bookings_are_refused_with_a_suggestion(voucher):
    data = formats.voucher_to_json(voucher) | {"perid": "2026-06"}
    with pytest.raises(InputError) as caught:
        formats.voucher_from_json(data)
    assert caught.value.problems[0].code == "MEMBER_UNKNOWN"
    assert caught.value.problems[0].hint.en == "did you mean 'period'?"


def test_the_converter_is_built_once():
    assert formats.converter() is formats.converter()
