"""The typed door: every hook of the connector, through pluggy, with names on whatever goes wrong."""

from __future__ import annotations

import datetime as dt
import logging
from decimal import Decimal

import pytest

from dougong import plugins
from dougong.hookspecs import TargetField
from dougong.model.bookings import Voucher
from dougong.model.identity import Key
from dougong.model.masterdata import MasterRecord
from dougong.model.messages import Correlation, Item, ItemId, Message, Payload, Wanted
from dougong.model.operations import Ambiguity, Limits, Operation, Safety
from dougong.model.outcomes import (
    Absent,
    AlreadyThere,
    Callback,
    CallbackRefused,
    CallbackRequest,
    CannotTell,
    Done,
    Finding,
    Found,
    NotDone,
    Rejected,
    StatusUpdate,
    Unknown,
    Waiting,
)
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import DougongError, InputError, Problem
from dougong.model.sources import Page

ONE, TWO = ItemId("one"), ItemId("two")
PROBLEM = Problem.of("X", "坏", "bad")
BOOKING = Voucher(
    moment="accrual",
    entity="A01",
    book="A01",
    posting_date=dt.date(2026, 11, 20),
    period="2026-11",
    voucher_type="记",
    currency="CNY",
    lines=(),
    documents=("B26100001",),
)
PAYLOAD = Payload({"Amount": Decimal("12.30")})
POSTING = Posting(erp_key="100", stage=Stage.DRAFT, reference="DG1")


def item(id: ItemId) -> Item:
    return Item(id, PAYLOAD, Key(("x",)), "DG1", Key(("y",)), BOOKING)


def wanted(id: ItemId, reference: str = "DG1") -> Wanted:
    return Wanted(id, reference, Facts())


def broken(*_, **__):
    raise ValueError("it broke")


def named(error: plugins.PluginError, hook: str, document: str = "") -> Problem:
    """The one problem of an error, which must name everything that is known."""
    (problem,) = error.problems
    assert problem.code == "PLUGIN_FAILED"
    assert {**problem.facts} == {
        "connection": "erp",
        "connector": "acme",
        "hook": hook,
        "document": document,
        "distribution": "dougong-acme 1.0",
    }
    for text in (problem.message.zh, problem.message.en):
        assert all(word in text for word in ("erp", "acme", hook, "dougong-acme 1.0", document))
    return problem


# -- describe and auth ------------------------------------------------------------------------------------------------


def test_operations_are_asked_once(door):
    asked = []
    opened = door(operations=lambda self: asked.append(1) or [OPERATION])
    assert opened.operations == (OPERATION,)
    assert opened.operation("V.create") is OPERATION
    assert opened.operation_for("voucher", "create") is OPERATION
    assert asked == [1]


OPERATION = Operation(
    "V", "create", Safety(Ambiguity.D, settle=90.0), (Stage.DRAFT,), limits=Limits(batch=100), deadline=45.0
)


def test_the_first_operation_of_a_kind_is_the_default(door):
    second = Operation("W", "create", Safety(Ambiguity.D), (Stage.DRAFT,))
    assert door(operations=lambda self: [OPERATION, second]).operation_for() is OPERATION


def test_an_operation_that_is_not_there_names_those_that_are(door):
    opened = door()
    for ask in (lambda: opened.operation("V.reverse"), lambda: opened.operation_for("payable")):
        with pytest.raises(plugins.PluginError, match=r"HOOK_MISSING.*V.create"):
            ask()


@pytest.mark.parametrize("answer", [[1], 5, [OPERATION, OPERATION]])
def test_operations_that_are_none(door, answer):
    with pytest.raises(plugins.PluginError, match="operations of acme"):
        door(operations=lambda self: answer)


def test_a_source_has_no_operations(door):
    assert door(operations=lambda self: []).operations == ()


def test_limits_of_the_connection_come_before_those_of_the_operation(door):
    opened = door()
    assert (opened.settle(OPERATION), opened.deadline(OPERATION), opened.batch(OPERATION)) == (90.0, 45.0, 100)
    opened = door(rest="settle = 0\nlimits = { deadline = 5, batch = 10 }")
    assert (opened.settle(OPERATION), opened.deadline(OPERATION), opened.batch(OPERATION)) == (0.0, 5.0, 10)
    assert door(rest="limits = { batch = 900 }").batch(OPERATION) == 100


