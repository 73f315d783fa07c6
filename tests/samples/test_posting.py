"""What the samples lack is supplied as a customer would: everything is freed, posted once, and balances."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal

import pytest

DOCUMENTS = ("flow-details-expense", "apply-list-expense", "flow-details-loan", "create-flow-response")
#: Document → total of its voucher; what was paid of it has a voucher of its own.
TOTALS = {"B20000001": "33.00", "J20000002": "100.00", "B21000008": "335.00", "J21000001": "222.00"}


def paid(posting) -> bool:
    """Whether a voucher is a payment of what a report is owed."""
    return {(line["account"], line["side"]) for line in posting["lines"]} == {("2241.01", "D"), ("1002.01", "C")}


def booked(erp) -> dict[str, str]:
    """Document → total, of what the sandbox holds but for payments; the number stands in every summary."""
    found = {}
    assert all(balanced(posting) for posting in erp.postings())
    for posting in (posting for posting in erp.postings() if not paid(posting)):
        (number,) = (number for number in TOTALS if all(number in line["summary"] for line in posting["lines"]))
        assert number not in found, f"{number} is booked twice"
        found[number] = posting["total"]
    return found


def balanced(posting) -> bool:
    sums = {"D": Decimal(0), "C": Decimal(0)}
    for line in posting["lines"]:
        sums[line["side"]] += Decimal(line["base_amount"])
    return sums["D"] == sums["C"] == Decimal(posting["total"])


@pytest.fixture
def later(customer, approved_report, paid_loan, approved_write_off, written_off_loan):
    """Later answers about the samples' documents, in one list: the write-off before its loan."""
    flows = [approved_write_off, approved_report, paid_loan, written_off_loan]
    return customer.file("later.json", {"count": len(flows), "items": flows})


@pytest.mark.parametrize("first", ["answers", "documents"])
def test_everything_is_freed_and_posted_once(samples, customer, erp, supply, later, first):
    known = samples.paths(*DOCUMENTS)
    before = customer.push(*known)
    assert before.status == 2
    if first == "answers":
        customer.push(*supply())
        after = customer.push(*known, later)
    else:
        held = customer.push(*known, later)
        assert set(held.states.values()) == {"held"}
        assert all(problem["hint"] for row in held.rows for problem in row["problems"])
        after = customer.push(*supply())
    assert {number: after.one(number)["state"] for number in TOTALS} == dict.fromkeys(TOTALS, "delivered")
    assert {after.one(number)["stage"] for number in TOTALS} == {"submitted"}
    assert booked(erp) == TOTALS
    assert all(Decimal(after.one(number)["total"]) == Decimal(total) for number, total in TOTALS.items())


def test_accounts_and_parties_are_those_of_the_documents(customer, erp, supply, later):
    customer.push(*supply(), later)
    lines = {
        (posting["total"], line["account"], line["side"]): (line["amount"], line["dimensions"])
        for posting in erp.postings()
        for line in posting["lines"]
    }
    assert lines == {
        ("33.00", "6602.05", "D"): ("33.00", {"department": "BM000001"}),
        ("33.00", "2241.01", "C"): ("33.00", {"employee": "E0001"}),
        ("100.00", "1221.01", "D"): ("100.00", {"employee": "E0002"}),
        ("100.00", "1002.01", "C"): ("100.00", {"bank": "ICBC-01"}),
        ("222.00", "1221.01", "D"): ("222.00", {"employee": "E0003"}),
        ("222.00", "1002.01", "C"): ("222.00", {"bank": "ICBC-01"}),
        ("335.00", "6602.02", "D"): ("335.00", {"department": "BM000001"}),
        ("335.00", "1221.01", "C"): ("222.00", {"employee": "E0003"}),
        ("335.00", "2241.01", "C"): ("113.00", {"employee": "E0003"}),
    }


def told_later(flow):
    """The same document as Hesi tells it after more has happened to it: no money moved."""
    told = deepcopy(flow)
    form, time = told["form"], flow["updateTime"]
    told |= {"state": "archived", "updateTime": time + 86_400_000, "version": 9}
    form |= {"voucherNo": "记-1", "voucherStatus": "已生成", "printCount": "2", "printState": "printed"}
    form |= {"flowEndTime": time + 5000}
    told["logs"].append({"action": "freeflow.comment", "state": flow["state"], "time": time + 6000, "attributes": {}})
    return told


