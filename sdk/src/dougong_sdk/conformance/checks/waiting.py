"""A push that the ERP has taken and not worked on yet: where rules about polling and callbacks begin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dougong_sdk.conformance.processes import KILLED
from dougong_sdk.conformance.rules import expect

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench, Lab
    from dougong_sdk.sandbox import RunningSandbox

__all__ = ["an_hour", "at_work", "taken", "waits"]


@contextmanager
def an_hour(lab: Lab) -> Iterator[RunningSandbox]:
    """An ERP whose jobs take an hour, unless somebody ends them."""
    with lab.other_erp(work_seconds="3600") as erp:
        yield erp


@contextmanager
def at_work(lab: Lab, count: int = 1) -> Iterator[Bench]:
    """A bench whose reports that ERP has taken."""
    with an_hour(lab) as erp:
        yield taken(lab, erp, count)


def taken(lab: Lab, erp: RunningSandbox, count: int = 1, first: int = 1) -> Bench:
    """A project whose process was killed as soon as it had written down that the ERP took its message."""
    bench = lab.bench(erp=erp)
    ended = bench.push(bench.reports(count, first=first), crash="outcome")
    expect(ended == KILLED, f"a push never passed the outcome: {bench.log[-500:]}")
    return bench


def waits(bench: Bench) -> bool:
    """Whether our side knows that the ERP is still at work on everything."""
    return {row["state"] for row in bench.deliveries()} == {"waiting"}
