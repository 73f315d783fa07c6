"""The way of a posting from stage to stage, one harmless step at a time: what every `complete` decides."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from dougong.model import words
from dougong.model.outcomes import Done, Rejected
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import Problem

__all__ = ["Steps", "gone"]


@attrs.frozen
class Steps:
    """An ERP's operations between stages.

    :param up: stage → operation that brings a posting one step up. :param down: … one step towards being gone (void).

    .. versionadded:: 0.1
    """

    up: Mapping[Stage, str]
    down: Mapping[Stage, str] = attrs.field(factory=dict)

    def next(self, now: Posting, target: Stage, facts: Facts) -> str | Done | Rejected:
        """The operation to ask for, or the outcome where there is nothing to ask.

        :param now: as the ERP shows it at this moment; what somebody has edited is left as it is.
        :param facts: what it must show.
        """
        if now.stage is target or now.stage.reaches(target) or facts.differences(now):
            return Done(now)
        step = (self.down if target is Stage.VOID else self.up).get(now.stage)
        return step or Rejected((_impossible(now, target),))


def gone(posting: Posting, target: Stage) -> Done | Rejected:
    """The outcome where the ERP has no such posting any more: that is what a void wants, and a surprise otherwise.

    .. versionadded:: 0.1
    """
    if target is Stage.VOID:
        return Done(attrs.evolve(posting, stage=Stage.VOID))
    name = posting.number or posting.erp_key
    problem = Problem.of(
        "DELETED_IN_ERP",
        f"凭证 {name} 已在 ERP 中被删除",
        f"voucher {name} was deleted in the ERP",
        hint_zh="由会计决定: resolve --absent 重新发送, 或 cancel",
        hint_en="an accountant decides: resolve --absent sends it again, cancel gives it up",
    )
    return Rejected((problem,))


def _impossible(now: Posting, target: Stage) -> Problem:
    return Problem.of(
        "STEP_IMPOSSIBLE",
        f"凭证 {now.number or now.erp_key} {words.stage(now.stage).zh}, 无法通过接口到达“{words.stage(target).zh}”",
        f"voucher {now.number or now.erp_key} is {now.stage}; {target} cannot be reached from there over the API",
        hint_zh="请在 ERP 中处理该凭证",
        hint_en="deal with this voucher in the ERP",
    )
