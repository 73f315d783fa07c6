"""Before a voucher is taken back the ERP is asked for it: a red voucher over nothing would be a wrong booking."""

from __future__ import annotations

from collections.abc import Sequence

from dougong.delivery import Link, PutOff
from dougong.ledger import attempts, deliveries
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.store import Ledger
from dougong.model.messages import Wanted
from dougong.model.operations import Ambiguity
from dougong.model.outcomes import Absent, CannotTell, Found
from dougong.model.postings import Facts, Posting
from dougong.model.problems import DougongError, Problem

__all__ = ["objections"]


def objections(ledger: Ledger, row: DeliveryRow, link: Link) -> Problem | PutOff | None:
    """Why a reversal must not be sent: what it takes back is not in the ERP any more, or is not what was booked.

    While the ERP cannot tell, it is put off. Where the ERP cannot be searched (class E, or no `find`), what the ledger
    knows has to do.

    :param row: the reversal's delivery.
    """
    original = ledger.look(lambda tx: deliveries.by_id(tx, row.reverses_id or 0))
    wanted = ledger.look(lambda tx: attempts.last_wanted(tx, original.id))
    operation = link.door.operation(f"{row.target_type}.{row.verb}")
    if wanted is None or operation.safety.ambiguity is Ambiguity.E or not link.door.supports("find"):
        return None
    try:
        answers = list(link.door.find([wanted], link.session(), link.call(operation)))
    except DougongError as error:
        return PutOff((_not_shown(original, [problem.message.en for problem in error.problems]),))
    return _judged(row, original, wanted, answers)


def _judged(
    row: DeliveryRow, original: DeliveryRow, wanted: Wanted, answers: Sequence[Found | Absent | CannotTell]
) -> Problem | PutOff | None:
    unsure = [answer.reason for answer in answers if isinstance(answer, CannotTell)]
    found = [answer.posting for answer in answers if isinstance(answer, Found)]
    ours = [one for one in found if wanted.erp_key in (None, one.erp_key) and one.stage.stands]
    if not ours:
        return PutOff((_not_shown(original, unsure),)) if unsure else _deleted(row, original)
    return _edited(row, original, wanted.facts, ours[0]) if wanted.facts.differences(ours[0]) else None


def _edited(row: DeliveryRow, original: DeliveryRow, facts: Facts, posting: Posting) -> Problem:
    changes, name = facts.changes(posting), posting.number or posting.erp_key
    return Problem.of(
        "EDITED_IN_ERP",
        f"{original.name} 的凭证 {name} 在 ERP 中被修改: {changes.zh}; 按原金额红冲会留下差额",
        f"{name} of {original.name} was edited in the ERP: {changes.en}; its red voucher would leave a difference",
        hint_zh=f"在 ERP 中恢复原样后 retry {row.name}; 或在 ERP 中手工更正后 cancel {row.name}",
        hint_en=f"restore it in the ERP, then retry {row.name}; or correct it there by hand and cancel {row.name}",
        differing=", ".join(facts.differences(posting)),
    )


def _deleted(row: DeliveryRow, original: DeliveryRow) -> Problem:
    return Problem.of(
        "DELETED_IN_ERP",
        f"{original.name} 的凭证在 ERP 中已不存在或已被冲销, 不再红冲",
        f"what {original.name} booked is deleted or reversed in the ERP already: there is nothing to take back",
        hint_zh=f"cancel {row.name}; 需要按来源的新内容入账时再 repost {original.name}",
        hint_en=f"cancel {row.name}; then `repost {original.name}` where the source's new content is to be booked",
    )


def _not_shown(original: DeliveryRow, reasons: Sequence[str]) -> Problem:
    told = "; ".join(reasons)
    return Problem.of(
        "ORIGINAL_NOT_SHOWN",
        f"ERP 此刻无法确认 {original.name} 的凭证是否仍在, 稍后自动再查: {told}",
        f"the ERP cannot tell now whether what {original.name} booked is still there; it is asked again: {told}",
    )
