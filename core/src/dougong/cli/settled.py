"""Settled amounts for people: what each fact comes to, net, tax and cost, in both currencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dougong.cli import output, words
from dougong.cli.language import say

__all__ = ["show"]

_View = Mapping[str, Any]
_FACTS = {
    "slice": ("费用", "cost"),
    "tax": ("进项税额", "input tax"),
    "bearer": ("应收往来 (对方承担)", "owed by the bearer"),
    "payer": ("应付往来 (对方代付)", "owed to the payer"),
    "advance": ("核销借款", "loan cleared"),
    "channel": ("企业统付", "paid by the company"),
    "withholding": ("代扣", "withheld"),
    "payee": ("应付", "to be paid"),
    "due": ("员工应退", "to be given back"),
    "payment": ("付款", "payment"),
    "difference": ("差额", "difference"),
}
#: What tells one fact from another, in the order in which it is read.
_NAMES = ("fee_type", "invoice_kind", "kind", "loan", "counterpart", "code", "payee", "employee", "supplier")


def show(facts: Sequence[_View], most: int) -> None:
    """Print them as a table in functional currency.

    :param facts: of `flow.settled_views`. :param most: rows to be shown.
    """
    if not facts:
        return
    output.tell()
    output.tell(say("结算 (按现行规则与税率表)", "Settled, by the rules and tables as they are"))
    originals = any(fact.get("original") for fact in facts)
    made = output.table(
        say("公司", "entity"),
        say("项目", "fact"),
        say("内容", "of"),
        say(">价税合计", ">gross"),
        say(">不含税", ">net"),
        say(">税额", ">tax"),
        say(">入账金额", ">booked"),
        *([say(">原币 × 汇率", ">original × rate")] if originals else []),
    )
    for fact in facts[:most]:
        net = fact.get("base") if fact["fact"] == "tax" else None
        amounts = [fact.get("gross"), net, fact.get("tax"), _booked(fact)]
        original = [_original(fact)] if originals else []
        kind = say(*_FACTS[fact.get("role", fact["fact"])])
        made.add_row(fact["entity"], kind, _of(fact), *map(words.money, amounts), *original)
    output.console().print(made)
    output.more(len(facts) - len(facts[:most]))


def _booked(fact: _View) -> str | None:
    """What of a fact goes into the books."""
    found: str | None = fact.get("cost") or fact.get("amount") or fact.get("tax")
    return found


def _of(fact: _View) -> str:
    line = say(f"行 {fact['line']}", f"line {fact['line']}") if fact.get("line") else ""
    names = dict.fromkeys(str(fact[name]) for name in _NAMES if fact.get(name) and fact[name] not in _KINDS)
    place = [str(fact[name]) for name in ("department", "project") if fact.get(name)]
    rate = words.percent(fact.get("rate")) if fact["fact"] == "tax" else ""
    return " ".join(filter(None, (line, *names, rate, *fact.get("invoices", ()), *place)))


#: Kinds of parties and differences that the first column says already.
_KINDS = frozenset({"employee", "supplier"})


def _original(fact: _View) -> str:
    told = fact.get("original")
    if not told:
        return ""
    rate = f" × {told['rate']}" if told["rate"] else ""
    return f"{told['currency']} {words.money(told['amount'])}{rate}"
