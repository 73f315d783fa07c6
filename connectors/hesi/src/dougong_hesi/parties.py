"""Who is who in a flow: legal entity, payees, and who has paid already."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Literal

from dougong.model.documents import Line, PaidBy, Payee
from dougong.model.masterdata import MasterRecord
from dougong.model.money import plain
from dougong.model.problems import Problem
from dougong_hesi.reading import Reading, fields, first_text, items

__all__ = ["entity_of", "paid_by", "payees_of", "submitter_of"]


def submitter_of(reading: Reading) -> tuple[str | None, str | None]:
    """Employee code and name of the submitter."""
    key = str(reading.form.get("submitterId") or "")
    code = reading.lookup.word("employee", key, "form.submitterId", use=reading.settings.employee)
    known = reading.lookup.reference.get("employee", key)
    return code, known.name or None if known is not None else None


def entity_of(reading: Reading, department: str) -> str | None:
    """The legal entity: of the form, by the settings' table; of the tenant; of the department's record.

    :param department: the department's id.
    """
    settings, lookup = reading.settings, reading.lookup
    name, key = first_text(reading.form, settings.entity_fields)
    path = f"form.{name}"
    if not key and reading.tenant not in settings.entities:
        record = lookup.reference.get("department", department)
        key = "" if record is None else str(record.data.get("legal_entity") or "")
        path = "form.expenseDepartment"
    found = settings.entities.get(key) or settings.entities.get(reading.tenant)
    if not found and not key:
        reading.findings.add(_no_entity(reading.tenant, reading.findings.settings).at("corporationId"))
    return found or lookup.word("entity", key, path)


def paid_by(reading: Reading, claimed: Decimal) -> PaidBy | None:
    """Who has paid the lines already: only where the company paid all of them, since a flow does not say which ones."""
    company = reading.amount("companyRealPay")
    if not company:
        return None
    if company != claimed:
        reading.findings.add(_which_lines(company, claimed).at("form.companyRealPay"))
    elif not reading.settings.company_payer:
        reading.findings.add(_no_company_payer(company, reading.findings.settings).at("form.companyRealPay"))
    else:
        return PaidBy(reading.settings.company_payer)
    return None


def payees_of(reading: Reading, payable: Decimal, submitter: str | None, lines: tuple[Line, ...]) -> tuple[Payee, ...]:
    """Who is to get the payable amount.

    :param submitter: code of the submitter, the payee when the account is their own.
    :param lines: for several payees by line (`feeDetailPayeeId`).
    """
    if payable == 0:
        return ()
    if reading.form.get("multiplePayeesMode") is True:
        return _several(reading, payable, submitter, lines)
    found = _payee(reading, str(reading.form.get("payeeId") or ""), submitter, "form.payeeId")
    return () if found is None else (Payee(*found, payable),)


def _several(reading: Reading, payable: Decimal, submitter: str | None, lines: tuple[Line, ...]) -> tuple[Payee, ...]:
    """Several payees by line; by amount (`payPlan`) only where its shape is known, which it is not."""
    details = items(reading.form.get("details"), "form.details")
    forms = [fields(detail.get("feeTypeForm"), "form.details") for detail in details]
    due: defaultdict[str, Decimal] = defaultdict(Decimal)
    for form, line in zip(forms, lines, strict=False):
        due[str(form.get("feeDetailPayeeId") or "")] += line.gross if line.base is None else line.base
    if reading.form.get("payPlan") or len(forms) != len(lines) or "" in due or sum(due.values()) != payable:
        reading.findings.add(_pay_plan().at("form.payPlan"))
        return ()
    found = ((_payee(reading, key, submitter, "form.details"), amount) for key, amount in due.items())
    return tuple(Payee(*payee, amount) for payee, amount in found if payee is not None)


def _payee(
    reading: Reading, id: str, submitter: str | None, path: str
) -> tuple[Literal["employee", "supplier"], str] | None:
    """Kind and code of a payee, or `None` with a problem."""
    settings, lookup = reading.settings, reading.lookup
    if id in settings.suppliers:
        return "supplier", settings.suppliers[id]
    if not id:
        reading.findings.add(_no_payee().at(path))
        return None
    record = lookup.record("payee", id, path)
    if record is None:
        return None
    staff = str(record.data.get("staff") or "")
    if staff:
        code = lookup.word("employee", staff, path, use=settings.employee)
        return None if code is None else ("employee", code)
    if _is_own_account(reading, record):
        return None if submitter is None else ("employee", submitter)
    name, supplier = first_text(reading.form, settings.supplier_fields)
    if supplier and record.data.get("type") == "对公账户":
        code = lookup.word("supplier", supplier, f"form.{name}")
        return None if code is None else ("supplier", code)
    reading.findings.add_cause(_whose_account(record, reading.findings.settings).at(path))
    return None


def _is_own_account(reading: Reading, record: MasterRecord) -> bool:
    """A personal account in the submitter's own name."""
    submitter = reading.lookup.reference.get("employee", str(reading.form.get("submitterId") or ""))
    personal = record.data.get("type") == "个人账户"
    return personal and submitter is not None and bool(record.name) and submitter.name == record.name


