"""Taking an entry back: the reversal names it (ReversalReferenceDocument), and both stay in the books (sap.md §1.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong_sdk.sandbox import Record

from .rules import Said

if TYPE_CHECKING:
    from .product import SapSandbox

__all__ = ["faults_of_reversal", "mark_reversed", "original_of", "other_side", "with_lines"]

_OTHER = {"D": "C", "C": "D"}


def original_of(sandbox: SapSandbox, entry: Record) -> Record | None:
    """The entry that another one names, by document, company code and year in one, or by its document of that year."""
    told = entry["reversal_of"]
    company, year = (told[10:14], told[14:]) if len(told) == 18 else (entry["company"], entry["period"][:4])
    found: Record | None = sandbox.store.get("voucher", f"{company}/{year}/{told[:10]:0>10}")
    return found


def with_lines(entry: Record, original: Record | None) -> Record:
    """A reversal without lines of its own has those of the entry that it takes back, on the other side."""
    if original is None or entry["lines"]:
        return entry
    return {**entry, "lines": [other_side(line) for line in original["lines"]]}


def other_side(line: Record) -> Record:
    """A line that takes another one back."""
    sign = -1 if line["side"] == "D" else 1
    partner = line["dimensions"].get("employee") or line["dimensions"].get("supplier") or ""
    return {
        **line,
        "side": _OTHER[line["side"]],
        "signed": sign * Decimal(line["amount"]),
        "signed_base": sign * Decimal(line["base_amount"]),
        "partner": partner,
    }


def faults_of_reversal(entry: Record, original: Record | None) -> Iterator[Said]:
    """What is wrong with a reversal whose lines are placed, as a reversal."""
    told = entry["reversal_of"]
    if original is None:
        yield "012(ZDG)", f"Document {told} to be reversed does not exist"
        return
    if original.get("reversed_by"):
        yield "013(ZDG)", f"Document {told} has already been reversed"
    if not entry["reversal_reason"]:
        yield "014(ZDG)", f"Reversal of document {told} has no reversal reason"
    left: dict[str, Decimal] = defaultdict(Decimal)
    for line in original["lines"]:
        left[line["account"]] += _signed(line["side"], line["base_amount"])
    for line in entry["lines"]:
        base = line["signed"] if line["signed_base"] is None else line["signed_base"]
        left[line["account"]] += base or Decimal(0)
    if any(left.values()):
        yield "015(ZDG)", f"The reversal does not cancel document {told}"


def _signed(side: str, amount: Any) -> Decimal:
    return Decimal(amount) if side == "D" else -Decimal(amount)


def mark_reversed(sandbox: SapSandbox, original: Record, by: str) -> None:
    """The entry that is taken back says by which."""
    sandbox.store.put("voucher", original["id"], {**original, "reversed_by": by})
