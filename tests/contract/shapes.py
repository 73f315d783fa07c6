"""Five connectors to five fake ERPs, one per shape and ambiguity class.

confirming  A  the confirmation comes by callback, before the answer of the push that caused it
batching    C  many in one message, all or nothing, a job to poll
stepping    D  three steps from the draft to the target stage
linking     B  the answer is a URL, asked until it has something to tell; keys are remembered for a while
calling     E  the ERP is the caller: it fetches what waits for it and calls back with results
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import attrs
from fake_erp import SECRET, Erp, Lost, Refused, callback_request, now_ms, post, posting_of, shown, signed

from dougong import hookimpl
from dougong.hookspecs import About, Call
from dougong.model.messages import Correlation, Item, ItemId, Message, Wanted
from dougong.model.operations import Ambiguity, Limits, Operation, Reference, Safety
from dougong.model.outcomes import (
    Absent,
    AlreadyThere,
    Callback,
    CallbackRefused,
    CallbackRequest,
    CannotTell,
    Done,
    Found,
    NotDone,
    Outcome,
    Rejected,
    Reply,
    StatusUpdate,
    Waiting,
)
from dougong.model.postings import Posting, Stage
from dougong.model.problems import Problem, Text
from dougong.plugins import exact_json

_REFERENCE = Reference("reference")


@attrs.frozen
class Settings:
    """:param file: the ERP's ledger. :param window: seconds during which class B remembers a key."""

    file: str
    window: float = 60.0


def _about(name: str) -> About:
    return About(product=name, title=Text(name, name), settings=Settings)


def operation(ambiguity: Ambiguity, *stages: Stage, batch: int = 1, window: float = 0.0) -> Operation:
    safety = Safety(ambiguity, _REFERENCE, settle=0.2, window=window)
    return Operation("V", "create", safety, stages, limits=Limits(batch=batch))


def _written(items: Sequence[Item]) -> Message:
    """One message with all items, named by the request id of the first; pure."""
    request = items[0].request_id.base64()
    entries = [{"item": item.id, **item.payload.body} for item in items]
    body = exact_json({"request": request, "entries": entries})
    return Message(tuple(item.id for item in items), body, correlations=(Correlation("message", request),))


def _taken(answer: Callable[[], Any]) -> Any:
    """The ERP's answer, or the outcome that a refused connection proves. A lost answer is raised: core's `Unknown`."""
    try:
        return answer()
    except Refused as error:
        return NotDone(str(error), after=0.0)


def _find(erp: Erp, wanted: Sequence[Wanted]) -> Iterable[Found | Absent | CannotTell]:
    for want in wanted:
        try:
            found = erp.call("find", want.reference)
        except (Lost, Refused) as error:
            yield CannotTell(want.item, str(error))
            continue
        for told in found:
            yield Found(want.item, posting_of(told))
        if not found:
            yield Absent(want.item, "every posting")


def _search(tx: sqlite3.Connection, reference: str) -> list[dict[str, str]]:
    return [shown(row) for row in tx.execute("SELECT * FROM posting WHERE reference = ?", (reference,))]


def _step(tx: sqlite3.Connection, arguments: Mapping[str, str], ladder: Sequence[Stage]) -> dict[str, str] | None:
    """One step up, if it is not there already."""
    row = tx.execute("SELECT * FROM posting WHERE id = ?", (arguments["id"],)).fetchone()
    if row is None:
        return None
    now = Stage(row["stage"])
    if not now.reaches(Stage(arguments["target"])):
        above = ladder[ladder.index(now) + 1]
        tx.execute("UPDATE posting SET stage = ? WHERE id = ?", (above.value, row["id"]))
    return shown(tx.execute("SELECT * FROM posting WHERE id = ?", (row["id"],)).fetchone())


def _complete(erp: Erp, posting: Posting, target: Stage) -> Outcome:
    told = _taken(lambda: erp.call("step", {"id": posting.erp_key, "target": target.value}))
    if isinstance(told, NotDone):
        return told
    if told is None:
        return Rejected((Problem.of("DELETED_IN_ERP", "已删除", "it was deleted"),))
    return Done(posting_of(told))


def _verified(request: CallbackRequest) -> Any:
    if request.header("X-Signature") != signed(request.body.decode()):
        raise CallbackRefused("wrong signature", Reply(401, b"no"))
    return json.loads(request.body or b"null")


# -- A: the confirmation before the answer -----------------------------------------------------------------------------

