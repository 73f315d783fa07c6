"""What is paid beside what is owed: nobody is paid more than the accrual owes, by however many transfers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from dougong.accounting import payment_messages
from dougong.accounting.tellings import Transfer
from dougong.accounting.transfers import Moved
from dougong.model.documents import Document
from dougong.model.money import round_to, scale_of
from dougong.model.problems import Problem
from dougong.model.settled import SettledReport

__all__ = ["overpaid"]


def overpaid(document: Document, accrued: SettledReport | None, money: Moved) -> Mapping[str, Problem]:
    """The payments, by name, that exceed what their payees are owed: of several those that were told last.

    What came back is not paid any more, so that a return makes room for another transfer, whichever was told first.

    :param accrued: facts of the accrual; where none is ours, the document's own payees count.
    :returns: nothing where nobody knows who is owed what.
    """
    if accrued is None and not document.payees:
        return {}
    nothing = round_to(Decimal(0), scale_of(document.currency))
    owed: dict[str, Decimal] = defaultdict(lambda: nothing)
    for code, amount in _payable(document, accrued):
        owed[code] += amount
    out: dict[str, Problem] = {}
    for payee in dict.fromkeys(payment.payee for one in money.paid for payment in one.payments):
        mine = [one for one in money.paid for payment in one.payments if payment.payee == payee]
        for one, before in _beyond(mine, money.left, owed[payee], nothing):
            payment = one.payments[0]
            out[one.part] = payment_messages.payment_above_owed(document.number, payment, owed[payee], before)
    return out


def _payable(document: Document, accrued: SettledReport | None) -> Iterator[tuple[str, Decimal]]:
    """Payees with what is payable to them."""
    if accrued is None:
        yield from ((one.code, one.amount) for one in document.payees)
    else:
        yield from ((one.code, one.amount.base) for one in accrued.payees)


def _beyond(
    paid: Sequence[Transfer], left: Mapping[str, Decimal], owed: Decimal, nothing: Decimal
) -> Iterator[tuple[Transfer, Decimal]]:
    """The transfers that do not fit into what is owed, each with what those before it have used up."""
    told = [one for one in paid if not one.instead_of]
    fits = _within(sum((left[one.part] for one in told), nothing), owed)
    used, before = nothing, {}
    for one in told:
        before[one.part] = used
        used += left[one.part]
    for one in paid:
        others = before.get(one.instead_of or one.part, used)
        if left[one.part] and (one.instead_of or not fits) and not _within(others + left[one.part], owed):
            yield one, others


def _within(paid: Decimal, owed: Decimal) -> bool:
    """Whether what is paid lies between nothing and what is owed, which is negative where a report gives money back."""
    return min(owed, Decimal(0)) <= paid <= max(owed, Decimal(0))
