"""The checker: what was accepted, beside what the ERP's ledger holds (Jepsen's total-queue).

A voucher is known by its total, not by our reference: a connector that sends a second one under another reference
must not get away with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

__all__ = ["Tally", "stands", "tally", "total_of"]

#: States in which a delivery is visibly with a person: not there, and not lost.
_PARKED = frozenset({"parked", "held", "rejected"})
_GONE = frozenset({"void", "reversed"})


@attrs.frozen
class Tally:
    """What became of everything that was accepted, by document number; the first four must be empty.

    :param lost: neither in the ERP nor with a person. :param doubled: in the ERP twice.
    :param unexpected: in the ERP although nobody sent it, by id.
    :param wrong: delivered by our ledger, and not what stands in the ERP. :param recovered: found after a guess.

    .. versionadded:: 0.1
    """

    documents: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    unexpected: tuple[str, ...]
    wrong: tuple[str, ...]
    parked: tuple[str, ...]
    recovered: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether each is there once, or with a person."""
        return not (self.lost or self.doubled or self.unexpected or self.wrong)

    def told(self) -> str:
        """What is wrong, for a report."""
        named = ("lost", "doubled", "unexpected", "wrong", "parked")
        return ", ".join(f"{name}: {' '.join(getattr(self, name)) or '-'}" for name in named)


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
    wanted: Mapping[str, Decimal],
    deliveries: Sequence[Mapping[str, Any]],
    postings: Iterable[Mapping[str, Any]],
    guessed: Iterable[str] = (),
) -> Tally:
    """Compare both sides.

    :param wanted: document number → total of its voucher, each total once.
    :param deliveries: as `status --json` has them, accruals only. :param postings: of the sandbox's plane.
    :param guessed: documents whose outcome was unknown at a time.

    .. versionadded:: 0.1
    """
    live = [posting for posting in postings if stands(posting)]
    held = Counter(total_of(posting) for posting in live)
    by_id = {posting["id"]: posting for posting in live}
    state = {row["documents"][0]: row for row in deliveries}
    parked = tuple(number for number in wanted if state.get(number, {}).get("state") in _PARKED)
    totals = set(wanted.values())
    delivered = {number for number, row in state.items() if row["state"] == "delivered"}
    return Tally(
        documents=len(wanted),
        lost=tuple(n for n, total in wanted.items() if not held[total] and n not in parked),
        doubled=tuple(n for n, total in wanted.items() if held[total] > 1),
        unexpected=tuple(str(posting["id"]) for posting in live if total_of(posting) not in totals),
        wrong=tuple(
            number
            for number in wanted
            if number in delivered
            and (
                state[number]["erp_id"] not in by_id
                or total_of(by_id[state[number]["erp_id"]]) != wanted[number]
                or by_id[state[number]["erp_id"]]["stage"] != state[number]["stage"]
            )
        ),
        parked=parked,
        recovered=tuple(n for n in guessed if n in delivered),
    )
