"""Supplier invoices in SAP: posted, cancelled and found again over A_SupplierInvoice (sap.md §2.2, §2.5)."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import attrs

from dougong.hookspecs import Deadline
from dougong.model.messages import Message, Wanted
from dougong.model.outcomes import Absent, AlreadyThere, CannotTell, Done, Found, NotDone, Outcome, Unknown
from dougong.model.postings import Posting, PostingLine, Stage
from dougong_sap.documents import erp_key
from dougong_sap.invoice_fields import ITEMS, TAXES
from dougong_sap.invoices import CANCELS, REFERENCE
from dougong_sap.odata import OData, amount_of, day_of, literal
from dougong_sap.settings import TITLE
from dougong_sdk.refusals import BUSY_SECONDS, ErrorDictionary, Refused, outcome_of_class
from dougong_sdk.rest import Answer, BadAnswer, RestError, RestSession
from dougong_sdk.searching import fetched, search

__all__ = ["SERVICE", "SupplierInvoices"]

SERVICE, _SET = "API_SUPPLIERINVOICE_PROCESS_SRV", "A_SupplierInvoice"
_KEY = "SupplierInvoice,FiscalYear"
_FIELDS = (
    *("SupplierInvoice", "FiscalYear", "CompanyCode", "PostingDate", REFERENCE, "InvoicingParty", "DocumentCurrency"),
    *("InvoiceGrossAmount", "AccountingDocumentType", "SupplierPostingLineItemText", "SupplierInvoiceIsCreditMemo"),
    *("ReverseDocument", "ReverseDocumentFiscalYear", "IsReversal", "IsReversed"),
)
_SEARCHED = f"supplier invoices by {REFERENCE}, all company codes, years and pages"
#: Comes beside the causes of a refusal, and is none itself.
_GENERIC = "/IWBEP/CX_MGW_BUSI_EXCEPTION"
_MAYBE_KNOWN = "M8_108"
#: The version that was shown is missing or stale: nothing was done, and it is read anew once.
_STALE = (412, 428)


@attrs.frozen
class SupplierInvoices:
    """The supplier invoices of a system.

    :param odata: for reading. :param changes: the wire for what changes something, with token and cookies.
    """

    odata: OData
    changes: RestSession

    # -- writing ------------------------------------------------------------------------------------------------------

    def post(self, message: Message, deadline: Deadline) -> Outcome:
        """Post a frozen invoice, once."""
        answer = self._send(_SET, deadline, message.body)
        if answer.status == 201:
            return Done(_made(answer.json()))
        outcome, codes = _refused(answer)
        if _MAYBE_KNOWN in codes:
            reference = str(json.loads(message.body, parse_float=Decimal).get(REFERENCE))
            there = self.with_reference(reference, deadline)
            return fetched(reference, there) if there else outcome
        return outcome

    def cancel(self, message: Message, deadline: Deadline) -> Outcome:
        """Take an invoice back. SAP is read first: one that is cancelled already is not cancelled again."""
        told = json.loads(message.body, parse_float=Decimal)
        answer = None
        for _ in range(2):
            row, version = self._read(told["SupplierInvoice"], told["FiscalYear"], deadline)
            if row["IsReversed"]:
                return AlreadyThere(self._reversal_of(row, deadline))
            shown = {"If-Match": version} if version else {}
            answer = self._send(f"Cancel?{_parameters(told)}", deadline, headers=shown)
            if answer.status not in _STALE:
                return _cancelled(answer, row)
        return NotDone(
            f"SAP answers HTTP {answer.status if answer else ''}: the invoice is being changed", BUSY_SECONDS
        )

    def _send(
        self, path: str, deadline: Deadline, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        whole = {**self.odata.headers, **(headers or {})}
        return self.changes.send("POST", self.odata.path(SERVICE, path), body=body, deadline=deadline, headers=whole)

    # -- reading ------------------------------------------------------------------------------------------------------

    def find(self, wanted: Sequence[Wanted], deadline: Deadline) -> Iterator[Found | Absent | CannotTell]:
        """Invoices by our reference; a cancellation, which has no field for it, by the invoice that it cancels."""
        for want in wanted:
            cancels = [one.value.partition(" ")[0] for one in want.correlations if one.kind == CANCELS]
            if cancels:
                yield self._find_cancellation(want, cancels[0], deadline)
            else:
                yield from search([want], lambda reference: self.with_reference(reference, deadline), _SEARCHED)

    def _find_cancellation(self, want: Wanted, key: str, deadline: Deadline) -> Found | Absent | CannotTell:
        _, year, number = key.split("/")
        try:
            row, _ = self._read(number, year, deadline)
            if not row["IsReversed"]:
                return Absent(want.item, f"supplier invoice {number} of {year}: it is not cancelled")
            return Found(want.item, attrs.evolve(self._reversal_of(row, deadline), reference=want.reference))
        except (Refused, RestError) as error:
            return CannotTell(want.item, str(error))

    def with_reference(self, reference: str, deadline: Deadline) -> list[Posting]:
        """Invoices with our reference; one that takes another back has the other's, and is not ours itself.

        :raises BadAnswer: others came, so the filter was not honoured.
        """
        found = list(self._where(f"{REFERENCE} eq {literal(reference)}", deadline))
        if any(row[REFERENCE] != reference for row in found):
            raise BadAnswer("查询未按过滤条件返回", "the search did not honour its filter")
        return [_posting(row) for row in found if not row["IsReversal"]]

    def _where(self, condition: str, deadline: Deadline) -> Iterable[dict[str, Any]]:
        return self.odata.rows(SERVICE, _SET, _FIELDS, deadline, where=condition, key=_KEY, expand=(ITEMS, TAXES))

    def _read(self, number: str, year: str, deadline: Deadline) -> tuple[dict[str, Any], str]:
        key = f"SupplierInvoice={literal(number)},FiscalYear={literal(year)}"
        return self.odata.one(SERVICE, f"{_SET}({key})", deadline, expand=(ITEMS, TAXES))

    def _reversal_of(self, row: Mapping[str, Any], deadline: Deadline) -> Posting:
        reversal, _ = self._read(str(row["ReverseDocument"]), str(row["ReverseDocumentFiscalYear"]), deadline)
        return _posting(reversal)


def _parameters(told: Mapping[str, Any]) -> str:
    """Of the function import, as literals of an address."""
    day = day_of(told["PostingDate"])
    texts = {name: literal(str(told.get(name, ""))) for name in ("SupplierInvoice", "FiscalYear", "ReversalReason")}
    pairs = {**texts, "PostingDate": _moment(day) if day else ""}
    return "&".join(f"{name}={quote(value, safe=chr(39))}" for name, value in pairs.items())


def _moment(day: dt.date) -> str:
    return f"datetime'{day.isoformat()}T00:00:00'"


# -- what SAP says ----------------------------------------------------------------------------------------------------


def _made(content: Any) -> Posting:
    """The invoice that SAP has posted. :raises BadAnswer: it names none."""
    try:
        made = content["d"]
        company, year, number = (str(made[name]) for name in ("CompanyCode", "FiscalYear", "SupplierInvoice"))
    except (KeyError, TypeError):
        raise BadAnswer("应答中没有发票号", "there is no invoice in the answer") from None
    key = erp_key(company, year, number)
    return Posting(key, Stage.POSTED, number, company=company, book=company, fiscal_year=int(year))


def _cancelled(answer: Answer, row: Mapping[str, Any]) -> Outcome:
    if answer.status != 200:
        return _refused(answer)[0]
    content = answer.json()
    try:
        told = content["d"].get("Cancel", content["d"])
        done, number, year = told["Success"], str(told["ReverseDocument"]), str(told["FiscalYear"])
    except (AttributeError, KeyError, TypeError):
        raise BadAnswer("应答中没有冲销结果", "there is no result of the cancellation in the answer") from None
    if not done or not number.strip("0 "):
        return Unknown("SAP does not say that the invoice was cancelled")
    company = str(row["CompanyCode"])
    key, back = erp_key(company, year, number), erp_key(company, str(row["FiscalYear"]), str(row["SupplierInvoice"]))
    return Done(Posting(key, Stage.POSTED, number, company=company, book=company, fiscal_year=int(year), reverses=back))


def _refused(answer: Answer) -> tuple[Outcome, set[str]]:
    """What an error proves, and the codes of its causes.

    With 400 and its envelope Gateway has refused the document whole, whichever of SAP's thousands of messages says why.

    :raises BadStatus: it is no error of Gateway's.
    """
    errors, causes = ErrorDictionary.of("dougong_sap", TITLE), _causes(answer)
    general = errors.entry(f"GATEWAY_{answer.status}")
    found = []
    for code, text in causes:
        one = errors.refusal(re.sub(r"\W+", "_", code).strip("_"), f"{text} ({code})")
        if one.kind == "unknown" and general is not None:
            one = Refused(one.code, general.kind, attrs.evolve(one.problems[0], hint=general.hint))
        found.append(one)
    kinds = {one.kind for one in found}
    problems = tuple(problem for one in found for problem in one.problems)
    return outcome_of_class(kinds.pop() if len(kinds) == 1 else "unknown", problems), {one.code for one in found}


def _causes(answer: Answer) -> list[tuple[str, str]]:
    """Code and text of each cause, once. :raises BadStatus: there is no envelope."""
    try:
        error = answer.json()["error"]
        head = (str(error["code"]), str(error["message"]["value"]))
        details = (error.get("innererror") or {}).get("errordetails") or ()
        told = [(str(one["code"]), str(one["message"])) for one in details if one.get("severity", "error") == "error"]
    except (BadAnswer, AttributeError, KeyError, TypeError):
        answer.expect()
        raise
    return list(dict.fromkeys(one for one in told if one[0] != _GENERIC)) or [head]


def _posting(row: Mapping[str, Any]) -> Posting:
    company, year, number = (str(row[name]) for name in ("CompanyCode", "FiscalYear", "SupplierInvoice"))
    day, other = day_of(row["PostingDate"]), str(row["ReverseDocument"] or "")
    reversal = bool(row["IsReversal"])
    back = erp_key(company, str(row["ReverseDocumentFiscalYear"]), other) if reversal and other else None
    return Posting(
        erp_key=erp_key(company, year, number),
        stage=Stage.REVERSED if row["IsReversed"] else Stage.POSTED,
        number=number,
        reference=None if reversal else row[REFERENCE] or None,
        company=company,
        book=company,
        voucher_type=row["AccountingDocumentType"] or None,
        date=day,
        fiscal_year=int(year),
        currency=row["DocumentCurrency"],
        total=_total(row),
        lines=() if reversal else _lines(row),  # on which sides SAP shows what it takes back, no public source says
        reverses=back,
    )


def _total(row: Mapping[str, Any]) -> Decimal:
    """The debits: the gross amount, and items on its side; the same for what takes an invoice back."""
    sums = {"S": Decimal(0), "H": Decimal(0)}
    for item in (row[ITEMS] or {}).get("results") or ():
        sums[item["DebitCreditCode"]] += amount_of(item["SupplierInvoiceItemAmount"])
    return amount_of(row["InvoiceGrossAmount"]) + min(sums.values())


def _lines(row: Mapping[str, Any]) -> tuple[PostingLine, ...]:
    """The vendor's line, the items, the taxes."""
    items, taxes = ((row[name] or {}).get("results") or () for name in (ITEMS, TAXES))
    credit = row["SupplierInvoiceIsCreditMemo"] == "X"
    gross, text = amount_of(row["InvoiceGrossAmount"]), str(row["SupplierPostingLineItemText"] or "")
    dimensions = {"supplier": str(row["InvoicingParty"])}
    vendor = PostingLine("D" if credit else "C", "", gross, summary=text, dimensions=dimensions)
    return (vendor, *map(_item, items), *(_tax(tax, credit) for tax in taxes))


def _item(row: Mapping[str, Any]) -> PostingLine:
    codes = {"department": row["CostCenter"], "project": row["WBSElement"]}
    return PostingLine(
        side="D" if row["DebitCreditCode"] == "S" else "C",
        account=str(row["GLAccount"]),
        amount=amount_of(row["SupplierInvoiceItemAmount"]),
        summary=str(row["SupplierInvoiceItemText"] or ""),
        dimensions={name: str(code) for name, code in codes.items() if code},
    )


def _tax(row: Mapping[str, Any], credit: bool) -> PostingLine:
    return PostingLine("C" if credit else "D", "", amount_of(row["TaxAmount"]))
