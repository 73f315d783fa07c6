"""From ready to the target stage: what is frozen, what holds, what goes on."""

from __future__ import annotations

import json
from functools import partial

import attrs
import pytest
from ledger_kit import posting_for, report_of

from dougong import delivery as steps
from dougong import intake
from dougong.clock import epoch_ms
from dougong.delivery import Blocked, Held
from dougong.ledger import attempts, covering, deliveries, documents
from dougong.ledger.rows import FOREVER, problems_from
from dougong.ledger.states import DeliveryState as S
from dougong.model.messages import Message
from dougong.model.operations import Ambiguity
from dougong.model.outcomes import Done, NotDone, Rejected, Unknown, Waiting
from dougong.model.postings import Stage
from dougong.model.problems import Problem

LADDER = (Stage.DRAFT, Stage.SUBMITTED, Stage.AUDITED)
CLOSED = Problem.of("PERIOD_CLOSED", "期间已结账", "the period is closed")
NO = Problem.of("CLOSED", "已结账", "the period is closed")


@pytest.fixture
def send(ledger, claimed, derive, now):
    """Sends what is due; the deliveries as they then are."""

    def go(erp, derive=derive):
        rows = claimed()
        steps.send(ledger, rows, erp.link, derive)
        return [now(row) for row in rows]

    return go


def test_the_attempt_is_there_before_the_first_byte(ledger, erp, delivery, send):
    seen = []

    def push(message):
        seen.append(ledger.look(lambda tx: (deliveries.by_id(tx, 1), attempts.load_open(tx, 1))))
        return Done(posting_for())

    delivery()
    it = erp()
    it.answers["push"].append(push)
    send(it)

    ((row, frozen),) = seen
    assert (row.state, row.generation, row.attempts) == (S.SENDING, 1, 1)
    assert frozen.message.body == it.calls["push"][0][0].body
    assert frozen.correlations == it.calls["push"][0][0].correlations
    (reference,) = frozen.references.values()
    assert json.loads(frozen.message.body)["reference"] == reference


def test_delivered(erp, delivery, send):
    delivery()
    it = erp()
    it.answers["push"].append(Done(posting_for()))
    (row,) = send(it)
    assert (row.state, row.stage, row.total, row.currency) == (S.DELIVERED, "submitted", "100.00", "CNY")
    assert (row.lease_owner, row.problems) == ("", "[]")


def test_done_with_other_figures_is_a_conflict(erp, delivery, send):
    delivery()
    it = erp()
    it.answers["push"].append(Done(posting_for(total="1.00")))
    (row,) = send(it)
    assert (row.state, row.reason) == (S.PARKED, "conflict")


def test_a_proof_of_nothing_is_tried_again_with_a_new_request(erp, delivery, send, sql):
    delivery()
    it = erp()
    it.answers["push"] += [NotDone("refused", after=120.0), Done(posting_for())]
    (row,) = send(it)
    assert (row.state, row.failures) == (S.READY, 1)
    assert row.due_at >= epoch_ms() + 100_000  # Retry-After rules
    sql("UPDATE delivery SET due_at = 0")

    (row,) = send(it)

    assert row.state is S.DELIVERED
    first, second = (asked[0] for asked in it.calls["push"])
    assert first.body == second.body  # the reference is the same
    assert first.correlations != second.correlations  # the request is another
    assert sql("SELECT count(DISTINCT request_id) FROM attempt") == [(2,)]


def test_rejected(erp, delivery, send):
    delivery()
    it = erp()
    it.answers["push"].append(Rejected((NO,)))
    (row,) = send(it)
    assert (row.state, row.reason) == (S.REJECTED, "CLOSED")


def test_rejected_leaving_a_draft(erp, delivery, send):
    delivery()
    it = erp(stages=LADDER)
    it.answers["push"].append(Rejected((NO,), posting_for(stage=Stage.DRAFT)))
    (row,) = send(it)
    assert (row.state, row.stage, row.reason) == (S.INCOMPLETE, "draft", "CLOSED")


@pytest.mark.parametrize("nonsense", [None, "ok", {}, RuntimeError("x"), {"17.0": Done(posting_for())}])
def test_nonsense_is_unknown(erp, delivery, send, nonsense):
    delivery()
    it = erp()
    it.answers["push"].append(nonsense)
    (row,) = send(it)
    assert row.state is S.UNKNOWN


