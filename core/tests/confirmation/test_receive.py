from __future__ import annotations

import datetime as dt

import pytest
from ledger_kit import posting_for

from dougong import delivery as steps
from dougong.clock import epoch_ms, utc_now
from dougong.confirmation import receive
from dougong.ledger.states import DeliveryState as S
from dougong.model.messages import Correlation, ItemId
from dougong.model.outcomes import (
    Callback,
    CallbackRefused,
    CallbackRequest,
    Done,
    Rejected,
    Reply,
    StatusUpdate,
    Unknown,
    Waiting,
)
from dougong.model.problems import Problem

HOOKS = ("read_callback",)


def request(body=b"told"):
    return CallbackRequest("POST", "/erp", "", (("X-Id", "1"),), body)


@pytest.fixture
def waiting(ledger, erp, delivery, derive, claimed, now):
    """A delivery that the ERP has taken, with an answer outstanding for an hour."""

    def make(*numbers, batch=1, outcome=None, hooks=HOOKS):
        rows = [delivery(number) for number in numbers or ("R1",)]
        it = erp(batch=batch, hooks=hooks)
        it.answers["push"].append(outcome or Waiting(poll_after=3600.0))
        steps.send(ledger, claimed(), it.link, derive)
        return it, [now(row) for row in rows]

    return make


def told(*updates, message_id="m1", **how):
    """The callback's meaning, however often it is read."""
    return [lambda _request: Callback(message_id, updates, **how)] * 20


def _inbox(sql):
    return sql("SELECT message_id, handled_at IS NOT NULL FROM inbox ORDER BY message_id")


def test_a_callback_is_stored_hurries_its_delivery_and_is_answered(ledger, waiting, claimed, now, sql):
    it, (row,) = waiting()
    (correlation,) = it.calls["push"][0][0].correlations
    it.answers["read_callback"] += told(
        StatusUpdate(Done(posting_for()), correlation=correlation), reply=Reply(202, b"ok")
    )

    received = receive(ledger, it.door, request())

    assert (received.reply.status, received.known) == (202, False)
    assert now(row).due_at < row.due_at
    assert _inbox(sql) == [("m1", 0)]
    steps.poll(ledger, claimed(), it.link)
    assert now(row).state is S.DELIVERED
    assert _inbox(sql) == [("m1", 1)]


def test_told_a_hundred_times_has_one_effect(ledger, waiting, claimed, now, sql):
    it, (row,) = waiting()
    it.answers["read_callback"] += told(StatusUpdate(Done(posting_for()), ItemId(f"{row.id}.0"))) * 20
    known = [receive(ledger, it.door, request()).known for _ in range(100)]
    assert known == [False] + [True] * 99
    steps.poll(ledger, claimed(), it.link)
    assert (now(row).state, len(_inbox(sql))) == (S.DELIVERED, 1)


def test_by_item_alone(ledger, waiting, claimed, now):
    it, rows = waiting("R1", "R2", batch=2)
    news = [StatusUpdate(Done(posting_for(str(row.id))), ItemId(f"{row.id}.0")) for row in rows]
    it.answers["read_callback"] += told(*news)
    receive(ledger, it.door, request())
    steps.poll(ledger, claimed(), it.link)
    assert {now(row).state for row in rows} == {S.DELIVERED}


def test_it_is_not_done_with_before_its_whole_message_is(ledger, waiting, claimed, now, sql):
    it, rows = waiting("R1", "R2", batch=2)
    news = [StatusUpdate(Done(posting_for(str(row.id))), ItemId(f"{row.id}.0")) for row in rows]
    it.answers["read_callback"] += told(news[0])
    receive(ledger, it.door, request())

    steps.poll(ledger, claimed(), it.link)
    assert [now(row).state for row in rows] == [S.DELIVERED, S.WAITING]
    assert _inbox(sql) == [("m1", 0)]

    it.answers["read_callback"][:] = told(news[1], message_id="m2")
    receive(ledger, it.door, request())
    it.answers["read_callback"][:] = [lambda _: Callback("any", tuple(news))] * 20
    steps.poll(ledger, claimed(), it.link)
    assert now(rows[1]).state is S.DELIVERED
    assert _inbox(sql) == [("m1", 1), ("m2", 1)]


