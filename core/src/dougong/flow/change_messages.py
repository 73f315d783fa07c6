"""What is said of a document that has changed after its voucher: what it waits for, what a person decides."""

from __future__ import annotations

from collections.abc import Sequence

from dougong.ledger.reversals import CORRECTIONS
from dougong.ledger.rows import DeliveryRow
from dougong.ledger.states import DeliveryState
from dougong.model import words
from dougong.model.problems import Problem, Text

__all__ = ["for_a_person", "waits_for"]


def waits_for(number: str, pending: Sequence[DeliveryRow], *, until: str = "done") -> Problem:
    """A document's new content waits for what becomes of what was booked.

    :param until: `done`, `booked` = returned money is in the books, or `known` = what becomes of them decides what is
        to be done.
    """
    names = " ".join(one.name for one in pending)
    return Problem.of(
        "WAITS_FOR",
        f"{number} 的新内容等待 {names} 完成 (红冲、删除、退票入账或结果确认)",
        f"the new content of {number} waits until {names} is done (reversed, deleted, booked or its outcome known)",
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
    told = [_said(one, number) for one in sent]
    names_zh, names_en = ", ".join(one.zh for one in told), ", ".join(one.en for one in told)
    command = _reverse(number, sent)
    again = ("", "") if taken_back else (", 其后按新内容入账", "; the new content is booked after that")
    red_zh, red_en = (f"{command} 红冲{again[0]}; ", f"`{command}`{again[1]}; ") if command else ("", "")
    return Problem.of(
        code,
        f"{number} 已送 ERP ({names_zh}), 之后{zh}",
        f"{number} was sent to the ERP already ({names_en}) and {en}",
        hint_zh=f"请人工核对后选择其一: {red_zh}在 ERP 中更正; 或在来源系统恢复原内容",
        hint_en=f"compare, then one of these: {red_en}correct it in the ERP; or restore the content in the source",
        deliveries=" ".join(one.name for one in sent),
    )


def _reverse(number: str, sent: Sequence[DeliveryRow]) -> str:
    """The command that takes back what was booked of a document, with what stands on it; empty where none can.

    A voucher's differences go with it by themselves; of a merged one only this document's part goes.
    """
    delivered = [one for one in sent if one.state is DeliveryState.DELIVERED and one.moment not in CORRECTIONS]
    if not delivered:
        return ""
    merged = any(number in one.numbers and len(one.numbers) > 1 for one in delivered)
    others = [other for one in delivered if number not in one.numbers for other in one.numbers]
    part = [f"--only {one}" for one in dict.fromkeys([number, *others])] if merged else []
    return " ".join(["dougong reverse", *(one.name for one in delivered), *part, "--reason …"])


def _said(one: DeliveryRow, number: str) -> Text:
    """A delivery; of other documents than the one that is spoken of, with their numbers."""
    whose = "" if number in one.numbers else f"{', '.join(one.numbers)} "
    zh = f"{one.name} {whose}{words.moment(one.moment).zh} ({words.state(one.state).zh})"
    return Text(zh, f"{one.name} {whose}{one.moment} ({one.state})")
