"""Companion answers as reference data: staffs, departments, fee types, dimensions, payees … (expense-side.md §1.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dougong.model.masterdata import MasterRecord
from dougong.model.money import plain
from dougong.model.sources import ReferenceData
from dougong_hesi.lookup import code_index, code_index_id, dimension_kind
from dougong_hesi.values import exact

__all__ = [
    "attachments",
    "buyer_titles",
    "currencies",
    "department",
    "dimension",
    "dimension_item",
    "employee",
    "fee_type",
    "flow_invoices",
    "index_codes",
    "loan",
    "payee",
    "payment_account",
    "repayment_record",
]


def _record(kind: str, item: Mapping[str, Any], **data: Any) -> MasterRecord:
    known = {name: value for name, value in data.items() if value not in (None, "", [], {})}
    code, name = _text(item, "code"), _text(item, "name")
    return MasterRecord(kind, item["id"], code, name, item.get("active") is not False, known)


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return "" if value is None else str(value)


def _amount(value: object) -> str | None:
    value = value.get("standard") if isinstance(value, Mapping) else value
    return None if value in (None, "") else plain(exact(value))


def employee(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """A staff: code (工号, may be empty or repeated), name, departments; no phone, no mail."""
    yield _record(
        "employee",
        item,
        departments=item.get("departments"),
        default_department=item.get("defaultDepartment"),
        external=item.get("external"),
    )


def department(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """A department with its legal entity and cost centre (ids of dimension items)."""
    form = item.get("form") or {}
    yield _record(
        "department",
        item,
        parent=item.get("parentId"),
        legal_entity=form.get("legalEntity"),
        cost_center=form.get("costCenter"),
    )


def fee_type(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """A fee type; `active` true means enabled."""
    yield _record("fee_type", item, parent=item.get("parentId"))


def dimension(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """A dimension (档案类别)."""
    yield _record("dimension", item)


def dimension_item(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """An item of a dimension: a project, a legal entity, a supplier, whatever the customer keeps."""
    dimension_id = str(item["dimensionId"])
    kind = dimension_kind(dimension_id.rpartition(":")[2])
    yield _record(kind, item, dimension=dimension_id, parent=item.get("parentId"))


def payee(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """Someone who can be paid: whose it is and of which sort; neither card nor certificate number."""
    yield _record(
        "payee",
        item,
        sort=item.get("sort"),
        type=item.get("type"),
        owner=item.get("owner"),
        staff=item.get("staffId"),
    )


def payment_account(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """A paying account by its code (账户编码); never its number."""
    yield _record("payment_account", item, sort=item.get("sort"))


def buyer_titles(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """An invoice title of the tenant (开票信息), found by its id, its tax number and its name."""
    tenant, name, tax_number = _text(item, "corporationId"), _text(item, "name"), _text(item, "payerNo")
    active = item.get("active") is not False
    for key in filter(None, (item["id"], tax_number, name)):
        yield MasterRecord("buyer_title", key, tax_number, name, active, {"tenant": tenant})


def loan(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """A loan package (借款包): total, reserved, remaining. REPAID means "to be repaid", PAID "settled"."""
    amounts = {name: _amount(item.get(name)) for name in ("total", "reserved", "remain", "repayment")}
    yield _record("loan", item, flow=item.get("flowId"), source=item.get("source"), state=item.get("state"), **amounts)


def repayment_record(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """One movement of a loan package (OBTAIN, WRITEOFF, MANUAL, CHARGEAGAINST …)."""
    yield _record(
        "repayment_record",
        item,
        type=item["repaymentType"],
        loan=item.get("loanInfoId"),
        flow=item.get("flowId"),
        amount=_amount(item.get("amount")),
        foreign_amount=_amount(item.get("foreignAmount")),
        charge_against=item.get("chargeAgainstMark"),
    )


def currencies(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """Rates per base currency (核算汇率)."""
    for info in item["currInfos"]:
        yield MasterRecord(
            "currency",
            info["id"],
            _text(info, "strCode"),
            _text(info, "name"),
            info.get("active") is not False,
            {"base": item.get("orgCode"), "rate": _amount(info.get("rate")), "scale": info.get("scale")},
        )


def attachments(item: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """Files of a flow by key and name; links expire and are not kept (expense-side.md §1.4)."""
    for group in item["attachmentList"]:
        for kind in ("attachmentUrls", "invoiceUrls", "receiptUrls"):
            for file in group.get(kind) or ():
                data = {"flow": item.get("flowId"), "place": group.get("type"), "kind": kind.removesuffix("Urls")}
                data["key"] = file.get("key")
                yield MasterRecord(
                    "attachment", file.get("fileId") or file["key"], "", _text(file, "fileName"), True, data
                )


def flow_invoices(answer: Mapping[str, Any]) -> Iterator[MasterRecord]:
    """Which invoices each flow has, by flow id."""
    for flow, invoices in answer.items():
        found = [
            {"id": item["invoiceId"], "items": item.get("invoiceItemId") or [], "type": item.get("invoiceType")}
            for item in invoices
        ]
        yield MasterRecord("flow_invoices", flow, data={"invoices": found})


def index_codes(records: Iterable[MasterRecord], reference: ReferenceData | None) -> Iterator[MasterRecord]:
    """Which active ids share a code, so that a repeated 工号 is seen; joins what earlier pages told."""
    sharing: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for record in records:
        if record.kind in {"employee", "department"} and record.code and record.active:
            sharing[code_index(record.kind), code_index_id(record), record.code].add(record.id)
    for (kind, key, code), ids in sharing.items():
        known = reference.get(kind, key) if reference is not None else None
        everyone = ids | set(known.data["ids"] if known is not None else ())
        yield MasterRecord(kind, key, code, data={"ids": sorted(everyone)})
