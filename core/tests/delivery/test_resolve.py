"""What follows an unknown outcome, by what the ERP can do (reliability.md §3)."""

from __future__ import annotations

import pytest
from ledger_kit import posting_for, report_of

from dougong import delivery as steps
from dougong import intake
from dougong.ledger import attempts, deliveries, documents
from dougong.ledger.states import DeliveryState as S
from dougong.ledger.states import DocumentState
from dougong.model.operations import Ambiguity
from dougong.model.outcomes import Absent, AlreadyThere, CannotTell, Done, Found, NotDone, Rejected, Unknown
from dougong.model.postings import Stage
from dougong.model.problems import Problem

LOST = Unknown("reset")
REFUSED = Rejected((Problem.of("CLOSED", "已结账", "the period is closed"),))


def found(*postings):
    return lambda wanted: [Found(want.item, one) for want in wanted for one in postings]


def absent(wanted):
    return [Absent(want.item, "everything") for want in wanted]


def cannot(wanted):
    return [CannotTell(want.item, "no rights") for want in wanted]


@pytest.fixture
def unknown(ledger, delivery, derive, claimed, now):
    """A delivery whose first answer was lost."""

    def make(erp, first=LOST, numbers=("R1",)):
        rows = [delivery(number) for number in numbers]
        erp.answers["push"].append(first)
        steps.send(ledger, claimed(), erp.link, derive)
        return now(rows[0]) if len(rows) == 1 else [now(row) for row in rows]

    return make


@pytest.fixture
def resolve(ledger, now, sql, claimed):
    """The next question about it, as soon as it may be asked."""

    def again(erp, row):
        sql("UPDATE delivery SET due_at = 0 WHERE due_at < 4611686018427387904")
        leased = {one.id: one for one in claimed()}
        for other in set(leased) - {row.id}:
            ledger.write(lambda tx, other=other: deliveries.release(tx, leased[other], due_at=0))
        steps.resolve(ledger, leased[row.id], erp.link)
        return now(row)

    return again


def test_class_a_sends_the_same_bytes_again(erp, unknown, resolve):
    it = erp(Ambiguity.A)
    row = unknown(it)
    assert row.state is S.UNKNOWN
    it.answers["push"] += [Unknown("reset"), AlreadyThere(posting_for())]

    assert resolve(it, row).state is S.UNKNOWN
    assert resolve(it, row).state is S.DELIVERED

    messages = [asked[0] for asked in it.calls["push"]]
    assert len(messages) == 3
    assert len({(message.body, message.correlations) for message in messages}) == 1
    assert it.calls["find"] == []


@pytest.mark.parametrize("ambiguity", [Ambiguity.A, Ambiguity.B, Ambiguity.C])
def test_without_a_session_nothing_is_sent_again(erp, unknown, resolve, ambiguity, sql):
    row = unknown(erp(ambiguity, window=3600.0))
    it = erp(ambiguity, window=3600.0, hooks=("find", "open_session"))
    it.answers["open_session"] += [ConnectionRefusedError("down"), object()]

    before, row = row, resolve(it, row)
    assert (row.state, row.lease_owner, row.failures) == (S.UNKNOWN, "", before.failures + 1)
    assert it.calls["push"] == []
    assert sql("SELECT sends FROM attempt") == [(1,)]

    it.answers["push"].append(AlreadyThere(posting_for()))
    assert resolve(it, row).state is S.DELIVERED


@pytest.mark.parametrize("ambiguity", [Ambiguity.A, Ambiguity.B, Ambiguity.C])
def test_a_repeat_that_did_nothing_proves_nothing(erp, unknown, resolve, sql, ambiguity):
    it = erp(ambiguity, window=3600.0)
    row = unknown(it)
    it.answers["push"].append(NotDone("connection refused"))

    assert resolve(it, row).state is S.UNKNOWN
    assert sql("SELECT count(*) FROM attempt") == [(1,)]


def test_an_erp_that_remembers_is_believed_when_it_refuses_a_repeat(erp, unknown, resolve):
    it = erp(Ambiguity.A)
    row = unknown(it)
    it.answers["push"].append(REFUSED)
    assert resolve(it, row).state is S.REJECTED


