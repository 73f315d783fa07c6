"""The answers that ship for the demo, in any order: a write-off never goes before its loan."""

from __future__ import annotations

import json
from importlib import resources

import pytest

DOCUMENTS = ("travel-B26110001", "loan-J26100007", "reports")
STATES = {
    "J26100007": "delivered",
    "B26110001": "delivered",
    "B26110002": "delivered",
    "B26110003": "held",
    "B26110004": "not_due",
}


@pytest.fixture
def examples(customer):
    """Copies of the answers: documents, companions."""
    folder = resources.files("dougong_hesi.examples")
    named = {item.name.removesuffix(".json"): item.read_bytes() for item in folder.iterdir() if ".json" in item.name}
    files = {name: customer.file(f"{name}.json", content) for name, content in named.items()}
    return [files.pop(name) for name in DOCUMENTS], list(files.values())


@pytest.mark.parametrize("order", ["documents_first", "companions_first", "one_by_one", "companions_last_command"])
def test_any_order_ends_the_same(customer, erp, examples, order):
    documents, companions = examples
    if order == "documents_first":
        pushed = customer.push(*documents, *companions)
    elif order == "companions_first":
        pushed = customer.push(*companions, *documents)
    elif order == "one_by_one":
        pushed = [customer.push(path) for path in (*companions, *documents)][-1]
    else:
        assert set(customer.push(*documents).states.values()) == {"held", "not_due"}
        pushed = customer.push(*companions)
        assert pushed.one("B26110001")["delivery"] in {row["delivery"] for row in pushed.shown}
    assert (pushed.overall, pushed.states) == (2, STATES)
    numbers = [(posting["number"], posting["period"]) for posting in erp.postings()]
    assert len(numbers) == len(set(numbers)) == 4
    wanted = {number: pushed.one(number)["erp_number"] for number in STATES if STATES[number] == "delivered"}
    paid = pushed.payment("B26110002")
    assert (paid["state"], paid["total"]) == ("delivered", "318.00")
    assert sorted([*wanted.values(), paid["erp_number"]]) == sorted(number for number, _ in numbers)
    ids = {number: int(pushed.one(number)["erp_id"]) for number in wanted}
    assert ids["J26100007"] < ids["B26110001"]


def test_a_table_row_frees_what_lacked_it(customer, erp, examples):
    documents, companions = examples
    held = customer.push(*documents, *companions).one("B26110003")
    assert {problem["code"] for problem in held["problems"]} == {"ACCOUNT_NOT_DETERMINED"}
    assert "tables/expense_account.csv" in held["problems"][0]["hint"]
    customer.add_rows("expense_account", "培训费,*,*,6602.05,2020-01-01,,")
    ran = customer.dougong("run", "--json")
    assert ran.status == 0
    assert [row["state"] for row in ran.printed if row["documents"] == ["B26110003"]] == ["delivered"]
    assert len(erp.postings()) == 5


def test_a_loan_of_another_tenant_is_another_loan(customer, examples):
    documents, companions = examples
    loan = json.loads(documents[1].read_bytes())
    loan["value"]["corporationId"] = "AnotherTenant"
    pushed = customer.push(*companions, documents[0], customer.file("loan.json", loan))
    assert pushed.one("B26110001")["state"] == "held"
    assert pushed.codes(pushed.one("B26110001")) == {"LOAN_NOT_POSTED"}
