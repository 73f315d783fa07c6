"""What a connector answers, by subject: describe, auth, mapping, push, status, source, master data, reconcile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from dougong.hookspecs.call import Call
from dougong.markers import hookspec
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
    StatusUpdate,
)
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import Problem
from dougong.model.sources import EventsOnly, Page, SourceDocument

__all__ = ["ConnectorSpec", "TargetField"]


@attrs.frozen
class TargetField:
    """One field of the target, for `check`, `plan` and editors: path, type in the ERP's words, required, length."""

    path: str
    type: str = ""
    required: bool = False
    max_length: int | None = None
    title: str = ""


class ConnectorSpec:
    """The hooks that one connector per connection answers.

    Life cycle: core builds the connector from its settings, asks `operations` once, opens sessions per lane slot, and
    closes them. Every hook is synchronous, may be called from any thread with its own session, and may take `call`.
    It declares those of the arguments below that it needs, by name and without defaults: one with a default is never
    given. Wrappers and second implementations are refused. A hook that a connector leaves out is a capability that it
    does not have.
    """

    # -- describe ------------------------------------------------------------------------------------------------------

    @hookspec(firstresult=True)
    def operations(self) -> Sequence[Operation]:
        """Say what the connector can do: target types and verbs with their safety, stages and limits.

        Called once when the connection is built; pure. A pure source answers an empty sequence.

        :returns: operations; the first with `verb == "create"` for a kind of booking is the default one for it.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    # -- auth ----------------------------------------------------------------------------------------------------------

    @hookspec(firstresult=True)
    def open_session(self, call: Call) -> Any:
        """Open a session: a client with credentials, limits and deadline; closed with `close()` if it has one.

        Called once per lane slot (thread) and credential (`call.credential`), lazily. Logging in may be left to the
        first call; renewing a token is the session's own business. A session is used by one thread at a time.

        :returns: the session, handed back to every other hook untouched.
        :raises Exception: nothing was sent: the delivery stays `ready` and is due later.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def check(self, session: Any, call: Call) -> Iterable[Finding]:
        """Look whether the connection works: address, credentials, rights, the field of our reference, codes.

        Called by `dougong check`; reads only.

        :returns: one finding per thing looked at, good ones too.
        :raises Exception: shown as a finding that failed.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    # -- mapping -------------------------------------------------------------------------------------------------------

    @hookspec(firstresult=True)
    def default_mapping(self, operation: Operation) -> str:
        """The field mapping that ships with the connector, as TOML text (contract.md §7).

        Called by `init` (which writes it into the project for people to change) and where the project has no file of
        its own.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def target_fields(self, operation: Operation, session: Any | None, call: Call) -> Sequence[TargetField]:
        """Which fields the target has: from the ERP where `session` is given and it can tell, else as documented.

        :returns: fields; unknown ones in a mapping are then reported by `check`.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def map_booking(self, booking: Booking, mapping: FieldMapping, codes: Codes, call: Call) -> Payload:
        """Turn a booking into the ERP's structure. Pure. Core answers last with the declarative mapping.

        Implement it only for what TOML cannot say. Our reference is core's and is written afterwards.

        :returns: the payload, or `None` to let the declarative mapping do it.
        :raises MappingError: with every problem. Any exception holds the delivery: nothing was sent.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def check_payload(self, payload: Payload, booking: Booking, session: Any, call: Call) -> Sequence[Problem]:
        """Look for what the ERP would refuse; may simulate, never creates.

        Called before each freeze and in `plan`.

        :returns: problems; any holds the delivery.
        :raises Exception: holds the delivery with `PLUGIN_FAILED`: nothing was sent.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    # -- push ----------------------------------------------------------------------------------------------------------

    @hookspec(firstresult=True)
    def prepare(self, items: Sequence[Item], call: Call) -> Sequence[Message]:
        """Write items into physical messages. Pure: no I/O, clock or randomness; the same items give the same bytes.

        Core freezes the result and refuses a message that does not contain each item's reference as sent. Default: one
        message per item, body = the payload as exact JSON.

        :param items: at most `Operation.limits.batch`.
        :returns: messages that name each item exactly once.
        :raises Exception: holds the deliveries: nothing was sent.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def push(self, message: Message, session: Any, call: Call) -> Outcome | Mapping[ItemId, Outcome]:
        """Send one frozen message: the effect that creates. Never retries by itself.

        :param message: exactly as frozen; the body leaves unchanged.
        :returns: one outcome for all items, or one per item. `Done` needs the ERP's documented success *and* a
            document id. `NotDone` needs proof that nothing happened. A missing item, a wrong type and an exception are
            `Unknown`. `Rejected` with the code `PERIOD_CLOSED` alone: core derives it again, with the date that the
            rules give it then.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def complete(self, posting: Posting, target_stage: Stage, facts: Facts, session: Any, call: Call) -> Outcome:
        """Bring a posting one harmless step further towards `target_stage` (submit, audit, void).

        Reads the ERP first and goes on from what it shows; harmless to repeat. Never creates.

        :param posting: as last seen, with `erp_key`.
        :param facts: what it must show. Where `facts.differences` of what the ERP shows are not empty, somebody edited
            it: answer `Done` with that, and do nothing; core then parks it for a person.
        :param session: opened with `call.credential`; audit uses the second credential.
        :returns: `Done` with the posting as it now is; `Rejected` when the ERP refuses the step; `Unknown` leaves it
            incomplete and due again. A posting that a person deleted is `Rejected` with code `DELETED_IN_ERP`.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def find(self, wanted: Sequence[Wanted], session: Any, call: Call) -> Iterable[Found | Absent | CannotTell]:
        """Search the ERP by our reference (or a correlation), all pages, right company and period.

        Called to resolve unknown outcomes, in `plan`, by `repost` and before a reversal is sent.
        `Absent` only when the search is trustworthy.

        :returns: one answer per wanted item. Several postings with one reference: one `Found` each.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    # -- status --------------------------------------------------------------------------------------------------------

    @hookspec(firstresult=True)
    def poll(self, waiting: Sequence[Wanted], session: Any, call: Call) -> Iterable[StatusUpdate]:
        """Ask for the answers that are outstanding.

        :returns: what is known now; nothing for what still waits.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def read_callback(self, request: CallbackRequest, call: Call) -> Callback:
        """Verify and read a callback; pure. Over the raw bytes, in constant time, before any parsing.

        :returns: what it means and the reply in the ERP's own manner.
        :raises CallbackRefused: not to be believed; carries its own reply.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    # -- source --------------------------------------------------------------------------------------------------------

    @hookspec(firstresult=True)
    def read_documents(
        self, content: bytes, media_type: str, call: Call
    ) -> Iterable[SourceDocument | EventsOnly | MasterRecord]:
        """Read a file or answer of the source into documents and reference data. Pure; `call.reference` explains ids.

        Core reads reference data of all files first, then documents, so order does not matter. Nothing is guessed: a
        fact that is missing is a problem of the `SourceDocument`.

        :raises InputError: the content cannot be read at all.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def fetch_documents(self, cursor: str | None, session: Any, call: Call) -> Iterable[Page]:
        """Fetch what changed since `cursor`, page by page; each page is committed before the next is asked for.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def write_back(self, feedback: Mapping[str, Any], session: Any, call: Call) -> Outcome:
        """Write back to the source what became of a document; repeatable: after a lost answer it comes again.

        :param feedback: `id` (the same id is the same thing), `document` (its number), `source` (`source`, `tenant`,
            `type`, `id`), `kind` (`posted`, `reversed`, `held`) and `content`, as the page on feedback says. What is
            told of a document comes in order.
        :returns: `Done` when it is taken; `Rejected` does not hold up what comes later; all else is told again first.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    # -- master data (provisional until two connectors implement it) ---------------------------------------------------

    @hookspec(firstresult=True)
    def pull_master_data(self, kinds: Sequence[str], session: Any, call: Call) -> Iterable[MasterRecord]:
        """Read departments, employees, accounts with their dimension requirements, currencies, periods … from the ERP.

        An account record's `data` holds `dimensions` (our names), `optional`, `currencies` (ISO codes), `cash`. A
        period record has the code `2026-11` and an id of its own in each book (`001/2026-11`); its `data` holds `book`
        (the ERP's code) and `open`. Periods are asked for at the start of every run, so answer them cheaply.

        :param kinds: which kinds are wanted; empty = all.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def push_master_data(self, records: Sequence[MasterRecord], session: Any, call: Call) -> Iterable[Problem]:
        """Write master data (employees as vendors, say) into the ERP; provisional.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    # -- reconcile -----------------------------------------------------------------------------------------------------

    @hookspec(firstresult=True)
    def list_postings(self, period: str, session: Any, call: Call) -> Iterable[Posting]:
        """List every posting of a period (`2026-11`) with its lines, all pages; ours carry their reference.

        Called by `reconcile`, and for the date of the last voucher where `Limits.sequence_control` is declared.

        .. versionadded:: 0.1
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def list_balances(self, period: str, session: Any, call: Call) -> Iterable[Mapping[str, Any]]:
        """List what accounts moved in a period: `book`, `account`, `dimensions`, `debit`, `credit` as exact strings.

        Every account that takes lines, in each book, in the ERP's codes and in functional currency, whatever has moved
        it, posted (记账) or not; `dimensions` by our names, empty where the ERP does not tell them. Called by
        `reconcile --by account`; without this hook it adds up what `list_postings` lists.

        .. versionadded:: 0.1
        """
        raise NotImplementedError
