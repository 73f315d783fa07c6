"""Money into parts without a lost cent; a report line into what each bearer costs (posting-rules.md §2, step 6)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal, localcontext

import attrs

from dougong.accounting import messages
from dougong.accounting.priced import Deduction, PricedLine
from dougong.model.documents import Document, Split
from dougong.model.money import CONTEXT, round_to, scale_of
from dougong.model.problems import Problem
from dougong.model.settled import Amount, Slice

__all__ = ["allocate", "largest_remainder", "slices_of", "split"]

#: How far written shares may miss 1 per share: 33.33 % three times is meant as a third each.
_SHARE_SLACK = Decimal("0.0001")


def split(total: Decimal, weights: Sequence[Decimal], scale: int, *, last: bool = True) -> list[Decimal]:
    """`total` in the proportion of `weights`, at `scale` decimals; the parts sum to `total` and never change its sign.

    :param weights: at least one; of one sign. Where all are zero, the first takes everything (of nothing, as a rule).
    :param last: the last part takes the rest, unless that would turn its sign or take it more than a unit per other
        part away from its exact value; then, and when `False`, missing units go to the largest remainders, ties to the
        first.
    """
    if len(weights) == 1 or not any(weights):
        return [total, *(Decimal(0) for _ in weights[1:])]
    with localcontext(CONTEXT):
        exact = [total * weight / sum(weights) for weight in weights]
        if last:
            parts = [round_to(value, scale) for value in exact[:-1]]
            rest, unit = total - sum(parts), Decimal(1).scaleb(-scale)
            if rest * total >= 0 and abs(rest - exact[-1]) <= unit * (len(weights) - 1):
                return [*parts, rest]
        return largest_remainder(total, exact, scale)


def largest_remainder(total: Decimal, exact: Sequence[Decimal], scale: int) -> list[Decimal]:
    """Parts near `exact` that sum to `total`: rounded towards zero, missing units to the largest remainders.

    Ties go to the first.

    :param total: at `scale` decimals; within a unit per part of the sum of `exact`.
    """
    unit = Decimal(1).scaleb(-scale)
    with localcontext(CONTEXT):
        parts = [value.quantize(unit, rounding=ROUND_DOWN) for value in exact]
        missing = total - sum(parts)
        step = unit.copy_sign(missing)
        order = sorted(range(len(parts)), key=lambda at: -abs(exact[at] - parts[at]))
        for at in order[: int(abs(missing) / unit)]:
            parts[at] += step
        return parts


def allocate(total: Decimal, exact: Sequence[Decimal], scale: int) -> list[Decimal]:
    """As `largest_remainder`, for `exact` values that may all be zero."""
    return largest_remainder(total, exact, scale) if any(exact) else [Decimal(0)] * len(exact)


@attrs.frozen
class _Bearer:
    entity: str
    department: str | None
    project: str | None
    weight: Decimal


def slices_of(
    priced: PricedLine, deductions: Sequence[Deduction], document: Document, payer: str, last: bool
) -> tuple[list[Slice], list[tuple[str, Deduction]]]:
    """The slices of a line, and its deductions by entity.

    First the approved amount goes to the bearing entities, then each entity's net (without the tax that it may deduct)
    to its slices. So what one entity owes another does not depend on anybody's tax.

    :raises SettlementError: `SPLIT_MISMATCH`.
    """
    line, functional = priced.line, scale_of(document.currency)
    bearers = _bearers(priced, document, payer)
    entities = list(dict.fromkeys(bearer.entity for bearer in bearers))
    weights = [sum((b.weight for b in bearers if b.entity == entity), Decimal(0)) for entity in entities]
    gross = split(priced.approved.base, weights, functional, last=last)
    taxed = [
        (entity, part)
        for deduction in deductions
        for entity, part in _shares(deduction, entities, weights, functional, last)
    ]
    slices: list[Slice] = []
    for entity, amount in zip(entities, gross, strict=True):
        mine = [bearer for bearer in bearers if bearer.entity == entity]
        tax = sum((part.tax for owner, part in taxed if owner == entity), Decimal(0))
        nets = split(amount - tax, [bearer.weight for bearer in mine], functional, last=last)
        taxes = split(tax, [bearer.weight for bearer in mine], functional, last=last)
        slices += [
            Slice(
                entity=entity,
                line=line.id,
                fee_type=line.fee_type,
                gross=_amount(net + part, priced),
                tax=_amount(part, priced),
                cost=_amount(net, priced),
                department=bearer.department,
                project=bearer.project,
                supplier=line.paid_by.supplier if line.paid_by else None,
                reason=line.reason,
                expense_date=line.expense_date,
            )
            for bearer, net, part in zip(mine, nets, taxes, strict=True)
        ]
    return _with_original(slices, priced), taxed


def _shares(
    deduction: Deduction, entities: Sequence[str], weights: Sequence[Decimal], scale: int, last: bool
) -> list[tuple[str, Deduction]]:
    """The part of a deduction that the buyer's slices have; the rest stays in the others' cost (title rule)."""
    if deduction.buyer is None or deduction.buyer not in entities:
        return []
    at = entities.index(deduction.buyer)
    tax, base = (split(one, weights, scale, last=last)[at] for one in (deduction.tax, deduction.base))
    whole = (tax, base) == (deduction.tax, deduction.base)
    return [(deduction.buyer, deduction if whole else attrs.evolve(deduction, tax=tax, base=base))]


def _bearers(priced: PricedLine, document: Document, payer: str) -> list[_Bearer]:
    line = priced.line
    whole = (Split(share=Decimal(1)),)
    splits = line.splits or whole
    weights = _weights(priced, splits)
    if isinstance(weights, Problem):
        raise messages.SettlementError(weights)
    return [
        # The report's department is the payer's; another entity does not have it.
        _Bearer(
            one.entity or payer,
            one.department or (document.department if (one.entity or payer) == payer else None),
            one.project,
            weight,
        )
        for one, weight in zip(splits, weights, strict=True)
    ]


def _weights(priced: PricedLine, splits: Sequence[Split]) -> list[Decimal] | Problem:
    """Shares or amounts as weights; they have to be of one kind, of the line's sign, and sum to the line."""
    if len(splits) == 1 and splits[0].share is None and splits[0].amount is None:
        return [Decimal(1)]
    shares = [one.share for one in splits if one.share is not None]
    amounts = [one.amount for one in splits if one.amount is not None]
    if len(shares) == len(splits) and not amounts:
        total = sum(shares, Decimal(0))
        fits = abs(total - 1) <= _SHARE_SLACK * len(shares) and min(shares) >= 0
        return shares if fits else messages.split_mismatch(priced.path, total, Decimal(1))
    if len(amounts) == len(splits) and not shares:
        total = sum(amounts, Decimal(0))
        sums = (priced.approved.base, priced.claimed.base, priced.claimed.doc)
        fits = total in sums and (total != 0 or not any(amounts)) and all(amount * total >= 0 for amount in amounts)
        if not fits:
            return messages.split_mismatch(priced.path, total, priced.claimed.base)
        return amounts if total else [Decimal(1)] * len(amounts)
    return messages.split_mismatch(priced.path, Decimal(0), priced.claimed.base)


def _amount(base: Decimal, priced: PricedLine) -> Amount:
    """A functional amount, marked as foreign where the line is; `_with_original` sets the original."""
    return Amount(base, base, priced.approved.currency, priced.approved.rate)


def _with_original(slices: list[Slice], priced: PricedLine) -> list[Slice]:
    """Foreign lines: the original amount is split like the functional one, so that neither loses a unit."""
    if priced.approved.currency is None or not priced.approved.base:
        return slices
    total, scale = priced.approved.doc, scale_of(priced.approved.currency)
    weights = [part.base for one in slices for part in (one.cost, one.tax)]
    parts = split(total, weights, scale, last=False)
    out = []
    for at, one in enumerate(slices):
        cost, tax = parts[2 * at], parts[2 * at + 1]
        out.append(
            attrs.evolve(
                one,
                cost=attrs.evolve(one.cost, doc=cost),
                tax=attrs.evolve(one.tax, doc=tax),
                gross=attrs.evolve(one.gross, doc=cost + tax),
            )
        )
    return out
