"""What a plan is made of: bookings as they would be sent, corrections of earlier ones, and what makes none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from dougong import accounting
from dougong.accounting import Draft
from dougong.config import Config
from dougong.flow.approval import APPROVAL_MISSING, set_unapproved, unapproved
from dougong.model.bookings import VoucherLine
from dougong.model.documents import SourceRef
from dougong.model.messages import Payload
from dougong.model.money import plain
from dougong.model.operations import Limits
from dougong.model.problems import Problem

__all__ = ["Planned", "Undelivered", "approvals_checked", "line_view", "mergeable", "merged_draft", "sets_checked"]


@attrs.frozen
class Planned:
    """One booking as it would be sent now.

    :param document: that it is of; a merged one has the first.
    :param payload: with the source of each field; `None` where it cannot be mapped.
    :param already: number of what the ERP holds under our reference already, if anything.
    :param sent: whether it is this very content that was sent: there is nothing to be done.
    :param delivery: name of the delivery by which it was sent.
    :param approved: content that a second person has approved of its delivery.
    :param corrects: the delivery that it corrects, with its voucher; `how` it does: `void`, `reversal`, `difference`.
    """

    documents: tuple[str, ...]
    draft: Draft
    connection: str
    payload: Payload | None
    problems: tuple[Problem, ...]
    waits_for: tuple[str, ...] = ()
    already: str | None = None
    sent: bool = False
    document: SourceRef | None = None
    delivery: str | None = None
    corrects: str | None = None
    how: str | None = None
    approved: str | None = None


@attrs.frozen
class Undelivered:
    """A document that makes no booking now: not due, or held for a fact that is missing."""

    number: str
    state: str
    problems: tuple[Problem, ...]


def sets_checked(found: Iterable[Planned]) -> list[Planned]:
    """Vouchers of one document in several entities are sent together or not at all: what stops one stops all."""
    planned = list(found)
    stopped = {one.draft.set_id: one.draft for one in planned if _unmapped(one)}
    return [
        attrs.evolve(one, problems=(accounting.set_incomplete(bad.entity, bad.book),))
        if (bad := stopped.get(one.draft.set_id)) is not None and not one.problems and not one.sent
        else one
        for one in planned
    ]


def approvals_checked(found: Iterable[Planned | Undelivered], config: Config) -> list[Planned | Undelivered]:
    """What is held until a second person has approved it, and with it the rest of its set."""
    planned = [_approval_checked(one, config) for one in found]
    waiting = {one.draft.set_id: one.draft.booking for one in planned if isinstance(one, Planned) and _waits(one)}
    return [
        attrs.evolve(one, problems=(set_unapproved(other),))
        if isinstance(one, Planned) and one.draft.set_id and _is_free(one) and (other := waiting.get(one.draft.set_id))
        else one
        for one in planned
    ]


def _approval_checked(one: Planned | Undelivered, config: Config) -> Planned | Undelivered:
    if isinstance(one, Undelivered) or not _is_free(one) or one.payload is None or one.draft.booking is None:
        return one
    connection = config.connection(one.connection)
    missing = unapproved(connection, one.draft.moment, one.draft.booking, one.payload, one.approved)
    return one if missing is None else attrs.evolve(one, problems=(missing,))


def _is_free(one: Planned) -> bool:
    return not (one.problems or one.sent or one.already)


def _waits(one: Planned) -> bool:
    return any(problem.code == APPROVAL_MISSING for problem in one.problems)


def _unmapped(one: Planned) -> bool:
    return bool(one.draft.set_id) and not one.sent and one.draft.booking is not None and one.payload is None


def mergeable(one: Planned | Undelivered) -> str:
    """What it shares with those with whom it becomes one voucher (凭证合并); empty for what stays by itself.

    A payment batch waits as a whole; of anything else only what can be sent now is merged.
    """
    if isinstance(one, Undelivered) or one.sent or one.problems or one.already or one.draft.booking is None:
        return ""
    if one.waits_for and "|payment_batch|" not in one.draft.merge_key:
        return ""
    return one.draft.merge_key and f"{one.connection}|{one.draft.merge_key}"


def merged_draft(members: list[Planned], limits: Callable[[str], Limits]) -> Draft:
    """The draft of the voucher that several become."""
    first = members[0].draft
    parts = [(one.document, one.draft.booking) for one in members if one.document and one.draft.booking]
    return attrs.evolve(first, booking=accounting.merge(parts, limits(first.book)))


def line_view(line: VoucherLine, currency: str) -> dict[str, Any]:
    """A line in the shape of interfaces.md §4, in our own codes."""
    original = line.original
    return {
        "account": line.account,
        "side": line.side,
        "amount": plain(original.amount if original else line.amount),
        "currency": original.currency if original else currency,
        "base_amount": plain(line.amount),
        "rate": plain(original.rate) if original else None,
        "summary": line.summary,
        "dimensions": dict(line.dimensions),
        "tax_code": line.tax.code if line.tax else None,
        "tax_rate": plain(line.tax.rate) if line.tax and line.tax.rate is not None else None,
        "tax_base": plain(line.tax.base) if line.tax and line.tax.base is not None else None,
        "clears": line.clears,
        "opens": line.opens,
        "cash_flow": line.cash_flow,
        "coordination": line.coordination,
    }
