"""Which requests of an ERP do what: learned from the sandbox's log, so that nobody has to declare it twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from dougong.model.outcomes import Done
from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.rules import Violation

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench, Lab

__all__ = ["Requests", "observe"]


@attrs.frozen
class Requests:
    """Names of operations of a sandbox (`/_sandbox/requests`), each once, in the order of their calls.

    :param opening: the first push of a session makes them beside the others: logging in, looking at fields.
    :param creating: of a push in a session that is open. :param polling: of `poll`. :param searching: of `find`.
    :param stepping: of each call of `complete`, from the lowest stage upwards.

    .. versionadded:: 0.1
    """

    opening: tuple[str, ...]
    creating: tuple[str, ...]
    polling: tuple[str, ...]
    searching: tuple[str, ...]
    stepping: tuple[tuple[str, ...], ...]


def observe(lab: Lab) -> Requests:
    """Push one voucher by the hooks, find it and bring it to the top, and see what the ERP was asked.

    :raises Violation: that does not work.
    """
    with lab.other_erp() as erp:
        return _observed(lab, lab.bench(erp=erp))


def _observed(lab: Lab, bench: Bench) -> Requests:
    log = bench.sandbox
    seen = 0

    def news() -> tuple[str, ...]:
        nonlocal seen
        rows = log.requests()
        fresh, seen = rows[seen:], len(rows)
        return tuple(dict.fromkeys(row["operation"] for row in fresh))

    with direct(bench) as hooks:
        news()
        hooks.done(hooks.voucher(1))
        first = news()
        item = hooks.item(hooks.voucher(2))
        pushed = hooks.pushed([item], hooks.messages([item])[0])
        creating = news()
        (sent,) = hooks.answered(pushed)
        polling = news()
        if lab.subject.can("find"):
            hooks.find([sent.wanted()])
        searching = news()
    stepping: list[tuple[str, ...]] = []
    if lab.subject.can("complete"):
        posting = sent.posting
        for at, target in enumerate(lab.subject.creating.stages[1:]):
            credential = "auditor" if at == len(lab.subject.creating.stages) - 2 and at > 0 else "main"
            with direct(bench, credential=credential) as hooks:
                outcome = hooks.complete(posting, sent.facts, target)
                if not isinstance(outcome, Done):
                    raise Violation(f"complete to {target} answered {outcome}")
                posting = outcome.posting
            stepping.append(news())
    opening = tuple(name for name in first if name not in {*creating, *polling})
    return Requests(opening, creating, polling, searching, tuple(stepping))
