"""One voucher's whole way, recorded with the ERP or played from a recording: the hooks with no server at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dougong.flow import Project
from dougong.flow.working import refresh_master_data
from dougong.formats import json_text
from dougong.model.outcomes import Done
from dougong.model.postings import Posting
from dougong_sdk.conformance.direct import Direct
from dougong_sdk.conformance.rules import Violation, expect
from dougong_sdk.recording import Schema, record, replay

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Lab

__all__ = ["CAME", "play", "recorded"]

#: What came of it, beside the exchanges of a recording.
CAME = "came.json"
_SALT = "conformance-exchange"


def recorded(lab: Lab, folder: Path) -> list[dict[str, Any]]:
    """Make the exchange with the sandbox and keep it, without secrets and people.

    :param folder: must be empty or absent. :returns: what came of each step.
    """
    module = lab.entry.point.module.partition(".")[0] if lab.entry.point else ""
    bench = lab.bench()
    with record(folder, schema=Schema.shipped(module) if module else None), bench.project() as p:
        came = _whole_way(lab, p)
    (folder / CAME).write_text(json.dumps(came, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return came


def play(lab: Lab, folder: Path) -> None:
    """The same calls, answered by a recording.

    :raises Violation: something else came of them. :raises DougongError: other requests were made.
    """
    path = folder / CAME
    if not path.is_file():
        raise Violation(f"{folder} holds no {CAME}: record it with --record")
    wanted = json_text.loads(path.read_bytes())
    with replay(folder), Project(lab.project_without_erp()) as project:
        came = _whole_way(lab, project)
    differing = [
        f"{one['step']}: {other} instead of {one}" for one, other in zip(wanted, came, strict=False) if one != other
    ]
    expect(wanted == came, "; ".join(differing) or f"{len(came)} steps instead of {len(wanted)}")


def _whole_way(lab: Lab, project: Project) -> list[dict[str, Any]]:
    """Master data, push, find, every stage, the list of the period."""
    if problems := refresh_master_data(project, [lab.name], age_ms=0):
        raise Violation(f"its master data cannot be read: {problems[0].message.en}")
    with Direct(project, lab.name) as hooks:
        sent = hooks.done(hooks.voucher(1), _SALT)
        came = [_told("push", sent.posting)]
        if lab.subject.can("find"):
            came += [_told("find", getattr(answer, "posting", None)) for answer in hooks.find([sent.wanted()])]
        stages = lab.subject.creating.stages if lab.subject.can("complete") else ()
        posting = sent.posting
        for at, target in enumerate(stages[1:], 1):
            second = at > 1 and at == len(stages) - 1
            with Direct(project, lab.name, credential="auditor" if second else "main") as hand:
                outcome = hand.complete(posting, sent.facts, target)
            if not isinstance(outcome, Done):
                raise Violation(f"complete to {target} answered {outcome}")
            posting = outcome.posting
            came.append(_told(f"complete {target}", posting))
        if lab.subject.can("list_postings"):
            listed = hooks.door.list_postings(sent.item.booking.period, hooks.session, hooks.call())
            came += [_told("list", one) for one in listed]
    return came


def _told(step: str, posting: Posting | None) -> dict[str, Any]:
    if posting is None:
        return {"step": step, "posting": None}
    total = None if posting.total is None else format(posting.total, "f")
    return {
        "step": step,
        "id": posting.erp_key,
        "number": posting.number,
        "stage": posting.stage.value,
        "total": total,
        "lines": len(posting.lines),
    }
