"""LIST: what `list_postings` and `list_balances` tell of a period is what the ERP's ledger holds, all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from dougong_sdk.conformance.checks.stepping import credential_for
from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.judge import total_of
from dougong_sdk.conformance.rules import Level, expect, rule

if TYPE_CHECKING:
    from dougong.model.postings import Posting
    from dougong_sdk.conformance.direct import Direct
    from dougong_sdk.conformance.lab import Bench, Lab
    from dougong_sdk.conformance.subject import Subject

_MANY_LINES = 8


def _lists(subject: Subject) -> str:
    return subject.lacks("list_postings")


def _listed(hooks: Direct, period: str) -> list[Posting]:
    return list(hooks.door.list_postings(period, hooks.session, hooks.call()))


def _theirs(posting: Mapping[str, Any]) -> dict[str, Any]:
    """What a posting of the plane says that a listed one has to say, too."""
    lines = Counter(
        (
            line["side"],
            Decimal(line["base_amount"]),
            line["account"],
            _frozen(line["dimensions"]),
            line["summary"] or "",
        )
        for line in posting["lines"]
    )
    names = ("number", "stage", "book", "period", "reference")
    return {**{name: posting[name] for name in names}, "total": total_of(posting), "lines": lines}


def _ours(posting: Posting) -> dict[str, Any]:
    lines = Counter(
        (line.side, line.amount, line.account, _frozen(line.dimensions), line.summary) for line in posting.lines
    )
    names = ("number", "book", "period", "reference", "total")
    return {**{name: getattr(posting, name) for name in names}, "stage": posting.stage.value, "lines": lines}


def _frozen(dimensions: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(dimensions.items()))


def _same(listed: Iterable[Posting], held: Iterable[Mapping[str, Any]]) -> None:
    """:raises Violation: one side has what the other lacks, or says otherwise."""
    ours, theirs = list(listed), {one["id"]: one for one in held}
    keys = [one.erp_key for one in ours]
    expect(len(set(keys)) == len(keys), f"listed more than once: {[key for key, n in Counter(keys).items() if n > 1]}")
    expect(set(keys) == set(theirs), f"listed {sorted(keys)}, the ERP holds {sorted(theirs)}")
    for one in ours:
        mine, other = _ours(one), _theirs(theirs[one.erp_key])
        differing = {name: (mine[name], other[name]) for name in other if mine[name] != other[name]}
        expect(not differing, f"{one.erp_key} is listed otherwise than it is held: {differing}")


def _fill(bench: Bench) -> str:
    """Vouchers at every stage, one of many lines, one deleted, one of another period; returns the period."""
    stages = bench.lab.subject.creating.stages
    with direct(bench) as hooks:
        sent = [hooks.done(hooks.voucher(number)) for number in range(1, len(stages) + 2)]
        sent.append(hooks.done(hooks.voucher_of(*(Decimal(n) for n in range(1, _MANY_LINES)), number=9)))
        base = hooks.voucher(8)
        day = base.posting_date.replace(month=base.posting_date.month - 1)
        hooks.done(attrs.evolve(base, posting_date=day, business_date=day, period=f"{day:%Y-%m}"))
    if bench.lab.subject.can("complete"):
        for at, target in enumerate(stages[1:], 1):
            with direct(bench, credential=credential_for(target)) as hooks:
                for one in sent[at : len(stages)]:
                    hooks.complete(one.posting, one.facts, target)
    bench.sandbox.hand("delete", id=sent[len(stages)].posting.erp_key)
    return base.period


@rule(
    "LIST-001",
    Level.GOLD,
    title=(
        "列出一个期间的全部凭证: 所有页、所有阶段, 分录与辅助核算与 ERP 一致",
        "A period is listed whole: every page and stage, lines and dimensions as the ERP holds them",
    ),
    why=(
        "少列一张, 对账就把它当作被删除; 多列一张, 就当作不是我们的",
        "what is not listed passes for deleted by a person; what is listed too much for somebody else's",
    ),
    todo=("翻完所有页; 不按阶段过滤; 返回辅助核算", "read every page, filter by no stage, answer the dimensions"),
    needs=_lists,
)
def lists_everything(lab: Lab, cell: str) -> None:
    """Twice, over small pages; what was deleted and what belongs to another period is not among them."""
    with lab.small_pages() as erp:
        bench = lab.bench(erp=erp)
        period = _fill(bench)
        held = [one for one in erp.postings() if one["period"] == period]
        with direct(bench) as hooks:
            first, second = _listed(hooks, period), _listed(hooks, period)
    _same(first, held)
    expect(
        sorted(map(repr, first)) == sorted(map(repr, second)), "two lists in a row differ, and nothing happened between"
    )


@rule(
    "LIST-002",
    Level.GOLD,
    title=("科目发生额与 ERP 的凭证之和一致", "Balances are the sums of the ERP's own vouchers"),
    why=(
        "按科目对账时, 错的余额让人去找不存在的差额",
        "a wrong balance sends people after a difference that is not there",
    ),
    todo=(
        "按期间、账簿、末级科目返回借贷发生额, 含未过账",
        "answer debits and credits by period, book and detail account, posted or not",
    ),
    needs=lambda subject: subject.lacks("list_balances"),
)
def lists_balances(lab: Lab, cell: str) -> None:
    """By book and account, dimensions added up."""
    bench = lab.bench()
    period = _fill(bench)
    with direct(bench) as hooks:
        rows = list(hooks.door.list_balances(period, hooks.session, hooks.call()))
    theirs: Counter[tuple[str, str, str]] = Counter()
    for posting in bench.sandbox.postings():
        for line in posting["lines"] if posting["period"] == period else ():
            theirs[posting["book"], line["account"], line["side"]] += Decimal(line["base_amount"])  # type: ignore[assignment]
    ours: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        for side, name in (("D", "debit"), ("C", "credit")):
            ours[row["book"], row["account"], side] += Decimal(row[name])  # type: ignore[assignment]
    differing = {key: (ours[key], theirs[key]) for key in {*ours, *theirs} if ours[key] != theirs[key]}
    expect(not differing, f"balance and sum of the vouchers differ: {differing}")