def test_a_call_knows_its_connection(door, monkeypatch):
    monkeypatch.setenv("DOUGONG_NOW", "2026-11-20T10:00:00+08:00")
    opened = door(rest="limits = { deadline = 5 }")
    call = opened.call(credential="auditor")
    assert (call.connection, call.locale, call.credential) == ("erp", "zh", "auditor")
    assert call.now.isoformat() == "2026-11-20T10:00:00+08:00"
    assert 4 < call.deadline.remaining() <= 5
    assert call.log is opened.log
    assert opened.call(seconds=100).deadline.remaining() > 90


def test_open_session(door):
    opened = door(open_session=lambda self, call: (self.settings.url, call.credential))
    assert opened.open_session(opened.call(credential="auditor")) == ("https://erp.example", "auditor")
    assert door().open_session(opened.call()) is None


def test_open_session_that_fails(door):
    opened = door(open_session=broken)
    with pytest.raises(plugins.PluginError, match="it broke") as failed:
        opened.open_session(opened.call())
    named(failed.value, "open_session")


def test_a_session_is_closed_whatever_it_does(door, caplog):
    class Session:
        closed = 0

        def close(self):
            Session.closed += 1
            raise OSError("gone")

    door().close_session(Session())
    door().close_session(None)
    assert Session.closed == 1
    assert "gone" in caplog.text


def test_check(door):
    good = Finding("login", ok=True)
    opened = door(check=lambda self, session, call: [good])
    assert list(opened.check(None, opened.call())) == [good]
    assert list(door().check(None, opened.call())) == []


def test_check_that_fails_is_a_finding_that_failed(door):
    def check(self, session):
        yield Finding("login", ok=True)
        raise ValueError("it broke")

    opened = door(check=check)
    good, bad = opened.check(None, opened.call())
    assert (good.ok, bad.ok) == (True, False)
    assert "it broke" in bad.problem.message.en


def test_what_check_raises_in_the_contracts_own_words_is_a_finding_too(door):
    def check(self, session):
        raise DougongError(Problem.of("LOGIN_REFUSED", "登录被拒", "the login is refused", hint_en="check the secret"))

    opened = door(check=check)
    (bad,) = opened.check(None, opened.call())
    assert (bad.ok, bad.problem.code, bad.problem.hint.en) == (False, "LOGIN_REFUSED", "check the secret")


# -- mapping ----------------------------------------------------------------------------------------------------------


def test_default_mapping(door):
    assert (
        door(default_mapping=lambda self, operation: f"# {operation.name}").default_mapping(OPERATION) == "# V.create"
    )
    with pytest.raises(plugins.PluginError, match=r"HOOK_MISSING.*cannot do default_mapping"):
        door().default_mapping(OPERATION)
    with pytest.raises(plugins.PluginError, match="int, not str"):
        door(default_mapping=lambda self: 5).default_mapping(OPERATION)


def test_target_fields(door):
    field = TargetField("FDate", required=True)
    opened = door(target_fields=lambda self, operation, session: [field])
    assert opened.target_fields(OPERATION, None, opened.call()) == (field,)
    assert door().target_fields(OPERATION, None, opened.call()) == ()


def test_map_booking_is_answered_by_the_mapping_in_the_end(door):
    def mapping(booking, codes):
        return Payload({"book": booking.book, "codes": codes})

    def map_booking(self, booking):
        return PAYLOAD if booking.moment == "loan" else None

    for opened in (door(), door(map_booking=map_booking)):
        assert opened.map_booking(BOOKING, mapping, "codes", opened.call()).body == {"book": "A01", "codes": "codes"}
    assert not door().supports("map_booking")
    own = door(map_booking=lambda self, booking: PAYLOAD)
    assert own.map_booking(BOOKING, mapping, "codes", own.call()) is PAYLOAD


def test_problems_of_a_mapping_keep_their_class_and_get_a_place(door):
    def mapping(booking, codes):
        raise InputError(PROBLEM)

    opened = door()
    with pytest.raises(InputError) as failed:
        opened.map_booking(BOOKING, mapping, None, opened.call())
    assert failed.value.problems == (PROBLEM,)
    assert "map_booking of core (dougong), connection erp" in failed.value.__notes__[0]
    assert "document B26100001" in failed.value.__notes__[0]


def test_map_booking_that_fails_names_whose_code_it_was(door):
    opened = door(map_booking=broken)
    with pytest.raises(plugins.PluginError) as failed:
        opened.map_booking(BOOKING, None, None, opened.call())
    problem = named(failed.value, "map_booking", "B26100001")
    assert "ValueError: it broke" in problem.message.en

    passing_on = door(map_booking=lambda self, booking: None)
    with pytest.raises(plugins.PluginError, match=r"map_booking of core \(dougong\) failed"):
        passing_on.map_booking(BOOKING, broken, None, opened.call())


