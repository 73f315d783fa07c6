"""A document's whole way, for people: what was claimed, what it was settled to, what was booked, who did what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dougong.cli import details, feeding, history, output, settled, words
from dougong.cli.language import say

__all__ = ["show"]

#: Longer lists of lines, invoices and amounts are cut; `--json` has all of it.
_MOST = 40

_View = Mapping[str, Any]


def show(revisions: Sequence[_View]) -> None:
    """Print every revision of one document, and each delivery once.

    :param revisions: oldest first, in the shape of `trace --json`.
    """
    for view in revisions:
        _head(view)
    newest = next((one for one in reversed(revisions) if one["state"] != "stale"), revisions[-1])
    _claimed(newest["content"])
    _events(newest["events"])
    settled.show(newest["settled"], _MOST)
    deliveries = {one["delivery"]: one for view in revisions for one in view["deliveries"]}
    for delivery in sorted(deliveries.values(), key=lambda one: int(one["delivery"][1:])):
        output.tell()
        details.voucher(delivery, most=_MOST)
    told = {row["id"]: row for view in revisions for row in view["feedback"]}
    _title(say("回写", "Told to the source"), bool(told))
    feeding.told(list(told.values()))
    entries = {
        entry["entry"]: _named(view, entry, len(revisions) > 1) for view in revisions for entry in view["history"]
    }
    _title(say("经过", "History"), bool(entries))
    history.show([entries[id_] for id_ in sorted(entries)])


def _named(view: _View, entry: _View, several: bool) -> _View:
    """An entry of one of several revisions says which."""
    if not several or entry["subject"] != view["document"]:
        return entry
    revision = say(f"第 {view['revision']} 版", f"revision {view['revision']}")
    return {**entry, "subject": f"{entry['subject']} {revision}"}


def _title(text: str, there: bool) -> None:
    if there:
        output.tell()
        output.tell(text)


def _head(view: _View) -> None:
    kind = words.document(view["type"])
    revision = say(f"第 {view['revision']} 版", f"revision {view['revision']}")
    place = f"{view['source']} {view['tenant']} {view['id']}"
    source = say(f"来源 {place}", f"from {place}")
    output.tell(f"{view['document']}  {kind}  {revision}  {source}")
    said = say("来源状态", "state in the source")
    output.tell(f"  {words.state(view['state'])} ({said}: {words.event(view['source_state'])})")
    for problem in view["problems"]:
        output.tell(f"  ✗ {problem['code']}: {problem['message']}")
        if problem["hint"]:
            output.tell(f"    → {problem['hint']}")


def _claimed(content: _View) -> None:
    """Who claims what, with the invoices."""
    person = " ".join(filter(None, (content.get("submitter_name"), content.get("submitter"))))
    facts = {
        say("公司", "entity"): content.get("entity"),
        say("提单人", "submitter"): person,
        say("部门", "department"): content.get("department"),
        say("事由", "reason"): content.get("reason"),
        say("币种", "currency"): content.get("currency"),
    }
    output.tell("  " + "  ".join(f"{name}: {value}" for name, value in facts.items() if value))
    _list(say("明细", "Lines"), content.get("lines") or (), _LINE)
    _list(say("发票", "Invoices"), content.get("invoices") or (), _INVOICE)
    _list(say("核销借款", "Loans cleared"), content.get("advances") or (), _ADVANCE)
    _list(say("收款人", "Payees"), content.get("payees") or (), _PAYEE)


def _list(title: str, rows: Sequence[_View], columns: Mapping[tuple[str, str], Callable[[_View], str]]) -> None:
    """A titled table; columns with nothing in them are left out."""
    cells = [[told(row) for told in columns.values()] for row in rows[:_MOST]]
    filled = [at for at in range(len(columns)) if any(row[at] for row in cells)]
    _title(title, bool(cells))
    if not cells:
        return
    names = [say(*pair) for pair in columns]
    made = output.table(*(names[at] for at in filled))
    for row in cells:
        made.add_row(*(row[at] for at in filled))
    output.console().print(made)
    output.more(len(rows) - len(cells))


def _money(name: str) -> Callable[[_View], str]:
    return lambda row: words.money(row.get(name))


def _text(name: str) -> Callable[[_View], str]:
    return lambda row: str(row.get(name) or "")


def _splits(row: _View) -> str:
    return ", ".join(
        " ".join(
            [
                *(str(one[name]) for name in ("entity", "department", "project") if one.get(name)),
                words.money(one["amount"]) if one.get("amount") else words.percent(one.get("share")),
            ]
        )
        for one in row.get("splits") or ()
    )


def _invoices(row: _View) -> str:
    return ", ".join(one["id"] for one in row.get("invoices") or ())


def _checked(row: _View) -> str:
    return {True: say("已验真", "verified"), False: say("未验真", "not verified")}.get(row.get("verified"), "")  # type: ignore[arg-type]


_LINE = {
    ("行", "line"): _text("id"),
    ("费用类型", "fee type"): _text("fee_type"),
    ("日期", "date"): _text("expense_date"),
    (">金额", ">amount"): _money("gross"),
    (">核定", ">approved"): _money("approved"),
    ("币种", "currency"): _text("currency"),
    ("发票", "invoices"): _invoices,
    ("分摊", "split"): _splits,
}
_INVOICE = {
    ("编号", "id"): _text("id"),
    ("发票号", "number"): _text("number"),
    ("种类", "kind"): _text("kind"),
    ("日期", "date"): _text("date"),
    ("购方", "buyer"): _text("buyer"),
    (">价税合计", ">gross"): _money("gross"),
    (">不含税", ">net"): _money("net"),
    (">税额", ">tax"): _money("tax"),
    (">税率", ">rate"): lambda row: words.percent(row.get("rate")),
    (">民航基金", ">airport fund"): _money("fund"),
    ("币种", "currency"): _text("currency"),
    ("验真", "checked"): _checked,
}
_SUM = {(">金额", ">amount"): _money("amount"), ("币种", "currency"): _text("currency")}
_ADVANCE = {("借款单", "loan"): _text("loan"), **_SUM}
_PAYEE = {("编码", "code"): _text("code"), **_SUM}


def _events(events: Sequence[_View]) -> None:
    """What the source said has happened, with the transfers; no bank account."""
    _title(say("来源事件", "Events of the source"), bool(events))
    for event in events:
        batch = say(f"批次 {event['batch']}", f"batch {event['batch']}") if event.get("batch") else ""
        reason = event.get("reason") or event.get("comment") or ""
        head = (event.get("on", ""), words.event(event["type"]), batch, reason)
        output.tell("  " + "  ".join(str(part) for part in head if part))
        for paid in event.get("payments") or ():
            told = (paid.get("payee"), _transfer(paid), paid.get("method"), paid.get("bank_reference"))
            output.tell("    " + "  ".join(str(part) for part in told if part))


def _transfer(paid: _View) -> str:
    fee = paid.get("fee")
    told = f"{words.money(paid.get('amount'))} {paid.get('currency') or ''}".strip()
    return told + (say(f" (手续费 {words.money(fee)})", f" (fee {words.money(fee)})") if fee else "")
