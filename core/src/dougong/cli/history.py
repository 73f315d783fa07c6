"""Who did what, when and why: the audit in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from dougong.cli import output, words
from dougong.cli.language import say
from dougong.model.problems import Text

__all__ = ["show", "when"]

_EVENTS: Mapping[str, Text] = {
    "absent": Text("确认 ERP 中没有", "not in the ERP"),
    "accepted": Text("接收", "accepted"),
    "alone": Text("单独成证", "a voucher of its own"),
    "answered": Text("ERP 已答复", "answered"),
    "blocked": Text("等待前序", "blocked"),
    "cancel": Text("放弃", "cancelled"),
    "completed": Text("到达目标状态", "completed"),
    "confirmed": Text("ERP 回执", "confirmed"),
    "created": Text("生成送达", "created"),
    "deleted": Text("ERP 中已删除", "deleted"),
    "dissolved": Text("合并拆开", "dissolved"),
    "events": Text("新事件", "new events"),
    "found": Text("在 ERP 中查到", "found"),
    "freed": Text("放行", "freed"),
    "held": Text("挂起", "held"),
    "inputs_changed": Text("规则或表已变更", "rules changed"),
    "lease_ended": Text("进程中断", "process ended"),
    "left_behind": Text("进程中断", "left behind"),
    "loan_known": Text("借款已到", "loan known"),
    "merged": Text("并入合并凭证", "merged"),
    "moment_opened": Text("前序已生成", "moment opened"),
    "not_done": Text("未办理", "not done"),
    "opened": Text("生成凭证", "opened"),
    "parked": Text("转人工", "parked"),
    "period_closed": Text("期间已结账", "period closed"),
    "prepared": Text("定稿发送", "prepared"),
    "put_off": Text("稍后再发", "put off"),
    "read_again": Text("重新读取", "read again"),
    "reconciled": Text("对账", "reconciled"),
    "refreshed": Text("按 ERP 更新", "refreshed"),
    "rejected": Text("被 ERP 拒绝", "rejected"),
    "repost": Text("重新入账", "repost"),
    "resent": Text("再次发送", "resent"),
    "resolved_absent": Text("认定未入账", "resolved: absent"),
    "resolved_delivered": Text("认定已入账", "resolved: delivered"),
    "retry": Text("重试", "retry"),
    "reverse": Text("要求冲销", "reversal wanted"),
    "reversed": Text("已冲销", "reversed"),
    "stale": Text("过期内容", "stale"),
    "step_pending": Text("步骤处理中", "step pending"),
    "step_refused": Text("步骤被拒绝", "step refused"),
    "superseded": Text("被替代", "superseded"),
    "taken": Text("开始发送", "taken"),
    "taken_back": Text("撤回", "taken back"),
    "told_again": Text("再次告知", "told again"),
    "unknown": Text("结果未知", "unknown"),
    "unusable": Text("无法使用", "unusable"),
    "void": Text("删除草稿", "void"),
    "voided": Text("草稿已删除", "voided"),
    "waits_no_more": Text("不再等待", "waits no more"),
}
#: Told by the columns, or for machines only: `--json` has them.
_SILENT = frozenset(
    {"entry", "at", "actor", "event", "subject", "number", "state", "from", "to"}
    | {"group", "fingerprint", "body_hash", "searched"}
)


def show(entries: Iterable[Mapping[str, Any]]) -> None:
    """One line for each entry: when, who, to which document or delivery, what, and the reason."""
    rows = list(entries)
    several = any("subject" in entry for entry in rows)
    made = output.table(
        say("时间", "when"),
        say("何人", "who"),
        *([say("对象", "what of")] if several else []),
        say("经过", "event"),
        say("状态", "state"),
        say("说明", "details"),
    )
    for entry in rows:
        told = [_detail(name, value) for name, value in entry.items() if name not in _SILENT and value]
        what = [entry.get("subject", "")] if several else []
        made.add_row(when(entry["at"]), _actor(entry["actor"]), *what, _event(entry), _states(entry), " ".join(told))
    output.console().print(made)


def when(instant: str | None) -> str:
    """An instant of the ledger in the zone of this machine; a dash for none."""
    if instant is None:
        return "–"
    return dt.datetime.fromisoformat(instant).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _actor(name: str) -> str:
    return say("系统", "system") if name == "system" else name


def _event(entry: Mapping[str, Any]) -> str:
    known = _EVENTS.get(entry["event"])
    return say(known.zh, known.en) if known else str(entry["event"])


def _states(entry: Mapping[str, Any]) -> str:
    before, after = entry.get("from"), entry.get("to", entry.get("state"))
    if before in (None, after):
        return words.state(after)
    return f"{words.state(before)} → {words.state(after)}"


def _detail(name: str, value: Any) -> str:
    """One fact of an entry, with the name that people have for it."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    names = {
        "reason": ("原因", "reason"),
        "revision": ("版本", "revision"),
        "by": ("由", "by"),
        "documents": ("单据", "documents"),
        "without": ("不含", "without"),
        "problems": ("问题", "problems"),
        "erp_number": ("凭证号", "voucher"),
        "erp_id": ("ERP 内码", "ERP id"),
        "stage": ("ERP 状态", "ERP stage"),
        "attempt": ("发送", "attempt"),
        "reference": ("引用号", "reference"),
        "new": ("条数", "count"),
        "said": ("来源状态", "state in the source"),
        "waits_for": ("等待", "waits for"),
        "period": ("期间", "period"),
        "verdict": ("对账结果", "verdict"),
    }
    zh, en = names.get(name, (name, name))
    if name == "stage":
        text = words.stage(text)
    elif name == "waits_for":
        text = ", ".join(map(words.wait, value)) if isinstance(value, list) else text
    elif name == "verdict":
        text = words.verdict(text)
    return f"{say(zh, en)}: {text}"
