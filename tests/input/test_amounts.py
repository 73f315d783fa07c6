"""Amounts that are unusual and good arrive to the last digit; what does not add up is held and says what to do."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize(
    "amount", ["0.01", "123456789012345678.00", "1234567890123456.78", "-5.00", "100", "100.10", "99999999999999.99"]
)
def test_exact_amounts(customer, erp, good, amount):
    pushed = customer.push(customer.file("report.json", good("B1", amount)), source=None)
    assert (pushed.status, pushed.one("B1")["state"]) == (0, "delivered")
    (posting,) = erp.postings()
    full = amount if "." in amount else f"{amount}.00"
    assert posting["total"] == full
    assert [(line["side"], line["amount"]) for line in posting["lines"]] == [("D", full), ("C", full)]


@pytest.mark.parametrize(
    ("currency", "gross", "rate", "base"),
    [("JPY", "2000", "0.048", "96.00"), ("KWD", "9.999", "22.897", "228.95"), ("USD", "0.01", "7.1", "0.07")],
)
def test_lines_in_currencies_of_other_scales(customer, erp, good, currency, gross, rate, base):
    report = good("B1", base)
    report["lines"][0] |= {"gross": gross, "currency": currency, "rate": rate, "base": base}
    path = customer.file("report.json", report)
    (converted,) = json.loads("[" + customer.dougong("convert", "--format", "json", str(path)).out + "]")
    assert {name: converted["lines"][0][name] for name in ("gross", "currency", "rate", "base")} == {
        "gross": gross,
        "currency": currency,
        "rate": rate,
        "base": base,
    }
    pushed = customer.push(path, source=None)
    assert pushed.status == 0
    (posting,) = erp.postings()
    assert (posting["total"], {line["base_amount"] for line in posting["lines"]}) == (base, {base})


def test_lines_in_another_currency_show_original_and_rate(customer, good):
    report = good("B1", "710.00")
    report["lines"][0] |= {"gross": "100.00", "currency": "USD", "rate": "7.1", "base": "710.00"}
    path = customer.file("report.json", report)
    shown = [customer.dougong("plan", str(path)).out]
    customer.push(path, source=None)
    shown += [customer.dougong(command, "B1").out for command in ("show", "trace")]
    assert ["USD 100.00 × 7.1" in text and "710.00" in text for text in shown] == [True] * 3
    domestic = customer.file("other.json", good("B2"))
    assert "×" not in customer.dougong("plan", str(domestic)).out


def test_a_mark_at_the_beginning_is_no_fault(customer, erp, good):
    text = b"\xef\xbb\xbf" + json.dumps(good("B1"), ensure_ascii=False).encode()
    pushed = customer.push(customer.file("report.json", text), source=None)
    assert (pushed.status, len(erp.postings())) == (0, 1)


HELD = {
    "payable_is_less": ({"payees": [{"kind": "employee", "code": "E001", "amount": "90.00"}]}, "IDENTITY_FAILED"),
    "payable_is_more": ({"payees": [{"kind": "employee", "code": "E001", "amount": "100.01"}]}, "IDENTITY_FAILED"),
    "written_off_too_much": ({"advances": [{"loan": "J1", "amount": "10.00"}]}, "IDENTITY_FAILED"),
    "entity_of_nobody": ({"entity": "Z99"}, "ROUTE_MISSING"),
    "book_of_another_currency": ({"currency": "USD"}, "CURRENCY_NOT_FUNCTIONAL"),
}


@pytest.mark.parametrize("case", HELD)
def test_what_does_not_add_up_is_held_and_freed_by_a_correction(customer, erp, good, case):
    wrong, code = HELD[case]
    report = good("B1", updated_at="2026-11-18T10:00:00+08:00") | wrong
    held = customer.push(customer.file("report.json", report), source=None)
    assert (held.status, held.one("B1")["state"]) == (2, "held")
    assert code in held.codes(held.one("B1"))
    assert all(problem["message"] and problem["hint"] for problem in held.one("B1")["problems"])
    assert (customer.counts()["delivery"], erp.postings()) == (0, [])
    right = good("B1", updated_at="2026-11-19T10:00:00+08:00")
    freed = customer.push(customer.file("report.json", right), source=None)
    assert (freed.overall, freed.one("B1")["state"]) == (0, "delivered")
    assert [posting["total"] for posting in erp.postings()] == ["100.00"]
