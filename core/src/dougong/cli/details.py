"""One delivery or document in full, for people."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dougong.cli import history, output, words
from dougong.cli.language import say

__all__ = ["booking", "named", "show", "tell_clock", "voucher"]


def tell_clock() -> None:
    """Say that the business clock is set, where it is: dates are then not today's."""
    from dougong.clock import business_clock_set, business_now

    if business_clock_set():
        now = business_now().isoformat()
        output.note(say(f"业务时钟由 DOUGONG_NOW 设定: {now}", f"DOUGONG_NOW sets the business clock: {now}"))


def show(view: Mapping[str, Any]) -> None:
    """State, posting, voucher, attempts and history of one delivery."""
    voucher(view)
    output.tell()
    history.show(view["audit"])


def voucher(view: Mapping[str, Any], *, most: int | None = None) -> None:
    """State, posting, lines and attempts of one delivery.

    :param most: lines to be shown; `None` = all.
    """
    output.tell(
        f"{view['delivery']}  {', '.join(view['documents'])}  {words.moment(view['moment'])}  "
        f"{view['connection']} {view['entity']}/{view['book']}"
    )
    if view["merged_into"]:  # nothing of it was ever sent; the other one says everything
        into = view["merged_into"]
        output.tell(say(f"  已并入 {into}, 见该笔", f"  became part of {into}; see there"))
        return
    stage = words.stage(view["stage"])
    output.tell(f"  {words.state(view['state'])}" + (f" · {stage}" if stage else ""))
    for name, value in _facts(view).items():
        if value:
            output.tell(f"  {name}: {value}")
    for problem in view["problems"]:
        output.tell(f"  ✗ {problem['code']}: {problem['message']}")
        if problem["hint"]:
            output.tell(f"    → {problem['hint']}")
    if view["booking"]:
        lines = view["booking"]["lines"]
        booking(lines, most=most)
        output.more(len(lines) - len(lines[:most]))
        _members(view["booking"])
    _attempts(view)


def _facts(view: Mapping[str, Any]) -> dict[str, str | None]:
    """What is known of a delivery, by the name that people have for it."""
    booked = view["booking"] or {}
    of = "{delivered}/{of}".format(**view["set"]) if view["set"] else ""
    return {
        say("冲销", "takes back"): view["reverses"] and named(view["reverses"]),
        say("被冲销于", "taken back by"): "; ".join(map(named, view["reversed_by"])),
        say("成组", "set"): of and say(f"已送达 {of}", f"{of} delivered"),
        say("版本", "revision"): str(view["revision"]),
        say("凭证号", "voucher"): view["erp_number"],
        say("凭证日期", "date"): booked.get("posting_date"),
        say("日期原因", "why that date"): "; ".join(map(words.date_reason, booked.get("date_reasons") or ())),
        say("ERP 内码", "ERP id"): view["erp_id"],
        say("引用号", "reference"): view["reference"],
        say("期间", "period"): view["period"],
        say("金额", "amount"): f"{words.money(view['total'])} {view['currency'] or ''}".strip(),
        say("等待", "waits for"): ", ".join(map(words.wait, view["waits_for"])),
    }


def named(one: Mapping[str, Any]) -> str:
    """A delivery as another one speaks of it: `D4 记-1 (R1, R2)`."""
    return " ".join(filter(None, (one["delivery"], one["erp_number"], f"({', '.join(one['documents'])})")))


def _members(booked: Mapping[str, Any]) -> None:
    """How much of a merged voucher each document has."""
    for one in booked.get("members") or ():
        debits = sum((Decimal(line["amount"]) for line in one["lines"] if line["side"] == "D"), Decimal(0))
        told = f"{one['number']}: {words.money(debits)}"
        output.tell(say(f"  其中 {told}", f"  of which {told}"))


def booking(lines: list[Mapping[str, Any]], *, most: int | None = None) -> None:
    """The lines of a voucher as debit and credit and their totals; the original amount of lines in another currency.

    :param most: lines to be shown; `None` = all. The totals are those of all.
    """
    whole, lines = lines, lines[:most]
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
        amount = words.money(_base(line))
        sides = (amount, "") if line["side"] == "D" else ("", amount)
        made.add_row(
            line["account"],
            line.get("summary", ""),
            " ".join(f"{k}={v}" for k, v in line.get("dimensions", {}).items()),
            *sides,
            *([original] if any(originals) else []),
        )
    made.add_section()
    totals = (words.money(sum((_base(line) for line in whole if line["side"] == side), Decimal(0))) for side in "DC")
    made.add_row("", say("合计", "total"), "", *totals, style="bold")
    output.console().print(made)


def _base(line: Mapping[str, Any]) -> Decimal:
    """What a line moves in functional currency."""
    return Decimal(line.get("base_amount") or line["amount"])


def _original(line: Mapping[str, Any]) -> str:
    """`USD 100.00 × 7.1` of a line in another currency, of a plan or of a booking as it was frozen; else nothing."""
    told = line if line.get("rate") else line.get("original")
    return f"{told['currency']} {words.money(told['amount'])} × {told['rate']}" if told else ""


def _attempts(view: Mapping[str, Any]) -> None:
    for sent in view["sent"]:
        output.tell(
            say("  发送", "  attempt")
            + f" {sent['attempt']}: {sent['operation']} {sent['outcome']} × {sent['sends']}  "
            + f"{history.when(sent['last_sent_at'])}  {sent['connector']}"
        )