def test_a_message_is_asked_about_once_whatever_it_holds(ledger, waiting, claimed, now):
    it, rows = waiting("R1", "R2", "R3", batch=3, hooks=("poll",))
    for update in ([], [StatusUpdate(Done(posting_for(str(row.id))), ItemId(f"{row.id}.0")) for row in rows]):
        it.answers["poll"].append(update)
        ledger.write(lambda tx: tx._cursor.execute("UPDATE delivery SET due_at = 0"))
        steps.poll(ledger, claimed(), it.link)

    assert [len(wanted) for (wanted,) in it.calls["poll"]] == [3, 3]
    assert {now(row).state for row in rows} == {S.DELIVERED}


def test_a_member_that_comes_alone_leaves_the_question_to_the_first(ledger, waiting, claimed, now, sql):
    it, rows = waiting("R1", "R2", batch=2, hooks=("poll",))
    sql("UPDATE delivery SET due_at = 0 WHERE id = ?", rows[1].id)

    steps.poll(ledger, claimed(), it.link)

    assert not it.calls["poll"]
    assert now(rows[1]).due_at < now(rows[0]).due_at


def test_what_is_told_of_the_work_never_outweighs_what_is_told_of_its_end(ledger, waiting, claimed, now):
    """The first message that came is an old one: without `poll` what callbacks tell is the only word there is."""
    it, (row,) = waiting()
    (correlation,) = it.calls["push"][0][0].correlations
    at_work = StatusUpdate(Waiting(poll_after=3600.0), correlation=correlation)
    ended = StatusUpdate(Done(posting_for()), correlation=correlation)
    for name, update in (("m1", at_work), ("m2", ended)):
        it.answers["read_callback"][:] = told(update, message_id=name)
        receive(ledger, it.door, request())
    it.answers["read_callback"][:] = [lambda _: Callback("any", (at_work,)), lambda _: Callback("any", (ended,))] * 10

    steps.poll(ledger, claimed(), it.link)

    assert now(row).state is S.DELIVERED


def test_news_before_the_answer_are_used_when_it_comes(ledger, erp, delivery, derive, claimed, now):
    row = delivery()
    it = erp(hooks=HOOKS)
    it.answers["read_callback"] += told(StatusUpdate(Done(posting_for()), ItemId(f"{row.id}.0")))

    def push(message):
        receive(ledger, it.door, request())
        return Waiting(poll_after=3600.0)

    it.answers["push"].append(push)
    steps.send(ledger, claimed(), it.link, derive)
    steps.poll(ledger, claimed(), it.link)
    assert now(row).state is S.DELIVERED


def test_news_decide_an_unknown_outcome_that_cannot_be_asked_for(ledger, waiting, claimed, now, sql):
    it, (row,) = waiting(outcome=Unknown("reset"))
    assert row.state is S.UNKNOWN
    it.answers["read_callback"] += told(StatusUpdate(Done(posting_for()), ItemId(f"{row.id}.0")))
    receive(ledger, it.door, request())

    (leased,) = claimed()
    steps.resolve(ledger, leased, it.link)

    assert now(row).state is S.DELIVERED


def test_not_believed(ledger, waiting, now, sql):
    it, (row,) = waiting()
    it.answers["read_callback"].append(CallbackRefused("wrong signature", Reply(403, b"no")))
    assert receive(ledger, it.door, request()).reply == Reply(403, b"no")
    assert (_inbox(sql), now(row)) == ([], row)


@pytest.mark.parametrize(
    "update",
    [
        StatusUpdate(Done(posting_for()), ItemId("99.0")),
        StatusUpdate(Done(posting_for()), ItemId("1.7")),
        StatusUpdate(Done(posting_for()), ItemId("x")),
        StatusUpdate(Done(posting_for()), correlation=Correlation("message", "never sent")),
    ],
)
def test_about_nothing_of_ours(ledger, waiting, now, sql, update):
    it, (row,) = waiting()
    it.answers["read_callback"] += told(update)
    assert receive(ledger, it.door, request()).reply.status == 200
    assert now(row) == row
    assert _inbox(sql) == [("m1", 1)]