def test_check_payload(door):
    opened = door(check_payload=lambda self, payload, booking, session: [PROBLEM])
    assert opened.check_payload(PAYLOAD, BOOKING, None, opened.call()) == (PROBLEM,)
    assert door().check_payload(PAYLOAD, BOOKING, None, opened.call()) == ()
    opened = door(check_payload=lambda self: "no")
    with pytest.raises(plugins.PluginError, match="str, not Problem") as failed:
        opened.check_payload(PAYLOAD, BOOKING, None, opened.call())
    named(failed.value, "check_payload", "B26100001")


# -- push -------------------------------------------------------------------------------------------------------------


def test_prepare_makes_one_exact_message_per_item(door):
    opened = door()
    first, second = opened.prepare([item(ONE), item(TWO)], opened.call())
    assert (first.items, second.items) == ((ONE,), (TWO,))
    assert first.body == b'{"Amount":12.30}'


def test_prepare_of_the_connector_comes_first(door):
    opened = door(prepare=lambda self, items: [Message(tuple(i.id for i in items), b"both")])
    (message,) = opened.prepare([item(ONE), item(TWO)], opened.call())
    assert message.body == b"both"


@pytest.mark.parametrize("items", [(), (ONE,), (ONE, ONE), (ONE, TWO, ItemId("three"))])
def test_prepare_has_to_name_each_item_once(door, items):
    opened = door(prepare=lambda self: [Message(items, b"")])
    with pytest.raises(plugins.PluginError, match="do not name each item once"):
        opened.prepare([item(ONE), item(TWO)], opened.call())


@pytest.mark.parametrize(
    "outcome",
    [
        Done(POSTING),
        AlreadyThere(POSTING),
        Waiting((Correlation("job", "7"),), 5),
        Rejected((PROBLEM,)),
        Rejected((PROBLEM,), left_behind=POSTING),
        NotDone("refused", after=3.5),
        Unknown("timeout"),
    ],
)
def test_push_answers_one_outcome_per_item(door, message, outcome):
    opened = door(push=lambda self, message, session: outcome)
    assert opened.push(message, None, opened.call()) == {ONE: outcome, TWO: outcome}
    opened = door(push=lambda self, message, session: {ONE: outcome, TWO: Unknown("x")})
    assert opened.push(message, None, opened.call()) == {ONE: outcome, TWO: Unknown("x")}


