"""From a document to its settled report (posting-rules.md §2): pure, whatever is known comes in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import attrs

from dougong.accounting import messages, tax_messages
from dougong.accounting.accounts import KINDS
from dougong.accounting.loans import LookUp, exchange, repaid, written_off
from dougong.accounting.messages import SettlementError
from dougong.accounting.parties import parties
from dougong.accounting.payments import payment_facts
from dougong.accounting.priced import Deduction, PricedLine, price
from dougong.accounting.rulefile import RuleSet
from dougong.accounting.split import slices_of
from dougong.accounting.tax import Claimed, deductions
from dougong.model.documents import Document, Event
from dougong.model.money import is_currency
from dougong.model.problems import DougongError, Problem
from dougong.model.settled import Amount, Counterpart, SettledReport, Slice, Tax
from dougong.tables.rates import Rates

__all__ = ["settle"]

#: Documents whose lines are costs; a loan or repayment has payments only.
_COSTS = ("expense", "payment_request")


def settle(
    document: Document,
    rules: RuleSet,
    *,
    rates: Rates,
    loan: LookUp,
    on: dt.date,
    event: Event | None = None,
    entity_of: Callable[[str], str | None] = lambda code: None,
    costs: bool = True,
    claimed: Claimed = lambda key: {},
) -> SettledReport:
    """The settled report by the rules of one book.

    :param rates: exchange rates; asked only for lines whose source states none.
    :param loan: what is known of a loan, by number or source id.
    :param on: business date of the moment: validity of tables, and of rates taken then.
    :param event: the event that opened the moment; its payments become facts.
    :param entity_of: the entity of ours that a code means; an invoice may name it as buyer.
    :param costs: whether its lines, taxes and parties are wanted; a payment has nothing to do with them.
    :param claimed: what other reports claim of an invoice, by its key.
    :raises SettlementError: with every problem found, `IDENTITY_FAILED` among them.

    .. versionadded:: 0.1
    """
    if not document.entity:
        raise SettlementError(messages.entity_missing(document.number))
    if document.currency != rules.rules.currency or not is_currency(document.currency):
        raise SettlementError(messages.functional_currency(document.currency, rules.rules.currency, rules.path))
    head = _head(document)
    if costs and document.type in _COSTS:
        head = _costs(head, document, rules, rates, loan, on, entity_of=entity_of, claimed=claimed)
    payments, problems = payment_facts(document, event, rules, rates, on)
    if not problems and document.type == "repayment":
        cleared = repaid(document, payments, rules, loan, on)
        problems += cleared.problems
        differences = exchange(cleared.advances, head.entity)
        head = attrs.evolve(head, advances=cleared.advances, differences=differences)
        head = attrs.evolve(head, notes=cleared.notes, problems=cleared.overdrawn)
    if problems:
        raise SettlementError(problems)
    return attrs.evolve(head, payments=payments)


def _head(document: Document) -> SettledReport:
    return SettledReport(
        number=document.number,
        type=document.type,
        entity=document.entity or "",
        currency=document.currency,
        submitter=document.submitter,
        submitter_name=document.submitter_name,
        department=document.department,
        reason=document.reason,
        finance_approver=document.finance_approver,
    )


def _costs(
    head: SettledReport,
    document: Document,
    rules: RuleSet,
    rates: Rates,
    loan: LookUp,
    on: dt.date,
    *,
    entity_of: Callable[[str], str | None],
    claimed: Claimed,
) -> SettledReport:
    """Lines, taxes, bearers and parties of a report."""
    problems: list[Problem] = []
    lines = _priced(document, rules, rates, on, problems)
    found = deductions(document, lines, rules, on, entity_of, claimed)
    problems += found.problems
    slices, taxed, notes = _sliced(document, lines, found.by_line, rules, head.entity, problems)
    if problems:
        raise SettlementError(problems)
    tax = sum((one.tax for _, one in taxed), Decimal(0))
    write_offs = written_off(document, lines, rules, rates, loan, on)
    sides = parties(document, lines, head.entity, tax, write_offs)
    if sides.problems:
        raise SettlementError(sides.problems)
    return attrs.evolve(
        head,
        slices=tuple(_with_kinds(slices, rules, on)),
        taxes=_taxes(taxed, rules),
        counterparts=_counterparts(slices, head.entity, document.number),
        advances=sides.advances,
        company_paid=sides.company_paid,
        withheld=sides.withheld,
        payees=sides.payees,
        due_back=sides.due_back,
        differences=sides.differences,
        notes=(*found.notes, *notes, *write_offs.notes),
        claims=tuple(found.claims),
        problems=write_offs.overdrawn,
    )


def _priced(document: Document, rules: RuleSet, rates: Rates, on: dt.date, problems: list[Problem]) -> list[PricedLine]:
    """Every line in functional currency; ids must be unique, they are what lines are told apart by."""
    lines: list[PricedLine] = []
    seen: set[str] = set()
    for at, line in enumerate(document.lines):
        found = price(document, line, f"lines[{at}]", rules, rates, on)
        if line.id in seen:
            problems.append(messages.line_repeated(f"lines[{at}]", line.id))
        elif isinstance(found, Problem):
            problems.append(found)
        else:
            lines.append(found)
        seen.add(line.id)
    return lines


def _sliced(
    document: Document,
    lines: Sequence[PricedLine],
    by_line: dict[str, list[Deduction]],
    rules: RuleSet,
    payer: str,
    problems: list[Problem],
) -> tuple[list[Slice], list[tuple[str, Deduction]], list[Problem]]:
    """All slices, all deductions by entity, and what the title rule kept in the cost."""
    slices: list[Slice] = []
    taxed: list[tuple[str, Deduction]] = []
    notes: list[Problem] = []
    for priced in lines:
        mine = by_line.get(priced.line.id, [])
        try:
            parts, kept = slices_of(priced, mine, document, payer, rules.rounding.split == "last")
        except DougongError as error:
            problems += error.problems
            continue
        slices += parts
        taxed += kept
        lost = _title_mismatches(priced, mine, parts, document)
        (problems if rules.tax.title_mismatch == "hold" else notes).extend(lost)
    return slices, taxed, notes


def _title_mismatches(
    priced: PricedLine, mine: Sequence[Deduction], slices: Sequence[Slice], document: Document
) -> Iterable[Problem]:
    buyers = {invoice.id: invoice.buyer for invoice in document.invoices}
    for deduction in mine:
        others = sorted({one.entity for one in slices if one.gross.base and one.entity != deduction.buyer})
        if others:
            yield tax_messages.title_mismatch(
                priced.path, deduction.invoice, buyers.get(deduction.invoice) or "", others
            )


def _with_kinds(slices: Iterable[Slice], rules: RuleSet, on: dt.date) -> Iterable[Slice]:
    """部门性质 and 项目性质 from their tables; no row means no kind."""
    for one in slices:
        department = _kind(rules, *KINDS["department_kind"], one.department, on)
        project = _kind(rules, *KINDS["project_kind"], one.project, on)
        yield attrs.evolve(one, department_kind=department, project_kind=project) if department or project else one


def _kind(rules: RuleSet, table: str, key: str, code: str | None, on: dt.date) -> str | None:
    found = rules.tables[table].lookup({key: code}, on) if table in rules.tables and code else None
    return found.values["kind"] or None if found else None


def _taxes(taxed: Sequence[tuple[str, Deduction]], rules: RuleSet) -> tuple[Tax, ...]:
    """Tax facts by rate or by invoice; amounts of opposite sign and different tax codes stay apart.

    A line too small for a cent of tax still counts in the base.
    """
    groups: dict[tuple[object, ...], list[tuple[str, Deduction]]] = {}
    for entity, one in taxed:
        codes = tuple(sorted(one.codes.items()))
        invoice = one.invoice if rules.tax.lines_by == "invoice" else ""
        groups.setdefault((entity, str(one.rate), invoice, one.base > 0, codes), []).append((entity, one))
    taxes = (_tax(members[0][0], [one for _, one in members]) for _, members in sorted(groups.items()))
    return tuple(one for one in taxes if one.tax.base)


def _tax(entity: str, members: Sequence[Deduction]) -> Tax:
    first = members[0]
    return Tax(
        entity=entity,
        base=Amount.of(sum((one.base for one in members), Decimal(0))),
        tax=Amount.of(sum((one.tax for one in members), Decimal(0))),
        rate=first.rate,
        invoice_kind=first.invoice_kind,
        fee_type=first.line.line.fee_type,
        codes=first.codes,
        lines=tuple(sorted({one.line.line.id for one in members})),
        invoices=tuple(sorted({one.invoice for one in members})),
        row=first.row,
    )


def _counterparts(slices: Sequence[Slice], payer: str, number: str) -> tuple[Counterpart, ...]:
    """The pair of lines that two entities carry about each other; the document's number coordinates them."""
    out: list[Counterpart] = []
    for other in sorted({one.entity for one in slices} - {payer}):
        amount = Amount.of(sum((one.gross.base for one in slices if one.entity == other), Decimal(0)))
        out.append(Counterpart(payer, other, "bearer", amount, number))
        out.append(Counterpart(other, payer, "payer", amount, number))
    return tuple(out)
