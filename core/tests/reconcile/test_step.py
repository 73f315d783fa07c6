from __future__ import annotations

import json

import attrs
import pytest
from ledger_kit import posting_for

from dougong import delivery as steps
from dougong.ledger.states import DeliveryState as S
from dougong.model.outcomes import Absent, CannotTell, Done, Found, Unknown
from dougong.model.postings import Stage
from dougong.plugins import PluginError
from dougong.reconcile import Verdict, step


@pytest.fixture
def delivered(ledger, erp, delivery, derive, claimed, now):
    """Two deliveries of 2026-11 that the ERP holds, and how it would list them."""
    rows = [delivery("R1"), delivery("R2")]
    it = erp(hooks=("find", "list_postings"))
    it.answers["push"] += [Done(posting_for("1")), Done(posting_for("2"))]
    for leased in claimed():
        steps.send(ledger, [leased], it.link, derive)
    references = [json.loads(asked[0].body)["reference"] for asked in it.calls["push"]]

    def listed(n, **how):
        return posting_for(str(n), reference=references[n - 1], period="2026-11", **how)

    return it, rows, listed


@pytest.fixture
def reconcile(ledger):
    def go(it, *listed):
        it.answers["list_postings"].append(list(listed))
        return [row.verdict for row in step(ledger, it.door, "2026-11", actor="li")]

    return go


def test_matched_changes_nothing(delivered, reconcile, now):
    it, rows, listed = delivered
    before = [now(row) for row in rows]
    assert reconcile(it, listed(1), listed(2)) == [Verdict.MATCHED] * 2
    assert [now(row) for row in rows] == before


@pytest.mark.parametrize(
    ("listed_as", "reason"),
    [
        (None, "deleted_in_erp"),
        ({"total": "99.00"}, "edited_in_erp"),
        ({"stage": Stage.VOID}, "deleted_in_erp"),
    ],
)
def test_what_a_person_did_is_parked_and_said(delivered, reconcile, now, sql, listed_as, reason):
    it, rows, listed = delivered
    it.answers["find"].append(lambda wanted: [Absent(wanted[0].item, "all periods")])
    reconcile(it, *([listed(1, **listed_as)] if listed_as else []), listed(2))
    first, second = (now(row) for row in rows)
    assert (first.state, first.reason) == (S.PARKED, reason)
    assert json.loads(first.problems)[0]["code"]
    assert second.state is S.DELIVERED
    assert sql("SELECT actor FROM audit WHERE event = 'reconciled'") == [("li",)]


def test_undone_in_the_erp_it_is_in_order_again(delivered, reconcile, now):
    it, rows, listed = delivered
    reconcile(it, listed(1, total="99.00"), listed(2))
    assert now(rows[0]).state is S.PARKED
    assert reconcile(it, listed(1), listed(2)) == [Verdict.MATCHED] * 2
    assert (now(rows[0]).state, now(rows[0]).reason) == (S.DELIVERED, "")


def test_moved_to_another_period_it_is_not_deleted(delivered, reconcile, now):
    it, rows, listed = delivered
    moved = attrs.evolve(listed(1), period="2026-12")
    it.answers["find"].append(lambda wanted: [Found(wanted[0].item, moved)])
    assert reconcile(it, listed(2))[0] is Verdict.PERIOD
    assert now(rows[0]).state is S.DELIVERED


def test_what_the_erp_cannot_tell_is_left_as_it_stands(delivered, reconcile, now):
    it, rows, listed = delivered
    it.answers["find"].append(lambda wanted: [CannotTell(wanted[0].item, "down")])
    assert reconcile(it, listed(2))[0] is Verdict.MISSING
    assert now(rows[0]).state is S.DELIVERED


def test_doubled_is_parked(delivered, reconcile, now):
    it, rows, listed = delivered
    assert reconcile(it, listed(1), attrs.evolve(listed(1), erp_key="9"), listed(2))[0] is Verdict.DOUBLED
    assert (now(rows[0]).state, now(rows[0]).reason) == (S.PARKED, "doubled")


