"""The invoices of a flow: which line claims how much of which invoice, and what the companion records tell of each."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs

from dougong.model.documents import Invoice, InvoiceShare
from dougong.model.masterdata import MasterRecord
from dougong.model.money import plain
from dougong.model.problems import Problem
from dougong_hesi.lookup import kind_names
from dougong_hesi.reading import Fields, Reading, fields, items, texts

__all__ = ["KINDS", "Invoices"]

#: Hesi's type code (发票类别) or entity → the word that decision tables use; others stay as they are.
KINDS = {
    "VATSpecialInvoice": "专票",
    "VATElectronicSpecialInvoice": "专票",
    "FullDigitalSpecial": "专票",
    "VATOrdinaryInvoice": "普票",
    "VATElectronicInvoice": "普票",
    "FullDigitalNormal": "普票",
    "BlockchainElectronicInvoice": "普票",
    "TollInvoice": "通行费",
    "MotorInvoice": "机动车",
    "SecondhandCarInvoice": "二手车",
    "TrainInvoice": "铁路电子客票",
    "AircraftInvoice": "航空电子客票",
    "PassengerCarInvoice": "客运汽车票",
    "TaxiInvoice": "出租车票",
    "QuotaInvoice": "定额发票",
    "RoadTollInvoice": "过路费",
    "ShoppingInvoice": "购物小票",
    "火车票": "铁路电子客票",
    "航空运输电子客票行程单": "航空电子客票",
}
_MAIN = "发票主体"
#: invoiceForm.type (expense-side.md §1.3): is an invoice said to exist or to come?
_PROMISED, _WITHOUT = frozenset({"exist", "wait"}), frozenset({"noExist", "noWrite", "unify", ""})


class Invoices:
    """Collects the invoices of one flow while its lines are read."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._found: dict[str, Invoice] = {}

    @property
    def found(self) -> tuple[Invoice, ...]:
        """Every invoice whose details are known."""
        return tuple(self._found.values())

    def shares(self, fee_form: Fields, claimed: Decimal, path: str) -> tuple[InvoiceShare, ...]:
        """What one line claims of which invoices.

        :param fee_form: `feeTypeForm` of the line. :param claimed: the line's amount in the functional currency.
        """
        form = fields(fee_form.get("invoiceForm"), f"{path}.invoiceForm")
        listed = items(form.get("invoices"), f"{path}.invoiceForm.invoices")
        kind = str(form.get("type") or "")
        if not listed:
            self._without(kind, bool(form.get("attachments")), f"{path}.invoiceForm")
            return ()
        shares = [self._share(entry, f"{path}.invoiceForm.invoices[{i}]") for i, entry in enumerate(listed)]
        parts = sum((share.share for share in shares if share.share is not None), Decimal(0))
        # Parts that exceed the line say nothing of what it claims of each: accounting shares it out.
        return (
            tuple(attrs.evolve(share, share=None) for share in shares) if abs(parts) > abs(claimed) else tuple(shares)
        )

    def _without(self, kind: str, pictures: bool, path: str) -> None:
        if kind in _WITHOUT:
            return
        if kind not in _PROMISED:
            self._reading.findings.add(_unknown_form(kind).at(path))
        elif self._reading.settings.missing_invoice == "hold":
            findings = self._reading.findings
            findings.add(_promised(kind, pictures, findings.settings).at(path))

    def _share(self, entry: Fields, path: str) -> InvoiceShare:
        """The claim on one invoice: a part of it where only some items were chosen; deductible tax as stated."""
        reading, key = self._reading, str(entry.get("invoiceId") or "")
        stated = reading.money(entry.get("taxAmount"), f"{path}.taxAmount")
        tax = None if stated is None else stated.standard
        record = reading.lookup.reference.get("invoice", key)
        if record is None:
            reading.findings.add_cause(_details_missing(key).at(path))
            return InvoiceShare(key, None, tax)
        chosen = self._items(entry)
        if key not in self._found:
            self._found[key] = self._invoice(record, chosen, path)
        amounts = (_of(item, name) for item in chosen for name in ("net", "tax"))
        part = sum((amount for amount in amounts if amount is not None), Decimal(0))
        partial = part if part not in (0, self._found[key].gross) else None
        return InvoiceShare(key, partial, _deductible(record) if tax is None else tax)

    def _items(self, entry: Fields) -> tuple[MasterRecord, ...]:
        """The chosen lines of the invoice, when all of them are known."""
        ids = texts(entry.get("itemIds"), "form.details.feeTypeForm.invoiceForm.invoices.itemIds")
        known = [self._reading.lookup.reference.get("invoice_line", item) for item in ids]
        return tuple(item for item in known if item is not None) if all(known) else ()

    def _invoice(self, record: MasterRecord, chosen: tuple[MasterRecord, ...], path: str) -> Invoice:
        data, main = record.data, record.data["entity"] == _MAIN
        net, tax, gross = (_of(record, name) for name in ("net", "tax", "gross"))
        gross = net + tax if gross is None and net is not None and tax is not None else gross
        fund = None if main else self._fund(record, gross, path)
        if not main and tax is None and gross is not None:
            tax = _of(record, "deductible_tax")
            net = None if tax is None else gross - (fund or Decimal(0)) - tax
        if main and None not in (net, tax, gross) and net + tax != gross:  # type: ignore[operator]
            self._reading.findings.add(_invoice_contradiction(record, net, tax, gross).at(path))
        kind = self._kind(record)
        for name, value in (("kind", kind), ("amount", gross), ("buyer", data.get("buyer") if main else "-")):
            if value in (None, ""):
                self._reading.findings.add_cause(_fact_missing(record.id, name).at(path))
        rates = {rate for item in chosen if (rate := _of(item, "rate")) is not None}
        number = f"{data.get('code') or ''}{data.get('number') or ''}"
        return Invoice(
            id=record.id,
            kind=kind,
            gross=gross or Decimal(0),
            number=number or None,
            date=dt.date.fromisoformat(data["date"]) if "date" in data else None,
            buyer=self._buyer(record),
            seller=data.get("seller"),
            net=net,
            tax=tax,
            rate=_of(record, "rate") or (rates.pop() if len(rates) == 1 else None),
            fund=fund,
            currency=data.get("currency"),
            verified=data.get("verified"),
            extensions={name: data[name] for name in ("entity", "type", "traveller") if name in data},
        )

    def _kind(self, record: MasterRecord) -> str:
        entity = str(record.data["entity"])
        code = str(record.data.get("type") or ("" if entity == _MAIN else entity))
        words = {**KINDS, **self._reading.settings.invoice_kinds}
        return words.get(code, code)

    def _buyer(self, record: MasterRecord) -> str | None:
        """Our entity, where the tenant is one and the title its own; else the title: see the rules' `buyers`."""
        name, number = record.data.get("buyer"), record.data.get("buyer_tax_number")
        reading = self._reading
        own = reading.settings.entities.get(reading.tenant)
        records = (reading.lookup.reference.get("buyer_title", str(title)) for title in (number, name) if title)
        if own and any(found is not None and found.data.get("tenant") == reading.tenant for found in records):
            return own
        return None if name is None else str(name)

    def _fund(self, record: MasterRecord, gross: Decimal | None, path: str) -> Decimal | None:
        """What is never in a ticket's tax base: 民航发展基金, with it other taxes and insurance."""
        fund = _of(record, "fund")
        price = [part for name in ("fare", "fuel") if (part := _of(record, name)) is not None]
        if not price or gross is None:
            return fund
        extras = [_of(record, name) or Decimal(0) for name in ("fund", "other_taxes", "insurance")]
        rest = gross - sum(price, Decimal(0))
        if rest not in (sum(extras, Decimal(0)), extras[0] + extras[1]):
            self._reading.findings.add(_ticket_contradiction(record, gross).at(path))
            return fund
        return rest or None


