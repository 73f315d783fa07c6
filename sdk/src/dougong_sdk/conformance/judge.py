"""The checker: what was accepted, beside what the ERP's ledger holds (Jepsen's total-queue).

A voucher is known by its total, not by our reference: a connector that sends a second one under another reference
must not get away with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

__all__ = ["Tally", "stands", "tally", "total_of"]

#: States in which a delivery is visibly with a person: perhaps there, and not lost.
_PARKED = frozenset({"parked", "held"})
#: States that say: it is not there.
_CLOSED = frozenset({"rejected", "cancelled"})
#: States that say: it is there, or was.
_DELIVERED = frozenset({"delivered", "reversed"})
_GONE = frozenset({"void", "reversed"})


@attrs.frozen
class Tally:
    """What became of everything that was accepted, by document number; `lost` to `unfinished` must be empty.

    :param lost: we were told that the ERP has it, or our side has forgotten it; and it is not in the ERP.
    :param doubled: in the ERP twice.
    :param unexpected: in the ERP although nobody sent it (by id), or although our side says that it is not there.
    :param wrong: delivered by our ledger, and not what stands in the ERP.
    :param unfinished: not in the ERP, and our side still knows that it has to get there. :param parked: with a person.
    :param closed: refused or given up. :param recovered: delivered after its outcome was unknown.

    .. versionadded:: 0.1
    """

    documents: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    unexpected: tuple[str, ...]
    wrong: tuple[str, ...]
    unfinished: tuple[str, ...]
    parked: tuple[str, ...]
    closed: tuple[str, ...]
    recovered: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether each is there once, or with a person."""
        return not (self.lost or self.doubled or self.unexpected or self.wrong or self.unfinished)

    def told(self) -> str:
        """What is not simply there once, for a report."""
        named = {
            "lost": self.lost,
            "doubled": self.doubled,
            "unexpected": self.unexpected,
            "wrong": self.wrong,
            "not at rest": self.unfinished,
            "parked": self.parked,
            "closed": self.closed,
        }
        return "; ".join(f"{name}: {' '.join(numbers)}" for name, numbers in named.items() if numbers)


def total_of(posting: Mapping[str, Any]) -> Decimal:
    """The debits of a posting as the plane shows it (interfaces.md §4)."""
    if posting.get("total") is not None:
        return Decimal(posting["total"])
    amounts = (line["base_amount"] or line["amount"] for line in posting["lines"] if line["side"] == "D")
    return sum(map(Decimal, amounts), Decimal(0))


def stands(posting: Mapping[str, Any]) -> bool:
    """Whether a posting is in the books or on its way there."""
    return posting.get("stage") not in _GONE


def tally(
    wanted: Mapping[str, Hashable],
    deliveries: Sequence[Mapping[str, Any]],
    postings: Iterable[Mapping[str, Any]],
    guessed: Iterable[str] = (),
    known_by: Callable[[Mapping[str, Any]], Hashable] = total_of,
) -> Tally:
    """Compare both sides.

    :param wanted: document number → what its voucher is known by, each once.
    :param deliveries: as `status --json` has them, accruals only. :param postings: of the sandbox's plane.
    :param guessed: documents whose outcome was unknown at a time. :param known_by: what a posting is known by.

    .. versionadded:: 0.1
    """
    live = [posting for posting in postings if stands(posting)]
    held = Counter(map(known_by, live))
    by_id = {str(posting["id"]): posting for posting in live}
    rows = {row["documents"][0]: row for row in deliveries}

    def among(states: frozenset[str]) -> tuple[str, ...]:
        return tuple(number for number in wanted if number in rows and rows[number]["state"] in states)

    def stands_as_told(number: str) -> bool:
        posting = by_id.get(rows[number]["erp_id"] or "")
        return posting is not None and (known_by(posting), posting["stage"]) == (wanted[number], rows[number]["stage"])

    def told_of(number: str) -> bool:
        return number in rows and bool(rows[number]["erp_id"] or rows[number]["state"] in _DELIVERED)

    parked, closed, delivered = among(_PARKED), among(_CLOSED), among(frozenset({"delivered"}))
    missing = [number for number, mark in wanted.items() if not held[mark]]
    at_rest = {*parked, *closed}
    strange = [str(posting["id"]) for posting in live if known_by(posting) not in set(wanted.values())]
    return Tally(
        documents=len(wanted),
        lost=tuple(n for n in missing if n not in rows or (told_of(n) and n not in closed)),
        doubled=tuple(n for n, mark in wanted.items() if held[mark] > 1),
        unexpected=(*strange, *(n for n in closed if held[wanted[n]])),
        wrong=tuple(n for n in delivered if not stands_as_told(n)),
        unfinished=tuple(n for n in missing if n in rows and not told_of(n) and n not in at_rest),
        parked=parked,
        closed=closed,
        recovered=tuple(n for n in guessed if n in delivered),
    )
