"""Comparing both sides: pure, by the ERP's key first and by our reference else; exact amounts, no tolerance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

import attrs

from dougong.ledger.states import DeliveryState
from dougong.model.identity import CROCKFORD
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import Problem, Text

__all__ = ["Ours", "Row", "Verdict", "candidates", "compare"]

_OUR_REFERENCE = re.compile(f"DG[{CROCKFORD}]{{14,32}}")


class Verdict(StrEnum):
    """What the comparison of one document says."""

    MATCHED = "matched"
    MISSING = "missing"
    AMOUNT = "amount"
    CURRENCY = "currency"
    PERIOD = "period"
    STAGE = "stage"
    DOUBLED = "doubled"
    EDITED = "edited"
    UNKNOWN_TO_US = "unknown_to_us"


@attrs.frozen
class Ours:
    """One delivery as the ledger believes it.

    :param sent: something of it is or may be in the ERP. :param settled: it is known to be there.
    :param reference: as sent; `None` before the first attempt. :param reference_field: where it was written then.
    :param accepted: a person has taken what the ERP shows in place of what was sent.
    """

    delivery: str
    documents: tuple[str, ...]
    book: str
    state: str
    sent: bool
    settled: bool
    reference: str | None = None
    erp_key: str | None = None
    erp_number: str | None = None
    stage: Stage | None = None
    period: str | None = None
    currency: str | None = None
    total: Decimal | None = None
    facts: Facts = Facts()
    reference_field: str = ""
    accepted: bool = False


@attrs.frozen
class Row:
    """One line of the result.

    :param ours: our total; `theirs` the ERP's; `difference` = theirs - ours. Functional currency, exact.
    :param in_transit: our total while the outcome is not known yet.
    :param not_ours: the ERP's total of what we do not know.
    :param posting: what the ERP shows now, for the ledger to note.
    :param changed: what a person changed in the ERP, fact by fact.
    :param certain: whether the ledger may act on it; not while the outcome is open or the ERP cannot tell.
    """

    verdict: Verdict
    document: str
    book: str | None
    period: str | None
    delivery: str | None = None
    erp_number: str | None = None
    ours: Decimal | None = None
    theirs: Decimal | None = None
    in_transit: Decimal | None = None
    not_ours: Decimal | None = None
    posting: Posting | None = None
    detail: str = ""
    changed: Text = Text("", "")
    certain: bool = True

    @property
    def difference(self) -> Decimal:
        """What the ERP has more than we do."""
        return (self.theirs or Decimal(0)) - (self.ours or Decimal(0))


def compare(ours: Sequence[Ours], theirs: Iterable[Posting], period: str) -> list[Row]:
    """Set both sides of a period beside each other.

    :param ours: deliveries that belong to the period. :param theirs: every posting of the period, all pages.
    :returns: one row per delivery, then one per posting that carries a reference of ours and is not known here.
    """
    postings = list(theirs)
    found = candidates(ours, postings)
    rows = [_row(one, found[one.delivery], period) for one in ours]
    known = {posting.erp_key for some in found.values() for posting in some}
    return rows + [_not_ours(posting) for posting in postings if posting.erp_key not in known and _looks_ours(posting)]


def candidates(ours: Iterable[Ours], theirs: Iterable[Posting]) -> dict[str, list[Posting]]:
    """Delivery → the postings that carry its reference or its id, whatever their stage."""
    by_key: dict[str, Posting] = {}
    by_reference: dict[str, list[Posting]] = {}
    for posting in theirs:
        by_key[posting.erp_key] = posting
        if posting.reference:
            by_reference.setdefault(posting.reference, []).append(posting)
    return {one.delivery: _candidates(one, by_key, by_reference) for one in ours}


def _candidates(
    one: Ours, by_key: Mapping[str, Posting], by_reference: Mapping[str, Sequence[Posting]]
) -> list[Posting]:
    found = {posting.erp_key: posting for posting in by_reference.get(one.reference or "", ())}
    if one.erp_key is not None and one.erp_key in by_key:
        found[one.erp_key] = by_key[one.erp_key]
    return list(found.values())


def _row(one: Ours, found: Sequence[Posting], period: str) -> Row:
    live = [p for p in found if p.stage.stands or _taken_back(one, p)]
    base = Row(
        Verdict.MATCHED,
        ", ".join(one.documents),
        one.book,
        one.period or period,
        one.delivery,
        one.erp_number,
        ours=one.total,
        in_transit=one.total if one.sent and not one.settled else None,
        certain=one.settled,
    )
    if not live:
        return attrs.evolve(base, verdict=Verdict.MISSING, detail=one.state)
    posting = next((p for p in live if p.erp_key == one.erp_key), live[0])
    verdict = Verdict.DOUBLED if len(live) > 1 else _verdict(one, posting)
    return attrs.evolve(
        base,
        verdict=verdict,
        theirs=sum((p.total or Decimal(0) for p in live), Decimal(0)),
        erp_number=posting.number or one.erp_number,
        posting=posting,
        detail=", ".join(p.number or p.erp_key for p in live) if len(live) > 1 else "",
        changed=one.facts.changes(posting)
        if verdict in (Verdict.AMOUNT, Verdict.EDITED)
        else _renumbered(one, posting),
    )


def _taken_back(one: Ours, posting: Posting) -> bool:
    """What a red voucher of ours took back stays in the books beside it; some ERPs mark it."""
    return one.state == DeliveryState.REVERSED and posting.stage is Stage.REVERSED


def _renumbered(one: Ours, posting: Posting) -> Text:
    """Accountants re-arrange numbers (整理断号): the old one and the new one."""
    old, new = one.erp_number, posting.number
    if not old or not new or old == new:
        return Text("", "")
    changed = Problem.of("NUMBER_CHANGED", f"凭证号 {old} → {new}", f"{old} → {new}", old=old, new=new)
    return Text(f"{changed.code}: {changed.message.zh}", f"{changed.code}: {changed.message.en}")


def _verdict(one: Ours, posting: Posting) -> Verdict:
    if one.currency and posting.currency and one.currency != posting.currency:
        return Verdict.CURRENCY
    if one.total is not None and posting.total is not None and one.total != posting.total:
        return Verdict.AMOUNT
    if one.period and posting.period and one.period != posting.period:
        return Verdict.PERIOD
    if one.facts.differences(posting):
        return Verdict.EDITED
    if one.stage is not None and posting.stage.stands and posting.stage.rank < one.stage.rank:
        return Verdict.STAGE
    return Verdict.MATCHED


def _looks_ours(posting: Posting) -> bool:
    return bool(posting.reference and _OUR_REFERENCE.fullmatch(posting.reference))


def _not_ours(posting: Posting) -> Row:
    return Row(
        Verdict.UNKNOWN_TO_US,
        posting.reference or "",
        posting.book,
        posting.period,
        erp_number=posting.number,
        theirs=posting.total,
        not_ours=posting.total,
        posting=posting,
    )
