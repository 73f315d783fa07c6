"""Approval: which vouchers a second person has to agree to, and whether one has, to exactly that content; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from decimal import Decimal

import attrs

from dougong import formats
from dougong.config.model import Connection
from dougong.model.bookings import Voucher
from dougong.model.messages import Payload
from dougong.model.money import plain
from dougong.model.problems import Problem

__all__ = ["APPROVAL_MISSING", "content_of", "set_unapproved", "unapproved"]

#: Code of a delivery that is held for it.
APPROVAL_MISSING = "APPROVAL_MISSING"


def unapproved(
    connection: Connection,
    moment: str,
    booking: Voucher,
    payload: Payload,
    approved: str | None,
    hands: Callable[[], Sequence[str]] = tuple,
) -> Problem | None:
    """What is missing to send a voucher, where its connection wants a second person; `None` when nothing is.

    :param moment: of the delivery; its voucher may show another one (a reversal).
    :param approved: content that was approved of this delivery, as `content_of` names it.
    :param hands: tells who cannot approve it, for people.
    """
    rule = connection.approve
    if rule is None or not rule.wants(moment, amount := _size(booking)):
        return None
    content = content_of(booking, payload)
    if approved == content:
        return None
    not_by = ", ".join(hands())
    limit = None if rule.above is None else f"{plain(rule.above)} {booking.currency}"
    which = f"超过 {limit} 的凭证" if limit else "凭证"
    kind = f"vouchers of more than {limit}" if limit else "vouchers"
    return Problem.of(
        "APPROVAL_MISSING",
        f"{connection.name}: {which}须经第二人批准" + (f" ({not_by} 除外)" if not_by else ""),
        f"{connection.name}: {kind} need the approval of a second person" + (f" (not {not_by})" if not_by else ""),
        hint_zh="由另一人查看凭证 (plan) 后执行 dougong approve NUMBER --actor NAME",
        hint_en="another person looks at the voucher (plan), then dougong approve NUMBER --actor NAME",
        connection=connection.name,
        amount=plain(amount),
        content=content,
        not_by=not_by,
    )


def set_unapproved(other: Voucher) -> Problem:
    """Another voucher of the set waits for approval."""
    return Problem.of(
        "SET_INCOMPLETE",
        f"同一单据在 {other.entity} (账簿 {other.book}) 的凭证须经第二人批准, 整组等待",
        f"the voucher of the same document for {other.entity} (book {other.book}) needs approval; the set waits",
        hint_zh="批准该凭证 (approve) 后一并发送",
        hint_en="approve that voucher; then all of them are sent",
        entity=other.entity,
        book=other.book,
    )


def content_of(booking: Voucher, payload: Payload) -> str:
    """Names exactly this voucher, as it is booked and as its ERP gets it.

    Any other amount, account, day or code has another name; by which rule and row it came about is not part of it.
    """
    lines = tuple(attrs.evolve(line, why={}) for line in booking.lines)
    bare = attrs.evolve(booking, lines=lines, members=())
    text = json.dumps([formats.voucher_to_json(bare), payload.body], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _size(booking: Voucher) -> Decimal:
    """How much a voucher moves, functional currency: what it debits, red or moved from one account to another, too."""
    return sum((abs(line.amount) for line in booking.lines), Decimal(0)) / 2
