"""Reconciling one connection and period: ask, compare, and note what the ERP shows now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from dougong.ledger import deliveries, postings, reversals
from dougong.ledger.rows import FOREVER, DeliveryRow, problems_text
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState, ParkReason
from dougong.ledger.store import Ledger
from dougong.model import words
from dougong.model.messages import ItemId, Wanted
from dougong.model.outcomes import Absent, CannotTell, Found
from dougong.model.problems import Problem
from dougong.plugins import Door
from dougong.reconcile.both_sides import listed, ours_of
from dougong.reconcile.compare import Ours, Row, Verdict, compare

__all__ = ["step"]

_PARKED = {
    Verdict.MISSING: ParkReason.DELETED_IN_ERP,
    Verdict.AMOUNT: ParkReason.EDITED_IN_ERP,
    Verdict.EDITED: ParkReason.EDITED_IN_ERP,
    Verdict.DOUBLED: ParkReason.DOUBLED,
}


def step(ledger: Ledger, door: Door, period: str, *, actor: str) -> list[Row]:
    """Compare one connection's period and note in the ledger what a person did in the ERP.

    A delivered posting that is gone, edited or doubled is parked; a new number or stage is taken over. Nothing is sent.

    :param period: `2026-11`.
    :returns: rows of the comparison.
    :raises PluginError: the ERP cannot be listed; nothing was changed.
    """
    session = door.open_session(door.call())
    try:
        # Ours first: what is delivered while the ERP lists its own would look missing there.
        with ledger.read() as connection:
            ours = ours_of(connection, door.connection.name, period)
        theirs = listed(ours, door, session, period)
        rows = _looked_for(compare(ours, theirs, period), ours, door, session)
    finally:
        door.close_session(session)
    ledger.write(lambda tx: _note(tx, rows, actor))
    return rows


def _looked_for(rows: Sequence[Row], ours: Sequence[Ours], door: Door, session: Any) -> list[Row]:
    """What the period does not show is searched by itself: a person may have moved it to another one.

    Only what is proved absent counts as deleted; what the ERP cannot tell is left as it stands.
    """
    by_name = {one.delivery: one for one in ours if one.settled and one.reference}
    gone = {row.delivery for row in rows if row.verdict is Verdict.MISSING}
    missing = {ItemId(name): one for name, one in by_name.items() if name in gone}
    if not missing or not door.supports("find"):
        return list(rows)
    wanted = [
        Wanted(item, one.reference or "", one.facts, erp_key=one.erp_key, reference_field=one.reference_field)
        for item, one in missing.items()
    ]
    answers: dict[str, list[Found | Absent | CannotTell]] = {}
    for answer in door.find(wanted, session, door.call()):
        answers.setdefault(str(answer.item), []).append(answer)
    return [_moved_or_gone(row, answers.get(row.delivery or "", ())) for row in rows]


def _moved_or_gone(row: Row, answers: Sequence[Found | Absent | CannotTell]) -> Row:
    """A row with what was found of it: a void posting beside a live one says nothing."""
    found = [answer.posting for answer in answers if isinstance(answer, Found)]
    live = list({one.erp_key: one for one in found if one.stage.stands}.values())
    if len(live) > 1:
        keys = ", ".join(one.number or one.erp_key for one in live)
        return attrs.evolve(row, verdict=Verdict.DOUBLED, theirs=live[0].total, posting=live[0], detail=keys)
    if live:
        (one,) = live
        return attrs.evolve(row, verdict=Verdict.PERIOD, theirs=one.total, posting=one, detail=one.period or "")
    doubts = [answer.reason for answer in answers if isinstance(answer, CannotTell)]
    return attrs.evolve(row, certain=False, detail=doubts[0]) if doubts else row


def _note(tx: Tx, rows: Sequence[Row], actor: str) -> None:
    for found in rows:
        if found.delivery is None or not found.certain:
            continue
        row = deliveries.by_id(tx, int(found.delivery[1:]))
        if row.state is DeliveryState.PARKED and found.verdict is Verdict.MATCHED:
            _in_order_again(tx, row, found, actor)
        if row.state is not DeliveryState.DELIVERED:
            continue
        if found.verdict in _PARKED:
            reason = _PARKED[found.verdict]
            problem = _problem(found)
            deliveries.move(
                tx,
                row,
                DeliveryState.PARKED,
                event="reconciled",
                actor=actor,
                detail={"verdict": found.verdict},
                reason=reason.value,
                problems=problems_text((problem,)),
                due_at=FOREVER,
            )
        elif found.posting is not None and _moved(tx, row.id, found):
            postings.record(tx, row, found.posting)
            deliveries.move(
                tx,
                row,
                DeliveryState.DELIVERED,
                event="refreshed",
                actor=actor,
                detail=_refreshed(found),
                stage=found.posting.stage.value,
                due_at=FOREVER,
            )


def _refreshed(found: Row) -> dict[str, Any]:
    """What the audit says of another number or stage."""
    posting = found.posting
    detail: dict[str, Any] = {"erp_id": posting.erp_key, "erp_number": posting.number} if posting else {}
    return detail | ({"changed": {"zh": found.changed.zh, "en": found.changed.en}} if found.changed.en else {})


def _in_order_again(tx: Tx, row: DeliveryRow, found: Row, actor: str) -> None:
    """What a person did in the ERP was undone there: both sides agree again."""
    undone = {reason.value for reason in _PARKED.values()}
    if row.reason not in undone or found.posting is None or not found.posting.stage.reaches(row.target_stage):
        return
    postings.record(tx, row, found.posting)
    moved = deliveries.move(
        tx,
        row,
        DeliveryState.DELIVERED,
        event="reconciled",
        actor=actor,
        detail={"verdict": found.verdict, "erp_id": found.posting.erp_key, "erp_number": found.posting.number},
        stage=found.posting.stage.value,
        reason="",
        problems="[]",
        due_at=FOREVER,
    )
    reversals.arrived(tx, moved)


def _moved(tx: Tx, delivery_id: int, found: Row) -> bool:
    known = postings.of(tx, delivery_id)
    posting = found.posting
    return (
        known is not None
        and posting is not None
        and (known["stage"] != posting.stage.value or posting.number not in (None, known["erp_number"]))
    )


def _problem(found: Row) -> Problem:
    if found.verdict is Verdict.MISSING:
        return Problem.of(
            "DELETED_IN_ERP",
            f"凭证 {found.erp_number} 已不在 ERP 中, 不会自动重发",
            f"{found.erp_number} is no longer in the ERP; it is not sent again by itself",
            hint_zh="误删: repost 以新引用号重新入账; 有意: cancel",
            hint_en="repost books it again, cancel gives it up",
        )
    if found.verdict is Verdict.EDITED:
        return Problem.of(
            "EDITED_IN_ERP",
            f"凭证 {found.erp_number} 在 ERP 中被修改: {found.changed.zh}",
            f"{found.erp_number} was edited in the ERP: {found.changed.en}",
            hint_zh="请核对后执行 resolve",
            hint_en="compare both, then resolve",
        )
    what = words.verdict(found.verdict).zh
    return Problem.of(
        found.verdict.value.upper() + "_IN_ERP" if found.verdict is not Verdict.DOUBLED else "DOUBLED",
        f"凭证 {found.erp_number} 与账本不一致 ({what}): ERP {found.theirs}, 账本 {found.ours}",
        f"{found.erp_number} differs ({found.verdict}): the ERP has {found.theirs}, the ledger {found.ours}",
        hint_zh="请核对后执行 resolve",
        hint_en="compare both, then resolve",
    )
