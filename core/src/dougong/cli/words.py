"""What people call states, stages and moments (contract.md §1, §5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from dougong.cli.language import say
from dougong.model import words
from dougong.model.problems import Text

__all__ = [
    "date_reason",
    "document",
    "event",
    "moment",
    "money",
    "number",
    "percent",
    "stage",
    "state",
    "state_style",
    "verdict",
    "wait",
]

_DATE_REASONS: Mapping[str, Text] = {
    "closed_period": Text("期间已结账", "period closed"),
    "original_if_open": Text("原期间仍开放", "original period still open"),
    "not_before_original": Text("不早于原凭证", "not before the original voucher"),
    "sequence": Text("凭证须按日期顺序", "vouchers in order of their dates"),
    "prior_year": Text("跨年费用", "cost of a prior year"),
}
#: Characters of a number in a table.
_NUMBER = 24
_STYLES: Mapping[str, str] = {
    **dict.fromkeys(("delivered", "matched"), "green"),
    **dict.fromkeys(("held", "blocked", "ready", "waiting", "incomplete", "stale", "stage", "period"), "yellow"),
    **dict.fromkeys(("rejected", "parked", "unknown", "missing", "amount", "doubled", "edited", "currency"), "red"),
}


def _said(word: Callable[[str], Text], name: str | None) -> str:
    known = word(name or "")
    return say(known.zh, known.en)


def state(name: str | None) -> str:
    """A state in words."""
    return _said(words.state, name)


def stage(name: str | None) -> str:
    """A stage in words that say what is still missing: 已提交未审核 is not 已记账."""
    return _said(words.stage, name)


def moment(name: str | None) -> str:
    """A moment in words."""
    return _said(words.moment, name)


def document(type: str | None) -> str:
    """A type of documents in words."""
    return _said(words.document, type)


def event(type: str | None) -> str:
    """An event, or a state in the source, in words."""
    return _said(words.event, type)


def wait(name: str) -> str:
    """What a delivery waits for, in words: `loan J26100007`."""
    kind, blank, rest = name.partition(" ")
    if kind == "batch":
        return say(f"同一付款批次的 {rest}", f"{rest} of the same payment batch")
    if kind == "void":
        return say(f"删除 {rest}", f"the deletion of {rest}")
    return moment(kind) + blank + rest


def date_reason(text: str) -> str:
    """Why a voucher's date was moved, or what became of another year's cost: `closed_period 2026-11 → 2026-12-01`."""
    name, blank, rest = text.partition(" ")
    known = _DATE_REASONS.get(name)
    told = f"{say(known.zh, known.en) if known else name}{blank}{rest}"
    return told.removesuffix("current") + say("本年费用", "this year's cost") if rest.endswith(" current") else told


def verdict(name: str) -> str:
    """What a comparison says, in words."""
    return _said(words.verdict, name)


def state_style(name: str) -> str:
    """Colour of a state or verdict; empty for none."""
    return _STYLES.get(name, "")


def number(text: str | None) -> str:
    """A voucher's number as it fits into a table: some ERPs say much in it. `show` and `--json` have all of it."""
    full = text or ""
    return full if len(full) <= _NUMBER else f"{full[: _NUMBER - 1].rstrip()}…"


def money(amount: str | Decimal | None) -> str:
    """An amount with separators; empty for none."""
    return "" if amount in (None, "") else f"{Decimal(amount):,f}"


def percent(share: str | Decimal | None) -> str:
    """A rate or a share: `0.06` → `6%`; empty for none."""
    return "" if share in (None, "") else f"{(Decimal(share) * 100).normalize():f}%"
