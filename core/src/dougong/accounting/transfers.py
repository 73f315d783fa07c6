"""Money that a document has moved: what was paid, what came back of it, and which payment a return gives back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import attrs

from dougong.accounting import payment_messages
from dougong.accounting.tellings import Transfer, transfers
from dougong.model.documents import Document, ExecutedPayment
from dougong.model.money import plain
from dougong.model.problems import Problem

__all__ = ["Moved", "moved"]


@attrs.frozen
class Moved:
    """The money of a document that has moved.

    :param paid: what was paid, as it was told. :param returned: what came back, with what its payment says of it.
    :param left: name of a payment → what of it has not come back, as the first telling says.
    """

    paid: tuple[Transfer, ...] = ()
    returned: tuple[Transfer, ...] = ()
    left: Mapping[str, Decimal] = attrs.field(factory=dict, hash=False)


def moved(document: Document, zone: str) -> Moved:
    """Every executed transfer of a document, each return beside its payment.

    :param zone: of the rules; it makes dates of instants.
    """
    paid = transfers(document, "paid", zone)
    left = {one.part: payment.amount for one in paid for payment in one.payments}
    back: dict[str, Transfer] = {}
    for one in transfers(document, "payment_returned", zone):
        room, known = left, back.get(one.instead_of)
        if known is not None and known.returns:  # it would give back in place of the other
            room = {**left, known.returns: left[known.returns] + known.payments[0].amount}
        found = back[one.part] = _matched(document, one, paid, room) if one.payments else one
        if found.returns and not one.instead_of:
            left[found.returns] -= found.payments[0].amount
    return Moved(paid, tuple(back.values()), left)


def _matched(document: Document, back: Transfer, paid: Sequence[Transfer], left: Mapping[str, Decimal]) -> Transfer:
    """A returned transfer with its payment, or with why it is none of what was paid.

    The bank tells briefly what came back: account, currency and method are those of the payment.
    """
    told = back.payments[0]
    original = _original(told, [one for one in paid if one.payments and not one.instead_of], left)
    if original is None:
        return attrs.evolve(back, problems=(payment_messages.return_unknown(document.number, told),))
    payment = original.payments[0]
    brief = {name: getattr(told, name) or getattr(payment, name) for name in ("account", "currency", "rate", "method")}
    full = attrs.evolve(told, **brief)
    problems = tuple(_differs(document, full, payment, left[original.part]))
    event = attrs.evolve(back.event, payments=(full,))
    return attrs.evolve(back, event=event, problems=problems, returns="" if problems else original.part)


def _original(told: ExecutedPayment, paid: Sequence[Transfer], left: Mapping[str, Decimal]) -> Transfer | None:
    """The payment of that id; where either of the two has none, one of that payee, best one of that amount."""
    named = [one for one in paid if told.id and one.payments[0].id == told.id]
    alike = [one for one in paid if one.payments[0].payee == told.payee and not (told.id and one.payments[0].id)]
    return min(
        named or alike,
        key=lambda one: (left[one.part] != told.amount, not _within(told.amount, left[one.part])),
        default=None,
    )


def _within(amount: Decimal, limit: Decimal) -> bool:
    """Whether an amount is no more than a limit, red ones by their size."""
    return 0 <= amount <= limit or limit <= amount <= 0


def _differs(document: Document, back: ExecutedPayment, payment: ExecutedPayment, left: Decimal) -> Iterator[Problem]:
    """What of a return its payment contradicts."""
    home = document.currency
    for field, told, known in (
        ("payee", back.payee, payment.payee),
        ("currency", back.currency or home, payment.currency or home),
    ):
        if told != known:
            yield payment_messages.return_differs(document.number, back, field, told, known)
            return
    fee, charged = back.fee or Decimal(0), payment.fee or Decimal(0)
    if not _within(fee, charged):  # in red it would be a fee that the bank gives back
        yield payment_messages.return_differs(document.number, back, "fee", plain(fee), plain(charged))
    if not _within(back.amount, left):
        yield payment_messages.return_above_paid(document.number, back, payment.amount, left)
