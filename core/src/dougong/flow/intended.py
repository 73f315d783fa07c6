"""What a delivery is to book, before it is mapped for its ERP."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from dougong.ledger.rows import DeliveryRow
from dougong.ledger.statements import Tx
from dougong.model.bookings import Voucher
from dougong.model.postings import Stage

__all__ = ["Beside", "Intended"]


def _always(_: Tx) -> bool:
    return True


@attrs.frozen
class Beside:
    """Another voucher of the same set that was not sent yet.

    :param delivery: its row; `None` while it is not opened.
    """

    connection: str
    booking: Voucher
    delivery: DeliveryRow | None


@attrs.frozen
class Intended:
    """A booking and how far it goes.

    :param still: whether everything that it was made from is the same at the moment of the freeze.
    :param beside: the others of its set that were not sent yet: all or none.
    """

    booking: Voucher
    stage: Stage
    still: Callable[[Tx], bool] = _always
    beside: tuple[Beside, ...] = ()