def test_a_hint_to_ask(ledger, waiting, claimed, now):
    it, (row,) = waiting(hooks=("read_callback", "poll"))
    (correlation,) = it.calls["push"][0][0].correlations
    it.answers["read_callback"] += told(ask=(correlation,))
    receive(ledger, it.door, request())
    it.answers["poll"].append(lambda wanted: [StatusUpdate(Done(posting_for()), wanted[0].item)])
    steps.poll(ledger, claimed(), it.link)
    assert now(row).state is S.DELIVERED


def test_what_a_callback_says_is_asked_for_where_that_is_possible(ledger, waiting, claimed, now):
    """A callback is a hint: a forged or early one changes nothing when the ERP can be asked."""
    it, (row,) = waiting(hooks=("read_callback", "poll"))
    it.answers["read_callback"] += told(StatusUpdate(Done(posting_for()), ItemId(f"{row.id}.0")))
    receive(ledger, it.door, request())
    it.answers["poll"].append([])
    steps.poll(ledger, claimed(), it.link)
    assert now(row).state is S.WAITING


@pytest.mark.parametrize("hooks", [("read_callback", "poll"), ("read_callback",)])
def test_a_callback_about_work_under_way_hurries_one_question_and_no_storm(ledger, waiting, claimed, now, hooks):
    it, (row,) = waiting(hooks=hooks)
    at_work = StatusUpdate(Waiting(poll_after=60.0), ItemId(f"{row.id}.0"))
    it.answers["read_callback"] += told(at_work)
    it.answers["poll"].append([at_work])
    receive(ledger, it.door, request())

    steps.poll(ledger, claimed(), it.link)

    assert now(row).state is S.WAITING
    assert now(row).due_at > epoch_ms() + 50_000


def test_the_erp_fetches_what_waits(ledger, waiting):
    it, _ = waiting()

    def reply(messages):
        return Reply(200, b"|".join(message.body for message in messages))

    it.answers["read_callback"] += told(wants=5, reply=reply)
    received = receive(ledger, it.door, request())
    assert received.reply.body == it.calls["push"][0][0].body


def test_documents_are_handed_on(ledger, waiting):
    it, _ = waiting()
    it.answers["read_callback"] += told(documents=(b"<doc/>",))
    assert receive(ledger, it.door, request()).callback.documents == (b"<doc/>",)


def test_its_age_is_judged_by_real_time_whatever_the_business_clock_says(ledger, waiting, monkeypatch):
    monkeypatch.setenv("DOUGONG_NOW", "2020-01-01T00:00:00Z")
    it, _ = waiting()
    seen = []
    read = it.door.read_callback
    monkeypatch.setattr(type(it.door), "read_callback", lambda _, told, call: seen.append(call.now) or read(told, call))
    it.answers["read_callback"] += told()

    receive(ledger, it.door, request())

    assert abs(seen[0] - utc_now()) < dt.timedelta(minutes=5)


@pytest.mark.parametrize("shown", [None, Done(posting_for())])
def test_a_refusal_counts_where_asking_shows_nothing(ledger, waiting, claimed, now, shown):
    """An ERP that shows what is there cannot be asked for what it has refused."""
    it, (row,) = waiting(hooks=("read_callback", "poll"))
    item = ItemId(f"{row.id}.0")
    it.answers["read_callback"] += told(StatusUpdate(Rejected((Problem.of("NO", "不行", "no"),)), item))
    receive(ledger, it.door, request())
    it.answers["poll"].append([] if shown is None else [StatusUpdate(shown, item)])
    steps.poll(ledger, claimed(), it.link)
    assert now(row).state is (S.REJECTED if shown is None else S.DELIVERED)


def test_no_refusal_counts_while_asking_fails(ledger, waiting, claimed, now):
    it, (row,) = waiting(hooks=("read_callback", "poll"))
    it.answers["read_callback"] += told(
        StatusUpdate(Rejected((Problem.of("NO", "不行", "no"),)), ItemId(f"{row.id}.0"))
    )
    receive(ledger, it.door, request())
    it.answers["poll"].append(RuntimeError("down"))
    steps.poll(ledger, claimed(), it.link)
    assert now(row).state is S.WAITING
