"""From stage to stage by the hook, and where a voucher then stands by the ERP's own ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dougong.model.outcomes import AlreadyThere, Done, Outcome
from dougong.model.postings import Stage
from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.judge import stands
from dougong_sdk.conformance.rules import expect

if TYPE_CHECKING:
    from dougong.model.postings import Posting
    from dougong_sdk.conformance.direct import Sent
    from dougong_sdk.conformance.lab import Bench

__all__ = ["brought_to", "credential_for", "stage_in_erp", "step"]


def credential_for(stage: Stage) -> str:
    """Who brings a posting there: maker is not checker."""
    return "auditor" if stage.rank >= Stage.AUDITED.rank else "main"


def step(bench: Bench, sent: Sent, posting: Posting, target: Stage) -> Outcome:
    """One call of `complete`, by the user whom core would send."""
    with direct(bench, credential=credential_for(target)) as hooks:
        return hooks.complete(posting, sent.facts, target)


def brought_to(bench: Bench, stage: Stage) -> tuple[Sent, Posting]:
    """A voucher, brought up to a stage step by step. :raises Violation: a step is not done."""
    with direct(bench) as hooks:
        sent = hooks.done(hooks.voucher(1))
    posting = sent.posting
    for target in bench.lab.subject.creating.stages[1:]:
        if target.rank > stage.rank:
            break
        outcome = step(bench, sent, posting, target)
        expect(isinstance(outcome, (Done, AlreadyThere)), f"complete to {target} answered {outcome}")
        posting = outcome.posting if isinstance(outcome, (Done, AlreadyThere)) else posting
    return sent, posting


def stage_in_erp(bench: Bench, posting: Posting) -> Stage | None:
    """Where it stands by the ERP's own ledger; `None` = it is gone, or void."""
    there = [one for one in bench.sandbox.postings() if one["id"] == posting.erp_key and stands(one)]
    return Stage(there[0]["stage"]) if there else None