def test_held_and_blocked(erp, delivery, send, now, sql):
    loan = delivery("L1", S.HELD)
    for number, made in (("R1", Held((NO,), "i")), ("R2", Blocked((loan.id,), ("loan L1",), "i"))):
        row = delivery(number)
        send(erp(), lambda row, link, made=made: made)
        row = now(row)
        assert (row.state, row.inputs) == (S.HELD if number == "R1" else S.BLOCKED, "i")
    assert row.waits_for == '["loan L1"]'
    assert sql("SELECT delivery_id, on_delivery_id FROM dependency") == [(row.id, loan.id)]


def test_an_erp_that_cannot_be_reached_holds_nothing(erp, delivery, send):
    delivery()
    it = erp(hooks=("find", "open_session"))
    it.answers["open_session"].append(OSError("no route to host"))
    (row,) = send(it)
    assert (row.state, row.failures, row.attempts) == (S.READY, 1, 0)
    assert "no route to host" in row.problems


def test_without_our_reference_nothing_leaves(erp, delivery, send):
    def prepare(self, items):
        return [Message(tuple(item.id for item in items), b"no reference here")]

    from dougong import hookimpl

    delivery()
    it = erp(prepare=hookimpl(prepare))
    (row,) = send(it)
    assert (row.state, it.calls["push"]) == (S.HELD, [])
    assert "does not contain the reference" in row.problems


@pytest.mark.parametrize("prepared", [lambda items: [], lambda items: [Message((items[0].id,) * 2, b"")]])
def test_a_message_that_names_items_wrongly_does_not_leave(erp, delivery, send, prepared):
    from dougong import hookimpl

    def prepare(self, items):
        return prepared(items)

    delivery()
    it = erp(prepare=hookimpl(prepare))
    (row,) = send(it)
    assert (row.state, it.calls["push"]) == (S.HELD, [])


def test_taken_over_before_the_freeze_nothing_leaves(ledger, erp, delivery, claimed, derive, sql):
    from dougong.ledger.errors import StaleLease

    delivery()
    it = erp()
    rows = claimed()
    sql("UPDATE delivery SET version = version + 1")
    with pytest.raises(StaleLease):
        steps.send(ledger, rows, it.link, derive)
    assert it.calls["push"] == []
    assert sql("SELECT count(*) FROM attempt") == [(0,)]


# -- up the ladder ----------------------------------------------------------------------------------------------------


def _draft(ledger, erp, delivery, send, *steps_):
    delivery(stage=Stage.AUDITED)
    it = erp(stages=LADDER)
    it.answers["push"].append(Done(posting_for(stage=Stage.DRAFT)))
    it.answers["complete"] += steps_
    (row,) = send(it)
    return it, row


def test_step_by_step_under_one_lease(ledger, erp, delivery, send):
    it, row = _draft(ledger, erp, delivery, send, Done(posting_for()), Done(posting_for(stage=Stage.AUDITED)))
    assert (row.state, row.stage, row.lease_owner) == (S.DELIVERED, "audited", "")
    assert [asked[1] for asked in it.calls["complete"]] == [Stage.SUBMITTED, Stage.AUDITED]


@pytest.mark.parametrize("lost", [Unknown("reset"), NotDone("refused"), RuntimeError("x"), Waiting()])
def test_a_lost_step_is_only_taken_again(ledger, erp, delivery, send, now, claimed, sql, lost):
    it, row = _draft(ledger, erp, delivery, send, lost)
    assert (row.state, row.stage, row.reason) == (S.INCOMPLETE, "draft", "STEP_PENDING")
    assert row.due_at > 0
    it.answers["complete"] += [Done(posting_for()), Done(posting_for(stage=Stage.AUDITED))]
    sql("UPDATE delivery SET due_at = 0")

    (leased,) = claimed()
    steps.complete(ledger, leased, it.link)

    assert now(row).state is S.DELIVERED
    assert len(it.calls["push"]) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Done(posting_for(total="99.00")), "edited_in_erp"),
        (Done(posting_for(stage=Stage.VOID)), "deleted_in_erp"),
        (Rejected((Problem.of("DELETED_IN_ERP", "已删除", "deleted"),)), "deleted_in_erp"),
    ],
)
def test_what_a_person_did_meanwhile_is_a_persons_matter(ledger, erp, delivery, send, answer, reason):
    _, row = _draft(ledger, erp, delivery, send, answer)
    assert (row.state, row.reason) == (S.PARKED, reason)


