"""Drafts: head and lines of a voucher, checked against what its ERP takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import attrs

from dougong.accounting import messages, payment_messages, refusals
from dougong.accounting.context import Context, Draft, Wait
from dougong.accounting.dates import Dated, prior_year
from dougong.accounting.entries import Place, make_lines
from dougong.accounting.loans import lent, movements
from dougong.accounting.pieces import in_pieces, may_be_cut
from dougong.accounting.rulefile import Moment, RuleSet
from dougong.model import words
from dougong.model.bookings import LoanMovement, Voucher, VoucherLine
from dougong.model.documents import Document
from dougong.model.masterdata import AccountNeeds
from dougong.model.problems import Problem
from dougong.model.settled import SettledReport

__all__ = ["Order", "before_rules", "drafts"]


@attrs.frozen
class Order:
    """What is to be drafted: a moment in a book, with its date.

    :param returns: part of the moment that it mirrors: the payment that came back.
    """

    entity: str
    book: str
    rules: RuleSet
    moment: Moment
    part: str
    dated: Dated
    returns: str = ""


def drafts(document: Document, report: SettledReport, order: Order, context: Context) -> list[Draft]:
    """The draft of one voucher: its booking, or every reason why there is none; nothing when every amount is zero.

    Several where the ERP takes no voucher of that length, and the rules want parts.
    """
    order, moment = _of_another_year(report, order), order.moment
    base = Draft(
        moment.name,
        order.entity,
        order.book,
        order.part,
        moment.target,
        moment.target_stage,
        moment.owner,
        waits_for=_waits(report, order),
        date_reasons=order.dated.reasons,
        merge_key=_merge_key(report, order),
    )
    if moment.owner == "erp":
        return [base]
    if early := before_rules(order.dated):
        return [attrs.evolve(base, problems=early)]
    where = _place(order, context)
    lines = make_lines(report, where)
    voucher = _voucher(document, report, order, lines.lines)
    notes, held = _years(document, order)
    settled = report.problems if order.entity == report.entity else ()
    problems = [
        *_unsupported(moment),
        *_charges(report, order),
        *order.dated.problems,
        *settled,
        *lines.problems,
        *held,
    ]
    if not problems and not lines.lines:
        return []
    if not problems:
        problems += _checked(voucher, where)
    made = attrs.evolve(
        base,
        booking=None if problems else voucher,
        problems=tuple(problems),
        notes=(*report.notes, *lines.notes, *notes),
    )
    return in_pieces(made, report, where)


def _merge_key(report: SettledReport, order: Order) -> str:
    """What has to be the same for vouchers to be merged (posting-rules.md §8)."""
    moment, batch = order.moment, next((one.batch for one in report.payments if one.batch), "")
    if moment.merge == "none" or (moment.merge == "payment_batch" and not batch):
        return ""
    key = (moment.name, order.entity, order.book, str(order.dated.posting), moment.voucher_type, moment.merge)
    return "|".join((*key, batch) if moment.merge == "payment_batch" else key)


def before_rules(dated: Dated) -> tuple[Problem, ...]:
    """That the fact is older than the rules; then nothing else that they say of it counts, a missing row least."""
    return tuple(problem for problem in dated.problems if problem.code == "RULES_NOT_VALID")


def _place(order: Order, context: Context) -> Place:
    def needs(account: str) -> AccountNeeds | None:
        if order.rules.needs is None:
            return context.account_needs(order.book, account)
        return order.rules.account_needs(account, order.dated.posting)

    return Place(
        order.rules,
        order.moment,
        order.entity,
        order.book,
        order.dated.posting,
        order.dated.period,
        context.limits(order.book),
        needs,
        order.dated.prefix,
        order.dated.cost_role,
    )


def _of_another_year(report: SettledReport, order: Order) -> Order:
    """Costs of the entity that are booked in another fiscal year than their fact's follow the rule for them."""
    if all(entry.each != "slices" for entry in order.moment.entry):
        return order
    cost = sum((one.cost.base for one in report.slices if one.entity == order.entity), Decimal(0))
    return attrs.evolve(order, dated=prior_year(order.dated, order.rules, cost))


