"""A merged voucher that is not in the ERP, of which one member goes: the others are booked, each once."""

from __future__ import annotations

import json

import flow_erp
import pytest
from books import balance, vouchers
from flow_documents import report
from test_merging import other
from test_payments import APPROVED, paid

from dougong.flow.actions import ActionError, cancel, resolve_absent, retry
from dougong.flow.undoing import reverse
from dougong.model.problems import Problem


def merged(shop, *numbers):
    """Id of the delivery of these documents that has not ended."""
    rows = [row for row in shop.rows() if row["delivery"] and row["documents"] == list(numbers)]
    return next(int(row["delivery"][1:]) for row in rows if row["state"] not in ("cancelled", "reversed"))


def states(shop):
    return {(*row["documents"],): row["state"] for row in shop.rows() if row["delivery"]}


def three():
    return report("R1", "500.00"), other("R2", "300.00"), other("R3", "200.00")


@pytest.fixture
def unsent(daily):
    """Three reports in one voucher, and an ERP that is down."""
    flow_erp.DOWN.add("R1–R3")
    daily.push(*three())
    assert states(daily) == {("R1", "R2", "R3"): "ready"}
    flow_erp.DOWN.clear()
    return daily


def give_up(shop, *members, of):
    id_ = merged(shop, *of)
    return shop.act(cancel, id_, only={id_: members})


def test_one_member_is_given_up_and_the_others_go_on(unsent):
    (given_up,) = give_up(unsent, "R2", of=("R1", "R2", "R3"))
    assert given_up.numbers == ("R2",)
    assert (given_up.state, given_up.reason) == ("cancelled", "cancelled")
    unsent.push()
    assert states(unsent) == {("R2",): "cancelled", ("R1", "R3"): "delivered"}
    assert vouchers() == [[("C", "2241.01", "200.00"), ("C", "2241.01", "500.00"), ("D", "6602.02", "700.00")]]
    unsent.push(other("R2", "300.00", day=20))
    assert len(flow_erp.BOOKED) == 1, "the same content is not booked again"
    unsent.push(other("R2", "310.00", day=21))
    assert balance("2241.01") == -1010, "other content is"


def test_who_is_left_alone_is_booked_alone(unsent):
    assert {row.numbers for row in give_up(unsent, "R1", "R3", of=("R1", "R2", "R3"))} == {("R1",), ("R3",)}
    unsent.push()
    assert states(unsent) == {("R1",): "cancelled", ("R3",): "cancelled", ("R2",): "delivered"}
    assert vouchers() == [[("C", "2241.01", "300.00"), ("D", "6602.02", "300.00")]]


def test_all_of_its_members_are_the_voucher_itself(unsent):
    id_ = merged(unsent, "R1", "R2", "R3")
    assert [row.id for row in give_up(unsent, "R1", "R2", "R3", of=("R1", "R2", "R3"))] == [id_]
    unsent.push()
    assert (states(unsent), flow_erp.BOOKED) == ({("R1", "R2", "R3"): "cancelled"}, {})


def test_only_documents_that_are_in_it(unsent):
    with pytest.raises(ActionError, match="it books nothing of R9"):
        give_up(unsent, "R9", of=("R1", "R2", "R3"))
    assert states(unsent) == {("R1", "R2", "R3"): "ready"}


def test_of_a_refused_voucher(daily):
    flow_erp.REFUSED["R1–R3"] = Problem.of("NO", "不行", "no")
    daily.push(*three())
    assert states(daily) == {("R1", "R2", "R3"): "rejected"}
    give_up(daily, "R1", of=("R1", "R2", "R3"))
    daily.push()
    assert states(daily) == {("R1",): "cancelled", ("R2", "R3"): "delivered"}
    assert balance("2241.01") == -500


def test_of_unknown_outcome_it_is_resolved_first(daily):
    flow_erp.LOST.add("R1–R3")
    daily.push(*three())
    with pytest.raises(ActionError, match="resolve it first"):
        give_up(daily, "R1", of=("R1", "R2", "R3"))
    assert list(states(daily)) == [("R1", "R2", "R3")]
    flow_erp.LOST.clear()
    flow_erp.DOWN.add("R1–R3")
    daily.act(lambda project, ids, **how: resolve_absent(project, *ids, **how), merged(daily, "R1", "R2", "R3"))
    give_up(daily, "R1", of=("R1", "R2", "R3"))
    daily.push()
    assert states(daily) == {("R1",): "cancelled", ("R2", "R3"): "delivered"}
    assert balance("2241.01") == -500


def test_a_member_that_says_something_else_by_now_is_opened_as_it_is(unsent):
    """Its new content has come, and nobody has opened it yet."""
    from dougong.flow import Project, read_files, take_in

    file = unsent.folder / "later.json"
    file.write_text(json.dumps([other("R3", "250.00", day=20)]), "utf-8")
    with Project(unsent.folder) as project:
        take_in(project, read_files(project, [file]))
    give_up(unsent, "R1", of=("R1", "R2", "R3"))
    unsent.push()
    assert states(unsent) == {("R1",): "cancelled", ("R2", "R3"): "delivered"}
    assert balance("2241.01") == -550


