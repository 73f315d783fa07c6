"""Journal entries as SAP shows them: rows of A_OperationalAcctgDocItemCube → postings (sap.md §2.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import attrs

from dougong.hookspecs import Deadline
from dougong.model.postings import Posting, PostingLine, Stage
from dougong_sap.odata import OData, amount_of, day_of, literal
from dougong_sap.settings import SapSettings
from dougong_sdk.rest import BadAnswer

__all__ = ["Documents", "erp_key", "object_key"]

_SERVICE, _SET = "API_OPLACCTGDOCITEMCUBE_SRV", "A_OperationalAcctgDocItemCube"
_HEAD = ("CompanyCode", "FiscalYear", "AccountingDocument")
_FIELDS = (
    *_HEAD,
    "AccountingDocumentItem",
    "DocumentReferenceID",
    "AccountingDocumentType",
    "PostingDate",
    "FiscalPeriod",
    "CompanyCodeCurrency",
    "AmountInCompanyCodeCurrency",
    "TransactionCurrency",
    "AmountInTransactionCurrency",
    "DebitCreditCode",
    "GLAccount",
    "Supplier",
    "CostCenter",
    "Project",
    "PartnerCompany",
    "HouseBank",
    "DocumentItemText",
    "IsReversal",
    "IsReversed",
    "ReverseDocument",
    "ReverseDocumentFiscalYear",
    "OriginalReferenceDocument",
)
#: Kind of document behind an entry: a supplier invoice, named by its number and year in one.
_INVOICE = "RMRP"
#: Field → our dimension; a vendor is an employee or a supplier, as the account of its line says.
_DIMENSIONS = {"CostCenter": "department", "Project": "project", "PartnerCompany": "company", "HouseBank": "bank"}
_SIDES = {"S": "D", "H": "C"}
_KEY = ",".join((*_HEAD, "AccountingDocumentItem"))


#: Book, account, and dimensions by name.
_Place = tuple[str, str, tuple[tuple[str, str], ...]]


def erp_key(company: str, year: str, document: str) -> str:
    """How this connector names a journal entry: a number alone is one of a company and a year."""
    return f"{company}/{year}/{document}"


def object_key(erp_key: str) -> str:
    """How SAP names the same entry in one word: document, company code, year (AWKEY)."""
    company, year, document = erp_key.split("/")
    return f"{document}{company:<4}{year}"


@attrs.frozen
class Documents:
    """The journal entries of a system. :param settings: which dimensions its accounts take."""

    odata: OData
    settings: SapSettings

    def with_reference(self, reference: str, deadline: Deadline) -> list[Posting]:
        """Entries with our reference, in every company and year.

        SAP gives the entry that a person reverses another one with the other's reference: it takes back what is ours
        and is not ours itself.

        :raises BadAnswer: others came, so the filter was not honoured.
        """
        found = list(self.where(f"DocumentReferenceID eq {literal(reference)}", deadline))
        if any(one.reference != reference for one in found):
            raise BadAnswer("查询未按过滤条件返回", "the search did not honour its filter")
        keys = {one.erp_key for one in found}
        return [one for one in found if one.reverses not in keys]

    def of_period(self, period: str, deadline: Deadline) -> Iterator[Posting]:
        """Every entry of a period (`2026-11`) that is no invoice's: those are another target's."""
        return self.where(f"{_within(period)} and ReferenceDocumentType ne '{_INVOICE}'", deadline)

    def of_invoices(self, period: str, deadline: Deadline) -> Iterator[Posting]:
        """The entries of supplier invoices of a period, each under the name of its invoice.

        The entry of a cancellation has the reference of the invoice that it takes back, and is not ours itself.
        """
        condition = f"{_within(period)} and ReferenceDocumentType eq '{_INVOICE}'"
        rows = self.odata.rows(_SERVICE, _SET, _FIELDS, deadline, where=condition, key=_KEY)
        for _, entry in groupby(rows, key=lambda row: tuple(row[name] for name in _HEAD)):
            yield self._of_invoice(list(entry))

    def _of_invoice(self, rows: Sequence[dict[str, Any]]) -> Posting:
        told = self._posting(rows)
        head, reference = rows[0], None if rows[0]["IsReversal"] else told.reference
        number, year = head["OriginalReferenceDocument"][:10], head["OriginalReferenceDocument"][10:14]
        key = erp_key(str(told.company), year, number)
        return attrs.evolve(told, erp_key=key, number=number, reference=reference, reverses=None)

    def balances(self, period: str, deadline: Deadline) -> Iterator[Mapping[str, Any]]:
        """What each account moved in a period, by company code and by everything that its lines name."""
        debits: dict[_Place, Decimal] = defaultdict(Decimal)
        credits_: dict[_Place, Decimal] = defaultdict(Decimal)
        for row in self.odata.rows(_SERVICE, _SET, _FIELDS, deadline, where=_within(period), key=_KEY):
            line = self._line(row)
            sums = debits if line.side == "D" else credits_
            sums[row["CompanyCode"], line.account, tuple(sorted(line.dimensions.items()))] += line.amount
        for place in sorted({*debits, *credits_}):
            book, account, dimensions = place
            moved = {"debit": format(debits[place], "f"), "credit": format(credits_[place], "f")}
            yield {"book": book, "account": account, "dimensions": dict(dimensions), **moved}

    def where(self, condition: str, deadline: Deadline) -> Iterator[Posting]:
        """Every entry of which a row meets a condition that holds for all of its rows."""
        rows = self.odata.rows(_SERVICE, _SET, _FIELDS, deadline, where=condition, key=_KEY)
        for _, entry in groupby(rows, key=lambda row: tuple(row[name] for name in _HEAD)):
            yield self._posting(list(entry))

    def _posting(self, rows: Sequence[dict[str, Any]]) -> Posting:
        head = rows[0]
        company, year, document = (str(head[name]) for name in _HEAD)
        lines = tuple(self._line(row) for row in rows)
        return Posting(
            erp_key=erp_key(company, year, document),
            stage=Stage.REVERSED if head["IsReversed"] else Stage.POSTED,
            number=document,
            reference=head["DocumentReferenceID"] or None,
            company=company,
            book=company,
            voucher_type=head["AccountingDocumentType"],
            date=day_of(head["PostingDate"]),
            fiscal_year=int(year),
            period=f"{year}-{int(head['FiscalPeriod']):02d}",
            currency=head["CompanyCodeCurrency"],
            total=sum((line.amount for line in lines if line.side == "D"), amount_of(0)),
            lines=lines,
            reverses=_reversed_by(head),
        )

    def _line(self, row: dict[str, Any]) -> PostingLine:
        account = str(row["GLAccount"])
        vendor = "employee" if "employee" in self.settings.dimensions_of(account) else "supplier"
        codes = {name: row[field] for field, name in _DIMENSIONS.items()} | {vendor: row["Supplier"]}
        return PostingLine(
            side=_SIDES[row["DebitCreditCode"]],
            account=account,
            amount=abs(amount_of(row["AmountInCompanyCodeCurrency"])),
            currency=row["TransactionCurrency"] or None,
            original=abs(amount_of(row["AmountInTransactionCurrency"])),
            summary=row["DocumentItemText"] or "",
            dimensions={name: str(code) for name, code in codes.items() if code},
        )


def _within(period: str) -> str:
    year, month = period.split("-")
    return f"FiscalYear eq '{year}' and FiscalPeriod eq '{int(month):03d}'"


def _reversed_by(head: dict[str, Any]) -> str | None:
    """The entry that this one takes back; of an entry that was taken back itself the field names its reversal."""
    if not head["IsReversal"] or not head["ReverseDocument"]:
        return None
    return erp_key(str(head["CompanyCode"]), str(head["ReverseDocumentFiscalYear"]), str(head["ReverseDocument"]))