def test_class_b_inside_its_window(erp, unknown, resolve):
    it = erp(Ambiguity.B, window=3600.0)
    row = unknown(it)
    it.answers["push"].append(Done(posting_for()))
    assert resolve(it, row).state is S.DELIVERED
    assert it.calls["find"] == []


@pytest.mark.parametrize("window", [0.0, 59.0])
def test_class_b_outside_its_window_or_too_near_its_end(erp, unknown, resolve, window):
    """A call may take 60 seconds: a repeat that starts inside could arrive outside."""
    it = erp(Ambiguity.B, window=window)
    row = unknown(it)
    it.answers["find"].append(found(posting_for()))
    assert resolve(it, row).state is S.DELIVERED
    assert len(it.calls["push"]) == 1


def test_class_c_compares_what_is_there_already(erp, unknown, resolve):
    it = erp(Ambiguity.C)
    row = unknown(it)
    it.answers["push"].append(AlreadyThere(posting_for(total="99.00")))
    row = resolve(it, row)
    assert (row.state, row.reason) == (S.PARKED, "conflict")


def test_class_c_looks_before_it_sends_a_third_time(erp, unknown, resolve):
    it = erp(Ambiguity.C)
    row = unknown(it)
    it.answers["push"].append(REFUSED)
    assert resolve(it, row).state is S.UNKNOWN
    it.answers["find"] += [absent, absent]
    assert resolve(it, row).state is S.UNKNOWN
    it.answers["push"].append(REFUSED)
    assert resolve(it, row).state is S.REJECTED
    assert len(it.calls["find"]) == 2


def test_class_d_found_and_equal(erp, unknown, resolve):
    it = erp()
    row = unknown(it)
    it.answers["find"].append(found(posting_for()))
    row = resolve(it, row)
    assert (row.state, row.stage) == (S.DELIVERED, "submitted")


def test_it_is_looked_for_where_the_reference_was_written(erp, unknown, resolve):
    """Whatever the settings say by now."""
    row = unknown(erp(field="F_OLD"))
    it = erp(field="F_NEW")
    it.answers["find"].append(found(posting_for()))
    assert resolve(it, row).state is S.DELIVERED
    assert it.calls["find"][0][0][0].reference_field == "F_OLD"


@pytest.mark.parametrize("other", [{"total": "99.00"}, {"total": "100.01"}])
def test_class_d_found_with_other_figures(erp, unknown, resolve, other):
    it = erp()
    row = unknown(it)
    it.answers["find"].append(found(posting_for(**other)))
    row = resolve(it, row)
    assert (row.state, row.reason) == (S.PARKED, "conflict")


def test_class_d_waits_for_the_settle_time(erp, unknown, resolve, ledger):
    it = erp(rest="settle = 3600")
    row = unknown(it)
    frozen = ledger.look(lambda tx: attempts.load_open(tx, row.id))
    assert row.due_at >= frozen.last_sent_at + 3_600_000
    again = resolve(it, row)
    assert (again.state, it.calls["find"]) == (S.UNKNOWN, [])
    assert again.due_at == frozen.last_sent_at + 3_600_000


def test_the_settle_time_counts_from_the_end_of_the_call(erp, unknown, sql):
    """What took a minute to get lost may have left at its end."""

    def slow(message):
        sql("UPDATE attempt SET last_sent_at = last_sent_at - 60000, first_sent_at = first_sent_at - 60000")
        return Unknown("timeout")

    it = erp(rest="settle = 100")
    row = unknown(it, slow)
    ((first, last),) = sql("SELECT first_sent_at, last_sent_at FROM attempt")
    assert last - first >= 60_000
    assert row.due_at >= first + 160_000


def test_class_d_sends_again_after_two_absences(erp, unknown, resolve, sql):
    it = erp()
    row = unknown(it)
    it.answers["find"] += [absent, absent]
    assert resolve(it, row).state is S.UNKNOWN
    assert len(it.calls["push"]) == 1
    it.answers["push"].append(Done(posting_for()))
    assert resolve(it, row).state is S.DELIVERED
    assert it.calls["push"][0] == it.calls["push"][1]
    assert sql("SELECT sends, absences FROM attempt") == [(2, 0)]


