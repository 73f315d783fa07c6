"""Tax and rate of an invoice, as printed or computed for passenger tickets (旅客运输, canonical-model.md §11)."""

from __future__ import annotations

from decimal import Decimal, localcontext

from dougong.model.documents import Invoice
from dougong.model.money import CONTEXT, plain, round_to

__all__ = ["claim_key", "invoice_rate", "invoice_tax"]

#: Words in a ticket's kind → rate that its price includes: rail and air 9 %, road and water 3 %.
_TICKETS = (
    (("铁路", "火车", "航空", "机票", "行程单"), Decimal("0.09")),
    (("公路", "水路", "汽车票", "船票", "客运"), Decimal("0.03")),
)
#: Rates of Chinese VAT, highest first, to name the rate of an invoice that does not state it.
_RATES = tuple(map(Decimal, ("0.13", "0.09", "0.06", "0.05", "0.03", "0.01")))


def claim_key(invoice: Invoice) -> str | None:
    """What makes it the same invoice in whatever report; `None` for one without a number, which nobody can tell.

    Short numbers are given out again by other sellers: what the invoice says in all has to be the same too.
    """
    return f"{invoice.number}|{plain(invoice.gross.normalize(CONTEXT))}" if invoice.number else None


def invoice_tax(invoice: Invoice) -> Decimal | None:
    """The invoice's tax: as printed, from its net, or computed for passenger tickets; `None` when nothing tells it."""
    fund = invoice.fund or Decimal(0)
    if invoice.tax is not None:
        return invoice.tax
    if invoice.net is not None:
        return invoice.gross - invoice.net - fund
    rate = _ticket_rate(invoice.kind)
    if rate is None:
        return None
    price = invoice.gross - fund
    with localcontext(CONTEXT):
        return price - round_to(price / (1 + rate), 2)


def _ticket_rate(kind: str) -> Decimal | None:
    return next((rate for words, rate in _TICKETS if any(word in kind for word in words)), None)


def invoice_rate(invoice: Invoice, tax: Decimal | None) -> Decimal | None:
    """The invoice's rate: as stated, the ticket's, or the one of the law whose product with the net is the tax."""
    if invoice.rate is not None:
        return invoice.rate
    if invoice.tax is None and invoice.net is None:
        return _ticket_rate(invoice.kind)
    net = invoice.gross - (tax or Decimal(0)) - (invoice.fund or Decimal(0))
    with localcontext(CONTEXT):
        return next((rate for rate in _RATES if tax and abs(net * rate - tax) < Decimal("0.01")), None)
