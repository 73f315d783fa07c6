"""What `reconcile` says document by document: objects, a table of what differs, the next step of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong.cli import output, places, words
from dougong.cli.language import say
from dougong.model.money import plain
from dougong.model.problems import Text

if TYPE_CHECKING:
    from dougong.reconcile import Row

__all__ = ["COLUMNS", "show", "view"]

#: Of a file.
COLUMNS = ("connection", "period", "book", "document", "delivery", "erp_number")
#: Lists up to this length show what agrees, too.
_SHORT = 20

_ACTIONS: Mapping[str, Text] = {
    "matched": Text("", ""),
    "missing": Text(
        "ERP 中没有此凭证: 查明是否被删除, 再 resolve 或 cancel",
        "not in the ERP: find out who deleted it, then resolve or cancel",
    ),
    "amount": Text("金额不一致: 核对后在 ERP 中更正, 或 resolve", "amounts differ: correct it in the ERP, or resolve"),
    "currency": Text("币种不一致: 在 ERP 中更正", "currencies differ: correct it in the ERP"),
    "period": Text("期间不一致: 核对过账日期", "periods differ: look at the posting date"),
    "stage": Text("凭证被反审核或撤回: 在 ERP 中重新提交", "it went back a stage: submit it again in the ERP"),
    "doubled": Text("ERP 中有多张: 在 ERP 中删除多余的", "several in the ERP: delete the surplus ones there"),
    "edited": Text("凭证被改动: 在 ERP 中改回, 或 resolve", "it was edited: restore it in the ERP, or resolve"),
    "unknown_to_us": Text(
        "带有我方引用号而账本不认识: 是否换过账本?",
        "carries our reference but is not in this ledger: was the ledger replaced?",
    ),
}
_UNSENT: Mapping[str, Text] = {
    "held": Text("尚未发送 (挂起): dougong show {0}", "not sent yet (held): dougong show {0}"),
    "blocked": Text("尚未发送 (等待前序): dougong show {0}", "not sent yet (blocked): dougong show {0}"),
    "ready": Text("尚未发送: dougong run", "not sent yet: dougong run"),
    "rejected": Text("ERP 拒绝: 更正后 retry {0}", "the ERP refused it: correct it, then retry {0}"),
    "parked": Text("待人工处理: dougong show {0}", "a person decides: dougong show {0}"),
}


def view(connection: str, row: Row) -> dict[str, Any]:
    """The object of `reconcile --json` (interfaces.md §1)."""
    return {
        "kind": "document",
        "connection": connection,
        "period": row.period,
        "book": row.book,
        "account": None,
        "dimensions": None,
        "document": row.document,
        "delivery": row.delivery,
        "erp_number": row.erp_number,
        "ours": _amount(row.ours),
        "theirs": _amount(row.theirs),
        "difference": _amount(row.difference),
        "in_transit": _amount(row.in_transit),
        "not_ours": _amount(row.not_ours),
        "verdict": row.verdict.value,
        "action": _action(row),
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)


def _action(row: Row) -> str:
    text = _UNSENT.get(row.detail) if row.verdict == "missing" else None
    text = text or _ACTIONS[row.verdict.value]
    changed = say(row.changed.zh, row.changed.en)
    return say(text.zh, text.en).format(row.delivery) + (f" ({changed})" if changed else "")


def show(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a table of what differs (of everything when that is short) and a count."""
    differing = [row for row in rows if row["verdict"] != "matched"]
    where = places.columns(rows)
    made = output.table(
        say("期间", "period"),
        *where.values(),
        say("单据", "document"),
        say("凭证号", "voucher"),
        say(">账本", ">ours"),
        say(">ERP", ">theirs"),
        say(">差异", ">difference"),
        say("结论", "verdict"),
    )
    for row in rows if len(rows) <= _SHORT else differing:
        made.add_row(*_cells(row, where), style=words.state_style(row["verdict"]))
    if made.row_count:
        output.console().print(made)
    for row in differing:
        output.tell(f"  {row['document']}: {row['action']}")
    matched = len(rows) - len(differing)
    output.tell(say(f"一致 {matched} · 有差异 {len(differing)}", f"{matched} matched · {len(differing)} to look at"))


def _cells(row: Mapping[str, Any], where: Mapping[str, str]) -> list[str]:
    named = [row["period"] or "", *places.cells(row, where), row["document"], words.number(row["erp_number"])]
    return [
        *named,
        *(words.money(row[name]) for name in ("ours", "theirs", "difference")),
        words.verdict(row["verdict"]),
    ]