def test_a_refused_step_waits_for_a_person(ledger, erp, delivery, send):
    _, row = _draft(ledger, erp, delivery, send, Rejected((NO,)))
    assert (row.state, row.reason, row.due_at) == (S.INCOMPLETE, "CLOSED", 2**62)


def test_a_step_refused_to_the_second_credential_says_whose_it_was(ledger, erp, delivery, send):
    _, row = _draft(ledger, erp, delivery, send, Done(posting_for()), Rejected((NO,)))
    assert row.state is S.INCOMPLETE
    assert [problem.path for problem in problems_from(row.problems)] == ["auditor"]


def test_a_step_that_leads_nowhere_is_put_off(ledger, erp, delivery, send):
    it, row = _draft(ledger, erp, delivery, send, Done(posting_for(stage=Stage.DRAFT)))
    assert (row.state, row.reason) == (S.INCOMPLETE, "STEP_PENDING")
    assert len(it.calls["complete"]) == 1


def test_a_step_that_leads_nowhere_comes_up_less_and_less(ledger, erp, delivery, send, now, claimed, sql):
    draft = Done(posting_for(stage=Stage.DRAFT))
    it, row = _draft(ledger, erp, delivery, send, *[draft] * 3)
    for failures in (2, 3):
        sql("UPDATE delivery SET due_at = 0")
        steps.complete(ledger, *claimed(), it.link)
        assert now(row).failures == failures
    it.answers["complete"] += [Done(posting_for()), draft]
    sql("UPDATE delivery SET due_at = 0")
    steps.complete(ledger, *claimed(), it.link)
    assert now(row).failures == 1


def test_an_auditor_who_cannot_log_in_keeps_no_voucher_from_being_sent(ledger, erp, delivery, send):
    delivery(stage=Stage.AUDITED)
    breaker = "limits = { breaker = { failures = 1 } }"
    it = erp(stages=LADDER, hooks=("open_session",), rest=breaker)
    it.answers["open_session"] += [object(), ConnectionRefusedError("wrong password")]
    it.answers["push"].append(Done(posting_for()))
    (row,) = send(it)
    assert (row.state, row.reason, it.lane.breaker.tripped) == (S.INCOMPLETE, "STEP_PENDING", False)


@pytest.mark.parametrize("answer", [NotDone("busy", after=999_999), Unknown("busy", ask_after=999_999)])
def test_nobody_is_told_to_wait_for_days(erp, delivery, send, answer):
    delivery()
    it = erp()
    it.answers["push"].append(answer)
    (row,) = send(it)
    assert 3_500_000 < row.due_at - epoch_ms() <= 3_600_000


def test_a_person_went_further_than_we_should(ledger, erp, delivery, send):
    delivery(stage=Stage.SUBMITTED)
    it = erp(stages=LADDER)
    it.answers["push"].append(Done(posting_for(stage=Stage.POSTED)))
    (row,) = send(it)
    assert (row.state, row.stage) == (S.DELIVERED, "posted")


# -- waiting ----------------------------------------------------------------------------------------------------------


def _news(outcome):
    from dougong.model.outcomes import StatusUpdate

    return lambda waiting: [StatusUpdate(outcome, item=want.item) for want in waiting]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Done(posting_for()), S.DELIVERED), (Rejected((NO,)), S.REJECTED), (NotDone("another one was bad"), S.READY)],
)
def test_polled(ledger, erp, delivery, send, claimed, now, outcome, state):
    delivery()
    it = erp(hooks=("find", "poll"))
    it.answers["push"].append(Waiting(poll_after=0.0))
    (row,) = send(it)
    assert row.state is S.WAITING
    it.answers["poll"].append(_news(outcome))

    steps.poll(ledger, claimed(), it.link)

    assert now(row).state is state


@pytest.mark.parametrize("nothing", [lambda waiting: [], RuntimeError("x")])
def test_no_news_is_asked_for_again_and_given_up_in_time(ledger, erp, delivery, send, claimed, now, sql, nothing):
    delivery()
    it = erp(Ambiguity.D, hooks=("find", "poll"), rest="settle = 10")
    it.answers["push"].append(Waiting(poll_after=0.0))
    (row,) = send(it)
    it.answers["poll"] += [nothing, nothing]

    steps.poll(ledger, claimed(), it.link)
    assert now(row).state is S.WAITING
    assert now(row).due_at > epoch_ms()

    sql("UPDATE attempt SET last_sent_at = 1")
    sql("UPDATE delivery SET due_at = 0")
    steps.poll(ledger, claimed(), it.link)
    assert now(row).state is S.UNKNOWN


