"""Before a voucher is taken back the ERP is asked for it: a red voucher over nothing would be a wrong booking."""

from __future__ import annotations

from collections.abc import Sequence

from dougong.delivery import Link
from dougong.ledger import attempts, deliveries
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.store import Ledger
from dougong.model.messages import Wanted
from dougong.model.operations import Ambiguity
from dougong.model.outcomes import Absent, CannotTell, Found
from dougong.model.problems import Problem

__all__ = ["objections"]


def objections(ledger: Ledger, row: DeliveryRow, link: Link) -> tuple[Problem, ...]:
    """Why a reversal must not be sent: what it takes back is not in the ERP any more, or is not what was booked.

    Where the ERP cannot be searched (class E, or no `find`), what the ledger knows has to do.

    :param row: the reversal's delivery.
    """
    original = ledger.look(lambda tx: deliveries.by_id(tx, row.reverses_id or 0))
    wanted = ledger.look(lambda tx: attempts.last_wanted(tx, original.id))
    operation = link.door.operation(f"{row.target_type}.{row.verb}")
    if wanted is None or operation.safety.ambiguity is Ambiguity.E or not link.door.supports("find"):
        return ()
    answers = list(link.door.find([wanted], link.session(), link.call(operation)))
    return _judged(row, original, wanted, answers)


def _judged(
    row: DeliveryRow, original: DeliveryRow, wanted: Wanted, answers: Sequence[Found | Absent | CannotTell]
) -> tuple[Problem, ...]:
    unsure = [answer.reason for answer in answers if isinstance(answer, CannotTell)]
    found = [answer.posting for answer in answers if isinstance(answer, Found)]
    ours = [one for one in found if wanted.erp_key in (None, one.erp_key) and one.stage.stands]
    if not ours:
        return (_not_shown(row, original, unsure) if unsure else _deleted(row, original),)
    differing = wanted.facts.differences(ours[0])
    if not differing:
        return ()
    changes = wanted.facts.changes(ours[0])
    name = ours[0].number or ours[0].erp_key
    return (
        Problem.of(
            "EDITED_IN_ERP",
            f"{original.name} 的凭证 {name} 在 ERP 中被修改: {changes.zh}; 按原金额红冲会留下差额",
            f"{name} of {original.name} was edited in the ERP: {changes.en}; its red voucher would leave a difference",
            hint_zh=f"在 ERP 中恢复原样后 retry {row.name}; 或在 ERP 中手工更正后 cancel {row.name}",
            hint_en=f"restore it in the ERP, then retry {row.name}; or correct it there by hand and cancel {row.name}",
            differing=", ".join(differing),
        ),
    )


def _deleted(row: DeliveryRow, original: DeliveryRow) -> Problem:
    return Problem.of(
        "DELETED_IN_ERP",
        f"{original.name} 的凭证在 ERP 中已不存在或已被冲销, 不再红冲",
        f"what {original.name} booked is deleted or reversed in the ERP already: there is nothing to take back",
        hint_zh=f"cancel {row.name}; 需要按来源的新内容入账时再 repost {original.name}",
        hint_en=f"cancel {row.name}; then `repost {original.name}` where the source's new content is to be booked",
    )


def _not_shown(row: DeliveryRow, original: DeliveryRow, reasons: list[str]) -> Problem:
    told = "; ".join(reasons)
    return Problem.of(
        "ORIGINAL_NOT_SHOWN",
        f"ERP 此刻无法确认 {original.name} 的凭证是否仍在: {told}",
        f"the ERP cannot tell now whether what {original.name} booked is still there: {told}",
        hint_zh=f"稍后 retry {row.name}",
        hint_en=f"retry {row.name} later",
    )
