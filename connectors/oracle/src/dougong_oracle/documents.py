"""Journals as Fusion shows them: rows of `journalBatches` with headers and lines → postings (oracle.md §7.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs

from dougong.hookspecs import Deadline
from dougong.model.postings import Posting, PostingLine, Stage
from dougong_oracle.session import OracleSession
from dougong_sdk.rest import BadAnswer

__all__ = ["Documents", "Invoices", "documents_of"]

_RESOURCE, _KEY = "journalBatches", "JeBatchId"
_EXPAND = "journalHeaders.journalLines"
_STAGES = {"P": Stage.POSTED}


@attrs.frozen
class Documents:
    """The journal batches of a pod: one for each voucher of ours, named by its reference first."""

    session: OracleSession

    def with_reference(self, reference: str, deadline: Deadline) -> list[Posting]:
        """Batches with our reference, in every ledger and period. :raises BadAnswer: others came."""
        found = list(self.where(f"BatchName LIKE {_text(f'{reference} %')}", deadline))
        return _honoured(found, all(one.reference == reference for one in found))

    def of_group(self, group: str, deadline: Deadline) -> list[Posting]:
        """Batches that were imported as one group, as their names tell. :raises BadAnswer: others came."""
        found = list(self.where(f"BatchName LIKE {_text(f'% A {group} %')}", deadline))
        return _honoured(found, all(f" A {group} " in (one.number or "") for one in found))

    def of_period(self, period: str, deadline: Deadline) -> Iterator[Posting]:
        """Every batch of a period (`2026-11`)."""
        return self.where(f"DefaultPeriodName = {_text(self.session.settings.name_of(period))}", deadline)

    def where(self, condition: str, deadline: Deadline) -> Iterator[Posting]:
        """Every batch that meets a condition."""
        for row in self.session.rows(_RESOURCE, _KEY, deadline, q=condition, expand=_EXPAND):
            try:
                yield self._posting(row, deadline)
            except (KeyError, IndexError, TypeError, ValueError, ArithmeticError) as error:
                raise BadAnswer("日记账批不可读", f"a journal batch cannot be read: {error!r}") from error

    def _posting(self, row: dict[str, Any], deadline: Deadline) -> Posting:
        headers = row["journalHeaders"]
        lines = [line for header in headers for line in header["journalLines"]]
        read = tuple(self._line(line, header) for header in headers for line in header["journalLines"])
        first, name = headers[0], str(row["BatchName"])
        date, ledger = dt.date.fromisoformat(first["EffectiveDate"][:10]), str(first["LedgerName"])
        entities = {self.session.settings.read_combination(line["AccountCombination"]).get("entity") for line in lines}
        return Posting(
            erp_key=str(row["JeBatchId"]),
            stage=_STAGES.get(row["Status"], Stage.SUBMITTED),
            number=name,
            reference=name.partition(" ")[0] or None,
            company=entities.pop() if len(entities) == 1 else None,
            book=ledger,
            voucher_type=first["UserJeCategoryName"],
            date=date,
            fiscal_year=date.year,
            period=f"{date:%Y-%m}",
            currency=self._currency(ledger, deadline),
            total=sum((line.amount for line in read if line.side == "D"), Decimal(0)),
            lines=read,
        )

    def _line(self, row: dict[str, Any], header: dict[str, Any]) -> PostingLine:
        held = self.session.settings.read_combination(row["AccountCombination"])
        side = "D" if row["AccountedDr"] is not None else "C"
        return PostingLine(
            side=side,
            account=held.get("account", ""),
            amount=Decimal(row["AccountedDr" if side == "D" else "AccountedCr"]),
            currency=header["CurrencyCode"],
            original=Decimal(row["EnteredDr" if side == "D" else "EnteredCr"]),
            summary=row["Description"] or "",
            dimensions={name: value for name, value in held.items() if name not in ("entity", "account")},
        )

    def _currency(self, ledger: str, deadline: Deadline) -> str | None:
        """Of a ledger; asked for once."""
        known = self.session.currencies
        if ledger not in known:
            rows = self.session.rows("ledgersLOV", "LedgerId", deadline)
            known |= {str(row.get("Name") or row.get("LedgerName")): row["CurrencyCode"] for row in rows}
        return known.get(ledger)


@attrs.frozen
class Invoices:
    """The payables invoices of a pod, numbered by our references."""

    session: OracleSession

    def with_reference(self, reference: str, deadline: Deadline) -> list[Posting]:
        """Invoices with our number, of every supplier. :raises BadAnswer: others came."""
        found = list(self.where(f"InvoiceNumber = {_text(reference)}", deadline))
        return _honoured(found, all(one.reference == reference for one in found))

    def of_group(self, group: str, deadline: Deadline) -> list[Posting]:
        """Invoices that were imported together: their batch is named like the group."""
        return list(self.where(f"InvoiceGroup = {_text(group)}", deadline))

    def of_period(self, period: str, deadline: Deadline) -> Iterator[Posting]:
        """Every invoice whose accounting date is in a period (`2026-11`)."""
        return self.where(f"AccountingDate >= '{period}-01' and AccountingDate <= '{period}-31'", deadline)

    def where(self, condition: str, deadline: Deadline) -> Iterator[Posting]:
        """Every invoice that meets a condition."""
        for row in self.session.rows("invoices", "InvoiceId", deadline, q=condition, expand="invoiceLines"):
            try:
                yield self._posting(row)
            except (KeyError, TypeError, ValueError, ArithmeticError) as error:
                raise BadAnswer("发票不可读", f"an invoice cannot be read: {error!r}") from error

    def _posting(self, row: dict[str, Any]) -> Posting:
        date, total = dt.date.fromisoformat(row["AccountingDate"][:10]), Decimal(row["InvoiceAmount"])
        lines = tuple(self._line(line, row["InvoiceCurrency"]) for line in row["invoiceLines"])
        liability = PostingLine("C", "", total, row["InvoiceCurrency"], total, "", {"supplier": row["SupplierNumber"]})
        return Posting(
            erp_key=str(row["InvoiceId"]),
            stage=_STAGES.get(row.get("AccountingStatus") or "", Stage.SUBMITTED),
            number=row["InvoiceNumber"],
            reference=row["InvoiceNumber"],
            book=row["BusinessUnit"],
            date=date,
            fiscal_year=date.year,
            period=f"{date:%Y-%m}",
            currency=row["InvoiceCurrency"],
            total=total,
            lines=(*lines, liability),
        )

    def _line(self, row: dict[str, Any], currency: str) -> PostingLine:
        held = self.session.settings.read_combination(row["DistributionCombination"])
        amount = Decimal(row["LineAmount"])
        dimensions = {name: value for name, value in held.items() if name not in ("entity", "account")}
        return PostingLine("D", held.get("account", ""), amount, currency, amount, row["Description"] or "", dimensions)


def documents_of(session: OracleSession) -> Documents | Invoices:
    """What this connection makes."""
    return Invoices(session) if session.settings.target == "invoices" else Documents(session)


def _honoured(found: list[Posting], honoured: bool) -> list[Posting]:
    if not honoured:
        raise BadAnswer("查询未按过滤条件返回", "the search did not honour its filter")
    return found


def _text(value: str) -> str:
    """A text in a condition."""
    return "'" + value.replace("'", "''") + "'"
