"""What people call states, stages and moments (contract.md §1, §5)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from dougong.cli.language import say
from dougong.model.problems import Text

__all__ = ["date_reason", "moment", "money", "percent", "stage", "state", "state_style", "verdict", "wait"]

_STATES: Mapping[str, Text] = {
    "accepted": Text("已接收", "accepted"),
    "open": Text("已生成", "open"),
    "not_due": Text("未到入账时点", "not due"),
    "stale": Text("过期内容", "stale"),
    "superseded": Text("已被替代", "superseded"),
    "withdrawn": Text("已撤回", "withdrawn"),
    "held": Text("挂起", "held"),
    "blocked": Text("等待前序", "blocked"),
    "ready": Text("待发送", "ready"),
    "sending": Text("发送中", "sending"),
    "waiting": Text("等待回执", "waiting"),
    "unknown": Text("结果未知", "unknown"),
    "incomplete": Text("未到目标状态", "incomplete"),
    "delivered": Text("已送达", "delivered"),
    "rejected": Text("被拒绝", "rejected"),
    "parked": Text("待人工处理", "parked"),
    "cancelled": Text("已取消", "cancelled"),
    "reversed": Text("已冲销", "reversed"),
}
_STAGES: Mapping[str, Text] = {
    "draft": Text("草稿", "draft"),
    "submitted": Text("已提交未审核", "submitted, not audited"),
    "audited": Text("已审核未记账", "audited, not posted"),
    "posted": Text("已记账", "posted"),
    "reversed": Text("已冲销", "reversed"),
    "void": Text("已作废", "void"),
}
_MOMENTS: Mapping[str, Text] = {
    "accrual": Text("入账", "accrual"),
    "payment": Text("付款", "payment"),
    "payment_returned": Text("退票", "payment returned"),
    "loan": Text("借款", "loan"),
    "repayment": Text("还款", "repayment"),
    "tax_confirmed": Text("勾选", "tax confirmed"),
    "red_invoice": Text("红票", "red invoice"),
    "provision": Text("预提", "provision"),
    "difference": Text("补差", "difference"),
    "reversal": Text("冲销", "reversal"),
}
_VERDICTS: Mapping[str, Text] = {
    "matched": Text("一致", "matched"),
    "missing": Text("ERP 中没有", "missing in the ERP"),
    "amount": Text("金额不同", "amount differs"),
    "currency": Text("币种不同", "currency differs"),
    "period": Text("期间不同", "period differs"),
    "stage": Text("状态倒退", "stage went back"),
    "doubled": Text("重复", "doubled"),
    "edited": Text("被改动", "edited"),
    "unknown_to_us": Text("账本中没有", "unknown to us"),
}
_DATE_REASONS: Mapping[str, Text] = {
    "closed_period": Text("期间已结账", "period closed"),
    "original_if_open": Text("原期间仍开放", "original period still open"),
    "not_before_original": Text("不早于原凭证", "not before the original voucher"),
    "sequence": Text("凭证须按日期顺序", "vouchers in order of their dates"),
    "prior_year": Text("跨年费用", "cost of a prior year"),
}
_STYLES: Mapping[str, str] = {
    **dict.fromkeys(("delivered", "matched"), "green"),
    **dict.fromkeys(("held", "blocked", "ready", "waiting", "incomplete", "stale", "stage", "period"), "yellow"),
    **dict.fromkeys(("rejected", "parked", "unknown", "missing", "amount", "doubled", "edited", "currency"), "red"),
}


def _word(table: Mapping[str, Text], name: str | None) -> str:
    if not name:
        return ""
    known = table.get(name)
    return say(known.zh, known.en) if known else name


def state(name: str | None) -> str:
    """A state in words."""
    return _word(_STATES, name)


def stage(name: str | None) -> str:
    """A stage in words that say what is still missing: 已提交未审核 is not 已记账."""
    return _word(_STAGES, name)


def moment(name: str | None) -> str:
    """A moment in words."""
    return _word(_MOMENTS, name)


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
    return _word(_VERDICTS, name)


def state_style(name: str) -> str:
    """Colour of a state or verdict; empty for none."""
    return _STYLES.get(name, "")


def money(amount: str | Decimal | None) -> str:
    """An amount with separators; empty for none."""
    return "" if amount in (None, "") else f"{Decimal(amount):,f}"


def percent(share: str | Decimal | None) -> str:
    """A rate or a share: `0.06` → `6%`; empty for none."""
    return "" if share in (None, "") else f"{(Decimal(share) * 100).normalize():f}%"