def test_a_higher_stage_and_a_new_number_are_taken_over(delivered, reconcile, now, sql):
    it, rows, listed = delivered
    reconcile(it, attrs.evolve(listed(1, stage=Stage.POSTED), number="记-7"), listed(2))
    assert (now(rows[0]).state, now(rows[0]).stage) == (S.DELIVERED, "posted")
    assert sql("SELECT erp_number, stage FROM posting ORDER BY id") == [("记-7", "posted"), ("记-2", "submitted")]


def test_an_erp_that_cannot_be_listed_changes_nothing(ledger, delivered, now):
    it, rows, _ = delivered
    before = [now(row) for row in rows]
    it.answers["list_postings"].append(RuntimeError("down"))
    with pytest.raises(PluginError):
        step(ledger, it.door, "2026-11", actor="li")
    assert [now(row) for row in rows] == before


def test_half_a_list_changes_nothing(ledger, delivered, now):
    it, rows, listed = delivered
    before = [now(row) for row in rows]

    def half(_):
        yield listed(1)
        raise RuntimeError("connection reset")

    it.answers["list_postings"].append(half)
    with pytest.raises(PluginError):
        step(ledger, it.door, "2026-11", actor="li")
    assert [now(row) for row in rows] == before


def test_what_is_on_its_way_is_not_parked(ledger, delivered, delivery, derive, claimed, reconcile, now):
    it, _, listed = delivered
    row = delivery("R3")
    it.answers["push"].append(Unknown("reset"))
    steps.send(ledger, claimed(), it.link, derive)
    assert reconcile(it, listed(1), listed(2)) == [Verdict.MATCHED, Verdict.MATCHED, Verdict.MISSING]
    assert now(row).state is S.UNKNOWN


def test_other_periods_are_not_missed(delivered, reconcile, sql, now):
    it, rows, listed = delivered
    sql("UPDATE delivery SET period = '2026-10' WHERE id = ?", rows[0].id)
    assert reconcile(it, listed(2)) == [Verdict.MATCHED]
    assert now(rows[0]).state is S.DELIVERED


def test_a_reference_under_another_field_is_found_there(ledger, delivered, erp, now):
    """The list shows the field of today's settings; the copy stands under the one of then."""
    _, rows, listed = delivered
    it = erp(hooks=("find", "list_postings"), field="F_NEW")
    copy = attrs.evolve(listed(1), erp_key="9")
    bare = [attrs.evolve(listed(n), reference=None) for n in (1, 2)]
    it.answers["list_postings"].append(bare)
    it.answers["find"].append(
        lambda wanted: [Found(wanted[0].item, attrs.evolve(one, reference=None)) for one in (listed(1), copy)]
    )
    found = step(ledger, it.door, "2026-11", actor="li")
    assert [row.verdict for row in found] == [Verdict.DOUBLED, Verdict.MATCHED]
    assert {want.reference_field for want in it.calls["find"][0][0]} == {"reference"}
    assert now(rows[0]).reason == "doubled"


@pytest.mark.parametrize(
    ("stages", "verdict"),
    [
        ((Stage.SUBMITTED, Stage.VOID), Verdict.PERIOD),
        ((Stage.VOID, Stage.SUBMITTED), Verdict.PERIOD),
        ((Stage.SUBMITTED, Stage.SUBMITTED), Verdict.DOUBLED),
        ((Stage.VOID, Stage.VOID), Verdict.MISSING),
    ],
)
def test_several_answers_about_what_the_period_does_not_show(delivered, reconcile, stages, verdict):
    it, _, listed = delivered
    postings = [posting_for(str(at), stage=stage, period="2026-12") for at, stage in enumerate(stages, 11)]
    it.answers["find"].append(lambda wanted: [Found(wanted[0].item, one) for one in postings])
    assert reconcile(it, listed(2)) == [verdict, Verdict.MATCHED]
