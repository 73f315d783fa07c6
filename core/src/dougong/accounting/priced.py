"""Lines with their functional amounts (posting-rules.md §2, step 1) and what they may deduct."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, localcontext

import attrs

from dougong.accounting import messages
from dougong.accounting.rulefile import RuleSet
from dougong.model.documents import Document, Line
from dougong.model.money import CONTEXT, is_currency, round_to, scale_of
from dougong.model.problems import Problem
from dougong.model.settled import Amount
from dougong.tables.rates import Rates

__all__ = ["Deduction", "PricedLine", "price"]

#: Decimals of a rate that is recomputed from both amounts; as many as a rate may have.
_RATE_SCALE = 12


@attrs.frozen
class PricedLine:
    """A report line in functional currency.

    :param currency: spending currency.
    :param claimed: what was claimed, original and functional; `approved` what of it was approved.
    :param path: where the line stands in the document, for messages.
    """

    line: Line
    currency: str
    claimed: Amount
    approved: Amount
    path: str

    @property
    def own_share(self) -> Decimal:
        """What was claimed and not approved, functional currency."""
        return self.claimed.base - self.approved.base


@attrs.frozen
class Deduction:
    """The deductible tax of one line from one invoice, functional currency.

    :param buyer: the entity named as buyer, `None` for nobody of ours.
    :param row: row of the tax table.
    """

    line: PricedLine
    invoice: str
    invoice_kind: str
    buyer: str | None
    tax: Decimal
    base: Decimal
    rate: Decimal | None
    codes: Mapping[str, str] = attrs.field(hash=False)
    row: int


def price(document: Document, line: Line, path: str, rules: RuleSet, rates: Rates, on: dt.date) -> PricedLine | Problem:
    """The line in functional currency: what the source approved wins, otherwise `round(foreign × rate)` half up.

    :param on: business date of the moment, for rates that are taken then.
    """
    currency = line.currency or document.currency
    if not is_currency(currency):
        return messages.currency_unknown(path, currency)
    claimed: Amount | Problem = Amount.of(line.gross if line.base is None else line.base)
    if currency != document.currency:
        claimed = _foreign(document, line, path, rules, rates, on)
    if isinstance(claimed, Problem):
        return claimed
    approved = claimed.base if line.approved is None else line.approved
    if approved * claimed.base < 0 or abs(approved) > abs(claimed.base):
        return messages.approved_above_claimed(path, approved, claimed.base)
    return PricedLine(line, currency, claimed, _part(claimed, approved), path)


def _foreign(document: Document, line: Line, path: str, rules: RuleSet, rates: Rates, on: dt.date) -> Amount | Problem:
    """The claimed amount of a line in foreign currency."""
    currency, policy = str(line.currency), rules.currency
    day = on if policy.rate_date == "approved_on" else line.expense_date
    stated = policy.amount == "source" and (line.rate is not None or line.base is not None)
    found = rates.find(currency, document.currency, policy.rate_type, day) if day and not stated else None
    if not stated and found is None:
        return messages.rate_missing(path, currency, document.currency, policy.rate_type, day, rates.path)
    scale = scale_of(document.currency)
    with localcontext(CONTEXT):
        rate = line.rate if stated else found.value if found else None
        if rate is None:
            rate = round_to((line.base or Decimal(0)) / line.gross, _RATE_SCALE) if line.gross else Decimal(1)
        base = round_to(line.gross * rate, scale)
    if policy.amount == "source" and line.base is not None:
        base = line.base
    elif policy.amount == "ledger_rate" and (line.base not in (None, base) or line.approved not in (None, base)):
        return messages.not_yet(
            path, "账簿汇率与来源本位币之差", "the difference between ledger rate and source amount"
        )
    return Amount(base, line.gross, currency, rate)


def _part(claimed: Amount, base: Decimal) -> Amount:
    """The approved part of a claim, original currency in proportion."""
    if claimed.currency is None:
        return Amount.of(base)
    with localcontext(CONTEXT):
        ratio = base / claimed.base if claimed.base else Decimal(0)
        return attrs.evolve(claimed, base=base, doc=round_to(claimed.doc * ratio, scale_of(claimed.currency)))