def test_pushing_again_and_later_answers_change_nothing(
    samples, customer, erp, supply, later, approved_report, paid_loan, approved_write_off, written_off_loan
):
    customer.push(*samples.paths(*DOCUMENTS))
    paths = [*supply(), later]
    first, postings, counts = customer.push(*paths), erp.postings(), customer.counts()
    assert (first.status, booked(erp)) == (0, TOTALS)
    assert customer.push(*paths) == first
    assert (erp.postings(), customer.counts()) == (postings, counts)
    flows = map(told_later, (approved_report, paid_loan, approved_write_off, written_off_loan))
    assert customer.push(customer.file("told.json", {"items": list(flows)})) == first
    assert erp.postings() == postings
    after = customer.counts()
    untouched = ("document", "delivery", "attempt", "attempt_item", "coverage", "posting")
    assert [after[name] for name in untouched] == [counts[name] for name in untouched]


def test_the_samples_themselves_are_stale_by_then(samples, customer, erp, supply, later):
    paths = samples.paths(*DOCUMENTS)
    customer.push(*paths, *supply(), later)
    stale, postings = customer.push(*paths), erp.postings()
    assert stale.status == 2
    assert {row["state"] for row in stale.shown} == {"stale"}
    assert all(row["problems"][0]["hint"] for row in stale.shown)
    assert customer.push(*paths) == stale
    assert erp.postings() == postings


def test_the_whole_life_of_a_report_is_one_accrual_and_one_payment(customer, erp, supply, approved_report):
    """Approved, commented, in payment, paid, archived, written back: state, log and time move, the money does not."""
    time = approved_report["updateTime"]
    steps = [
        ({}, {}, None),
        ({}, {}, ("comment", "paying")),
        ({"state": "PROCESSING"}, {}, ("paying", "paying")),
        ({"state": "paid"}, {"payDate": time + 900, "flowEndTime": time + 901}, ("pay", "paid")),
        ({"state": "archived"}, {}, None),
        ({}, {"voucherNo": "记-1", "voucherStatus": "已生成", "voucherCreateTime": time + 2000}, None),
        ({}, {"voucherNo": "", "voucherStatus": "未生成", "voucherCreateTime": 0}, None),
    ]
    files, flow = supply(), approved_report
    for number, (head, form, entry) in enumerate(steps):
        flow |= {**head, "updateTime": time + 1000 * number, "version": number + 1}
        flow["form"] |= form
        if entry:
            attributes = {"channelTradeNo": "OFFLINE1", "failureReason": ""}
            flow["logs"].append(
                {"action": f"freeflow.{entry[0]}", "state": entry[1], "time": time + 900, "attributes": attributes}
            )
        pushed = customer.push(*files, customer.file(f"step-{number}.json", {"value": flow}))
        assert (pushed.status, pushed.states) == (0, {"B20000001": "delivered"})
        assert (pushed.one("B20000001")["moment"], pushed.one("B20000001")["revision"]) == ("accrual", 1)
    assert pushed.payment("B20000001")["state"] == "delivered"
    assert booked(erp) == {"B20000001": "33.00"}
    assert [posting["total"] for posting in erp.postings() if paid(posting)] == ["33.00"]
    assert len([entry for entry in erp.requests("Save") if entry["status"] == 200]) == 2


def with_amount(flow, amount: str, time: int):
    """The report over another amount; `time` is the source's."""
    changed = deepcopy(flow)
    changed["updateTime"] = time
    for name in ("expenseMoney", "payMoney"):
        changed["form"][name]["standard"] = amount
    changed["form"]["details"][0]["feeTypeForm"]["amount"]["standard"] = amount
    return changed


def test_changes_before_anything_was_posted_leave_the_last_content(customer, erp, supply, approved_report):
    flow, time = approved_report, approved_report["updateTime"]
    for revision, amount in enumerate(("33.00", "30.00", "33"), 1):
        pushed = customer.push(customer.file("report.json", {"value": with_amount(flow, amount, time + revision)}))
        assert (pushed.one("B20000001")["state"], pushed.states) == ("held", {"B20000001": "held"})
    pushed = customer.push(*supply())
    assert pushed.one("B20000001")["state"] == "delivered"
    assert booked(erp) == {"B20000001": "33.00"}


