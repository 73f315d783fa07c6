"""What a person does in an ERP's own screens (``POST /_sandbox/hand``, interfaces.md §4); no rule holds a hand back."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import SandboxError
from .store import Record

__all__ = ["Hand", "exact"]

_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_OF_PERIODS = ("close_period", "open_period")


class Hand(ABC):
    """Finds the voucher that is meant and changes it; how a voucher looks inside is the subclass's.

    .. versionadded:: 0.1
    """

    @abstractmethod
    def vouchers(self) -> Iterable[Record]:
        """Every voucher that is not deleted."""

    @abstractmethod
    def shown(self, voucher: Record) -> dict[str, Any]:
        """It as ``/_sandbox/postings`` shows it."""

    @abstractmethod
    def put(self, voucher: Record) -> None:
        """Write it down as it is."""

    @abstractmethod
    def remove(self, voucher: Record) -> None:
        """Delete it."""

    @abstractmethod
    def audited(self, voucher: Record, *, by_hand: bool) -> Record:
        """It, audited by a person, or sent back by one."""

    @abstractmethod
    def renumbered(self, voucher: Record, number: int) -> Record:
        """It under another number of its series."""

    @abstractmethod
    def edited(self, voucher: Record, wanted: dict[str, Any]) -> Record:
        """It with what ``set`` says; whatever is left in ``wanted`` is refused as unknown."""

    @abstractmethod
    def books(self) -> Collection[str]:
        """Codes of the account books."""

    @abstractmethod
    def set_period(self, book: str, period: str, *, is_open: bool) -> None:
        """Close or open a period."""

    def numbers(self, voucher: Record) -> Collection[Any]:
        """What people may call it."""
        return (self.shown(voucher)["number"],)

    def do(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one order.

        :returns: the posting, or the period, as it now is.
        :raises SandboxError: for an unknown action, voucher or member.
        """
        action = order.get("action")
        if action in _OF_PERIODS:
            return self._period(order, is_open=action == "open_period")
        actions: dict[Any, Callable[[Record, Mapping[str, Any]], Record]] = {
            "delete": self._delete,
            "edit": self._edit,
            "audit": lambda voucher, _: self.audited(voucher, by_hand=True),
            "unaudit": lambda voucher, _: self.audited(voucher, by_hand=False),
            "renumber": self._renumber,
        }
        if action not in actions:
            known = ", ".join([*actions, *_OF_PERIODS])
            raise SandboxError(f"没有 {action} 这个动作, 可用: {known}", f"no action {action}; known: {known}")
        changed = actions[action](self._find(order), order)
        if action != "delete":
            self.put(changed)
        return self.shown(changed)

    def _find(self, order: Mapping[str, Any]) -> Record:
        found = [voucher for voucher in self.vouchers() if self._is_meant(voucher, order)]
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

    def _is_meant(self, voucher: Record, order: Mapping[str, Any]) -> bool:
        if order.get("id"):
            return str(voucher["id"]) == str(order["id"])
        shown = self.shown(voucher)
        return order.get("number") in self.numbers(voucher) and all(
            order.get(name) in (None, shown[name]) for name in ("book", "period")
        )

    def _period(self, order: Mapping[str, Any], *, is_open: bool) -> dict[str, Any]:
        period, known = str(order.get("period", "")), self.books()
        books = [order["book"]] if order.get("book") else list(known)
        if not _PERIOD.fullmatch(period) or not set(books) <= set(known):
            raise SandboxError("需要 period (2026-11) 与存在的 book", "give period (2026-11) and an existing book")
        for book in books:
            self.set_period(book, period, is_open=is_open)
        return {"book": order.get("book"), "period": period, "open": is_open}

    def _delete(self, voucher: Record, order: Mapping[str, Any]) -> Record:
        self.remove(voucher)
        return voucher

    def _renumber(self, voucher: Record, order: Mapping[str, Any]) -> Record:
        number = str(order.get("to", "")).rpartition("-")[2]
        if not (number.isascii() and number.isdigit()):
            raise SandboxError("to 应为凭证号, 例如 记-43", "to must be a voucher number such as 记-43")
        return self.renumbered(voucher, int(number))

    def _edit(self, voucher: Record, order: Mapping[str, Any]) -> Record:
        wanted = dict(order.get("set") or {})
        changed = self.edited(voucher, wanted)
        if wanted:
            raise SandboxError(f"不能修改 {sorted(wanted)}", f"cannot set {sorted(wanted)}")
        return changed


def exact(value: Any) -> Decimal:
    """An amount of an order.

    :raises SandboxError: it is no number.
    """
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise SandboxError(f"{value} 不是数字", f"{value} is not a number") from None
