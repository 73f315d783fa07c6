"""Vouchers in the notation of the acceptance scenarios: one head, then lines as a set.

    V3.1 A01 2026-11-02 付 loan
    D 1221.01    5000.00 employee=E004 opens=J26110003
    C 1002.01    5000.00 bank=ICBC-01 cash_flow=CF07

Book, date, voucher type and moment, and of a line side, account, amount, dimensions and `original` have to be equal;
what else stands there as `name=value` has to be carried, and more may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

#: What a line may carry that Kingdee has no field for.
CARRIED = ("rate", "base", "clears", "opens", "cash_flow", "coordination")
#: What a head says for people: which transfer, set, variant or voucher is meant.
_TOLD = ("batch", "set", "variant", "of")
_PREFIX = re.compile(r"(\[[^\]]*\])?")


@attrs.frozen(order=True)
class BlockLine:
    """One line.

    :param booked: side, account, amount, dimensions, original currency: `D 6601.02 720.00 department=D02`.
    :param carried: names and values of what the ERP may have no field for.
    """

    booked: str
    carried: Mapping[str, str] = attrs.field(factory=dict, order=False)

    def without(self, names: Iterable[str]) -> BlockLine:
        """Not carrying what an ERP has no field for."""
        return attrs.evolve(self, carried={name: value for name, value in self.carried.items() if name not in names})

    @property
    def by_project(self) -> BlockLine:
        """Without the department, where there is a project: some ERPs take one cost object."""
        words = self.booked.split(" ")
        if not any(word.startswith("project=") for word in words):
            return self
        return attrs.evolve(self, booked=" ".join(word for word in words if not word.startswith("department=")))

    @property
    def black(self) -> BlockLine:
        """A negative amount on the other side: `D 1002.01 -5.00` is `C 1002.01 5.00`."""
        side, account, amount, *rest = self.booked.split(" ")
        if not amount.startswith("-"):
            return self
        return attrs.evolve(self, booked=" ".join(("C" if side == "D" else "D", account, amount[1:], *rest)))


@attrs.frozen
class Block:
    """One voucher.

    :param head: book, date, voucher type, moment. :param carried: names and values that stand behind them.
    """

    head: str
    lines: tuple[BlockLine, ...]
    carried: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def text(self) -> str:
        """What has to be equal."""
        return "\n".join((self.head, *sorted(line.booked for line in self.lines)))

    @property
    def full(self) -> str:
        """All of it, for people."""
        return "\n".join((self.head + _told(self.carried), *(line.booked + _told(line.carried) for line in self.lines)))

    @property
    def planned(self) -> Block:
        """Without what is known only when it has been sent."""
        return attrs.evolve(self, carried={k: v for k, v in self.carried.items() if k not in ("state", "revision")})

    def carries(self, wanted: Block) -> bool:
        """Whether head and lines carry all that a block of the same text wants."""
        if not wanted.carried.items() <= self.carried.items():
            return False
        free = list(self.lines)
        for line in sorted(wanted.lines, key=lambda one: -len(one.carried)):
            found = [f for f in free if f.booked == line.booked and line.carried.items() <= f.carried.items()]
            if not found:
                return False
            free.remove(found[0])
        return True


def _told(carried: Mapping[str, str]) -> str:
    return "".join(f" {name}={value}" for name, value in carried.items())


def read_block(path: Path) -> Block:
    """The block of a file; the file's name is the block's."""
    first, *rest = path.read_text("utf-8").splitlines()
    name, *head = first.split()
    assert name == path.stem, path
    carried = {key: value for key, value in map(_pair, head[4:]) if key not in _TOLD}
    return Block(" ".join(head[:4]), tuple(map(_read_line, rest)), carried)


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value


def _read_line(text: str) -> BlockLine:
    side, account, amount, *rest = text.split()
    pairs = dict(map(_pair, rest))
    carried = {key: pairs.pop(key) for key in CARRIED if key in pairs}
    if original := pairs.pop("original", None):
        currency, money, rate = re.split("[:@]", original)
        original = _original(currency, money, rate)
    return _line(side, account, amount, pairs, original, carried)


def _line(
    side: str,
    account: str,
    amount: Any,
    dimensions: Mapping[str, str],
    original: str | None,
    carried: Mapping[str, Any],
) -> BlockLine:
    parts = [side, account, _money(amount), *(f"{name}={code}" for name, code in sorted(dimensions.items()))]
    told = {name: _rate(value) if name == "rate" else value for name, value in carried.items() if value is not None}
    return BlockLine(" ".join(parts + [original] * bool(original)), told)


def _money(amount: Any) -> str:
    exact = Decimal(amount)
    assert exact == round(exact, 2), f"{amount} is finer than a cent"
    return f"{exact:.2f}"


def _rate(rate: Any) -> str:
    return f"{Decimal(rate).normalize():f}"


def _original(currency: str, amount: Any, rate: Any) -> str:
    return f"original={currency}:{_money(amount)}@{_rate(rate)}"


def held_block(posting: Mapping[str, Any], booking: Mapping[str, Any], row: Mapping[str, Any], codes: Codes) -> Block:
    """A voucher as the ERP's own ledger holds it; what the ERP has no field for is told by its booking.

    :param row: of `status`. :param codes: turn the ERP's codes into ours.
    """
    head = (codes.ours("account_book", posting["book"]), posting["date"])
    kind = codes.ours("voucher_type", posting["voucher_type"])
    lines = [_held(*pair, posting["currency"], codes) for pair in _pairs(posting["lines"], booking["lines"], codes)]
    _check_balance(posting)
    carried = {
        "period": posting["period"],
        "attachments": str(posting["attachments"]),
        "state": posting["stage"],
        "summary-prefix": _prefix(line["summary"] for line in posting["lines"]),
        "documents": ",".join(row["documents"]),
        "revision": str(row["revision"]),
    }
    return Block(" ".join((*head, kind, row["moment"])), tuple(lines), carried)


def _pairs(theirs: Sequence[Mapping[str, Any]], ours: Sequence[Mapping[str, Any]], codes: Codes) -> list[Any]:
    """Their lines with ours, whatever order the ERP keeps them in."""
    assert len(theirs) == len(ours)
    free, found = list(ours), []
    for line in theirs:
        told = (codes.ours("account", line["account"]), abs(Decimal(line["base_amount"])))
        same = [one for one in free if told == (one["account"], abs(Decimal(one["amount"])))]
        assert same, f"we booked no {told}"
        free.remove(same[0])
        found.append((line, same[0]))
    return found


def _held(theirs: Mapping[str, Any], ours: Mapping[str, Any], functional: str, codes: Codes) -> BlockLine:
    currency = codes.ours("currency", theirs["currency"])
    foreign = currency != codes.ours("currency", functional)
    dimensions = {name: codes.ours(name, code) for name, code in theirs["dimensions"].items()}
    original = _original(currency, theirs["amount"], theirs["rate"]) if foreign else None
    tax = ours.get("tax") or {}
    carried = {"rate": tax.get("rate"), "base": tax.get("base"), **{name: ours.get(name) for name in CARRIED[2:]}}
    account = codes.ours("account", theirs["account"])
    return _line(theirs["side"], account, theirs["base_amount"], dimensions, original, carried)


def _check_balance(posting: Mapping[str, Any]) -> None:
    sums = {"D": Decimal(0), "C": Decimal(0)}
    for line in posting["lines"]:
        sums[line["side"]] += Decimal(line["base_amount"])
    assert sums["D"] == sums["C"] == Decimal(posting["total"]), posting["number"]


def _prefix(summaries: Iterable[str]) -> str:
    """`[…]` before every summary, or nothing."""
    found = {(_PREFIX.match(text) or [""])[0] or "" for text in summaries}
    return found.pop() if len(found) == 1 else ""


def planned_block(plan: Mapping[str, Any]) -> Block:
    """A booking as `plan --json` shows it."""
    head = (plan["book"], plan["date"], plan["voucher_type"], plan["moment"])
    carried = {
        "period": plan["period"],
        "attachments": str(plan["attachments"]),
        "summary-prefix": _prefix(line["summary"] for line in plan["lines"]),
        "documents": ",".join(plan["documents"]),
    }
    return Block(" ".join(head), tuple(map(_planned, plan["lines"])), carried)


def _planned(line: Mapping[str, Any]) -> BlockLine:
    original = _original(line["currency"], line["amount"], line["rate"]) if line["rate"] else None
    carried = {"rate": line["tax_rate"], "base": line["tax_base"], **{name: line.get(name) for name in CARRIED[2:]}}
    return _line(line["side"], line["account"], line["base_amount"], line["dimensions"], original, carried)


@attrs.frozen
class Codes:
    """Code tables, from theirs to ours; of several codes of ours the first counts.

    :param rows: table, ours, theirs; `*` = `*`: whatever has no row of its own is called the same on both sides.
    """

    rows: Sequence[tuple[str, str, str]]

    def ours(self, table: str, theirs: str) -> str:
        """Our code."""
        found = [ours for name, ours, code in self.rows if (name, code) == (table, theirs)]
        return found[0] if found else self._same(table, theirs)

    def theirs(self, table: str, ours: str) -> str:
        """Their code."""
        found = [code for name, one, code in self.rows if (name, one) == (table, ours)]
        return found[0] if found else self._same(table, ours)

    def all_of(self, table: str) -> list[str]:
        """Every code of theirs."""
        return [theirs for name, _, theirs in self.rows if name == table]

    def _same(self, table: str, code: str) -> str:
        assert (table, "*", "*") in self.rows, f"{code} has no row in {table}"
        return code