def _voucher(document: Document, report: SettledReport, order: Order, lines: Sequence[VoucherLine]) -> Voucher:
    moment, dated = order.moment, order.dated
    return Voucher(
        moment=moment.name,
        entity=order.entity,
        book=order.book,
        posting_date=dated.posting,
        period=dated.period,
        voucher_type=moment.voucher_type,
        currency=report.currency,
        lines=tuple(lines),
        documents=(document.number,),
        business_date=dated.fact,
        attachments=_attachments(document, report, order),
        summary=lines[0].summary if lines else "",
        prepared_by=_prepared_by(moment, report),
        date_reasons=dated.reasons,
        loans=_loans(document, report, order),
    )


def _prepared_by(moment: Moment, report: SettledReport) -> str | None:
    value = getattr(report, moment.prepared_by.removeprefix("report.")) if moment.prepared_by else None
    return str(value) if value else None


def _attachments(document: Document, report: SettledReport, order: Order) -> int:
    """附件数. Invoices count where their lines are borne; those of no line count for the payer."""
    if order.moment.attachments == "one":
        return 1
    if order.moment.attachments == "attachments":
        return _count(document.extensions.get("attachments"))
    lines = {one.line for one in report.slices if one.entity == order.entity}
    claimed = {share.id: line.id for line in document.lines for share in line.invoices}
    own = order.entity == report.entity
    return sum(1 for invoice in document.invoices if (claimed[invoice.id] in lines if invoice.id in claimed else own))


def _count(value: Any) -> int:
    return len(value) if isinstance(value, (list, tuple)) else int(value or 0)


def _waits(report: SettledReport, order: Order) -> tuple[Wait, ...]:
    """Every loan that is cleared has to be posted before, unless it was opened before go-live.

    So does what comes first of this document (`after`, `mirrors`). Nobody waits for what the ERP makes by itself.
    """
    loans = [fact.loan for fact in report.advances if fact.entity == order.entity and not fact.before_go_live]
    moments, mirrors, after = order.rules.moments, order.moment.mirrors, order.moment.after
    waits = [Wait("loan", loan) for loan in dict.fromkeys(loans)] if _ours(moments.get("loan")) else []
    own = [Wait(mirrors, part=order.returns)] if mirrors else []
    own += [Wait(after)] if after not in (None, "loan", mirrors) else []
    return (*waits, *(wait for wait in own if _ours(moments.get(wait.moment))))


def _ours(moment: Moment | None) -> bool:
    return moment is None or moment.owner == "dougong"


def _loans(document: Document, report: SettledReport, order: Order) -> tuple[LoanMovement, ...]:
    if order.moment.name == "loan":
        return lent(document, report)
    return movements(document, (fact for fact in report.advances if fact.entity == order.entity))


def _unsupported(moment: Moment) -> Iterator[Problem]:
    """What rules may ask for and this version does not do."""
    if moment.target != "voucher":
        yield messages.not_yet("", f"目标单据为{words.target(moment.target).zh}", f"target {moment.target}")


def _charges(report: SettledReport, order: Order) -> Iterator[Problem]:
    """A bank's fee that no entry books: the voucher would balance without it, and the bank's account be wrong."""
    fee = sum((one.fee.base for one in report.payments), Decimal(0))
    entries = (entry for entry in order.moment.entry if entry.each == "payments")
    if fee and not any(entry.amount.endswith(".fee") for entry in entries):
        yield payment_messages.bank_charges_missing(order.rules.path, order.moment.mirrors or order.moment.name, fee)


def _years(document: Document, order: Order) -> tuple[list[Problem], list[Problem]]:
    """Invoices of another year, as notes or as problems."""
    year, policy = order.dated.posting.year, order.rules.dates.invoice_year
    found = [
        refusals.invoice_year(invoice, year)
        for invoice in document.invoices
        if invoice.date and invoice.date.year != year
    ]
    if policy == "ignore" or order.moment.name != "accrual":
        return [], []
    return ([], found) if policy == "hold" else (found, [])


def _checked(voucher: Voucher, where: Place) -> Iterator[Problem]:
    """The whole voucher: balanced, not too long, one currency where the ERP takes one."""
    limits = where.limits
    if voucher.difference:
        yield refusals.not_balanced(voucher.difference)
    if len(voucher.lines) > limits.max_lines and not may_be_cut(where):
        yield refusals.lines_too_many(len(voucher.lines), limits.max_lines)
    currencies = {line.original.currency if line.original else voucher.currency for line in voucher.lines}
    if limits.voucher_currency == "document" and len(currencies) > 1:
        yield refusals.currency_mixed(sorted(currencies))