def test_a_member_that_was_withdrawn_has_no_voucher(unsent):
    flow_erp.DOWN.add("R1–R3")
    unsent.push(other("R3", "200.00", day=20, state="rejected"))
    assert states(unsent) == {("R1", "R2"): "delivered"}
    assert balance("2241.01") == -800


def test_a_member_that_cannot_be_derived_any_more_is_held_with_its_reason(unsent, monkeypatch):
    """Rules, tables or codes change while the voucher waits."""
    from dougong.flow.deriving import Deriver

    derivation = Deriver.derivation

    def broken(deriver, row, events):
        if row.number == "R2":
            raise RuntimeError("out of order")
        return derivation(deriver, row, events)

    with monkeypatch.context() as patched:
        patched.setattr(Deriver, "derivation", broken)
        unsent.push()
    rows = {(*row["documents"],): row for row in unsent.rows() if row["delivery"]}
    assert {key: row["state"] for key, row in rows.items()} == {("R2",): "held", ("R1", "R3"): "delivered"}
    assert rows["R2",]["problems"][0]["code"] == "INTERNAL_ERROR"
    unsent.act(retry, merged(unsent, "R2"))
    unsent.push()
    assert states(unsent)["R2",] == "delivered"
    assert balance("2241.01") == -1000


def test_what_waits_for_a_dissolved_voucher_waits_for_its_own(daily):
    """A payment waits for its accrual, wherever that is booked."""
    flow_erp.DOWN.add("R1–R2")
    daily.push(report("R1", "300.00", events=[APPROVED, paid("R1", "300.00")]), other("R2", "200.00"))
    give_up(daily, "R2", of=("R1", "R2"))
    daily.push()
    assert {(row["moment"], row["state"]) for row in daily.rows() if row["documents"] == ["R1"]} == {
        ("accrual", "delivered"),
        ("payment", "delivered"),
    }


def test_of_a_batch_that_is_not_sent(shop):
    events = [APPROVED, paid("R1", "300.00", batch="PB1")]
    two = other("R2", events=[APPROVED, {**events[1], "payments": [{**events[1]["payments"][0], "payee": "E003"}]}])
    flow_erp.DOWN.add("1002.01")
    shop.push(report("R1", events=events), two)
    flow_erp.DOWN.clear()
    (given_up,) = give_up(shop, "R1", of=("R1", "R2"))
    assert given_up.moment == "payment"
    shop.push()
    assert balance("1002.01") == -300
    assert [row["state"] for row in shop.rows() if row["moment"] == "payment"] == ["cancelled", "delivered"]


def test_of_a_reversal_of_several_one_is_given_up(daily):
    daily.push(report("R1", "500.00"), other("R2", "300.00"))
    flow_erp.DOWN.add("冲")
    (red,) = daily.act(reverse, merged(daily, "R1", "R2"))
    (given_up,) = daily.act(cancel, red.id, only={red.id: ["R1"]})
    assert (given_up.numbers, given_up.moment) == (("R1",), "reversal")
    flow_erp.DOWN.clear()
    daily.push()
    assert balance("2241.01") == -500
    rows = [(row["documents"], row["moment"], row["state"]) for row in daily.rows()]
    assert rows == [
        (["R1", "R2"], "accrual", "delivered"),
        (["R1"], "reversal", "cancelled"),
        (["R2"], "reversal", "delivered"),
    ]


# -- who is refused ---------------------------------------------------------------------------------------------------


def test_who_is_named_in_a_refusal_is_taken_out(daily):
    flow_erp.REFUSED["等3单"] = Problem.of("NO", "不行", "no", path="lines[2].account")
    daily.push(*three())
    assert states(daily) == {("R2",): "held", ("R1", "R3"): "delivered"}
    (held,) = [row for row in daily.rows() if row["state"] == "held"]
    assert held["total"] == "300.00"
    daily.act(retry, merged(daily, "R2"))
    daily.push()
    assert balance("2241.01") == -1000


@pytest.mark.parametrize("path", ["", "date", "lines[0].account", "lines[9]"])
def test_a_refusal_that_names_no_one_of_them_holds_them_together_and_is_told_to_each(daily, path):
    """The first line is everybody's."""
    flow_erp.REFUSED["R1–R3"] = Problem.of("NO", "不行", "no", path=path)
    daily.push(*three())
    (row,) = [row for row in daily.rows() if row["delivery"]]
    assert (row["documents"], row["state"], row["problems"][0]["code"]) == (["R1", "R2", "R3"], "rejected", "NO")
    told = [json.loads(line) for line in (daily.folder / "feedback.jsonl").read_text("utf-8").splitlines()]
    assert [(one["document"], one["kind"]) for one in told] == [("R1", "held"), ("R2", "held"), ("R3", "held")]
    flow_erp.REFUSED.clear()
    daily.act(retry, merged(daily, "R1", "R2", "R3"))
    daily.push()
    assert len(flow_erp.BOOKED) == 1
    assert balance("2241.01") == -1000
