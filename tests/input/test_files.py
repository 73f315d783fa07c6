"""Files that cannot be read: a clear error with place and what to do next, and nothing of them is stored or sent."""

from __future__ import annotations

import json
import re

import pytest

from dougong.formats import read_canonical, write_canonical

NESTED, DEEP = 300, 100_000


def swap(old: str, new: str):
    """The good document's text with something else in it."""
    return lambda text: text.replace(old, new).encode()


def nested(depth: int):
    return swap('"reason": "出差"', f'"reason": "出差", "x": {"[" * depth}{"]" * depth}')


def laughs(_: str) -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<!DOCTYPE d [<!ENTITY a0 "ha">{entities}]><documents><document><id>&a9;</id></document></documents>'.encode()
    )


def in_xml(old: str, new: str):
    """The good document as XML, with something else in it."""
    return lambda text: write_canonical(read_canonical(text.encode()), "xml").replace(old, new).encode()


#: What is wrong → how it comes about, the code, the place that is named.
CASES = {
    "malformed": (lambda text: text[:-10].encode(), "JSON_INVALID", r"line 1 column \d+"),
    "malformed_in_the_middle": (swap('"submitter":', '"submitter"'), "JSON_INVALID", r"line 1 column \d+"),
    "nan": (swap('"100.00"', "NaN"), "NUMBER_INVALID", r"line 1 column \d+"),
    "infinity": (swap('"100.00"', "-Infinity"), "NUMBER_INVALID", r"line 1 column \d+"),
    "beyond_any_amount": (swap('"100.00"', "1e400"), "NUMBER_INVALID", r"line 1 column \d+"),
    "thousands_of_digits": (swap('"100.00"', "9" * 5000), "NUMBER_INVALID", r"line 1 column \d+"),
    "nan_as_text": (swap('"100.00"', '"NaN"'), "AMOUNT_INVALID", r"lines\[0\]\.gross"),
    "exponent_as_text": (swap('"100.00"', '"1e400"'), "AMOUNT_INVALID", r"lines\[0\]\.gross"),
    "full_width_digits": (swap("100.00", "１００.００"), "AMOUNT_INVALID", r"lines\[0\]\.gross"),
    "thousands_separator": (swap("100.00", "1,000.00"), "AMOUNT_INVALID", r"lines\[0\]\.gross"),
    "float": (swap('"100.00"', "100.00"), "AMOUNT_INVALID", r"lines\[0\]\.gross"),
    "whole_number": (swap('"100.00"', "100"), "AMOUNT_INVALID", r"payees\[0\]\.amount"),
    "too_many_decimals": (swap("100.00", "100.001"), "AMOUNT_INVALID", r"lines\[0\]\.gross"),
    "decimals_of_yen": (
        lambda text: text.replace("CNY", "JPY").replace("100.00", "100.50").encode(),
        "AMOUNT_INVALID",
        r"lines\[0\]\.gross",
    ),
    "decimals_of_dinar": (
        lambda text: text.replace("CNY", "KWD").replace("100.00", "100.0001").encode(),
        "AMOUNT_INVALID",
        r"payees\[0\]\.amount",
    ),
    "unknown_currency": (swap("CNY", "XYZ"), "CURRENCY_UNKNOWN", "currency"),
    "full_width_currency": (swap("CNY", "ＣＮＹ"), "CURRENCY_UNKNOWN", "currency"),
    "unknown_type": (swap('"expense"', '"expanse"'), "VALUE_UNKNOWN", "type"),
    "no_number": (swap('"number"', '"nummer"'), "MEMBER_MISSING", "number"),
    "payee_without_code": (swap('"code": "E001"', '"code": ""'), "MEMBER_MISSING", r"payees\[0\]\.code"),
    "lines_that_are_none": (swap('"lines": [', '"lines": 3, "x": ['), "TYPE_INVALID", "lines"),
    "no_such_day": (swap("2026-11-10", "2026-13-45"), "DATE_INVALID", r"lines\[0\]\.expense_date"),
    "instant_without_zone": (swap("10:00:00+08:00", "10:00:00"), "DATE_INVALID", r"events\[0\]\.on"),
    "duplicate_key": (swap('"currency":', '"number": "B2", "currency":'), "JSON_DUPLICATE_KEY", r"line 1 column \d+"),
    "duplicate_key_inside": (swap('"gross":', '"gross": "1.00", "gross":'), "JSON_DUPLICATE_KEY", r"line 1 column \d+"),
    "nested": (nested(NESTED), "JSON_TOO_DEEP", r"line 1 column \d+"),
    "nested_beyond_any_stack": (nested(DEEP), "JSON_TOO_DEEP", r"line 1 column \d+"),
    "nothing_but_nesting": (lambda _: b'{"a":' * DEEP, "JSON_TOO_DEEP", r"line 1 column \d+"),
    "control_character": (swap("出差", "a\\u0000b"), "TEXT_INVALID", "reason"),
    "half_a_character": (swap("出差", "\\ud800"), "TEXT_INVALID", r"line 1 column \d+"),
    "gbk": (lambda text: text.encode("gbk"), "ENCODING_INVALID", "GBK"),
    "utf_16": (lambda text: text.encode("utf-16"), "ENCODING_INVALID", "UTF-16"),
    "utf_16_without_mark": (lambda text: text.encode("utf-16-le"), "ENCODING_INVALID", "UTF-8"),
    "binary": (lambda _: bytes(range(256)), "ENCODING_INVALID", "UTF-8"),
    "empty": (lambda _: b"", "INPUT_EMPTY", "empty"),
    "something_else": (lambda _: b'{"total": 1}', "NOT_CANONICAL", "--source"),
    "oversized_line": (swap("出差", "x" * (5 << 20)), "INPUT_TOO_LARGE", "4194304"),
    "oversized_file": (swap("出差", "x" * (65 << 20)), "FILE_UNREADABLE", "64 MiB"),
    "xml_doctype": (in_xml("<documents>", "<!DOCTYPE documents><documents>"), "XML_FORBIDDEN", r"line \d+ column \d+"),
    "xml_external_entity": (
        lambda _: b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><document><id>&a;</id></document>',
        "XML_FORBIDDEN",
        r"line 1 column \d+",
    ),
    "billion_laughs": (laughs, "XML_FORBIDDEN", r"line 1 column \d+"),
    "xml_nested": (in_xml("<reason>", "<x>" * NESTED + "</x>" * NESTED + "<reason>"), "XML_TOO_DEEP", r"line \d+"),
    "xml_cut_off": (in_xml("</document>", ""), "XML_INVALID", r"line \d+ column \d+"),
    "xml_full_width_digits": (in_xml("100.00", "１００.００"), "AMOUNT_INVALID", r"lines\[0\]\.gross"),
}