#: Set by the process that listens: the way from this ERP to us.
LISTENER: list[Callable[[CallbackRequest], Reply]] = []


@attrs.frozen(eq=False)
class Confirming:
    """Takes two at a time, calls back at once, and remembers every request for good."""

    settings: Settings
    erp: Erp = attrs.field(init=False)
    about: ClassVar[About] = _about("confirming")
    LADDER: ClassVar = (Stage.DRAFT, Stage.SUBMITTED)

    @erp.default
    def _open(self) -> Erp:
        return Erp(self.settings.file, self._do)

    @classmethod
    def _do(cls, tx: sqlite3.Connection, operation: str, arguments: Any) -> Any:
        if operation == "step":
            return _step(tx, arguments, cls.LADDER)
        request = arguments["request"]
        if tx.execute("SELECT 1 FROM posting WHERE request = ?", (request,)).fetchone() is None:
            made = [(entry["item"], shown(post(tx, entry, request, Stage.DRAFT))) for entry in arguments["entries"]]
            confirmation = {"id": f"C-{request}", "outcomes": [{"item": i, "posting": told} for i, told in made]}
            tx.execute("INSERT INTO outgoing (body) VALUES (?)", (json.dumps(confirmation),))
        return "taken"

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        return (operation(Ambiguity.A, *self.LADDER, batch=2),)

    @hookimpl
    def prepare(self, items: Sequence[Item]) -> Sequence[Message]:
        return [_written(items)]

    @hookimpl
    def push(self, message: Message) -> Outcome:
        taken = _taken(lambda: self._talk(json.loads(message.body)))
        return taken if isinstance(taken, NotDone) else Waiting(poll_after=30.0)

    def _talk(self, body: Any) -> Any:
        """The ERP does the work and calls back; only then its answer leaves, and may be lost."""
        try:
            return self.erp.call("push", body)
        finally:
            for row in self.erp.all("outgoing"):
                if not row["acknowledged"] and LISTENER:
                    LISTENER[0](callback_request("POST", "/told", row["body"]))

    @hookimpl
    def complete(self, posting: Posting, target_stage: Stage) -> Outcome:
        return _complete(self.erp, posting, target_stage)

    @hookimpl
    def read_callback(self, request: CallbackRequest) -> Callback:
        told = _verified(request)
        news = [StatusUpdate(Done(posting_of(one["posting"])), ItemId(one["item"])) for one in told["outcomes"]]
        return Callback(told["id"], tuple(news), reply=Reply(200, b"thanks"))


# -- C: all or nothing, with a job -------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Batching:
    """Takes three at a time as one job; one bad item and the job books none. A reference is booked once, ever."""

    settings: Settings
    erp: Erp = attrs.field(init=False)
    about: ClassVar[About] = _about("batching")

    @erp.default
    def _open(self) -> Erp:
        return Erp(self.settings.file, self._do)

    @classmethod
    def _do(cls, tx: sqlite3.Connection, operation: str, arguments: Any) -> Any:
        if operation == "find":
            return _search(tx, arguments)
        return cls._take(tx, arguments) if operation == "push" else cls._tell(tx, arguments)

    @classmethod
    def _take(cls, tx: sqlite3.Connection, arguments: Any) -> Any:
        wanted = {entry["reference"]: entry["item"] for entry in arguments["entries"]}
        there = {item: found[0] for reference, item in wanted.items() if (found := _search(tx, reference))}
        if there:
            return {"there": there}
        for row in tx.execute("SELECT * FROM job WHERE state IN ('taken', 'running')"):
            if {entry["reference"] for entry in json.loads(row["body"])["entries"]} & set(wanted):
                return {"job": row["id"]}
        return {
            "job": tx.execute("INSERT INTO job (body, state) VALUES (?, 'taken')", (json.dumps(arguments),)).lastrowid
        }

    @classmethod
    def _tell(cls, tx: sqlite3.Connection, job: str) -> Any:
        row = tx.execute("SELECT * FROM job WHERE id = ?", (job,)).fetchone()
        if row is None or row["state"] == "taken":  # asked once it begins, asked again it has ended
            tx.execute("UPDATE job SET state = 'running' WHERE id = ?", (job,))
            return None
        entries = json.loads(row["body"])["entries"]
        bad = [entry["item"] for entry in entries if entry["document"].startswith("BAD")]
        if row["state"] == "running":
            tx.execute("UPDATE job SET state = ? WHERE id = ?", ("failed" if bad else "done", job))
            for entry in [] if bad else entries:
                post(tx, entry, job, Stage.POSTED)
        if bad:
            return {"bad": bad, "items": [entry["item"] for entry in entries]}
        return {"there": {entry["item"]: _search(tx, entry["reference"])[0] for entry in entries}}

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        return (operation(Ambiguity.C, Stage.POSTED, batch=3),)

    @hookimpl
    def prepare(self, items: Sequence[Item]) -> Sequence[Message]:
        return [_written(items)]

    @hookimpl
    def push(self, message: Message) -> Outcome | Mapping[ItemId, Outcome]:
        told = _taken(lambda: self.erp.call("push", json.loads(message.body)))
        if isinstance(told, NotDone):
            return told
        if "there" in told:
            return {ItemId(item): AlreadyThere(posting_of(one)) for item, one in told["there"].items()}
        return Waiting((Correlation("job", str(told["job"])),), poll_after=0.02)

    @hookimpl
    def find(self, wanted: Sequence[Wanted]) -> Iterable[Found | Absent | CannotTell]:
        return _find(self.erp, wanted)

    @hookimpl
    def poll(self, waiting: Sequence[Wanted]) -> Iterable[StatusUpdate]:
        jobs = {c.value for want in waiting for c in want.correlations if c.kind == "job"}
        for job in jobs:
            told = self.erp.call("poll", job)
            if told and "bad" in told:
                for item in told["items"]:
                    yield StatusUpdate(_verdict(item in told["bad"]), ItemId(item))
            elif told:
                for item, one in told["there"].items():
                    yield StatusUpdate(Done(posting_of(one)), ItemId(item))