NONSENSE = {
    "nothing": None,
    "text": "ok",
    "true": True,
    "a class": Done,
    "a coroutine-like thing": object(),
    "no posting": Done(None),
    "a posting without id": Done(Posting("", Stage.DRAFT)),
    "an id that is a number": Done(Posting(100, Stage.DRAFT)),
    "a stage that is text": Done(Posting("100", "Draft")),
    "a float total": Done(Posting("100", Stage.DRAFT, total=1.5)),
    "rejected for nothing": Rejected(()),
    "rejected with text": Rejected(("no",)),
    "rejected with a text": Rejected("no"),
    "something left behind": Rejected((PROBLEM,), left_behind="100"),
    "correlations of text": Waiting(("7",)),
    "negative seconds": Waiting((), -1),
    "seconds as text": NotDone("x", after="3"),
    "a reason that is none": Unknown(None),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_out_of_push_is_unknown(door, message, what):
    opened = door(push=lambda self, message: NONSENSE[what])
    found = opened.push(message, None, opened.call())
    assert [type(outcome) for outcome in found.values()] == [Unknown, Unknown]
    opened = door(push=lambda self, message: {ONE: NONSENSE[what], TWO: Done(POSTING)})
    found = opened.push(message, None, opened.call())
    assert (type(found[ONE]), found[TWO]) == (Unknown, Done(POSTING))


def test_an_item_that_push_forgets_is_unknown_and_a_stranger_is_ignored(door, message, caplog):
    opened = door(push=lambda self, message: {ONE: Done(POSTING), "other": Done(POSTING)})
    found = opened.push(message, None, opened.call())
    assert list(found) == [ONE, TWO]
    assert isinstance(found[TWO], Unknown)
    assert "other" in caplog.text


@pytest.mark.parametrize("error", [ValueError, SystemExit, GeneratorExit, MemoryError, InputError])
def test_whatever_push_raises_is_unknown(door, message, error, caplog):
    def push(self, message):
        raise error(PROBLEM) if error is InputError else error("it broke")

    opened = door(push=push)
    found = opened.push(message, None, opened.call())
    assert set(map(type, found.values())) == {Unknown}
    assert error.__name__ in found[ONE].reason
    assert "in hook push of acme (dougong-acme 1.0), connection erp, connector acme, document one, two" in caplog.text
    assert "Traceback" in caplog.text


def test_ctrl_c_in_push_is_ctrl_c(door, message):
    def push(self, message):
        raise KeyboardInterrupt

    opened = door(push=push)
    with pytest.raises(KeyboardInterrupt):
        opened.push(message, None, opened.call())


def test_a_connector_without_push_has_sent_nothing(door, message, posting):
    opened = door()
    found = opened.push(message, None, opened.call())
    assert found[ONE].problems[0].code == "HOOK_MISSING"
    assert opened.complete(posting, Stage.SUBMITTED, Facts(), None, opened.call()).problems[0].code == "HOOK_MISSING"


def test_complete(door, posting):
    opened = door(complete=lambda self, posting, target_stage, session: Done(posting))
    assert opened.complete(posting, Stage.SUBMITTED, Facts(), None, opened.call()) == Done(posting)
    for bad in (broken, lambda self: "done", lambda self: {ONE: Done(POSTING)}):
        opened = door(complete=bad)
        assert isinstance(opened.complete(posting, Stage.SUBMITTED, Facts(), None, opened.call()), Unknown)


def test_a_secret_in_an_unknown_outcome_is_masked(door, message, monkeypatch, caplog):
    monkeypatch.setenv("ACME_SECRET", "s3cr3t")

    def push(self, message):
        raise ValueError(f"login with {self.settings.app_secret} failed for 6222020200001234567")

    opened = door(rest='secrets = { app_secret = { env = "ACME_SECRET" } }', push=push)
    reason = opened.push(message, None, opened.call())[ONE].reason
    assert "login with *** failed for 6222****4567" in reason
    assert "s3cr3t" not in caplog.text
    assert "6222020200001234567" not in caplog.text


def test_find(door):
    answers = [Found(ONE, POSTING), Absent(TWO, "book A01, 2026-11")]
    opened = door(find=lambda self, wanted, session: iter(answers))
    assert list(opened.find([wanted(ONE), wanted(TWO)], None, opened.call())) == answers


def test_find_answers_for_everybody(door):
    opened = door(find=lambda self: [Absent(TWO, "all")])
    first, second = opened.find([wanted(ONE), wanted(TWO)], None, opened.call())
    assert first == Absent(TWO, "all")
    assert second == CannotTell(ONE, "dougong-acme 1.0 gave no answer for it")
    (answer,) = door().find([wanted(ONE)], None, opened.call())
    assert answer == CannotTell(ONE, "dougong-acme 1.0 cannot search")


def test_find_may_answer_several_postings_for_one_item(door):
    twice = [Found(ONE, POSTING), Found(ONE, Posting("101", Stage.DRAFT))]
    opened = door(find=lambda self: twice)
    assert list(opened.find([wanted(ONE)], None, opened.call())) == twice


@pytest.mark.parametrize("answer", [Found(TWO, POSTING), Found(ONE, Posting("", Stage.DRAFT)), Done(POSTING), None])
def test_nonsense_out_of_find_is_an_error(door, answer):
    opened = door(find=lambda self: [answer])
    with pytest.raises(plugins.PluginError, match="find of acme"):
        list(opened.find([wanted(ONE)], None, opened.call()))


def test_an_error_in_the_middle_of_a_stream_is_named(door):
    def find(self, wanted):
        yield Absent(ONE, "all")
        raise ValueError("page 2 is missing")

    opened = door(find=find)
    stream = opened.find([wanted(ONE, "DG1"), wanted(TWO, "DG2")], None, opened.call())
    assert next(stream) == Absent(ONE, "all")
    with pytest.raises(plugins.PluginError) as failed:
        next(stream)
    named(failed.value, "find", "DG1, DG2")
    assert "in hook find of acme" in failed.value.__cause__.__notes__[0]


def test_what_the_consumer_of_a_stream_raises_is_not_the_plugins(door):
    opened = door(find=lambda self: iter([Absent(ONE, "all")]))
    stream = opened.find([wanted(ONE)], None, opened.call())
    next(stream)
    with pytest.raises(RuntimeError, match="mine"):
        stream.throw(RuntimeError("mine"))


# -- status -----------------------------------------------------------------------------------------------------------


def test_poll(door):
    opened = door(poll=lambda self, waiting: [StatusUpdate(Done(POSTING), ONE), StatusUpdate("done", TWO)])
    good, bad = opened.poll([wanted(ONE), wanted(TWO)], None, opened.call())
    assert good == StatusUpdate(Done(POSTING), ONE)
    assert isinstance(bad.outcome, Unknown)
    assert list(door().poll([wanted(ONE)], None, opened.call())) == []


def test_read_callback(door):
    request = CallbackRequest("POST", "", "", (), b"{}")
    opened = door(read_callback=lambda self, request: Callback(message_id=request.method))
    assert opened.read_callback(request, opened.call()).message_id == "POST"


def test_read_callback_that_refuses_keeps_its_class(door):
    def read_callback(self, request):
        raise CallbackRefused("forged")

    opened = door(read_callback=read_callback)
    with pytest.raises(CallbackRefused, match="forged") as refused:
        opened.read_callback(CallbackRequest("POST", "", "", (), b""), opened.call())
    assert refused.value.reply.status == 401
    assert "read_callback of acme (dougong-acme 1.0)" in refused.value.__notes__[0]


# -- source -----------------------------------------------------------------------------------------------------------


def test_read_documents(door):
    record = MasterRecord("department", "D1")
    opened = door(read_documents=lambda self, content, media_type: iter([record]))
    assert list(opened.read_documents(b"{}", "application/json", opened.call())) == [record]


def test_read_documents_that_cannot_read_keeps_its_class(door):
    def read_documents(self, content):
        raise InputError(PROBLEM)

    opened = door(read_documents=read_documents)
    with pytest.raises(InputError):
        list(opened.read_documents(b"{}", "", opened.call()))


def test_fetch_documents(door):
    page = Page((b"{}",), cursor=None)
    opened = door(fetch_documents=lambda self, cursor, session: [page])
    assert list(opened.fetch_documents(None, None, opened.call())) == [page]


def test_write_back(door):
    opened = door(write_back=lambda self, feedback, session: Done(POSTING))
    assert opened.write_back({}, None, opened.call()) == Done(POSTING)
    assert isinstance(door(write_back=broken).write_back({}, None, opened.call()), Unknown)


# -- master data and reconciliation -----------------------------------------------------------------------------------


def test_pull_master_data(door):
    opened = door(pull_master_data=lambda self, kinds: [MasterRecord(kind, "1") for kind in kinds])
    assert [record.kind for record in opened.pull_master_data(["account"], None, opened.call())] == ["account"]


def test_push_master_data(door):
    opened = door(push_master_data=lambda self, records: [PROBLEM for _ in records])
    assert list(opened.push_master_data([MasterRecord("supplier", "1")], None, opened.call())) == [PROBLEM]


def test_list_postings(door):
    opened = door(list_postings=lambda self, period: [POSTING])
    assert list(opened.list_postings("2026-11", None, opened.call())) == [POSTING]


def test_list_balances(door):
    opened = door(list_balances=lambda self, period: [{"account": "1001"}])
    assert list(opened.list_balances("2026-11", None, opened.call())) == [{"account": "1001"}]


STREAMS = {
    "read_documents": (b"", ""),
    "fetch_documents": (None, None),
    "pull_master_data": ((), None),
    "push_master_data": ((), None),
    "list_postings": ("2026-11", None),
    "list_balances": ("2026-11", None),
}


@pytest.mark.parametrize("hook", STREAMS)
def test_what_a_connector_cannot_do_is_said(door, hook):
    opened = door()
    with pytest.raises(plugins.PluginError, match=rf"connection erp: .*dougong-acme 1.0.* cannot do {hook}") as missing:
        getattr(opened, hook)(*STREAMS[hook], opened.call())
    assert missing.value.problems[0].code == "HOOK_MISSING"


@pytest.mark.parametrize("hook", STREAMS)
@pytest.mark.parametrize("bad", [broken, lambda self: [object()], lambda self: 5])
def test_streams_that_fail_are_named(door, hook, bad):
    opened = door(**{hook: bad})
    with pytest.raises(plugins.PluginError) as failed:
        list(getattr(opened, hook)(*STREAMS[hook], opened.call()))
    named(failed.value, hook)


def test_the_log_of_a_call_is_redacted(door, monkeypatch, caplog):
    monkeypatch.setenv("ACME_SECRET", "s3cr3t")

    def open_session(self, call):
        call.log.warning("logging in with %s", self.settings.app_secret)
        return 1

    opened = door(rest='secrets = { app_secret = { env = "ACME_SECRET" } }', open_session=open_session)
    with caplog.at_level(logging.WARNING):
        opened.open_session(opened.call())
    assert "logging in with ***" in caplog.text


def test_the_door_shows_no_secret(door, monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "s3cr3t")
    opened = door(rest='secrets = { app_secret = { env = "ACME_SECRET" } }')
    assert "s3cr3t" not in repr(opened) + repr(opened.asker) + repr(opened.redact)
    assert opened.package == "dougong-acme 1.0"