def test_changed_after_posting_is_red_and_new_and_so_is_changed_back(customer, erp, supply, approved_report):
    flow, time = approved_report, approved_report["updateTime"]
    customer.push(*supply(), customer.file("a.json", {"value": flow}))
    changed = customer.push(customer.file("b.json", {"value": with_amount(flow, "30.00", time + 1)}))
    rows = [(row["moment"], row["state"], row["total"]) for row in changed.of("B20000001")]
    assert (changed.status, rows) == (
        0,
        [("accrual", "reversed", "33.00"), ("reversal", "delivered", "-33.00"), ("accrual", "delivered", "30.00")],
    )
    postings = erp.postings()
    older = customer.push(customer.file("a.json", {"value": flow}))
    assert [row["state"] for row in older.of("B20000001")][-1] == "stale"
    assert erp.postings() == postings
    customer.push(customer.file("a.json", {"value": with_amount(flow, "33.00", time + 2)}))
    assert [posting["total"] for posting in erp.postings()] == ["33.00", "-33.00", "30.00", "-30.00", "33.00"]
    assert all(balanced(posting) for posting in erp.postings())
    traced = customer.dougong("trace", "B20000001", "--json").printed
    assert [(row["revision"], row["state"]) for row in traced if row["revision"] > 0] == [
        (1, "superseded"),
        (2, "superseded"),
        (2, "superseded"),  # the stale answer, which did not replace revision 2
        (3, "open"),
    ]


def test_a_newer_answer_that_contradicts_itself_holds_what_is_posted(customer, erp, supply, approved_report):
    flow, answers = approved_report, supply()
    customer.push(*answers, customer.file("a.json", {"value": flow}))
    postings = erp.postings()
    (details,) = (path for path in answers if path.stem == "invoices")
    wrong = customer.file("wrong.json", details.read_bytes().replace(b'"3.80"', b'"2.80"'))
    told = customer.push(
        wrong, customer.file("b.json", {"value": flow | {"updateTime": flow["updateTime"] + 86400000}})
    )
    delivery, document = told.of("B20000001")
    assert (told.status, told.overall, delivery["state"], document["state"]) == (2, 2, "delivered", "held")
    assert told.codes(document) == {"AMOUNT_CONTRADICTORY"}
    assert customer.dougong("run").status == 2

    back = customer.push(details)
    assert (back.overall, [row["state"] for row in back.of("B20000001")]) == (0, ["delivered"])
    assert erp.postings() == postings


@pytest.mark.parametrize("state", ["rejected", "draft"])
def test_taken_back_counts_only_when_strictly_newer(customer, erp, supply, approved_report, state):
    time = approved_report["updateTime"]
    customer.push(*supply(), customer.file("report.json", {"value": approved_report}))
    postings = erp.postings()
    approved_report["state"] = state
    same = customer.push(customer.file("back.json", {"value": approved_report}))
    assert [row["state"] for row in same.of("B20000001")] == ["delivered", "stale"]
    approved_report["updateTime"] = time + 1
    newer = customer.push(customer.file("back.json", {"value": approved_report}))
    assert [(row.get("moment"), row["state"]) for row in newer.of("B20000001")] == [
        ("accrual", "reversed"),
        ("reversal", "delivered"),
        (None, "withdrawn"),
    ]
    assert [posting["total"] for posting in erp.postings()] == [*(one["total"] for one in postings), "-33.00"]


def test_write_off_is_held_until_its_loan_is_known(customer, erp, supply, approved_write_off, written_off_loan):
    held = customer.push(*supply(), customer.file("report.json", {"value": approved_write_off}))
    assert held.codes(held.one("B21000008")) == {"LOAN_NOT_POSTED"}
    assert "ID_loanflow1" in held.one("B21000008")["problems"][0]["message"]
    assert (held.status, erp.postings()) == (2, [])
    freed = customer.push(customer.file("loan.json", {"value": written_off_loan}))
    assert (freed.status, freed.states) == (0, {"B21000008": "delivered", "J21000001": "delivered"})
    assert list(booked(erp)) == ["J21000001", "B21000008"]


def test_write_off_is_blocked_until_its_loan_is_delivered(customer, erp, supply, approved_write_off, written_off_loan):
    written_off_loan["form"]["paymentAccountId"] = "ID_other"
    other = {"id": "ID_other", "name": "", "code": "农行一般户", "detail": {}, "active": True, "sort": "BANK"}
    flows = {"items": [approved_write_off, written_off_loan]}
    written_off_loan["logs"][-1]["attributes"]["paymentAccountId"] = "ID_other"
    files = [*supply(), customer.file("other.json", {"items": [other]}), customer.file("flows.json", flows)]
    blocked = customer.push(*files)
    assert blocked.states == {"J21000001": "held", "B21000008": "blocked"}
    assert blocked.one("B21000008")["waits_for"] == ["loan J21000001"]
    assert (blocked.status, erp.postings()) == (2, [])
    customer.add_rows("bank_account", "农行一般户,CNY,1002.01,ICBC-01")
    freed = customer.push(*files)
    assert (freed.status, freed.states) == (0, {"B21000008": "delivered", "J21000001": "delivered"})
    assert list(booked(erp)) == ["J21000001", "B21000008"]
