"""What a person may do with a delivery, by its state."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ledger_kit import posting_for

from dougong import delivery as steps
from dougong.flow.actions import ActionError, cancel, resolve_absent, resolve_delivered, retry
from dougong.ledger import attempts, deliveries, postings
from dougong.ledger.states import DeliveryState as S
from dougong.model.operations import Ambiguity
from dougong.model.outcomes import Absent, CannotTell, Done, Found, Rejected, Unknown
from dougong.model.postings import Stage
from dougong.model.problems import Problem

HOW = {"actor": "li", "reason": "looked"}


@pytest.fixture
def project(ledger):
    return SimpleNamespace(ledger=ledger)


@pytest.fixture
def stands(ledger, erp, delivery, derive, claimed, now):
    """A delivery that an outcome has brought somewhere, and its ERP."""

    def make(outcome, ambiguity=Ambiguity.D, **how):
        row = delivery()
        it = erp(ambiguity, **how)
        it.answers["push"].append(outcome)
        steps.send(ledger, claimed(), it.link, derive)
        return it, now(row)

    return make


@pytest.mark.parametrize("state", [S.HELD, S.BLOCKED, S.READY, S.REJECTED, S.INCOMPLETE])
def test_retry_makes_due_what_is_not_unknown(project, delivery, now, sql, state):
    row = delivery()
    sql("UPDATE delivery SET state = ?, due_at = 4611686018427387904, failures = 5", state.value)
    sql("UPDATE delivery SET reason = 'CLOSED', problems = '[{}]'")
    (after,) = retry(project, [row.id], **HOW)
    assert after.state is (S.INCOMPLETE if state is S.INCOMPLETE else S.READY)
    assert (now(row).failures, now(row).due_at < 2**62) == (0, True)
    assert (now(row).reason, now(row).problems) == ("", "[]"), "what is tried anew has no problem yet"
    assert sql("SELECT actor, detail LIKE '%looked%' FROM audit WHERE event = 'retry'") == [("li", 1)]


@pytest.mark.parametrize("state", [S.UNKNOWN, S.WAITING, S.PARKED])
def test_there_is_no_retry_of_unknown(project, delivery, sql, state):
    row = delivery()
    sql("UPDATE delivery SET state = ?", state.value)
    with pytest.raises(ActionError, match="use resolve"):
        retry(project, [row.id], **HOW)


@pytest.mark.parametrize("state", [S.SENDING, S.DELIVERED, S.CANCELLED, S.REVERSED])
def test_nothing_to_retry(project, delivery, sql, state):
    row = delivery()
    sql("UPDATE delivery SET state = ?", state.value)
    with pytest.raises(ActionError, match="nothing to retry"):
        retry(project, [row.id], **HOW)


def test_all_or_none(project, delivery, now, sql):
    good, bad = delivery("R1", S.HELD), delivery("R2")
    sql("UPDATE delivery SET state = 'delivered' WHERE id = ?", bad.id)
    with pytest.raises(ActionError):
        retry(project, [good.id, bad.id], **HOW)
    assert now(good).state is S.HELD


@pytest.mark.parametrize("state", [S.HELD, S.BLOCKED, S.READY, S.REJECTED])
def test_cancel_frees_the_coverage(project, delivery, now, sql, state):
    row = delivery()
    sql("UPDATE delivery SET state = ?", state.value)
    cancel(project, [row.id], **HOW)
    assert now(row).state is S.CANCELLED
    assert sql("SELECT live FROM coverage") == [(None,)]


def test_what_may_be_in_the_erp_is_not_cancelled(project, stands):
    _, row = stands(Unknown("reset"))
    with pytest.raises(ActionError, match="may be in the ERP"):
        cancel(project, [row.id], **HOW)


def test_what_is_in_the_erp_is_not_cancelled(project, stands):
    _, row = stands(Done(posting_for()))
    with pytest.raises(ActionError, match="it is in the ERP"):
        cancel(project, [row.id], **HOW)


@pytest.mark.parametrize("state", [S.CANCELLED, S.REVERSED])
def test_what_is_final_stays(project, delivery, sql, state):
    row = delivery()
    sql("UPDATE delivery SET state = ?", state.value)
    with pytest.raises(ActionError, match="it has ended"):
        cancel(project, [row.id], **HOW)


def test_resolved_as_absent_it_is_sent_again_under_its_reference(ledger, project, stands, claimed, derive, now):
    it, row = stands(Unknown("reset"), Ambiguity.E)
    assert row.state is S.PARKED
    project.door = lambda name: it.door
    resolve_absent(project, row.id, **HOW)
    it.answers["push"].append(Done(posting_for()))
    steps.send(ledger, claimed(), it.link, derive)
    assert now(row).state is S.DELIVERED
    first, second = (asked[0] for asked in it.calls["push"])
    assert first.body == second.body
    assert first.correlations != second.correlations


CONFLICT = Done(posting_for(total="319.00"))


@pytest.mark.parametrize("act", [resolve_absent, lambda project, id_, **how: cancel(project, [id_], **how)])
def test_nobodys_word_makes_absent_what_the_erp_has(project, stands, now, act):
    it, row = stands(CONFLICT)
    assert (row.state, row.reason) == (S.PARKED, "conflict")
    project.door = lambda name: it.door
    it.answers["find"].append(lambda wanted: [Found(wanted[0].item, posting_for())])
    with pytest.raises(ActionError, match="the ERP has"):
        act(project, row.id, **HOW)
    it.answers["find"].append(lambda wanted: [CannotTell(wanted[0].item, "down")])
    with pytest.raises(ActionError, match="cannot prove"):
        act(project, row.id, **HOW)
    assert now(row) == row
    it.answers["find"].append(lambda wanted: [Absent(wanted[0].item, "all")])
    act(project, row.id, **HOW)
    assert now(row).state in {S.READY, S.CANCELLED}


def test_absence_is_asked_for_with_all_that_is_known_of_the_message(project, stands):
    """The job that it was handed in as, say: absent while that is at work is not absent."""
    it, row = stands(Unknown("reset"))
    project.door = lambda name: it.door
    (sent,) = (asked[0] for asked in it.calls["push"])
    assert sent.correlations
    asked = []
    it.answers["find"].append(lambda wanted: asked.append(wanted[0]) or [Absent(wanted[0].item, "all")])
    resolve_absent(project, row.id, **HOW)
    assert [want.correlations for want in asked] == [sent.correlations]


def test_absence_proves_nothing_while_the_erp_may_be_at_work(project, stands, now):
    it, row = stands(Unknown("reset"), rest="settle = 3600")
    project.door = lambda name: it.door
    with pytest.raises(ActionError, match=r"try again in 3\d\d\d s"):
        resolve_absent(project, row.id, **HOW)
    assert (now(row), it.calls["find"]) == (row, [])


def test_what_a_worker_sent_since_is_not_absent(ledger, project, stands, now):
    it, row = stands(Unknown("reset"))
    project.door = lambda name: it.door

    def meanwhile(wanted):
        ledger.write(lambda tx: deliveries.move(tx, now(row), S.SENDING, event="resent"))
        ledger.write(lambda tx: deliveries.move(tx, now(row), S.UNKNOWN, event="unknown"))
        return [Absent(wanted[0].item, "all")]

    it.answers["find"].append(meanwhile)
    with pytest.raises(ActionError, match="changed just now"):
        resolve_absent(project, row.id, **HOW)
    assert now(row).state is S.UNKNOWN


def test_an_erp_that_cannot_be_asked_for_an_id(project, stands, now):
    it, row = stands(Unknown("reset"))
    project.door = lambda name: it.door
    it.answers["find"].append(lambda wanted: [CannotTell(wanted[0].item, "no field F_GONE")])
    with pytest.raises(ActionError, match="no field F_GONE"):
        resolve_delivered(project, row.id, "7", **HOW)


def test_a_person_may_take_the_erps_version(ledger, project, stands, now):
    it, row = stands(CONFLICT)
    project.door = lambda name: it.door
    theirs = posting_for("77", total="319.00", period="2026-12")
    it.answers["find"].append(lambda wanted: [Found(wanted[0].item, theirs)])
    resolve_delivered(project, row.id, "77", **HOW)
    assert (now(row).state, now(row).total, now(row).period) == (S.DELIVERED, "319.00", "2026-12")
    assert ledger.look(lambda tx: attempts.last_facts(tx, row.id)).differences(theirs) == ()


def test_resolved_as_delivered_with_what_the_erp_shows(project, stands, now):
    it, row = stands(Unknown("reset"), Ambiguity.E)
    project.door = lambda name: it.door
    it.answers["find"].append(lambda wanted: [Found(wanted[0].item, posting_for("77"))])
    resolve_delivered(project, row.id, "77", **HOW)
    assert (now(row).state, now(row).stage) == (S.DELIVERED, "submitted")
    assert it.calls["find"][0][0][0].erp_key == "77"


def test_an_id_that_the_erp_does_not_know(project, stands, now):
    it, row = stands(Unknown("reset"), Ambiguity.E)
    project.door = lambda name: it.door
    it.answers["find"].append(lambda wanted: [Absent(wanted[0].item, "all")])
    with pytest.raises(ActionError, match="the ERP has no 78"):
        resolve_delivered(project, row.id, "78", **HOW)
    assert now(row) == row


def test_the_voucher_of_another_delivery_is_not_taken_over(ledger, project, stands, delivery, now):
    it, row = stands(Unknown("reset"), Ambiguity.E)
    other = delivery("R2")
    theirs = posting_for("77", reference=other.reference)
    ledger.write(lambda tx: postings.record(tx, other, theirs))
    project.door = lambda name: it.door
    it.answers["find"].append(lambda wanted: [Found(wanted[0].item, theirs)])
    with pytest.raises(ActionError, match=rf"belongs to {other.name} \(R2\) and carries {other.reference}"):
        resolve_delivered(project, row.id, "77", **HOW)
    assert now(row) == row


def test_one_of_several_vouchers_is_not_taken_over_while_the_others_stand(project, stands, now):
    it, row = stands(CONFLICT)
    project.door = lambda name: it.door

    def two(second):
        return lambda wanted: [Found(wanted[0].item, one) for one in (posting_for("77"), second)]

    it.answers["find"] += [two(posting_for("78")), two(posting_for("78", stage=Stage.VOID))]
    with pytest.raises(ActionError, match=r"several: 记-77 \(submitted\), 记-78 \(submitted\)"):
        resolve_delivered(project, row.id, "77", **HOW)
    assert now(row) == row
    resolve_delivered(project, row.id, "77", **HOW)
    assert now(row).state is S.DELIVERED


def test_nothing_to_resolve(project, stands):
    _, row = stands(Rejected((Problem.of("X", "不", "no"),)))
    with pytest.raises(ActionError, match="nothing about it is unknown"):
        resolve_absent(project, row.id, **HOW)
