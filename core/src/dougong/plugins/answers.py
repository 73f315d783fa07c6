"""Judges what plugins answer before the core believes it: an outcome that is not one is `Unknown`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, get_args

from dougong.model.messages import Correlation, ItemId, Message
from dougong.model.outcomes import AlreadyThere, Done, NotDone, Outcome, Rejected, Unknown, Waiting
from dougong.model.postings import Posting, Stage
from dougong.model.problems import Problem

__all__ = ["checked_outcome", "checked_outcomes", "misnamed_items", "posting_fault"]


def checked_outcomes(answer: Any, items: Sequence[ItemId], hook: str) -> dict[ItemId, Outcome]:
    """One outcome per item of a message, whatever a connector answered.

    :param answer: one outcome for all items, or a mapping by item.
    """
    if not isinstance(answer, Mapping):
        one = checked_outcome(answer, hook)
        return dict.fromkeys(items, one)
    missing = Unknown(f"{hook} answered nothing for this item")
    return {item: checked_outcome(answer[item], hook) if item in answer else missing for item in items}


def checked_outcome(answer: Any, hook: str) -> Outcome:
    """The answer if it is a sound outcome, else `Unknown` with what is wrong with it."""
    fault = _fault(answer)
    return Unknown(f"{hook} answered {fault}") if fault else answer


def _fault(answer: Any) -> str:
    match answer:
        case Done(posting) | AlreadyThere(posting):
            return posting_fault(posting)
        case Waiting(correlations, seconds):
            return _sequence_fault(correlations, Correlation, "Waiting.correlations") or _seconds_fault(seconds)
        case Rejected(problems, left_behind):
            fault = _sequence_fault(problems, Problem, "Rejected.problems")
            if not fault and not problems:
                fault = "Rejected without a problem"
            return fault or ("" if left_behind is None else posting_fault(left_behind))
        case NotDone(reason, seconds) | Unknown(reason, seconds):
            return _kind_fault(reason, str) or _seconds_fault(seconds)
    known = ", ".join(kind.__name__ for kind in get_args(Outcome))
    return f"{type(answer).__name__}, which is none of {known}"


def posting_fault(posting: Any) -> str:
    """What is wrong with a posting that an outcome carries; empty when it is sound."""
    if fault := _kind_fault(posting, Posting):
        return fault
    if not posting.erp_key:
        return "a posting without the ERP's id"
    total = "" if posting.total is None else _kind_fault(posting.total, Decimal)
    return _kind_fault(posting.erp_key, str) or _kind_fault(posting.stage, Stage) or total


def _sequence_fault(values: Any, kind: type[Any], name: str) -> str:
    sound = isinstance(values, list | tuple) and all(isinstance(value, kind) for value in values)
    return "" if sound else f"{name} that are not all {kind.__name__}"


def _kind_fault(value: Any, kind: type[Any]) -> str:
    return "" if isinstance(value, kind) else f"{type(value).__name__} where {kind.__name__} belongs"


def _seconds_fault(seconds: Any) -> str:
    sound = seconds is None or (isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0)
    return "" if sound else f"{seconds!r} where seconds belong"


def misnamed_items(messages: Iterable[Message], items: Sequence[ItemId]) -> list[ItemId]:
    """Items that messages do not name exactly once, strangers included."""
    named = [item for message in messages for item in message.items]
    strange = [item for item in named if item not in items]
    return [item for item in items if named.count(item) != 1] + strange
