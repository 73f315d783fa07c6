"""The typed door: everything that the core asks of one connection's connector and add-ons goes through here."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from dougong.clock import business_now
from dougong.config import Connection
from dougong.hookspecs import About, Call, Change, Deadline, Hold, TargetField, TransitionEvent
from dougong.model.bookings import Booking
from dougong.model.codes import Codes, FieldMapping
from dougong.model.masterdata import MasterRecord
from dougong.model.messages import Item, ItemId, Message, Payload, Wanted
from dougong.model.operations import Operation
from dougong.model.outcomes import (
    Absent,
    Callback,
    CallbackRequest,
    CannotTell,
    Finding,
    Found,
    Outcome,
    Rejected,
    StatusUpdate,
    Unknown,
)
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import DougongError, Problem
from dougong.model.sources import EventsOnly, Page, ReferenceData, SourceDocument
from dougong.plugins.answers import checked_outcome, checked_outcomes, misnamed_items, posting_fault
from dougong.plugins.asking import Asker, attempt
from dougong.plugins.errors import cause_of
from dougong.plugins.redaction import Redactor

__all__ = ["Door"]


@attrs.frozen(eq=False, kw_only=True)
class Door:
    """One connection, open: the hooks as typed methods, with the hooks' own names and arguments.

    `push`, `complete` and `write_back` answer an outcome whatever happens. Every other failure is a `PluginError` that
    names connector, connection, hook, document and distribution; errors that the contract names (`MappingError`,
    `InputError`, `CallbackRefused`) keep their class. Thread-safe, as connectors have to be.

    :param connection: its configuration.
    :param about: what the connector says of itself.
    :param operations: asked once.
    :param log: the connection's logger, redacted; `redact` does the same to a text.
    :param locale: the project's.

    .. versionadded:: 0.1
    """

    connection: Connection
    about: About
    operations: tuple[Operation, ...]
    log: logging.Logger
    redact: Redactor = attrs.field(repr=False)
    locale: str = "zh"
    asker: Asker = attrs.field(repr=False)

    # -- about it -----------------------------------------------------------------------------------------------------

    @property
    def package(self) -> str:
        """Distribution and version of the connector: `dougong-kingdee 0.1.0`; attempts are kept with it."""
        return self.asker.hooks.connector.package

    def supports(self, hook: str) -> bool:
        """Whether the connector implements a hook: a hook that it leaves out is a capability that it does not have."""
        return self.asker.hooks.supports(hook)

    def operation(self, name: str) -> Operation:
        """The operation of that name, e.g. `GL_VOUCHER.create`.

        :raises PluginError: `HOOK_MISSING` with those there are.
        """
        for operation in self.operations:
            if operation.name == name:
                return operation
        raise self.asker.cannot(f"operation {name}", ", ".join(operation.name for operation in self.operations))

    def operation_for(self, kind: str = "voucher", verb: str = "create") -> Operation:
        """The default operation for a kind of booking: the first that does `verb` with it.

        :raises PluginError: `HOOK_MISSING` with those there are.
        """
        for operation in self.operations:
            if (operation.books, operation.verb) == (kind, verb):
                return operation
        raise self.asker.cannot(f"{verb} a {kind}", ", ".join(operation.name for operation in self.operations))

    def settle(self, operation: Operation) -> float:
        """Seconds after which a call whose answer was lost is certainly over."""
        return operation.safety.settle if self.connection.settle is None else self.connection.settle

    def deadline(self, operation: Operation) -> float:
        """Seconds that one call of an operation may take altogether."""
        return operation.deadline if self.connection.limits.deadline is None else self.connection.limits.deadline

    def batch(self, operation: Operation) -> int:
        """Most items in one message."""
        return min(operation.limits.batch, self.connection.limits.batch or operation.limits.batch)

    def call(
        self,
        *,
        seconds: float | None = None,
        now: dt.datetime | None = None,
        reference: ReferenceData | None = None,
        credential: str = "main",
    ) -> Call:
        """The circumstances of one hook call on this connection.

        :param seconds: until the deadline; by default the connection's, else 60.
        :param now: business time; by default now.
        """
        return Call(
            connection=self.connection.name,
            deadline=Deadline.after(seconds or self.connection.limits.deadline or 60.0),
            now=now or business_now(),
            locale=self.locale,
            log=self.log,
            reference=reference,
            credential=credential,
        )

    # -- sessions -----------------------------------------------------------------------------------------------------

    def open_session(self, call: Call) -> Any:
        """A session for one thread and credential; `None` where the connector has none."""
        return self.asker.ask("open_session", object, call=call) if self.supports("open_session") else None

    def close_session(self, session: Any) -> None:
        """Close a session that has a `close`; what goes wrong is logged, for there is nothing left to lose."""
        close = getattr(session, "close", None)
        if callable(close):
            try:
                close()
            except Exception:
                self.log.exception("closing a session of %s failed", self.package)

    def check(self, session: Any, call: Call) -> Iterator[Finding]:
        """What works and what does not; a hook that raises is a finding that failed."""
        try:
            yield from self.asker.stream("check", Finding, session=session, call=call)
        except DougongError as error:
            yield Finding("check", ok=False, problem=error.problems[0])

    # -- mapping ------------------------------------------------------------------------------------------------------

    def default_mapping(self, operation: Operation) -> str:
        """The mapping that ships with the connector."""
        return self.asker.ask("default_mapping", str, operation=operation)

    def target_fields(self, operation: Operation, session: Any | None, call: Call) -> Sequence[TargetField]:
        """Fields of the target; none where the connector cannot tell."""
        return self.asker.ask_many("target_fields", TargetField, operation=operation, session=session, call=call)

    def map_booking(self, booking: Booking, mapping: FieldMapping, codes: Codes, call: Call) -> Payload:
        """The payload, from the connector or else from the mapping."""
        return self.asker.ask("map_booking", Payload, booking=booking, mapping=mapping, codes=codes, call=call)

    def check_payload(self, payload: Payload, booking: Booking, session: Any, call: Call) -> Sequence[Problem]:
        """What the ERP would refuse."""
        return self.asker.ask_many(
            "check_payload", Problem, payload=payload, booking=booking, session=session, call=call
        )

    # -- push ---------------------------------------------------------------------------------------------------------

    def prepare(self, items: Sequence[Item], call: Call) -> Sequence[Message]:
        """Messages that name each item exactly once."""
        messages = self.asker.ask_many("prepare", Message, items=items, call=call)
        if wrong := misnamed_items(messages, [item.id for item in items]):
            raise self.asker.nonsense("prepare", f"messages that do not name each item once: {', '.join(wrong)}")
        return messages

    def push(self, message: Message, session: Any, call: Call) -> dict[ItemId, Outcome]:
        """One outcome per item; never raises (but for Ctrl-C)."""
        answer = self._effect("push", message=message, session=session, call=call)
        if isinstance(answer, Mapping) and (strange := sorted(set(answer) - set(message.items))):
            self.log.warning("push of %s answered for items that were not sent: %s", self.package, strange)
        return checked_outcomes(answer, message.items, "push")

    def complete(self, posting: Posting, target_stage: Stage, facts: Facts, session: Any, call: Call) -> Outcome:
        """One step further; never raises (but for Ctrl-C)."""
        answer = self._effect(
            "complete", posting=posting, target_stage=target_stage, facts=facts, session=session, call=call
        )
        return checked_outcome(answer, "complete")

    def _effect(self, hook: str, /, **arguments: Any) -> Any:
        """The answer of a hook that changes the other system; unknown when it raises: it may have worked first."""
        if not self.supports(hook):
            return Rejected(self.asker.cannot(hook).problems)
        answer, error = attempt(lambda: self.asker.hooks.ask(hook, **arguments))
        if error is None:
            return answer
        self.asker.report(hook, error, arguments)
        return Unknown(
            self.redact(f"{hook} of {self.package} raised {cause_of(error, self.asker.hooks.connector.plugin)}")
        )

    def find(self, wanted: Sequence[Wanted], session: Any, call: Call) -> Iterator[Found | Absent | CannotTell]:
        """An answer for every wanted item; `CannotTell` for one that the connector passes over."""
        open_items = {item.item for item in wanted}
        known = frozenset(open_items)
        found = self.asker.stream("find", (Found, Absent, CannotTell), wanted=wanted, session=session, call=call)
        for answer in found:
            fault = posting_fault(answer.posting) if isinstance(answer, Found) else ""
            if answer.item not in known:
                fault = f"an item that was not asked for: {answer.item}"
            if fault:
                raise self.asker.nonsense("find", fault)
            open_items.discard(answer.item)
            yield answer
        why = "gave no answer for it" if self.supports("find") else "cannot search"
        for item in [item.item for item in wanted if item.item in open_items]:
            yield CannotTell(item, f"{self.package} {why}")

    # -- status -------------------------------------------------------------------------------------------------------

    def poll(self, waiting: Sequence[Wanted], session: Any, call: Call) -> Iterator[StatusUpdate]:
        """News of what waits; an outcome in them that is not sound is `Unknown`."""
        for update in self.asker.stream("poll", StatusUpdate, waiting=waiting, session=session, call=call):
            yield attrs.evolve(update, outcome=checked_outcome(update.outcome, "poll"))

    def read_callback(self, request: CallbackRequest, call: Call) -> Callback:
        """What a callback means. :raises CallbackRefused: not to be believed."""
        return self.asker.ask("read_callback", Callback, request=request, call=call)

    # -- source -------------------------------------------------------------------------------------------------------

    def read_documents(
        self, content: bytes, media_type: str, call: Call
    ) -> Iterator[SourceDocument | EventsOnly | MasterRecord]:
        """Documents and reference data in a file of the source. :raises InputError: it cannot be read at all."""
        kinds = (SourceDocument, EventsOnly, MasterRecord)
        return self.asker.must_stream("read_documents", kinds, content=content, media_type=media_type, call=call)

    def fetch_documents(self, cursor: str | None, session: Any, call: Call) -> Iterator[Page]:
        """What changed since `cursor`."""
        return self.asker.must_stream("fetch_documents", Page, cursor=cursor, session=session, call=call)

    def write_back(self, feedback: Mapping[str, Any], session: Any, call: Call) -> Outcome:
        """Feedback to the source; never raises (but for Ctrl-C)."""
        return checked_outcome(self._effect("write_back", feedback=feedback, session=session, call=call), "write_back")

    # -- master data and reconciliation -------------------------------------------------------------------------------

    def pull_master_data(self, kinds: Sequence[str], session: Any, call: Call) -> Iterator[MasterRecord]:
        """Master data of the ERP."""
        return self.asker.must_stream("pull_master_data", MasterRecord, kinds=kinds, session=session, call=call)

    def push_master_data(self, records: Sequence[MasterRecord], session: Any, call: Call) -> Iterator[Problem]:
        """Master data into the ERP; what could not be written."""
        return self.asker.must_stream("push_master_data", Problem, records=records, session=session, call=call)

    def list_postings(self, period: str, session: Any, call: Call) -> Iterator[Posting]:
        """Every posting of a period."""
        return self.asker.must_stream("list_postings", Posting, period=period, session=session, call=call)

    def list_balances(self, period: str, session: Any, call: Call) -> Iterator[Mapping[str, Any]]:
        """Account balances of a period."""
        return self.asker.must_stream("list_balances", Mapping, period=period, session=session, call=call)

    # -- add-ons ------------------------------------------------------------------------------------------------------

    def changes(self, payload: Payload, booking: Booking, call: Call) -> tuple[Change, ...]:
        """What all add-ons propose, in the order of the configuration.

        :raises PluginError: `ADDON_FAILED`.
        """
        asked = self.asker.each_addon("changes", Change, payload=payload, booking=booking, call=call)
        return tuple(change for _, changes in asked for change in changes)

    def may_send(self, booking: Booking, payload: Payload, call: Call) -> tuple[Hold, ...]:
        """Why not to send yet: every add-on is asked; one that fails holds with `ADDON_FAILED`."""
        return self.asker.holds(booking=booking, payload=payload, call=call)

    def on_transition(self, event: TransitionEvent, call: Call) -> None:
        """Tell every add-on; what one raises is logged and goes no further."""
        self.asker.tell("on_transition", event=event, call=call)