def _verdict(bad: bool) -> Outcome:
    if bad:
        return Rejected((Problem.of("ACCOUNT_CLOSED", "科目已关闭", "the account is closed"),))
    return NotDone("another item of the message was refused", after=0.0)


# -- D: three steps ----------------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Stepping:
    """Makes drafts of whatever comes, twice if it comes twice; can be searched; three steps lead to the top."""

    settings: Settings
    erp: Erp = attrs.field(init=False)
    about: ClassVar[About] = _about("stepping")
    LADDER: ClassVar = (Stage.DRAFT, Stage.SUBMITTED, Stage.AUDITED, Stage.POSTED)

    @erp.default
    def _open(self) -> Erp:
        return Erp(self.settings.file, self._do)

    @classmethod
    def _do(cls, tx: sqlite3.Connection, operation: str, arguments: Any) -> Any:
        match operation:
            case "find":
                return _search(tx, arguments)
            case "step":
                return _step(tx, arguments, cls.LADDER)
            case "told":
                row = (arguments["document"], arguments["kind"], arguments["id"])
                tx.execute("INSERT INTO told (document, kind, row) VALUES (?, ?, ?)", row)
                return None
        return shown(post(tx, arguments, "", Stage.DRAFT))

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        return (operation(Ambiguity.D, *self.LADDER),)

    # no `prepare`: core's default writes one message per item, its body the payload

    @hookimpl
    def push(self, message: Message) -> Outcome:
        told = _taken(lambda: self.erp.call("push", json.loads(message.body)))
        return told if isinstance(told, NotDone) else Done(posting_of(told))

    @hookimpl
    def complete(self, posting: Posting, target_stage: Stage, call: Call) -> Outcome:
        assert call.credential == ("auditor" if target_stage.rank >= Stage.AUDITED.rank else "main")
        return _complete(self.erp, posting, target_stage)

    @hookimpl
    def find(self, wanted: Sequence[Wanted]) -> Iterable[Found | Absent | CannotTell]:
        return _find(self.erp, wanted)

    @hookimpl
    def write_back(self, feedback: Mapping[str, Any]) -> Outcome:
        """Its expense module hears what became of a report."""
        taken = _taken(lambda: self.erp.call("told", feedback))
        return taken if isinstance(taken, NotDone) else Done(Posting(f"told-{feedback['id']}", Stage.POSTED))


