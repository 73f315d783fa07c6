"""What is said of a document that has changed after its voucher: what it waits for, what a person decides."""

from __future__ import annotations

from collections.abc import Sequence

from dougong.ledger.rows import DeliveryRow
from dougong.model.problems import Problem

__all__ = ["for_a_person", "waits_for"]


def waits_for(number: str, pending: Sequence[DeliveryRow], *, until: str = "done") -> Problem:
    """A document's new content waits for what becomes of what was booked.

    :param until: `done`, or `known` = what becomes of them decides what is to be done.
    """
    names = " ".join(one.name for one in pending)
    return Problem.of(
        "WAITS_FOR",
        f"{number} 的新内容等待 {names} 完成 (红冲、删除或结果确认)",
        f"the new content of {number} waits until {names} is done (reversed, deleted or its outcome known)",
        hint_zh=f"自动继续; dougong show {names.split()[0]} 查看进度",
        hint_en=f"it goes on by itself; `dougong show {names.split()[0]}` tells how far it is",
        deliveries=names,
        until=until,
    )


def for_a_person(number: str, sent: Sequence[DeliveryRow], taken_back: bool) -> Problem:
    """A document has changed after its voucher, and no rule says what to do.

    :param sent: what was booked of it, and what stands on that.
    """
    code = "WITHDRAWN_AFTER_POSTING" if taken_back else "CHANGED_AFTER_POSTING"
    zh, en = ("已被撤回或退回", "was withdrawn or rejected") if taken_back else ("内容已变更", "has other content now")
    names = ", ".join(_said(one, number) for one in sent)
    together = " ".join(one.name for one in sent)
    return Problem.of(
        code,
        f"{number} 已送 ERP ({names}), 之后{zh}",
        f"{number} was sent to the ERP already ({names}) and {en}",
        hint_zh=f"请人工核对: reverse {together} 红冲, 在 ERP 中更正, 或在来源系统恢复原内容",
        hint_en=f"compare: `reverse {together}`, correct it in the ERP, or restore the content in the source",
        deliveries=names,
    )


def _said(one: DeliveryRow, number: str) -> str:
    """A delivery; of other documents than the one that is spoken of, with their numbers."""
    whose = "" if number in one.numbers else f"{', '.join(one.numbers)} "
    return f"{one.name} {whose}{one.moment} ({one.state})"