@pytest.mark.parametrize("changes", [{"gross": "90.00"}, {"state": "rejected"}])
def test_what_is_absent_and_superseded_is_not_sent_again(erp, unknown, resolve, ledger, sql, row_of, changes):
    it = erp()
    row = unknown(it)
    intake.accept(ledger, [report_of(minutes=5, **changes)])
    held = row_of("R1")
    ledger.write(lambda tx: documents.change(tx, held, event="held", state=DocumentState.HELD, inputs="i"))
    it.answers["find"] += [absent, absent]
    assert resolve(it, row).state is S.UNKNOWN
    row = resolve(it, row)
    assert (row.state, row.reason, len(it.calls["push"])) == (S.CANCELLED, "superseded", 1)
    assert sql("SELECT outcome, open FROM attempt_item") == [("not_done", None)]
    assert row_of("R1").state is DocumentState.ACCEPTED


def test_changed_back_meanwhile_it_is_sent_again(erp, unknown, resolve, ledger):
    it = erp()
    row = unknown(it)
    intake.accept(ledger, [report_of(gross="90.00", minutes=5), report_of(minutes=9)])
    it.answers["find"] += [absent, absent]
    it.answers["push"].append(Done(posting_for()))
    resolve(it, row)
    assert resolve(it, row).state is S.DELIVERED


def test_an_absence_between_doubts_is_not_two_absences(erp, unknown, resolve):
    it = erp()
    row = unknown(it)
    it.answers["find"] += [absent, cannot, found(posting_for())]
    assert resolve(it, row).state is S.UNKNOWN
    assert resolve(it, row).state is S.UNKNOWN
    assert resolve(it, row).state is S.DELIVERED
    assert len(it.calls["push"]) == 1


def test_found_twice(erp, unknown, resolve):
    it = erp()
    row = unknown(it)
    it.answers["find"].append(found(posting_for("1"), posting_for("2")))
    row = resolve(it, row)
    assert (row.state, row.reason) == (S.PARKED, "doubled")


def test_an_exception_while_asking_is_no_answer(erp, unknown, resolve):
    it = erp()
    row = unknown(it)
    it.answers["find"] += [RuntimeError("broken"), found(posting_for())]
    assert resolve(it, row).state is S.UNKNOWN
    assert resolve(it, row).state is S.DELIVERED


def test_fruitless_questions_end_with_a_person(erp, unknown, resolve):
    it = erp()
    row = unknown(it)
    it.answers["find"] += [cannot] * 30
    while row.state is S.UNKNOWN:
        row = resolve(it, row)
    assert (row.state, row.reason) == (S.PARKED, "exhausted")
    assert "no rights" in row.problems
    assert len(it.calls["find"]) <= 21


def test_sendings_end_with_a_person(erp, unknown, resolve):
    it = erp()
    row = unknown(it)
    it.answers["find"] += [absent] * 40
    it.answers["push"] += [Unknown("reset")] * 10
    while row.state is S.UNKNOWN:
        row = resolve(it, row)
    assert (row.state, row.reason) == (S.PARKED, "exhausted")
    assert len(it.calls["push"]) == 8


def test_class_e_is_a_persons_matter_at_once(erp, unknown):
    it = erp(Ambiguity.E, hooks=())
    row = unknown(it)
    assert (row.state, row.reason) == (S.PARKED, "ambiguous")


@pytest.mark.parametrize("ambiguity", [Ambiguity.D, Ambiguity.E])
def test_nothing_to_ask_with(erp, unknown, resolve, ambiguity):
    it = erp(ambiguity, hooks=())
    row = unknown(it)
    row = resolve(it, row) if row.state is S.UNKNOWN else row
    assert (row.state, row.reason) == (S.PARKED, "ambiguous")