# -- B: the answer by URL ----------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Linking:
    """Answers with an address at which the result will be; remembers a request for `window` seconds."""

    settings: Settings
    erp: Erp = attrs.field(init=False)
    about: ClassVar[About] = _about("linking")

    @erp.default
    def _open(self) -> Erp:
        return Erp(self.settings.file, self._do)

    def _do(self, tx: sqlite3.Connection, operation: str, arguments: Any) -> Any:
        match operation:
            case "find":
                return _search(tx, arguments)
            case "poll":
                return self._result(tx, arguments)
        request, (entry,) = arguments["request"], arguments["entries"]
        since = now_ms() - int(1000 * self.settings.window)
        row = tx.execute("SELECT * FROM posting WHERE request = ? AND at > ?", (request, since)).fetchone()
        return f"https://erp.example/answers/{(row or post(tx, entry, request, Stage.POSTED))['id']}"

    @staticmethod
    def _result(tx: sqlite3.Connection, url: str) -> Any:
        """Nothing at the first visit, the posting at the next."""
        if tx.execute("SELECT 1 FROM job WHERE body = ?", (url,)).fetchone() is None:
            tx.execute("INSERT INTO job (body, state) VALUES (?, 'visited')", (url,))
            return None
        return shown(tx.execute("SELECT * FROM posting WHERE id = ?", (url.rpartition("/")[2],)).fetchone())

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        return (operation(Ambiguity.B, Stage.POSTED, window=self.settings.window),)

    @hookimpl
    def prepare(self, items: Sequence[Item]) -> Sequence[Message]:
        return [_written([item]) for item in items]

    @hookimpl
    def push(self, message: Message) -> Outcome:
        url = _taken(lambda: self.erp.call("push", json.loads(message.body)))
        return url if isinstance(url, NotDone) else Waiting((Correlation("url", url),), poll_after=0.02)

    @hookimpl
    def poll(self, waiting: Sequence[Wanted]) -> Iterable[StatusUpdate]:
        for want in waiting:
            for url in [c for c in want.correlations if c.kind == "url"]:
                told = self.erp.call("poll", url.value)
                if told is not None:
                    yield StatusUpdate(Done(posting_of(told)), correlation=url)

    @hookimpl
    def find(self, wanted: Sequence[Wanted]) -> Iterable[Found | Absent | CannotTell]:
        return _find(self.erp, wanted)


# -- E: the ERP as the caller ------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Calling:
    """Nothing can be sent to it or asked of it: it comes, fetches what waits, and comes again with the results."""

    settings: Settings
    erp: Erp = attrs.field(init=False)
    about: ClassVar[About] = _about("calling")

    @erp.default
    def _open(self) -> Erp:
        return Erp(self.settings.file, self._do)

    @staticmethod
    def _do(tx: sqlite3.Connection, operation: str, arguments: Any) -> Any:
        """`push` is a note on our own board; `import` is what the ERP does with what it fetched."""
        if operation == "push":
            return None
        (entry,) = arguments["entries"]
        if not _search(tx, entry["reference"]):
            made = shown(post(tx, entry, arguments["request"], Stage.POSTED))
            told = {"id": f"R-{made['id']}", "request": arguments["request"], "posting": made}
            tx.execute("INSERT INTO outgoing (body) VALUES (?)", (json.dumps(told),))
        return None

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        return (operation(Ambiguity.E, Stage.POSTED),)

    @hookimpl
    def prepare(self, items: Sequence[Item]) -> Sequence[Message]:
        return [_written([item]) for item in items]

    @hookimpl
    def push(self, message: Message) -> Outcome:
        board = _taken(lambda: self.erp.call("push", json.loads(message.body)))
        return board if isinstance(board, NotDone) else Waiting(poll_after=0.5)

    @hookimpl
    def read_callback(self, request: CallbackRequest) -> Callback:
        told = _verified(request)
        if request.path == "/fetch":
            return Callback(told["id"], wants=5, reply=_board)
        news = StatusUpdate(Done(posting_of(told["posting"])), correlation=Correlation("message", told["request"]))
        return Callback(told["id"], (news,), reply=Reply(200, b"thanks"))


def _board(messages: Sequence[Message]) -> Reply:
    return Reply(200, json.dumps([json.loads(message.body) for message in messages]).encode())


def visit(erp: Erp, deliver: Callable[[CallbackRequest], Reply]) -> None:
    """The ERP comes for what waits; a fetch whose answer is lost is simply made again."""
    reply = deliver(callback_request("POST", "/fetch", json.dumps({"id": f"F-{now_ms()}"})))
    for message in json.loads(reply.body):
        try:
            erp.call("import", message)
        except (Lost, Refused):
            continue


SHAPES = {cls.about.product: cls for cls in (Confirming, Batching, Stepping, Linking, Calling)}

__all__ = ["LISTENER", "SECRET", "SHAPES", "visit"]