def _no_entity(tenant: str, settings: str) -> Problem:
    return Problem.of(
        "ENTITY_UNKNOWN",
        f"不知道合思企业 {tenant} 的这张单据属于哪个法人实体",
        f"which legal entity this document of Hesi tenant {tenant} belongs to is not known",
        hint_zh=f'请在 {settings} 写 entities = {{ "{tenant}" = "A01" }}, 或推送带法人实体的部门和档案项返回',
        hint_en=f'set entities = {{ "{tenant}" = "A01" }} in {settings}, '
        "or push departments and dimension items that name one",
        tenant=tenant,
    )


def _which_lines(company: Decimal, claimed: Decimal) -> Problem:
    return Problem.of(
        "COMPANY_PAID_LINES_UNKNOWN",
        f"企业已付 {plain(company)}, 报销金额 {plain(claimed)}: 单据没有说明是哪些明细",
        f"the company paid {plain(company)} of {plain(claimed)}: the flow does not say which lines",
        hint_zh="请在合思中把企业支付与个人垫付分成两张单据",
        hint_en="split company paid and own expenses into two documents in Hesi",
    )


def _no_company_payer(company: Decimal, settings: str) -> Problem:
    return Problem.of(
        "COMPANY_PAYER_UNKNOWN",
        f"企业已付 {plain(company)}, 但不知道应付给哪个统付平台或发卡行",
        f"the company paid {plain(company)}, but to which platform or card issuer it is owed is not known",
        hint_zh=f'请在 {settings} 写 company_payer = "供应商编码"',
        hint_en=f'set company_payer = "supplier code" in {settings}',
    )


def _pay_plan() -> Problem:
    return Problem.of(
        "PAYEES_NOT_READABLE",
        "多收款人单据无法确定每个收款人的金额",
        "how much each of several payees gets cannot be told",
        hint_zh="只支持按明细的多收款人 (feeDetailPayeeId) 且没有核销和企业已付; 其他请人工入账",
        hint_en="only payees by line (feeDetailPayeeId), without write-off or company paid, are read",
    )


def _no_payee() -> Problem:
    return Problem.of(
        "PAYEE_MISSING",
        "有应付金额但没有收款人",
        "an amount is payable, but there is no payee",
        hint_zh="请在合思中补选收款信息后重新推送",
        hint_en="choose the payee in Hesi, then push the document again",
    )


def _whose_account(record: MasterRecord, settings: str) -> Problem:
    kind = "、".join(str(record.data[name]) for name in ("type", "owner") if name in record.data)
    return Problem.of(
        "PAYEE_UNKNOWN",
        f"收款信息 {record.id} ({kind}) 没有员工, 也不是提交人本人的个人账户",
        f"payee {record.id} ({kind}) names no staff and is not the submitter's own personal account",
        hint_zh=f'供应商: 请在 {settings} 写 suppliers = {{ "{record.id}" = "编码" }}; '
        "员工: 请在合思关联员工后重新推送收款信息",
        hint_en=f'a supplier: set suppliers = {{ "{record.id}" = "code" }} in {settings}; '
        "an employee: link the staff in Hesi",
        kind="payee",
        id=record.id,
    )
