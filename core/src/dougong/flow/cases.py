"""Running a customer's cases: what the project's rules make of a case's documents, without ERP and without writing."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from dougong import accounting, formats
from dougong.accounting import Case, Context, Draft, Got, LoanFact
from dougong.flow.deriving import Deriver
from dougong.flow.together import together
from dougong.ledger import documents as ledger_documents
from dougong.model.bookings import Voucher
from dougong.model.documents import Document, SourceRef
from dougong.model.masterdata import AccountNeeds
from dougong.model.problems import InputError, Problem
from dougong.model.sources import EventsOnly, SourceDocument

__all__ = ["run_case"]


def run_case(deriver: Deriver, case: Case) -> tuple[Got, ...]:
    """Every voucher that the case's documents call for, and every document or voucher that is held.

    :param deriver: of the project, for rules, tables, rates, routes and what the ERP's accounts take.
    :raises InputError: the case's documents cannot be read.

    .. versionadded:: 0.1
    """
    items = _documents(case)
    context = _context(deriver, case, [item.document for item in items])
    single: list[Got] = []
    groups: dict[tuple[str, str], list[tuple[SourceRef, Voucher]]] = {}
    for item in items:
        for got, key in _outcomes(item, context):
            if key and got.voucher is not None:
                groups.setdefault((got.book, key), []).append((item.document.ref, got.voucher))
            else:
                single.append(got)
    merged = (accounting.merge(parts, deriver.inputs.limits(book)) for (book, _), parts in groups.items())
    return (*single, *(Got(one.documents, one.moment, one.entity, one.book, "1", one) for one in merged))


def _outcomes(item: SourceDocument, context: Context) -> Iterator[tuple[Got, str]]:
    """What a document comes to, each with what it is merged by."""
    numbers = (item.document.number,)
    if item.problems:
        yield Got(numbers, problems=item.problems), ""
        return
    derivation = accounting.derive(item.document, context)
    if derivation.problems:
        yield Got(numbers, problems=derivation.problems), ""
    for draft in derivation.drafts:
        if draft.owner != "dougong":
            continue
        rivals = tuple(rival.problem for rival in draft.rivals)
        problems = (*rivals, *draft.problems) or tuple(_unposted_loans(draft, context))
        documents = draft.booking.documents if draft.booking else numbers
        voucher = None if problems else draft.booking
        got = Got(documents, draft.moment, draft.entity, draft.book, draft.part, voucher, problems)
        yield got, draft.merge_key


def _unposted_loans(draft: Draft, context: Context) -> Iterator[Problem]:
    """Only a loan that the case knows of can be written off, as only one that the ledger knows of can be."""
    for wait in draft.waits_for:
        if wait.document and context.loan(wait.document) is None:
            yield Problem.of(
                "LOAN_NOT_POSTED",
                f"用例中没有借款 {wait.document}",
                f"the case knows no loan {wait.document}",
                hint_zh=f'在用例中写 [[loan]] number = "{wait.document}", 或加入借款单',
                hint_en=f'write [[loan]] number = "{wait.document}" in the case, or add the loan document',
                loan=wait.document,
            )


# -- circumstances --------------------------------------------------------------------------------------------------


def _context(deriver: Deriver, case: Case, documents: Sequence[Document]) -> Context:
    """What deriving may know: the project's rules, tables and rates, and what the case says of the world."""
    inputs = deriver.inputs
    loans = _loans(case, documents)
    return Context(
        rules=inputs.rules,
        books_for=deriver.project.config.books_for,
        rates=inputs.rates,
        account_needs=partial(_needs, deriver, case),
        limits=inputs.limits,
        loan=loans.get,
        closed=lambda book: frozenset(case.closed.get(book, ())),
        last_voucher=lambda book, kind, period: case.last_voucher.get(book),
    )


def _loans(case: Case, documents: Sequence[Document]) -> Mapping[str, LoanFact]:
    """Loans that the case states, and those among its documents, by number and by the source's id."""
    beside = {key: LoanFact(number=d.number) for d in documents if d.type == "loan" for key in (d.id, d.number)}
    return beside | {loan.number: loan for loan in case.loan}


def _needs(deriver: Deriver, case: Case, book: str, account: str) -> AccountNeeds | None:
    """What an account takes: as its ERP told, else as the case says, of itself before all accounts of a pattern."""
    known = deriver.needs(book, account, case.today or deriver.inputs.today(book))
    if known is not None:
        return known
    fitting = [account, *(pattern for pattern in case.accounts if fnmatch.fnmatchcase(account, pattern))]
    said = next((case.accounts[name] for name in fitting if name in case.accounts), None)
    if said is None:
        return None
    return AccountNeeds(frozenset(said.dimensions), frozenset(said.currencies), said.cash, frozenset(said.optional))


# -- documents ------------------------------------------------------------------------------------------------------


def _documents(case: Case) -> list[SourceDocument]:
    """The documents with all their events, as they stand after everything that the case's files tell."""
    found = together(_entries(case))
    if unknown := [ledger_documents.unknown(one.ref) for one in found if isinstance(one, EventsOnly)]:
        raise InputError(unknown)
    return [one for one in found if isinstance(one, SourceDocument)]


def _entries(case: Case) -> Iterator[SourceDocument | EventsOnly]:
    folder = case.file.parent
    for name in case.documents:
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise InputError(_unreadable(name, error.strerror or "unreadable")) from error
        yield from formats.read_canonical(content)
    if case.inline:
        yield from formats.read_canonical(formats.dumps(list(case.inline)).encode())


def _unreadable(name: str, why: str) -> Problem:
    return Problem.of(
        "FILE_UNREADABLE",
        f"无法读取 {name}: {why}",
        f"cannot read {name}: {why}",
        hint_zh="documents 的路径相对于用例文件",
        hint_en="paths in `documents` are relative to the case file",
    )
