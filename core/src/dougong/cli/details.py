"""One delivery or document in full, for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dougong.cli import feeding, output, words
from dougong.cli.language import say

__all__ = ["booking", "show", "tell_clock", "trace"]


def tell_clock() -> None:
    """Say that the business clock is set, where it is: dates are then not today's."""
    from dougong.clock import business_clock_set, business_now

    if business_clock_set():
        now = business_now().isoformat()
        output.note(say(f"业务时钟由 DOUGONG_NOW 设定: {now}", f"DOUGONG_NOW sets the business clock: {now}"))


def show(view: Mapping[str, Any]) -> None:
    """State, posting, voucher, attempts and history of one delivery."""
    stage = words.stage(view["stage"])
    output.tell(
        f"{view['delivery']}  {', '.join(view['documents'])}  {words.moment(view['moment'])}  "
        f"{view['connection']} {view['entity']}/{view['book']}"
    )
    output.tell(f"  {words.state(view['state'])}" + (f" · {stage}" if stage else ""))
    facts = {
        say("凭证号", "voucher"): view["erp_number"],
        say("ERP 内码", "ERP id"): view["erp_id"],
        say("引用号", "reference"): view["reference"],
        say("期间", "period"): view["period"],
        say("金额", "amount"): f"{words.money(view['total'])} {view['currency'] or ''}".strip(),
        say("等待", "waits for"): ", ".join(map(words.wait, view["waits_for"])),
    }
    for name, value in facts.items():
        if value:
            output.tell(f"  {name}: {value}")
    for problem in view["problems"]:
        output.tell(f"  ✗ {problem['code']}: {problem['message']}")
        if problem["hint"]:
            output.tell(f"    → {problem['hint']}")
    if view["booking"]:
        booking(view["booking"]["lines"])
    _attempts(view)
    _history(view)


def booking(lines: list[Mapping[str, Any]]) -> None:
    """The lines of a voucher as debit and credit, with the original amount of lines in another currency."""
    originals = [_original(line) for line in lines]
    columns = [
        say("科目", "account"),
        say("摘要", "text"),
        say("辅助核算", "dimensions"),
        say(">借方", ">debit"),
        say(">贷方", ">credit"),
    ]
    made = output.table(*columns, *([say(">原币 × 汇率", ">original × rate")] if any(originals) else []))
    for line, original in zip(lines, originals, strict=True):
        amount = words.money(line.get("base_amount") or line["amount"])
        sides = (amount, "") if line["side"] == "D" else ("", amount)
        made.add_row(
            line["account"],
            line.get("summary", ""),
            " ".join(f"{k}={v}" for k, v in line.get("dimensions", {}).items()),
            *sides,
            *([original] if any(originals) else []),
        )
    output.console().print(made)


def _original(line: Mapping[str, Any]) -> str:
    """`USD 100.00 × 7.1` of a line in another currency, of a plan or of a booking as it was frozen; else nothing."""
    told = line if line.get("rate") else line.get("original")
    return f"{told['currency']} {words.money(told['amount'])} × {told['rate']}" if told else ""


def _attempts(view: Mapping[str, Any]) -> None:
    for sent in view["sent"]:
        output.tell(
            say("  发送", "  attempt")
            + f" {sent['attempt']}: {sent['operation']} {sent['outcome']} × {sent['sends']}  "
            + f"{_when(sent['last_sent_at'])}  {sent['connector']}"
        )


def _history(view: Mapping[str, Any]) -> None:
    for entry in view["audit"]:
        rest = {name: value for name, value in entry.items() if name not in ("at", "actor", "event") and value}
        told = " ".join(f"{name}={value}" for name, value in rest.items())
        output.tell(f"  {_when(entry['at'])}  {entry['actor']:<10} {entry['event']:<16} {told}".rstrip())


def _when(instant: str | None) -> str:
    if instant is None:
        return "–"
    return dt.datetime.fromisoformat(instant).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def trace(view: Mapping[str, Any]) -> None:
    """A revision of a document with its events and deliveries."""
    revision = say(f"第 {view['revision']} 版", f"revision {view['revision']}")
    output.tell(f"{view['document']}  {view['source']} {view['tenant']} {view['type']} {view['id']}  {revision}")
    output.tell(f"  {words.state(view['state'])} ({say('来源状态', 'state in the source')}: {view['source_state']})")
    for problem in view["problems"]:
        output.tell(f"  ✗ {problem['code']}: {problem['message']}")
    for event in view["events"]:
        output.tell(f"  {say('事件', 'event')} {event['type']} {event.get('on', '')}")
    _history(view)
    for delivery in view["deliveries"]:
        output.tell()
        show(delivery)
    feeding.told(view["feedback"])
