"""`approve`: a second person agrees to vouchers; each is sent if it still is exactly what was approved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from dougong.clock import epoch_ms
from dougong.flow.actions import act, refuse
from dougong.flow.approval import APPROVAL_MISSING, content_of
from dougong.flow.deriving import Deriver
from dougong.flow.inputs import load_inputs
from dougong.flow.intended import Intended
from dougong.flow.project import Project
from dougong.flow.sets import names_of
from dougong.flow.trying import Tried
from dougong.ledger import audit, covering, deliveries, reversals, sets
from dougong.ledger.hands import APPROVED, hands
from dougong.ledger.rows import DeliveryRow, problems_from
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT, DeliveryState
from dougong.model.bookings import Voucher
from dougong.model.problems import DougongError

__all__ = ["approve", "check_approve", "try_approve"]


def approve(project: Project, ids: Sequence[int], *, actor: str, reason: str = "") -> list[DeliveryRow]:
    """Approve what is held for it: all of them, or none.

    :param actor: the second person.
    :raises ActionError: `ACTION_REFUSED`: it is not held for that, its voucher is not the one that was held any more,
        the actor has had a hand in it, or it would take back half of a set.
    """
    deriver = Deriver(project, load_inputs(project))
    rows = project.ledger.look(lambda tx: [deliveries.by_id(tx, id_) for id_ in ids])
    contents = {row.id: None if (made := _made(deriver, row)) is None else made[1] for row in rows}

    def do(tx: Tx, row: DeliveryRow) -> DeliveryRow:
        content = contents[row.id]
        _may(tx, row, content, actor)
        _whole(tx, row, ids)
        detail = {"reason": reason, "approved": content}
        moved = deliveries.move(
            tx,
            row,
            DeliveryState.READY,
            event=APPROVED,
            actor=actor,
            detail=detail,
            due_at=epoch_ms(),
            failures=0,
            approved=content,
        )
        deliveries.free_rest(tx, moved, event="freed", detail={"by": row.name})
        return moved

    return act(project, ids, do)


def try_approve(project: Project, ids: Sequence[int], *, actor: str) -> list[Tried]:
    """What would become of deliveries if this person approved them; their vouchers as they are now.

    .. versionadded:: 0.1
    """
    deriver = Deriver(project, load_inputs(project))
    rows = project.ledger.look(lambda tx: [deliveries.by_id(tx, id_) for id_ in ids])
    return list(_tried(deriver, rows, actor))


def _tried(deriver: Deriver, rows: Sequence[DeliveryRow], actor: str) -> Iterator[Tried]:
    for row in rows:
        made = _made(deriver, row)
        booking, content = (None, None) if made is None else made
        there = Tried(row.id, row.numbers, DeliveryState.READY, booking=booking)
        try:
            deriver.project.ledger.look(lambda tx, row=row, content=content: _may(tx, row, content, actor))  # type: ignore[misc]
        except DougongError as error:
            state = DeliveryState.HELD if row.state in UNSENT else row.state
            yield attrs.evolve(there, state=state, problems=error.problems)
        else:
            yield there


def check_approve(row: DeliveryRow) -> None:
    """Whether a delivery waits for approval.

    :raises ActionError: `ACTION_REFUSED`.
    """
    if (row.state, row.reason) != (DeliveryState.HELD, APPROVAL_MISSING):
        raise refuse(row, "不在等待批准", "it does not wait for approval")


def _may(tx: Tx, row: DeliveryRow, content: str | None, actor: str) -> None:
    """Whether this person may approve this content of a delivery."""
    check_approve(row)
    if _name(actor) in {audit.SYSTEM, "", *map(_name, hands(tx, row))}:
        zh = f"{actor} 提交或最后处理了它, 须由另一人批准 (--actor)"
        raise refuse(row, zh, f"{actor} has brought it or changed it last; another person approves it (--actor)")
    held = {problem.facts.get("content") for problem in problems_from(row.problems)}
    if content not in held:
        zh = "凭证与挂起时不同; 请先 dougong run, 再查看并批准"
        raise refuse(row, zh, "its voucher is another one than was held; `dougong run`, look at it again, then approve")


def _whole(tx: Tx, row: DeliveryRow, ids: Sequence[int]) -> None:
    """The red vouchers of a set are approved together, or half of a report would stay in the books."""
    if row.reverses_id is None:
        return
    original = deliveries.by_id(tx, row.reverses_id)
    found = {
        back.id: back
        for document in covering.covered_by(tx, row.id)
        for one in sets.beside(tx, original, document.ref)
        if (back := reversals.reversal_of(tx, one.id, document.ref)) is not None
    }
    rest = [back for back in found.values() if back.reason == APPROVAL_MISSING and back.id not in ids]
    if rest:
        together = names_of([row, *rest])
        zh = f"与 {names_of(rest)} 成套红冲, 请一并批准: approve {together}"
        raise refuse(
            row, zh, f"it goes with {names_of(rest)} of the same set; approve them together: `approve {together}`"
        )


def _name(actor: str) -> str:
    """One person under one name."""
    return actor.strip().casefold()


def _made(deriver: Deriver, row: DeliveryRow) -> tuple[Voucher, str] | None:
    """The voucher of a delivery as it is now, and its content; `None` where there is none to approve."""
    try:
        wanted = deriver.intentions.of(row)
        if not isinstance(wanted, Intended):
            return None
        payload = deriver.payloads.made(deriver.project.door(row.connection), wanted.booking)
    except DougongError:
        return None
    return wanted.booking, content_of(wanted.booking, payload)
