"""Vouchers in our words, and a person's hand on them (interfaces.md §4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from dougong_sdk.sandbox import Record, SandboxError

from .basedata import BaseData
from .vouchers import Vouchers

__all__ = ["Hand", "as_posting"]

#: A reference as a program writes it: capitals and digits, too long to be a word or a document number.
_KEY = re.compile(r"(?=[A-Z0-9]*[0-9])(?=[A-Z0-9]*[A-Z])[A-Z0-9]{16,}")
_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_STAGES = {"Z": "draft", "A": "draft", "D": "draft", "B": "submitted", "C": "audited"}


def as_posting(voucher: Record, data: BaseData) -> dict[str, Any]:
    """One voucher as ``/_sandbox/postings`` shows it: codes of the ERP, words of ours, exact amounts as text."""
    book = data.find("book", voucher["book"] or "")
    functional = data.currency_of(book.code) if book else data.first_currency()
    total = sum((Decimal(line["debit"]) for line in voucher["lines"]), Decimal(0))
    return {
        "id": str(voucher["id"]),
        "number": screen_number(voucher, data),
        "reference": _reference(voucher),
        "type": "voucher",
        "stage": "void" if voucher["invalid"] else _STAGES[voucher["status"]],
        "company": voucher["org"],
        "book": voucher["book"],
        "date": voucher["date"] or None,
        "period": f"{voucher['year']:04}-{voucher['period']:02}",
        "voucher_type": voucher["group"],
        "currency": functional,
        "total": _amount(total, functional, data),
        "attachments": voucher["attachments"],
        "reverses": None,
        "lines": [_line(line, functional, data) for line in voucher["lines"]],
    }


def _reference(voucher: Record) -> str | None:
    """The customer's own header field where it is filled, else what stands behind the first line's text.

    Kingdee has no field for an outside reference (kingdee.md §7): an integration keeps it as the last word of the text.
    """
    own = next((text for text in voucher["custom"].values() if text), None)
    if own is not None or not voucher["lines"]:
        return own
    words = str(voucher["lines"][0]["explanation"] or "").split()
    return words[-1] if words and _KEY.fullmatch(words[-1]) else None


def _line(line: Record, functional: str, data: BaseData) -> dict[str, Any]:
    debit = bool(Decimal(line["debit"]))
    return {
        "account": line["account"],
        "side": "D" if debit else "C",
        "amount": _amount(line["amount_for"], line["currency"] or functional, data),
        "currency": line["currency"],
        "base_amount": _amount(line["debit"] if debit else line["credit"], functional, data),
        "rate": f"{Decimal(line['rate']):f}",
        "summary": line["explanation"],
        "dimensions": {data.slots[slot]: code for slot, code in line["dims"].items()},
        "tax_code": None,
        "tax_rate": None,
        "tax_base": None,
        "clears": None,
        "cash_flow": None,
        "coordination": None,
    }


def _amount(amount: Any, currency: str, data: BaseData) -> str:
    exact, unit = Decimal(amount), data.unit(currency)
    return f"{exact.quantize(unit) if exact == exact.quantize(unit) else exact:f}"


def screen_number(voucher: Mapping[str, Any], data: BaseData) -> str | None:
    """What people see: group and number, e.g. 记-44 (kingdee.md §6.1)."""
    if not voucher["group_no"]:
        return None
    group = data.find("voucher_type", voucher["group"] or "")
    return f"{group.name if group else voucher['group']}-{voucher['group_no']}"


class Hand:
    """What a person does in Kingdee's own screens; no rule holds it back.

    :param vouchers: what the hand is laid on.
    """

    def __init__(self, vouchers: Vouchers) -> None:
        self._vouchers = vouchers
        self._data = vouchers.data
        self._actions: dict[str, Callable[[Record, Mapping[str, Any]], Record]] = {
            "delete": self._delete,
            "edit": self._edit,
            "audit": lambda voucher, _: {**voucher, "status": "C", "auditor": "hand"},
            "unaudit": lambda voucher, _: {**voucher, "status": "D", "auditor": None},
            "renumber": self._renumber,
        }

    def do(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one order; the posting, or the period, as it now is."""
        action = order.get("action")
        if action in ("close_period", "open_period"):
            return self._set_period(order, is_open=action == "open_period")
        if action not in self._actions:
            known = ", ".join([*self._actions, "close_period", "open_period"])
            raise SandboxError(f"没有 {action} 这个动作, 可用: {known}", f"no action {action}; known: {known}")
        voucher = self._find(order)
        changed = self._actions[action](voucher, order)
        if action != "delete":
            self._vouchers.put(changed)
        return as_posting(changed, self._data)

    def _find(self, order: Mapping[str, Any]) -> Record:
        found = list(self._matching(order))
        wanted = order.get("id") or order.get("number")
        if not found:
            raise SandboxError(f"没有凭证 {wanted}", f"no voucher {wanted}", status=404)
        if len(found) > 1:
            ids = ", ".join(str(voucher["id"]) for voucher in found)
            raise SandboxError(
                f"{wanted} 不唯一 ({ids}), 请给出 id 或 book 与 period",
                f"{wanted} is ambiguous ({ids}): give the id, or book and period",
                status=409,
            )
        return found[0]

    def _matching(self, order: Mapping[str, Any]) -> Iterable[Record]:
        if order.get("id"):
            voucher = self._vouchers.get(order["id"])
            return [voucher] if voucher else []
        return [
            voucher
            for voucher in self._vouchers.all()
            if order.get("number") in (screen_number(voucher, self._data), voucher["bill_no"])
            and order.get("book") in (None, voucher["book"])
            and order.get("period") in (None, f"{voucher['year']:04}-{voucher['period']:02}")
        ]

    def _set_period(self, order: Mapping[str, Any], *, is_open: bool) -> dict[str, Any]:
        period = str(order.get("period", ""))
        books = [order["book"]] if order.get("book") else list(self._data.items("book"))
        if not _PERIOD.fullmatch(period) or any(self._data.find("book", book) is None for book in books):
            raise SandboxError("需要 period (2026-11) 与存在的 book", "give period (2026-11) and an existing book")
        for book in books:
            (self._data.open_period if is_open else self._data.close_period)(book, period)
        return {"book": order.get("book"), "period": period, "open": is_open}

    def _delete(self, voucher: Record, order: Mapping[str, Any]) -> Record:
        self._vouchers.remove(voucher)
        return voucher

    def _renumber(self, voucher: Record, order: Mapping[str, Any]) -> Record:
        number = str(order.get("to", "")).rpartition("-")[2]
        if not (number.isascii() and number.isdigit()):
            raise SandboxError("to 应为凭证号, 例如 记-43", "to must be a voucher number such as 记-43")
        return {**voucher, "group_no": int(number)}

    def _edit(self, voucher: Record, order: Mapping[str, Any]) -> Record:
        """``set``: date, attachments, voucher_type, summary, reference, total, and lines by position."""
        wanted = dict(order.get("set") or {})
        changed = {**voucher, "lines": [dict(line) for line in voucher["lines"]]}
        for key, name in (("date", "date"), ("attachments", "attachments"), ("voucher_type", "group")):
            if key in wanted:
                changed[name] = wanted.pop(key)
        if "period" in wanted:
            year, _, month = str(wanted.pop("period")).partition("-")
            changed["year"], changed["period"] = int(year), int(month)
        if "reference" in wanted:
            field = next(iter(self._data.native.get("header_fields", [])), None)
            if field is None:
                raise SandboxError("没有自定义的引用字段", "no custom reference field is declared")
            changed["custom"] = {**voucher["custom"], field: str(wanted.pop("reference"))}
        if "summary" in wanted:
            summary = str(wanted.pop("summary"))
            changed["lines"] = [{**line, "explanation": summary} for line in changed["lines"]]
        total = wanted.pop("total", wanted.pop("amount", None))
        if total is not None:
            changed["lines"] = _with_total(changed["lines"], _decimal(total))
        lines = wanted.pop("lines", [])
        if wanted:
            raise SandboxError(f"不能修改 {sorted(wanted)}", f"cannot set {sorted(wanted)}")
        self._edit_lines(changed["lines"], lines)
        return changed

    def _edit_lines(self, lines: list[Record], wanted: Any) -> None:
        patches = enumerate(wanted) if isinstance(wanted, list) else ((int(k), v) for k, v in dict(wanted).items())
        for position, patch in patches:
            if position >= len(lines):
                raise SandboxError(f"没有第 {position} 行", f"there is no line {position} (they count from 0)")
            lines[position] = self._edit_line(lines[position], patch or {})

    def _edit_line(self, line: Record, patch: Mapping[str, Any]) -> Record:
        names = {"account": "account", "summary": "explanation", "currency": "currency"}
        known = {*names, "amount", "base_amount", "rate", "side", "dimensions"}
        if set(patch) - known:
            raise SandboxError(f"行上没有 {sorted(set(patch) - known)}", f"a line has no {sorted(set(patch) - known)}")
        changed = {**line, **{name: patch[key] for key, name in names.items() if key in patch}}
        if "rate" in patch:
            changed["rate"] = _decimal(patch["rate"])
        if "amount" in patch:
            changed["amount_for"] = _decimal(patch["amount"])
        base = patch.get("base_amount", patch.get("amount") if Decimal(changed["rate"]) == 1 else None)
        side = patch.get("side", "D" if Decimal(line["debit"]) else "C")
        amount = _decimal(base) if base is not None else Decimal(line["debit"]) or Decimal(line["credit"])
        changed["debit"], changed["credit"] = (amount, Decimal(0)) if side == "D" else (Decimal(0), amount)
        if "dimensions" in patch:
            slots = {self._data.slot_of[name]: code for name, code in patch["dimensions"].items() if code}
            changed["dims"] = slots
        return changed


def _with_total(lines: list[Record], total: Decimal) -> list[Record]:
    """The same voucher over another total: the difference goes to the first debit and the first credit line."""
    difference = total - sum((Decimal(line["debit"]) for line in lines), Decimal(0))
    changed = list(lines)
    for side in ("debit", "credit"):
        position = [bool(Decimal(line[side])) for line in changed].index(True)
        line = changed[position]
        base = Decimal(line[side]) + difference
        amount_for = base if Decimal(line["rate"]) == 1 else line["amount_for"]
        changed[position] = {**line, side: base, "amount_for": amount_for}
    return changed


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise SandboxError(f"{value} 不是数字", f"{value} is not a number") from None
