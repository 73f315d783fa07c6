"""One draft: head and lines of a voucher, checked against what its ERP takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from dougong.accounting import messages, refusals
from dougong.accounting.context import Context, Draft, Wait
from dougong.accounting.dates import Dated
from dougong.accounting.entries import Place, make_lines
from dougong.accounting.rulefile import Moment, RuleSet
from dougong.model.bookings import Voucher, VoucherLine
from dougong.model.documents import Document
from dougong.model.masterdata import AccountNeeds
from dougong.model.operations import Limits
from dougong.model.problems import Problem
from dougong.model.settled import SettledReport

__all__ = ["Order", "before_rules", "draft"]


@attrs.frozen
class Order:
    """What is to be drafted: a moment in a book, with its date."""

    entity: str
    book: str
    rules: RuleSet
    moment: Moment
    part: str
    dated: Dated


def draft(document: Document, report: SettledReport, order: Order, context: Context) -> Draft | None:
    """The draft of one voucher: its booking, or every reason why there is none; `None` when every amount is zero."""
    moment = order.moment
    base = Draft(
        moment.name,
        order.entity,
        order.book,
        order.part,
        moment.target,
        moment.target_stage,
        moment.owner,
        waits_for=_waits(report, order.entity),
        date_reasons=order.dated.reasons,
    )
    if moment.owner == "erp":
        return base
    if early := before_rules(order.dated):
        return attrs.evolve(base, problems=early)
    limits = context.limits(order.book)
    lines = make_lines(report, _place(order, context, limits))
    voucher = _voucher(document, report, order, lines.lines)
    notes, held = _years(document, order)
    problems = [*_unsupported(moment), *order.dated.problems, *lines.problems, *held]
    if not problems and not lines.lines:
        return None
    if not problems:
        problems += _checked(voucher, limits)
    return attrs.evolve(
        base,
        booking=None if problems else voucher,
        problems=tuple(problems),
        notes=(*report.notes, *lines.notes, *notes),
    )


def before_rules(dated: Dated) -> tuple[Problem, ...]:
    """That the fact is older than the rules; then nothing else that they say of it counts, a missing row least."""
    return tuple(problem for problem in dated.problems if problem.code == "RULES_NOT_VALID")


def _place(order: Order, context: Context, limits: Limits) -> Place:
    def needs(account: str) -> AccountNeeds | None:
        known = order.rules.needs
        return context.account_needs(order.book, account) if known is None else known.get(account)

    return Place(
        order.rules,
        order.moment,
        order.entity,
        order.book,
        order.dated.posting,
        order.dated.period,
        limits,
        needs,
        order.dated.prefix,
    )


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


def _waits(report: SettledReport, entity: str) -> tuple[Wait, ...]:
    """Every loan that is written off has to be posted before, unless it was opened before go-live."""
    loans = [fact.loan for fact in report.advances if fact.entity == entity and not fact.before_go_live]
    return tuple(Wait("loan", loan) for loan in dict.fromkeys(loans))


def _unsupported(moment: Moment) -> Iterator[Problem]:
    """What rules may ask for and this version does not do."""
    if moment.target != "voucher":
        yield messages.not_yet("", f"目标单据 {moment.target}", f"target {moment.target}")
    if moment.merge != "none":
        yield messages.not_yet("", f"凭证合并 {moment.merge}", f"merged vouchers ({moment.merge})")
    if moment.mirrors:
        yield messages.not_yet("", f"{moment.mirrors} 的红字", f"a mirror of {moment.mirrors}")


def _years(document: Document, order: Order) -> tuple[list[Problem], list[Problem]]:
    """Invoices of another year, as notes or as problems."""
    year, policy = order.dated.posting.year, order.rules.dates.invoice_year
    found = [
        refusals.invoice_year(invoice, year)
        for invoice in document.invoices
        if invoice.date and invoice.date.year != year
    ]
    if policy == "ignore" or order.moment.name == "loan":
        return [], []
    return ([], found) if policy == "hold" else (found, [])


def _checked(voucher: Voucher, limits: Limits) -> Iterator[Problem]:
    """The whole voucher: balanced, not too long, one currency where the ERP takes one."""
    if voucher.difference:
        yield refusals.not_balanced(voucher.difference)
    if len(voucher.lines) > limits.max_lines:
        yield refusals.lines_too_many(len(voucher.lines), limits.max_lines)
    currencies = {line.original.currency if line.original else voucher.currency for line in voucher.lines}
    if limits.voucher_currency == "document" and len(currencies) > 1:
        yield refusals.currency_mixed(sorted(currencies))
