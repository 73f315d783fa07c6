"""REVERSAL: what is taken back is taken back once, line by line, by the product's own way or by a red voucher."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong_sdk.conformance.judge import stands
from dougong_sdk.conformance.rules import Level, expect, rule

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench, Lab


@rule(
    "REVERSAL-001",
    Level.GOLD,
    title=(
        "红冲恰好一次, 逐行归零; 任一时刻被杀后也一样",
        "A reversal is booked once and clears line by line, also when it is killed on the way",
    ),
    why=(
        "红冲两次等于少记一笔; 少一行则留下余额",
        "twice taken back is a booking too few; a line that is missing leaves a balance",
    ),
    todo=(
        "与新增一样: 冻结的字节、同一参考号、可查询",
        "as for creating: frozen bytes, the same reference, found again",
    ),
    needs=lambda subject: subject.lacks_create(),
    cells=lambda _: ("quiet", "prepared", "answered", "outcome"),
)
def takes_back_once(lab: Lab, cell: str) -> None:
    """Delivered, reversed, killed there, run again, and asked for once more."""
    bench = lab.bench()
    bench.completes(bench.reports(1))
    (row,) = bench.deliveries()
    (original,) = bench.sandbox.postings()
    if cell == "quiet":
        bench.take_back(row["delivery"])
    else:
        bench.take_back(row["delivery"], crash=cell)
        bench.run()
    _cleared(bench, original)
    expect(bench.take_back_refused(row["delivery"]), "what is reversed can be reversed once more")
    bench.run()
    _cleared(bench, original)


def _cleared(bench: Bench, original: dict[str, Any]) -> None:
    """One red voucher beside the original one, or none where the product marks the original itself."""
    states = {one["delivery"]: one["state"] for one in bench.deliveries()}
    expect(
        sorted(states.values()) == ["delivered", "reversed"], f"deliveries after a reversal: {states}; {bench.why()}"
    )
    there = [one for one in bench.sandbox.postings() if stands(one)]
    red = [one for one in there if one["id"] != original["id"]]
    expect(len(red) == 1, f"{len(red)} red vouchers stand in the ERP: {[one['id'] for one in red]}")
    left: Counter[tuple[Any, ...]] = Counter()
    for posting in there:
        for line in posting["lines"]:
            sign = 1 if line["side"] == "D" else -1
            key = (line["account"], line["currency"], tuple(sorted(line["dimensions"].items())))
            left[key] += sign * Decimal(line["base_amount"])  # type: ignore[assignment]
    expect(not any(left.values()), f"original and red voucher together leave {dict(left)}")
    reverses = red[0]["reverses"]
    expect(
        reverses in (None, original["id"]), f"the red voucher says that it reverses {reverses}, not {original['id']}"
    )
