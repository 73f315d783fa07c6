"""A flow of Hesi (单据) as a canonical document with what is missing and what its fingerprint is made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from dougong.formats.json_text import dumps
from dougong.model.documents import Advance, Document, DocumentType, Line, Payee
from dougong.model.money import plain, scale_of
from dougong.model.problems import InputError, Problem
from dougong.model.sources import ReferenceData, SourceDocument
from dougong_hesi.content import content_of
from dougong_hesi.events import BOOKED, STATES, events_of
from dougong_hesi.invoices import Invoices
from dougong_hesi.lines import read_lines
from dougong_hesi.parties import entity_of, paid_by, payees_of, submitter_of
from dougong_hesi.privacy import mask, mask_text, scrub
from dougong_hesi.reading import Fields, Reading, items
from dougong_hesi.settings import HesiSettings
from dougong_hesi.values import exact

__all__ = ["read_flow"]

#: Hesi's formType → our document type; every other kind is kept and held.
TYPES: dict[str, DocumentType] = {
    "expense": "expense",
    "loan": "loan",
    "payment": "payment_request",
    "corpPayment": "payment_request",
    "repayment": "repayment",
}


def read_flow(flow: Fields, settings: HesiSettings, reference: ReferenceData, connection: str) -> SourceDocument:
    """Read one flow.

    :param flow: as Hesi answers it (`value` of flowDetails, an item of getApplyList).
    :param reference: what companion answers have told of its ids.
    :param connection: name of the connection, for hints that speak of its settings.
    :returns: the document; what is missing or contradictory is a problem, told as soon as the flow is to be booked.
    :raises InputError: `FLOW_MALFORMED` when it has not the shape of a flow.

    .. versionadded:: 0.1
    """
    flow = scrub(flow)
    reading = Reading.of(flow, settings, reference, connection)
    form_type = str(flow["formType"])
    type, state = TYPES.get(form_type, "voucher"), _state(flow)
    document = _document(reading, type, state)
    problems = reading.findings.problems if _is_due(type, state) else ()
    return SourceDocument(
        document=document,
        raw=dumps(flow, numbers=True).encode(),
        problems=(*_always(form_type, type, str(flow.get("state") or ""), state), *problems),
        content=content_of(reading, form_type),
    )


def _state(flow: Fields) -> str:
    """Our word for the state; one that is not known stays as it is."""
    stated = str(flow.get("state") or "")
    return "deleted" if flow.get("active") is False else STATES.get(stated, stated)


def _is_due(type: str, state: str) -> bool:
    """Whether the flow opens a moment now: before that, missing facts are nobody's business yet."""
    return state in BOOKED and not (type == "loan" and state == "paying")


def _document(reading: Reading, type: DocumentType, state: str) -> Document:
    flow, form = reading.flow, reading.form
    submitter, name = submitter_of(reading)
    field = "loanDepartment" if type == "loan" else "expenseDepartment"
    department = str(form.get(field) or "")
    pay = reading.money(form.get("payMoney"), "form.payMoney")
    document = Document(
        source="hesi",
        tenant=reading.tenant,
        type=type,
        id=str(flow["id"]),
        number=str(form.get("code") or flow["id"]),
        state=state,
        currency=reading.currency,
        entity=entity_of(reading, department),
        updated_at=reading.instant(flow.get("updateTime")),
        submitter=submitter,
        submitter_name=name,
        department=reading.lookup.word("department", department, f"form.{field}", use=reading.settings.department),
        reason=_reason(form),
        extensions=_extensions(flow, form),
    )
    if not submitter and not form.get("submitterId"):
        reading.findings.add(_no_submitter().at("form.submitterId"))
    document = _with_loan(reading, document) if type == "loan" else _with_report(reading, document)
    return attrs.evolve(document, events=events_of(reading, type, state, document.payees, pay))


def _with_loan(reading: Reading, document: Document) -> Document:
    """A loan: what is lent, owed by whoever asked for it, wherever the money went."""
    lent, pay = reading.amount("loanMoney"), reading.amount("payMoney")
    if lent != pay:
        reading.findings.add(_loan_contradiction(lent, pay).at("form.payMoney"))
    if document.submitter is None or lent == 0:
        return document
    return attrs.evolve(document, payees=(Payee("employee", document.submitter, lent),))