def test_found_below_its_stage_goes_on_at_once(erp, unknown, resolve):
    it = erp(stages=(Stage.DRAFT, Stage.SUBMITTED))
    row = unknown(it)
    it.answers["find"].append(found(posting_for(stage=Stage.DRAFT)))
    it.answers["complete"].append(Done(posting_for()))
    assert resolve(it, row).state is S.DELIVERED


# -- many in one message ----------------------------------------------------------------------------------------------


def test_a_message_found_in_part_is_not_sent_again_whole(erp, unknown, resolve, now, sql):
    it = erp(batch=3)
    rows = unknown(it, numbers=("R1", "R2", "R3"))
    assert [row.state for row in rows] == [S.UNKNOWN] * 3
    it.answers["find"].append(
        lambda wanted: [Found(wanted[0].item, posting_for("1"))] + [Absent(want.item, "all") for want in wanted[1:]]
    )
    resolve(it, rows[0])
    assert [now(row).state for row in rows] == [S.DELIVERED, S.UNKNOWN, S.UNKNOWN]

    it.answers["find"] += [absent, absent]
    resolve(it, rows[1])
    resolve(it, rows[1])

    assert [now(row).state for row in rows] == [S.DELIVERED, S.READY, S.READY]
    assert len(it.calls["push"]) == 1
    assert sql("SELECT outcome FROM attempt_item ORDER BY position") == [("done",), ("not_done",), ("not_done",)]


def test_a_parked_member_does_not_stall_the_others(erp, unknown, resolve, now):
    it = erp(batch=2)
    rows = unknown(it, numbers=("R1", "R2"))
    it.answers["find"] += [
        lambda wanted: [
            Found(wanted[0].item, posting_for("1")),
            Found(wanted[0].item, posting_for("2")),
            CannotTell(wanted[1].item, "?"),
        ],
        lambda wanted: [Found(wanted[-1].item, posting_for("3"))],
    ]
    resolve(it, rows[0])
    assert [now(row).state for row in rows] == [S.PARKED, S.UNKNOWN]

    resolve(it, rows[1])

    assert [now(row).state for row in rows] == [S.PARKED, S.DELIVERED]


def test_the_first_undecided_member_leads(erp, unknown, resolve, now):
    it = erp(batch=2)
    rows = unknown(it, numbers=("R1", "R2"))
    it.answers["find"].append(found(posting_for("9")))

    assert resolve(it, rows[1]).state is S.UNKNOWN
    assert it.calls["find"] == []


def test_one_posting_for_two_deliveries_is_a_broken_invariant(erp, unknown, resolve, now):
    it = erp(batch=2)
    rows = unknown(it, numbers=("R1", "R2"))
    it.answers["find"].append(found(posting_for("9")))
    resolve(it, rows[0])
    assert {(now(row).state, now(row).reason) for row in rows} == {(S.PARKED, "broken_invariant")}


def test_an_ended_lease_while_sending_is_unknown(ledger, erp, delivery, derive, claimed, now, sql):
    """The process died between its commit and the ERP's answer."""
    it = erp()
    row = delivery()
    it.answers["push"].append(Unknown("x"))
    steps.send(ledger, claimed(), it.link, derive)
    sql("UPDATE delivery SET state = 'sending', due_at = 0, lease_owner = 'dead', lease_until = 1")
    it.answers["find"].append(found(posting_for()))

    (leased,) = claimed(owner="heir")
    steps.resolve(ledger, leased, it.link)

    assert now(row).state is S.DELIVERED
    assert sql("SELECT count(*) FROM audit WHERE event = 'lease_ended'") == [(1,)]


def test_unknown_without_an_attempt_is_a_broken_invariant(ledger, erp, delivery, claimed, now, sql):
    row = delivery()
    sql("UPDATE delivery SET state = 'unknown'")
    (leased,) = claimed()
    steps.resolve(ledger, leased, erp().link)
    assert (now(row).state, now(row).reason) == (S.PARKED, "broken_invariant")
    sql("UPDATE delivery SET state = 'waiting', due_at = 0")
    (leased,) = claimed()
    steps.poll(ledger, [leased], erp().link)
    assert (now(row).state, now(row).reason) == (S.PARKED, "broken_invariant")
