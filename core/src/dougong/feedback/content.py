"""What there is to tell of a document: pure, from its deliveries and what was told before.

- `posted`: every voucher of a set (or the one voucher) is there, and stands at its target stage.
- `reversed`: what was told as posted is not there any more, nothing of it; of a merged one its own part.
- `held`: somebody has to look at a delivery (held, rejected, parked), and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from dougong.ledger import sets
from dougong.ledger.outbox import Member
from dougong.ledger.rows import DeliveryRow, problems_from
from dougong.ledger.states import DeliveryState

__all__ = ["Told", "news"]

_HELD = frozenset({DeliveryState.HELD, DeliveryState.REJECTED, DeliveryState.PARKED})


@attrs.frozen
class Told:
    """One thing to tell. :param subject: what it is about; what is told later of a subject replaces it."""

    subject: str
    kind: str
    content: dict[str, Any]


def news(
    row: DeliveryRow, revision: int, members: Iterable[Member], before: Sequence[tuple[str, str, Mapping[str, Any]]]
) -> Told | None:
    """What a document's source is to be told now that `row` has changed; `None` when there is nothing new.

    :param revision: the document's. :param members: all its deliveries.
    :param before: (subject, kind, content) of what was told already, oldest first.
    """
    subject = f"{row.moment}:{row.set_id or row.name}"
    kind, told = _now(row, [member for member in members if _together(row, member)])
    content = {"moment": row.moment, "revision": revision, **told}
    mine = [(known, _bare(said)) for about, known, said in before if about == subject]
    if not kind or (mine and mine[-1] == (kind, content)):
        return None
    if kind == "reversed" and "posted" not in [known for known, _ in mine]:
        return None  # nobody was told that it was there
    # A number that is changed back is told again: the same content, said another time, is another content.
    same = [said for _, known, said in before if known == kind and _bare(said) == content]
    return Told(subject, kind, {**content, "again": len(same)} if same else content)


def _bare(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "again"}


def _together(row: DeliveryRow, other: Member) -> bool:
    """Whether both are told of in one: members of a set; a delivery without a set is its own."""
    if row.set_id is None:
        return other.id == row.id
    return (other.set_id, other.moment) == (row.set_id, row.moment)


def _now(row: DeliveryRow, members: Sequence[Member]) -> tuple[str, dict[str, Any]]:
    """Kind and content as things are; an empty kind while some of a set is there and some is not."""
    if any(member.id == row.id and member.state in _HELD for member in members):
        begun = any(member.state is DeliveryState.DELIVERED for member in members)
        return ("" if begun else "held"), _held(row)  # of a set that is partly there nothing is told
    places = sets.by_place(members)
    standing = [member for there in places.values() for member in there]
    if not standing:
        gone = [member for member in members if member.state is DeliveryState.REVERSED]
        return ("reversed" if gone else ""), _vouchers(gone)
    whole = all(places.values()) and all(member.state is DeliveryState.DELIVERED for member in standing)
    return ("posted" if whole else ""), _vouchers(standing)


def _vouchers(members: Sequence[Member]) -> dict[str, Any]:
    return {
        "vouchers": [
            {
                "entity": member.entity,
                "book": member.book,
                **({"part": member.part} if member.part else {}),
                "number": member.number,
                "erp_id": member.erp_id,
                "stage": member.stage,
                "date": member.date,
                "period": member.period,
            }
            for member in members
        ],
    }


def _held(row: DeliveryRow) -> dict[str, Any]:
    """Why it waits for a person, in both languages: whoever made the report reads it in the source."""
    return {
        "entity": row.entity,
        "book": row.book,
        **({"part": row.part} if row.part else {}),
        "delivery": row.name,
        "state": row.state.value,
        "reason": row.reason or None,
        "problems": [
            {
                "code": problem.code,
                "path": problem.path,
                "message": {"zh": problem.message.zh, "en": problem.message.en},
                "hint": {"zh": problem.hint.zh, "en": problem.hint.en},
            }
            for problem in problems_from(row.problems)
        ],
    }