def _with_report(reading: Reading, document: Document) -> Document:
    """A report or payment request: lines, invoices, write-offs, payees; and whether its amounts agree."""
    claimed, payable = reading.amount("expenseMoney"), reading.amount("payMoney")
    paid = paid_by(reading, claimed)
    invoices = Invoices(reading)
    lines = read_lines(reading, invoices, paid)
    advances = _advances(reading)
    _check_totals(reading, lines, claimed, payable)
    return attrs.evolve(
        document,
        lines=lines,
        invoices=invoices.found,
        advances=advances,
        payees=payees_of(reading, payable, document.submitter, lines),
    )


def _advances(reading: Reading) -> tuple[Advance, ...]:
    """The write-offs; they must add up to what the form says is written off."""
    found = []
    for index, record in enumerate(items(reading.form.get("writtenOffRecords"), "form.writtenOffRecords")):
        path = f"form.writtenOffRecords[{index}].amount"
        try:
            amount = exact(record.get("amount"), scale=scale_of(reading.currency))
        except InputError as error:
            reading.findings.extend(problem.at(path) for problem in error.problems)
            continue
        loan = str(record.get("loanId") or "")
        if not loan:
            reading.findings.add(_loan_missing().at(f"form.writtenOffRecords[{index}].loanId"))
        found.append(Advance(loan, amount))
    stated, recorded = reading.amount("writtenOffMoney"), sum((advance.amount for advance in found), Decimal(0))
    if stated != recorded:
        reading.findings.add(_written_off_contradiction(stated, recorded).at("form.writtenOffMoney"))
    return tuple(found)


def _loan_missing() -> Problem:
    return Problem.of(
        "LOAN_MISSING",
        "核销记录没有借款单 ID (loanId), 无法判断核销哪一张借款",
        "a write-off does not name its loan (loanId): it cannot be told which one it clears",
        hint_zh="请推送单据详情 (GET v1.1/flowDetails) 或在合思补全",
        hint_en="push the flow's details (GET v1.1/flowDetails), or complete it in Hesi",
    )


def _check_totals(reading: Reading, lines: tuple[Line, ...], claimed: Decimal, payable: Decimal) -> None:
    """Σ lines = claimed = payable + written off + company paid (canonical-model.md §12)."""
    total = sum((line.gross if line.base is None else line.base for line in lines), Decimal(0))
    if not lines:
        reading.findings.add(_no_lines().at("form.details"))
    elif reading.form.get("expenseMoney") is None:
        claimed = total
    elif total != claimed:
        reading.findings.add(_lines_contradiction(total, claimed).at("form.expenseMoney"))
    written_off, company = reading.amount("writtenOffMoney"), reading.amount("companyRealPay")
    rest = claimed - payable - written_off - company
    if lines and rest != 0:
        reading.findings.add(_identity_failed(claimed, payable, written_off, company).at("form.payMoney"))


def _reason(form: Fields) -> str | None:
    texts = (form.get(name) for name in ("title", "description"))
    return next((mask_text(text) for text in texts if isinstance(text, str) and text.strip()), None)


def _extensions(flow: Fields, form: Fields) -> dict[str, Any]:
    """What a customer's rules may want to see besides: their own fields, links, feedback; personal data masked."""
    own = {name: mask(value, name) for name, value in form.items() if name.startswith("u_")}
    links = form.get("expenseLinks") or ([form["expenseLink"]] if form.get("expenseLink") else [])
    files = len(items(form.get("attachments"), "form.attachments"))
    known = {
        "form_type": flow["formType"],
        "requisitions": links,
        "voucher_no": form.get("voucherNo"),
        "attachments": files,
    }
    return {**own, **{name: mask(value) for name, value in known.items() if value}}


