"""Looking again at what is delivered: the ERP has told otherwise, and only what it shows counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from dougong.delivery.apply import deleted, edited, park
from dougong.delivery.link import Link
from dougong.ledger import attempts, deliveries
from dougong.ledger.rows import FOREVER, DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState, ParkReason
from dougong.ledger.store import Ledger
from dougong.model.messages import Wanted
from dougong.model.outcomes import Absent, Found
from dougong.model.problems import DougongError

__all__ = ["recheck"]


def recheck(ledger: Ledger, row: DeliveryRow, link: Link) -> bool:
    """Ask the ERP whether a delivered posting is there, and as it was sent; what is not is parked for a person.

    Where the ERP cannot be searched, the problem stays beside it for a person to look.

    :param row: `delivered`. :returns: whether that is settled; while the ERP cannot tell it is not.
    """
    wanted = ledger.look(partial(attempts.last_wanted, delivery_id=row.id))
    if wanted is None or not link.door.supports("find"):
        ledger.write(partial(_settled, row=row, event="cannot_be_asked"))
        return True
    operation = link.door.operation(f"{row.target_type}.{row.verb}")
    try:
        answers = list(link.door.find([wanted], link.session(), link.call(operation)))
    except DougongError:
        return False
    if not answers or not all(isinstance(answer, (Found, Absent)) for answer in answers):
        return False
    ledger.write(partial(_judge, row=row, wanted=wanted, answers=[one for one in answers if isinstance(one, Found)]))
    return True


def _judge(tx: Tx, row: DeliveryRow, wanted: Wanted, answers: Sequence[Found]) -> None:
    found = [
        one.posting for one in answers if wanted.erp_key in (None, one.posting.erp_key) and one.posting.stage.stands
    ]
    if not found:
        park(tx, row, ParkReason.DELETED_IN_ERP, deleted(row, None))
    elif wanted.facts.differences(found[0]):
        park(tx, row, ParkReason.EDITED_IN_ERP, edited(found[0], wanted.facts))
    else:
        _settled(tx, row, "confirmed_again", problems="[]")


def _settled(tx: Tx, row: DeliveryRow, event: str, **changes: Any) -> None:
    deliveries.move(tx, row, DeliveryState.DELIVERED, event=event, reason="", due_at=FOREVER, **changes)
