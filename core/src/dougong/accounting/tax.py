"""Deductible input tax (posting-rules.md §2, steps 2–5); what is not told is held, not guessed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext

import attrs

from dougong.accounting import messages, tax_messages
from dougong.accounting.invoices import claim_key, invoice_rate, invoice_tax
from dougong.accounting.priced import Deduction, PricedLine
from dougong.accounting.rulefile import RuleSet
from dougong.accounting.split import allocate
from dougong.model.documents import Document, Invoice, InvoiceShare
from dougong.model.money import CONTEXT, round_to, scale_of
from dougong.model.problems import Problem
from dougong.model.settled import InvoiceClaim
from dougong.tables.decisions import Decision

__all__ = ["NO", "YES", "Claimed", "Deductions", "deductions"]

#: What other reports claim of an invoice: key → report number → share.
Claimed = Callable[[str], Mapping[str, Decimal]]
YES, NO = ("yes", "是", "1", "true"), ("no", "否", "0", "false", "")


@attrs.define
class Deductions:
    """What was found: deductions by line id, problems that hold the document, notes that do not."""

    by_line: dict[str, list[Deduction]] = attrs.field(factory=dict)
    claims: list[InvoiceClaim] = attrs.field(factory=list)
    problems: list[Problem] = attrs.field(factory=list)
    notes: list[Problem] = attrs.field(factory=list)


@attrs.frozen
class _Claim:
    """One line's claim on an invoice, in the line's currency."""

    priced: PricedLine
    share: Decimal
    stated: Decimal | None


@attrs.frozen
class _Verdict:
    """Whether a claim may deduct, by which row."""

    deduct: bool
    decision: Decision | None = None


def deductions(
    document: Document,
    lines: Sequence[PricedLine],
    rules: RuleSet,
    on: dt.date,
    entity_of: Callable[[str], str | None],
    claimed: Claimed = lambda key: {},
) -> Deductions:
    """Deductible tax by line.

    :param on: business date for the tax table.
    :param entity_of: the entity that a code means, `None` for nobody of ours.
    :param claimed: what other reports claim of an invoice, by its key.
    """
    out = Deductions()
    invoices = {invoice.id: invoice for invoice in document.invoices}
    claims: dict[str, list[_Claim]] = {}
    for priced in sorted(lines, key=lambda one: one.line.id):
        for one, share in _claims(priced, invoices, out.problems):
            claims.setdefault(one.id, []).append(_Claim(priced, share, one.tax))
    for id, mine in claims.items():
        invoice = invoices[id]
        if (contradiction := _contradiction(invoice, mine[0].priced.currency)) is not None:
            out.problems.append(contradiction)
            continue
        total, key = sum((claim.share for claim in mine), Decimal(0)), claim_key(invoice)
        others = claimed(key) if key else {}
        if key:
            out.claims.append(InvoiceClaim(key, total))
        if any(claim.share * invoice.gross < 0 for claim in mine):
            out.problems.append(tax_messages.invoice_sign(invoice, [claim.share for claim in mine]))
            continue
        if abs(total + sum(others.values())) > abs(invoice.gross):
            out.problems.append(tax_messages.invoice_overclaimed(invoice, total, document.number, others))
            continue
        for deduction in _of_invoice(document, invoice, mine, rules, on, entity_of, out):
            out.by_line.setdefault(deduction.line.line.id, []).append(deduction)
    _check_lines(lines, out)
    return out


def _contradiction(invoice: Invoice, currency: str) -> Problem | None:
    """Net, tax and gross are all told, and do not add up at the currency's scale; 民航发展基金 is part of gross only.

    :param currency: of the lines that claim it, where the invoice states none.
    """
    if invoice.net is None or invoice.tax is None:
        return None
    with localcontext(CONTEXT):
        rest = invoice.gross - invoice.net - invoice.tax - (invoice.fund or Decimal(0))
    unit = Decimal(1).scaleb(-scale_of(invoice.currency or currency))
    return None if abs(rest) < unit else tax_messages.invoice_amounts(invoice, invoice.net, invoice.tax)


def _claims(
    priced: PricedLine, invoices: Mapping[str, Invoice], problems: list[Problem]
) -> list[tuple[InvoiceShare, Decimal]]:
    """What the line claims of each invoice; without stated shares its amount, at most what the invoices hold."""
    known = [one for one in priced.line.invoices if one.id in invoices]
    problems += [
        tax_messages.invoice_missing(priced.path, one.id) for one in priced.line.invoices if one.id not in invoices
    ]
    open_ones = [one for one in known if one.share is None]
    free = priced.claimed.doc - sum((one.share for one in known if one.share is not None), Decimal(0))
    gross = [invoices[one.id].gross for one in open_ones]
    room = sum(gross, Decimal(0))
    if open_ones and abs(room) > abs(free):
        with localcontext(CONTEXT):
            gross = allocate(free, [free * amount / room for amount in gross], scale_of(priced.currency))
    amounts = dict(zip((one.id for one in open_ones), gross, strict=True))
    return [(one, amounts[one.id] if one.share is None else one.share) for one in known]


def _of_invoice(
    document: Document,
    invoice: Invoice,
    claims: Sequence[_Claim],
    rules: RuleSet,
    on: dt.date,
    entity_of: Callable[[str], str | None],
    out: Deductions,
) -> list[Deduction]:
    """The deductions of one invoice, rounded once for all its lines: the parts of a whole invoice sum to its tax."""
    known = invoice_tax(invoice)
    if _too_much(invoice, claims, known, out.problems):
        return []
    allowed = [(claim, _verdict(invoice, claim, known, rules, on, out)) for claim in claims]
    allowed = [(claim, verdict) for claim, verdict in allowed if verdict.deduct]
    if not allowed:
        return []
    buyer = _buyer(invoice, document, rules, on, entity_of, out.problems)
    scale = scale_of(document.currency)
    with localcontext(CONTEXT):
        exact = [_exact(claim, invoice, known, rules) for claim, _ in allowed]
        parts = allocate(round_to(sum(exact, Decimal(0)), scale), exact, scale)
    rate = invoice_rate(invoice, known)
    return [
        Deduction(
            line=claim.priced,
            invoice=invoice.id,
            invoice_kind=invoice.kind,
            buyer=buyer,
            tax=tax,
            base=_base(claim, invoice, tax, rules, scale),
            rate=rate,
            codes=_codes(verdict),
            row=verdict.decision.row if verdict.decision else 0,
        )
        for (claim, verdict), tax in zip(allowed, parts, strict=True)
    ]


def _too_much(invoice: Invoice, claims: Sequence[_Claim], known: Decimal | None, problems: list[Problem]) -> bool:
    """Whether the source's deductible tax exceeds the invoice's."""
    stated = sum((claim.stated for claim in claims if claim.stated is not None), Decimal(0))
    if known is None or abs(stated) <= abs(known):
        return False
    problems.append(tax_messages.tax_above_invoice(invoice, stated, known))
    return True


def _verdict(
    invoice: Invoice,
    claim: _Claim,
    known: Decimal | None,
    rules: RuleSet,
    on: dt.date,
    out: Deductions,
) -> _Verdict:
    """Whether this claim may deduct: taxpayer, verification, kind, use. No row, and tax at stake, is a problem."""
    tax = known if claim.stated is None else claim.stated
    if rules.tax.taxpayer == "small_scale" or tax == 0 or not claim.share or not invoice.gross:
        return _Verdict(False)
    keys = {"fee_type": claim.priced.line.fee_type, "invoice_kind": invoice.kind}
    table = rules.tables.get("tax_use")
    decision = table.lookup(keys, on) if table else None
    word = decision.values["deduct"].lower() if decision else None
    if word in NO:
        return _Verdict(False, decision)
    if word not in YES:
        out.problems.append(tax_messages.tax_use_missing(table, keys, claim.priced.approved.base))
    elif invoice.verified is False:
        (out.problems if rules.tax.unverified == "hold" else out.notes).append(tax_messages.unverified(invoice))
    elif tax is None:
        out.problems.append(tax_messages.tax_missing(invoice))
    elif (invoice.currency or claim.priced.currency) != claim.priced.currency:
        out.problems.append(
            messages.not_yet(claim.priced.path, "票面币种与费用币种不同的抵扣", "tax of an invoice in another currency")
        )
    else:
        return _Verdict(True, decision)
    return _Verdict(False, decision)


def _factor(claim: _Claim, rules: RuleSet) -> Decimal:
    """Functional per unit of the claim's currency, less what was not approved (step 4)."""
    priced = claim.priced
    if not priced.claimed.doc:
        return Decimal(0)
    if rules.tax.below_invoice == "none" and priced.own_share:
        return Decimal(0)
    counted = priced.claimed.base if rules.tax.below_invoice == "full" else priced.approved.base
    return counted / priced.claimed.doc


