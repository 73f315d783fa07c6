"""What a delivery is to book, before it is mapped for its ERP."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from dougong.ledger.statements import Tx
from dougong.model.bookings import Voucher
from dougong.model.postings import Stage

__all__ = ["Intended"]


def _always(_: Tx) -> bool:
    return True


@attrs.frozen
class Intended:
    """A booking and how far it goes.

    :param still: whether everything that it was made from is the same at the moment of the freeze.
    :param beside: (connection, booking) of the others of its set that were not sent yet: all or none.
    """

    booking: Voucher
    stage: Stage
    still: Callable[[Tx], bool] = _always
    beside: tuple[tuple[str, Voucher], ...] = ()
