"""What SAP refuses of a journal entry, in its own messages: number and class, text (sap.md §4.4).

Numbers of class ZDG are this sandbox's own: SAP refuses these things, too, but no public source tells its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from dougong_sdk.sandbox import Record
from dougong_sdk.sandbox.master import Master

from .entries import same_code

__all__ = ["CODES", "Said", "faults_of", "placed"]

#: Number and class as they travel (`702(F5)`), and the text.
Said = tuple[str, str]

#: Every message that an entry may be refused with, as people write it.
CODES = (
    *("RW 001", "RW 002", "RW 003", "RW 004", "RW 022", "RW 602", "F5 102", "F5 104", "F5 117", "F5 201", "F5 507"),
    *("F5 701", "F5 702", "F5 703", "F5 704", "FH 004", "KI 235", "M8 108", "M8 186"),
    *(f"ZDG {number:03}" for number in range(1, 17)),
)
_MOST_LINES = 999


def placed(line: Record, native: Mapping[str, Any], master: Master) -> Record:
    """A line with the account that SAP finds for it, and with its vendor as employee or supplier.

    A vendor's line goes to the account of its special G/L indicator, to the alternative reconciliation account, or to
    the vendor's own; a tax line to the account of its code.
    """
    if line["kind"] == "ProductTaxItem":
        row = _row(native.get("tax_codes", ()), line["tax_code"])
        return {**line, "account": row.get("account", ""), "tax_rate": row.get("rate")}
    if line["kind"] != "CreditorItem":
        return line
    kind = next((name for name in ("employee", "supplier") if line["partner"] in master.rows(name)), "supplier")
    own = str(master.rows(kind).get(line["partner"], {}).get("account", ""))
    account = line["account"] or own
    if line["special_gl"]:
        account = str(_row(native.get("special_gl", ()), f"{own}/{line['special_gl']}").get("account", ""))
    return {**line, "account": account, "dimensions": {**line["dimensions"], kind: line["partner"]}}


def _row(rows: Any, code: str | None) -> Mapping[str, Any]:
    return next((row for row in rows if row["code"] == code), {})


def faults_of(entry: Record, native: Mapping[str, Any], master: Master) -> Iterator[Said]:
    """Everything that is wrong with an entry whose lines are placed."""
    company = master.rows("companies").get(entry["company"])
    if company is None:
        yield "001(ZDG)", f"Company code {entry['company']} does not exist"
        return
    if entry["voucher_type"] not in master.rows("voucher_types"):
        yield "002(ZDG)", f"Document type {entry['voucher_type']} does not exist"
    if not entry["lines"]:
        yield "002(RW)", "No line items transferred"
    if len(entry["lines"]) > _MOST_LINES:
        yield "003(ZDG)", f"The entry has {len(entry['lines'])} items; {_MOST_LINES} are possible"
    if not master.is_open(entry["company"], entry["period"]):
        year, month = entry["period"].split("-")
        yield "201(F5)", f"Posting period {int(month):03d} {year} is not open"
    for at, line in enumerate(entry["lines"], 1):
        yield from _of_line(line, at, entry["company"], native, master)
    yield from _of_sums(entry["lines"], str(company["currency"]))


def _of_line(line: Record, at: int, company: str, native: Mapping[str, Any], master: Master) -> Iterator[Said]:
    kind, partner = line["kind"], line["partner"]
    if kind == "CreditorItem" and not any(partner in master.rows(name) for name in ("employee", "supplier")):
        yield "104(F5)", f"Vendor {partner} is not defined in company code {company}"
        return
    if kind == "DebtorItem":
        yield "102(F5)", f"Customer {partner} is not defined in company code {company}"
        return
    if line["tax_code"] and not _row(native.get("tax_codes", ()), line["tax_code"]):
        yield "004(ZDG)", f"Tax code {line['tax_code']} is not defined (line {at})"
        return
    account = master.rows("accounts").get(line["account"])
    if account is None:
        yield "507(F5)", f"G/L account {line['account']} is not defined in company code {company} (line {at})"
        return
    if kind == "Item" and account.get("reconciliation"):
        yield (
            "005(ZDG)",
            f"Account {line['account']} is a reconciliation account and takes no direct posting (line {at})",
        )
    yield from _of_objects(line, at, account, master)
    yield from _of_amounts(line, at, master)


def _of_objects(line: Record, at: int, account: Mapping[str, Any], master: Master) -> Iterator[Said]:
    needed, given, name = set(account.get("dimensions", ())), line["dimensions"], line["account"]
    # a cost centre beside a real object is statistical: nobody has to give it
    real = {"project", "order"}.intersection(given)
    for code in sorted(needed - set(given) - ({"department"} if real else set())):
        if code in ("department", "project"):
            yield "235(KI)", f"Account {name} requires an assignment to a CO object (line {at})"
        else:
            yield "006(ZDG)", f"Account {name} requires an entry in field {code} (line {at})"
    if "order" in given and "project" in given:
        yield "007(ZDG)", f"Line {at} of account {name} has two real cost objects: an order and a WBS element"
    for code in sorted(set(given) - needed - {"order"}):
        yield "008(ZDG)", f"Field {code} is suppressed for account {name} (line {at})"
    for dimension, code in given.items():
        if not any(same_code(code, known) for known in master.rows(dimension)):
            yield "009(ZDG)", f"{dimension} {code} does not exist (line {at})"


def _of_amounts(line: Record, at: int, master: Master) -> Iterator[Said]:
    amount, currency = line["signed"], line["currency"]
    if amount is None or currency not in master.rows("currencies"):
        yield "003(RW)", f"No currency information transferred for line {at}"
    elif amount != amount.quantize(master.unit(currency)):
        yield "010(ZDG)", f"Amount {amount} of line {at} has more decimals than {currency}"
    elif (line["side"] == "D" and amount < 0) or (line["side"] == "C" and amount > 0) or line["side"] not in "DC":
        yield "704(F5)", f"Inconsistent amounts: sign and debit/credit code of line {at}"


def _of_sums(lines: list[Record], functional: str) -> Iterator[Said]:
    currencies = {line["currency"] for line in lines}
    if len(currencies) > 1:
        yield "011(ZDG)", f"An entry has one transaction currency, not {', '.join(sorted(currencies))}"
        return
    if sum((line["signed"] or Decimal(0) for line in lines), Decimal(0)):
        yield "702(F5)", "Balance in transaction currency"
    if currencies == {functional}:
        return
    base = [line["signed_base"] for line in lines]
    if None in base:
        yield "701(F5)", "Inconsistent exchange rates: an amount in company code currency is missing"
    elif sum(base, Decimal(0)):
        yield "703(F5)", "Balance in local currency"
