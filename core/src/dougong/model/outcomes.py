"""What came of a call to the ERP. Unknown is an outcome, not an exception (contract.md §3).

A connector answers one of six things; whatever it does not classify, core takes for `Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from dougong.model.messages import Correlation, ItemId, Message
from dougong.model.postings import Posting
from dougong.model.problems import Problem

__all__ = [
    "Absent",
    "AlreadyThere",
    "Callback",
    "CallbackRefused",
    "CallbackRequest",
    "CannotTell",
    "Done",
    "Finding",
    "Found",
    "NotDone",
    "Outcome",
    "Rejected",
    "Reply",
    "StatusUpdate",
    "Unknown",
    "Waiting",
]


@attrs.frozen
class Done:
    """The ERP did it and says so: a documented success, a document number."""

    posting: Posting


@attrs.frozen
class AlreadyThere:
    """The ERP refuses a repeat and names what it holds; core compares before it believes."""

    posting: Posting


@attrs.frozen
class Waiting:
    """The ERP has taken it; the answer comes later.

    :param correlations: what the answer will carry, beside those of the message.
    :param poll_after: seconds until it makes sense to ask.
    """

    correlations: tuple[Correlation, ...] = ()
    poll_after: float = 5.0


@attrs.frozen
class Rejected:
    """A documented refusal: proof that nothing is there.

    :param left_behind: a posting that the refused call left all the same (a draft, say).
    """

    problems: tuple[Problem, ...]
    left_behind: Posting | None = None


@attrs.frozen
class NotDone:
    """Proof that nothing happened: connection refused, DNS failure, a limit that refused the call before the work.

    :param after: seconds to wait (Retry-After), when the ERP said so.
    """

    reason: str
    after: float | None = None


@attrs.frozen
class Unknown:
    """It may or may not be there. :param ask_after: seconds until asking makes sense."""

    reason: str
    ask_after: float | None = None


Outcome = Done | AlreadyThere | Waiting | Rejected | NotDone | Unknown


@attrs.frozen
class Found:
    """`find` has it."""

    item: ItemId
    posting: Posting


@attrs.frozen
class Absent:
    """`find` searched all of `searched` (say which company, period, pages) and it is not there."""

    item: ItemId
    searched: str


@attrs.frozen
class CannotTell:
    """The search itself failed or cannot be trusted."""

    item: ItemId
    reason: str


@attrs.frozen
class StatusUpdate:
    """News of something that waits: by item where the ERP tells it apart, else by correlation (the whole message)."""

    outcome: Outcome
    item: ItemId | None = None
    correlation: Correlation | None = None


@attrs.frozen
class Finding:
    """One line of `check`: what was looked at, whether it is in order, what to do if not."""

    check: str
    ok: bool
    problem: Problem | None = None


@attrs.frozen
class CallbackRequest:
    """What arrived at the door, untouched: raw bytes, since signatures are over them."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only value of a header; `None` when it is missing or given twice."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[0] if len(values) == 1 else None


@attrs.frozen
class Reply:
    """What the ERP gets back, in its own manner."""

    status: int = 200
    body: bytes = b""
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@attrs.frozen
class Callback:
    """What a callback means. A callback is a hint: core confirms it by asking where the connector can ask.

    :param message_id: stable per message; the same id told twice has one effect.
    :param updates: news that the callback itself carries. Where the connector can ask (`poll`), a refusal alone counts,
        and only while asking shows nothing.
    :param ask: what to ask the ERP about now.
    :param documents: raw documents that the ERP brings (reversed roles).
    :param wants: how many waiting messages the ERP has come to fetch (reversed roles); `reply` then builds the answer
        from them.
    :param reply: the answer; a function of the fetched messages where `wants` is set.
    """

    message_id: str
    updates: tuple[StatusUpdate, ...] = ()
    ask: tuple[Correlation, ...] = ()
    documents: tuple[bytes, ...] = ()
    wants: int = 0
    reply: Reply | Callable[[Sequence[Message]], Reply] = Reply()
    extensions: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


class CallbackRefused(Exception):
    """A callback that is not to be believed: wrong signature, stale, malformed. It carries its own reply."""

    def __init__(self, reason: str, reply: Reply | None = None) -> None:
        super().__init__(reason)
        self.reply = reply or Reply(status=401)