@pytest.fixture(scope="module")
def settled(make_customer, tmp_path_factory, kingdee, good):
    """A customer whose good document was delivered, with what their ledger and ERP then held."""
    owner = make_customer(tmp_path_factory.mktemp("settled"))
    fine = owner.file("good.json", good())
    assert owner.push(fine, source=None).states == {"B26110101": "delivered"}
    return owner, fine, owner.counts(), len(kingdee.requests("Save"))


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_is_refused_whole(settled, kingdee, good, case):
    owner, fine, counts, requests = settled
    spoil, code, place = CASES[case]
    bad = owner.file("bad.json", spoil(json.dumps(good("B26110199"), ensure_ascii=False)))
    pushed = owner.dougong("push", "--json", str(bad), str(fine))
    assert (pushed.status, [row["documents"] for row in pushed.printed]) == (1, [["B26110101"]])
    assert pushed.err.startswith(f"✗ bad.json: {code}")
    assert re.search(place, pushed.err)
    assert "\n  → " in pushed.err
    told = owner.dougong("push", "--json", str(bad), lang="zh")
    assert (told.status, told.out) == (1, "")
    assert re.match(rf"✗ bad.json: {code}.*[\u4e00-\u9fff].*\n  → .*[\u4e00-\u9fff]", told.err)
    assert owner.counts() == counts
    assert len(kingdee.requests("Save")) == requests


#: What a source's answer may look like instead; each is refused by the connector, with its name.
ANSWERS = {
    "malformed": (lambda text: text[:-10].encode(), "JSON_INVALID"),
    "nan": (swap('"1272.00"', "NaN"), "NUMBER_INVALID"),
    "beyond_any_amount": (swap('"1272.00"', "1e400"), "NUMBER_INVALID"),
    "gbk": (lambda text: text.replace("¥", "").encode("gbk"), "ENCODING_INVALID"),
    "utf_16": (lambda text: text.encode("utf-16"), "ENCODING_INVALID"),
    "nested": (swap('"pipeline": 1', f'"pipeline": {"[" * DEEP}{"]" * DEEP}'), "JSON_TOO_DEEP"),
    "duplicate_key": (swap('"pipeline": 1', '"pipeline": 1, "pipeline": 2'), "JSON_DUPLICATE_KEY"),
    "empty": (lambda _: b"", "JSON_INVALID"),
    "xml": (lambda _: b"<flow/>", "JSON_INVALID"),
    "no_answer": (lambda _: b"null", "HESI_ANSWER_UNUSABLE"),
    "form_of_another_shape": (swap('"form": {', '"form": [], "x": {'), "HESI_ANSWER_UNKNOWN"),
    "details_of_another_shape": (swap('"details": [', '"details": 3, "x": ['), "FLOW_MALFORMED"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_bad_answer_among_good_ones(customer, erp, example, good, case):
    spoil, code = ANSWERS[case]
    bad = customer.file("bad.json", spoil(example("travel-B26110001")))
    pushed = customer.push(bad, customer.file("good.json", good()))
    assert (pushed.status, pushed.bad) == (1, [("bad.json", code)])
    assert "hesi" in pushed.err
    assert "\n  → " in pushed.err
    assert pushed.states == {"B26110101": "delivered"}
    assert [posting["total"] for posting in erp.postings()] == ["100.00"]
    counts = customer.counts()
    assert [counts[name] for name in ("document", "delivery", "attempt", "posting")] == [1, 1, 1, 1]


def test_one_bad_line_among_good_ones(customer, erp, good):
    lines = [json.dumps(good(f"B{n}"), ensure_ascii=False) for n in range(4)]
    lines[2] = lines[2].replace('"100.00"', "100.00")
    pushed = customer.push(customer.file("lines.jsonl", "\n".join(lines).encode()), source=None)
    assert (pushed.status, set(pushed.bad)) == (1, {("lines.jsonl", "AMOUNT_INVALID")})
    assert "line 3: lines[0].gross" in pushed.err
    assert pushed.states == {"B0": "delivered", "B1": "delivered", "B3": "delivered"}
    assert len(erp.postings()) == 3


def test_a_file_that_is_not_there(customer):
    pushed = customer.push(customer.inbox / "nowhere.json", source=None)
    assert (pushed.status, pushed.bad, pushed.rows) == (1, [("nowhere.json", "FILE_UNREADABLE")], [])


def test_no_exit_status_but_those_of_the_contract(customer, good):
    """Usage errors are 1 too: 2 says that something waits for a person."""
    assert customer.dougong("push").status == 1
    assert customer.dougong("push", "--sauce", "x").status == 1
    assert customer.dougong("push", str(customer.file("a.json", good())), "--to", "nobody").status == 1
    assert customer.counts()["document"] == 0
