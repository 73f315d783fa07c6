"""Vouchers in our words, and a person's hand on them (interfaces.md §4)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from dougong_sdk.sandbox import Hand, Record, SandboxError
from dougong_sdk.sandbox.hand import exact

from .basedata import BaseData
from .vouchers import Vouchers

__all__ = ["KingdeeHand", "as_posting"]

#: A reference as a program writes it: capitals and digits, too long to be a word or a document number.
_KEY = re.compile(r"(?=[A-Z0-9]*[0-9])(?=[A-Z0-9]*[A-Z])[A-Z0-9]{16,}")
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


class KingdeeHand(Hand):
    """A person in Kingdee's client.

    :param vouchers: what the hand is laid on.
    """

    def __init__(self, vouchers: Vouchers) -> None:
        self._vouchers = vouchers
        self._data = vouchers.data

    def vouchers(self) -> Iterable[Record]:
        """Every voucher of the data centre."""
        return self._vouchers.all()

    def shown(self, voucher: Record) -> dict[str, Any]:
        """In our words."""
        return as_posting(voucher, self._data)

    def numbers(self, voucher: Record) -> Collection[Any]:
        """The number on the screen, or FBillNo."""
        return screen_number(voucher, self._data), voucher["bill_no"]

    def put(self, voucher: Record) -> None:
        """Without any rule."""
        self._vouchers.put(voucher)

    def remove(self, voucher: Record) -> None:
        """Without any rule."""
        self._vouchers.remove(voucher)

    def audited(self, voucher: Record, *, by_hand: bool) -> Record:
        """审核, 反审核."""
        return {**voucher, "status": "C" if by_hand else "D", "auditor": "hand" if by_hand else None}

    def renumbered(self, voucher: Record, number: int) -> Record:
        """整理断号."""
        return {**voucher, "group_no": number}

    def books(self) -> Collection[str]:
        """Numbers of the account books."""
        return self._data.items("book").keys()

    def set_period(self, book: str, period: str, *, is_open: bool) -> None:
        """结账, 反结账: with all before it, with all after it."""
        (self._data.open_period if is_open else self._data.close_period)(book, period)

    def edited(self, voucher: Record, wanted: dict[str, Any]) -> Record:
        """``set``: date, attachments, voucher_type, summary, reference, total, and lines by position."""
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
            changed["lines"] = _with_total(changed["lines"], exact(total))
        self._edit_lines(changed["lines"], wanted.pop("lines", []))
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
            changed["rate"] = exact(patch["rate"])
        if "amount" in patch:
            changed["amount_for"] = exact(patch["amount"])
        base = patch.get("base_amount", patch.get("amount") if Decimal(changed["rate"]) == 1 else None)
        side = patch.get("side", "D" if Decimal(line["debit"]) else "C")
        amount = exact(base) if base is not None else Decimal(line["debit"]) or Decimal(line["credit"])
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