def test_nothing_is_frozen_of_a_document_that_changed_while_it_was_derived(ledger, erp, delivery, send, derive):
    """Its booking was made from what the document said before; it is derived again, with what it says now."""
    made = []

    def changing(row, link):
        read = ledger.look(lambda tx: covering.newest_covered(tx, row.id))
        if not made:
            ledger.write(lambda tx: documents.change(tx, read, event="told_again", source_state="paid"))
        still = partial(covering.is_newest_covered, row=read, delivery_id=row.id)
        made.append(attrs.evolve(derive(row, link), still=still))
        return made[-1]

    delivery()
    it = erp()
    (row,) = send(it, changing)
    assert (row.state, row.attempts, it.calls["push"]) == (S.READY, 0, [])
    assert row.lease_owner == ""
    assert row.due_at <= epoch_ms()

    it.answers["push"].append(Done(posting_for()))
    (row,) = send(it, changing)
    assert (row.state, len(made), len(it.calls["push"])) == (S.DELIVERED, 2, 1)


def test_what_holds_a_delivery_is_looked_at_for_the_document_as_it_is_now(ledger, erp, delivery, send):
    """It may say by now what was missing when it was derived."""
    made = []

    def changing(row, link):
        read = ledger.look(lambda tx: covering.newest_covered(tx, row.id))
        if not made:
            ledger.write(lambda tx: documents.change(tx, read, event="told_again", source_state="paid"))
        made.append(Held((NO,), "inputs", partial(covering.is_newest_covered, row=read, delivery_id=row.id)))
        return made[-1]

    delivery()
    it = erp()
    assert [row.state for row in send(it, changing)] == [S.READY]
    assert [row.state for row in send(it, changing)] == [S.HELD]


@pytest.mark.parametrize("answer", [NotDone("refused"), Rejected((NO,)), Rejected((CLOSED,))])
def test_not_there_and_superseded_meanwhile(ledger, erp, delivery, send, in_period, answer):
    def push(message):
        intake.accept(ledger, [report_of(gross="90.00", minutes=5)])
        return answer

    delivery()
    it = erp()
    it.answers["push"].append(push)
    (row,) = send(it, in_period("2026-10"))
    assert (row.state, row.reason) == (S.CANCELLED, "superseded")


# -- a period that closes before it is there --------------------------------------------------------------------------


@pytest.fixture
def in_period(derive):
    """A deriver whose vouchers lie in the period that it is given."""

    def make(period):
        def made(row, link):
            one = derive(row, link)
            booking = attrs.evolve(one.booking, period=period)
            return attrs.evolve(one, booking=booking, booking_text=json.dumps({"period": period}))

        return made

    return make


def test_refused_for_its_period_it_is_derived_again_once_per_period(erp, delivery, send, sql, in_period):
    delivery()
    it = erp()
    it.answers["push"] += [Rejected((CLOSED,))] * 3
    (row,) = send(it, in_period("2026-10"))
    assert (row.state, row.reason, row.failures) == (S.READY, "PERIOD_CLOSED", 0)
    assert row.due_at <= epoch_ms()
    assert sql("SELECT source_id, code, data FROM master") == [
        ("refused A01/2026-10", "2026-10", '{"open": false, "refused_for": "A01"}')
    ]

    (row,) = send(it, in_period("2026-11"))
    assert (row.state, row.attempts) == (S.READY, 2)
    (row,) = send(it, in_period("2026-11"))
    assert (row.state, row.reason, row.due_at) == (S.REJECTED, "PERIOD_CLOSED", FOREVER)
    assert sql("SELECT outcome FROM attempt_item ORDER BY attempt_id") == [
        ("period_closed",),
        ("period_closed",),
        ("rejected",),
    ]
    assert sql("SELECT count(DISTINCT reference_as_sent) FROM attempt_item") == [(1,)]


@pytest.mark.parametrize("answer", [Rejected((CLOSED, NO)), Rejected((CLOSED,), posting_for(stage=Stage.DRAFT))])
def test_refused_for_more_than_its_period(erp, delivery, send, sql, answer):
    delivery()
    it = erp(stages=LADDER)
    it.answers["push"].append(answer)
    (row,) = send(it)
    assert row.state is (S.INCOMPLETE if answer.left_behind else S.REJECTED)
    assert sql("SELECT * FROM master") == []