def _of(record: MasterRecord, name: str) -> Decimal | None:
    value = record.data.get(name)
    return None if value is None else Decimal(value)


def _deductible(record: MasterRecord) -> Decimal | None:
    """Deductible tax by the invoice itself (E_是否抵扣, E_税额), where it tells it."""
    if record.data.get("deductible") is False:
        return Decimal(0)
    return _of(record, "deductible_tax") if record.data.get("deductible") is True else None


def _details_missing(id: str) -> Problem:
    return Problem.of(
        "INVOICE_DETAILS_MISSING",
        f"缺少发票 {id} 的详情 (票种、抬头、税额)",
        f"the details of invoice {id} (kind, buyer, tax) are not known",
        hint_zh=f"请推送包含它的返回结果: {kind_names('invoice')[1]}",
        hint_en=f"push the answer that contains it: {kind_names('invoice')[1]}",
        kind="invoice",
        id=id,
    )


def _fact_missing(id: str, fact: str) -> Problem:
    zh = {"kind": "票种 (发票类别)", "amount": "价税合计", "buyer": "购买方名称"}[fact]
    return Problem.of(
        "INVOICE_FACT_MISSING",
        f"发票 {id} 缺少{zh}",
        f"invoice {id} has no {fact} ({zh})",
        hint_zh="请在合思中补全发票后重新推送其详情",
        hint_en="complete the invoice in Hesi and push its details again",
        id=id,
        fact=fact,
    )


def _promised(kind: str, pictures: bool, settings: str) -> Problem:
    zh, en = "标明有票但没有发票", "no invoice"
    if kind == "wait":
        zh, en = "待开发票", "an invoice that is still to come"
    elif pictures:
        zh, en = "只有附件图片, 没有录入发票", "only pictures of an invoice"
    return Problem.of(
        "INVOICE_DETAILS_MISSING",
        f"该明细 (invoiceForm.type={kind}) {zh}",
        f"the line (invoiceForm.type={kind}) has {en}",
        hint_zh=f'请在合思中补录发票, 或在 {settings} 写 missing_invoice = "none" 按无票入账',
        hint_en=f'enter the invoice in Hesi, or set missing_invoice = "none" in {settings} to book it without one',
    )


def _unknown_form(kind: str) -> Problem:
    return Problem.of(
        "INVOICE_FORM_UNKNOWN",
        f"不认识的开票方式 {kind!r}",
        f"unknown invoiceForm.type {kind!r}",
        hint_zh="已知: exist, noExist, noWrite, wait, unify",
        hint_en="known: exist, noExist, noWrite, wait, unify",
    )


def _invoice_contradiction(record: MasterRecord, net: object, tax: object, gross: object) -> Problem:
    return Problem.of(
        "AMOUNT_CONTRADICTORY",
        f"发票 {record.id}: 金额 {net} + 税额 {tax} ≠ 价税合计 {gross}",
        f"invoice {record.id}: net {net} + tax {tax} is not gross {gross}",
        hint_zh="请在合思中更正发票后重新推送其详情",
        hint_en="correct the invoice in Hesi and push its details again",
        id=record.id,
    )


def _ticket_contradiction(record: MasterRecord, gross: Decimal) -> Problem:
    return Problem.of(
        "AMOUNT_CONTRADICTORY",
        f"客票 {record.id}: 票价、燃油、基金、税费之和不等于金额 {plain(gross)}",
        f"ticket {record.id}: fare, fuel, fund and taxes do not add up to {plain(gross)}",
        hint_zh="请在合思中更正客票后重新推送其详情",
        hint_en="correct the ticket in Hesi and push its details again",
        id=record.id,
    )