def _exact(claim: _Claim, invoice: Invoice, known: Decimal | None, rules: RuleSet) -> Decimal:
    """The claim's deductible tax before rounding."""
    tax = claim.stated if claim.stated is not None else (known or Decimal(0)) * claim.share / invoice.gross
    return tax * _factor(claim, rules)


def _base(claim: _Claim, invoice: Invoice, tax: Decimal, rules: RuleSet, scale: int) -> Decimal:
    """The net that the tax belongs to; 民航发展基金 is never in it."""
    with localcontext(CONTEXT):
        factor = _factor(claim, rules)
        fund = (invoice.fund or Decimal(0)) * claim.share / invoice.gross
        return round_to(claim.share * factor, scale) - round_to(fund * factor, scale) - tax


def _codes(verdict: _Verdict) -> dict[str, str]:
    values = verdict.decision.values if verdict.decision else {}
    return {name: value for name, value in values.items() if name.endswith("tax_code") and value}


def _buyer(
    invoice: Invoice,
    document: Document,
    rules: RuleSet,
    on: dt.date,
    entity_of: Callable[[str], str | None],
    problems: list[Problem],
) -> str | None:
    """The entity named as buyer (抬头): by the buyers table, where a blank entity means nobody of ours, or by its code.

    An invoice that names no buyer counts as the report's own: the source has no such field, or its approvers looked.
    """
    if not invoice.buyer:
        return document.entity
    table = rules.tables.get("buyers")
    decision = table.lookup({"buyer": invoice.buyer}, on) if table else None
    if decision is not None:
        return entity_of(decision.values["entity"]) or decision.values["entity"] or None
    entity = entity_of(invoice.buyer)
    if entity is None and invoice.buyer != document.entity:
        problems.append(tax_messages.buyer_unknown(invoice, table, rules.path))
    return entity or invoice.buyer


def _check_lines(lines: Sequence[PricedLine], out: Deductions) -> None:
    """No line deducts more than was approved of it."""
    for priced in lines:
        tax = sum((one.tax for one in out.by_line.get(priced.line.id, ())), Decimal(0))
        if tax and (abs(tax) > abs(priced.approved.base) or tax * priced.approved.base < 0):
            out.problems.append(tax_messages.tax_above_approved(priced.path, tax, priced.approved.base))