def _always(form_type: str, type: str, stated: str, state: str) -> tuple[Problem, ...]:
    """What holds a flow in any state: a kind or a state that is not read."""
    found = []
    if form_type not in TYPES or type == "repayment":
        found.append(_kind_not_handled(form_type).at("formType"))
    if state not in {*STATES.values(), "deleted"}:
        found.append(_state_unknown(stated).at("state"))
    return tuple(found)


def _kind_not_handled(form_type: str) -> Problem:
    return Problem.of(
        "KIND_NOT_HANDLED",
        f"合思单据类型 {form_type} 不能自动入账",
        f"Hesi documents of type {form_type} are not booked",
        hint_zh=f"可处理: {', '.join(name for name in TYPES if name != 'repayment')}; 其他请人工入账",
        hint_en=f"handled: {', '.join(name for name in TYPES if name != 'repayment')}; book others by hand",
        form_type=form_type,
    )


def _state_unknown(stated: str) -> Problem:
    return Problem.of(
        "STATE_UNKNOWN",
        f"不认识的单据状态 {stated!r}",
        f"unknown state {stated!r}",
        hint_zh=f"已知: {', '.join(STATES)}",
        hint_en=f"known: {', '.join(STATES)}",
        state=stated,
    )


def _no_submitter() -> Problem:
    return Problem.of(
        "SUBMITTER_MISSING",
        "单据没有提交人",
        "the flow names no submitter",
        hint_zh="请推送完整的单据详情",
        hint_en="push the flow's whole details",
    )


def _no_lines() -> Problem:
    return Problem.of(
        "LINES_MISSING",
        "单据没有可读的费用明细, 无法确定科目",
        "the flow has no line that can be read, so no account can be chosen",
        hint_zh="请推送带费用明细的单据, 或人工入账",
        hint_en="push the document with its lines, or book it by hand",
    )


def _loan_contradiction(lent: Decimal, pay: Decimal) -> Problem:
    return Problem.of(
        "AMOUNT_CONTRADICTORY",
        f"借款金额 {plain(lent)} 不等于应付金额 {plain(pay)}",
        f"lent {plain(lent)}, but payable {plain(pay)}",
        hint_zh="请在合思中核对借款单后重新推送",
        hint_en="check the loan in Hesi, then push it again",
    )


def _written_off_contradiction(stated: Decimal, recorded: Decimal) -> Problem:
    return Problem.of(
        "WRITTEN_OFF_CONTRADICTORY",
        f"核销金额 writtenOffMoney 为 {plain(stated)}, 而核销记录 writtenOffRecords 合计 {plain(recorded)}",
        f"writtenOffMoney says {plain(stated)}, but writtenOffRecords add up to {plain(recorded)}",
        hint_zh="请在合思中核对借款核销后重新推送",
        hint_en="check the write-off of the loan in Hesi, then push the document again",
        stated=plain(stated),
        recorded=plain(recorded),
    )


def _lines_contradiction(total: Decimal, claimed: Decimal) -> Problem:
    return Problem.of(
        "LINES_CONTRADICTORY",
        f"明细合计 {plain(total)} 不等于报销金额 {plain(claimed)}, 差 {plain(claimed - total)}",
        f"the lines add up to {plain(total)}, claimed are {plain(claimed)}: difference {plain(claimed - total)}",
        hint_zh="请在合思中核对金额后重新推送",
        hint_en="check the amounts in Hesi, then push the document again",
    )


def _identity_failed(claimed: Decimal, payable: Decimal, written_off: Decimal, company: Decimal) -> Problem:
    parts = [plain(part) for part in (claimed, payable, written_off, company)]
    rest = plain(claimed - payable - written_off - company)
    return Problem.of(
        "IDENTITY_FAILED",
        f"报销 {parts[0]} ≠ 应付 {parts[1]} + 核销 {parts[2]} + 企业已付 {parts[3]}, 差 {rest}",
        f"claimed {parts[0]} ≠ payable {parts[1]} + written off {parts[2]} + company paid {parts[3]}: {rest}",
        hint_zh="请在合思中核对金额后重新推送",
        hint_en="check the amounts in Hesi, then push the document again",
        difference=rest,
    )
