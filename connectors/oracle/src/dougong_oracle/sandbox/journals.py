"""Journal Import: rows of a group selected, all imported or all refused, with its report (oracle.md §5.1, §5.2)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from attrs import frozen

from dougong_oracle.columns import GL_COLUMNS, LONGEST

if TYPE_CHECKING:
    from dougong_sdk.sandbox import Record

    from .product import OracleSandbox

__all__ = ["CODES", "batch_name", "import_journals", "read_rows", "refused_report"]

#: Code → what the Error Key says of it.
CODES: Mapping[str, str] = {
    "EP01": "This date is not in any open or future enterable period.",
    "EP02": "This set of books does not have any open or future enterable periods.",
    "EP03": "This date is not within any period in an open encumbrance year.",
    "EP04": "This date is not a business day.",
    "EP05": "There are no business days in this period.",
    "EU02": "This journal entry is unbalanced and suspense posting is not allowed.",
    "EU03": "This encumbrance journal entry is unbalanced and no reserve account is defined.",
    "EF01": "The account combination is disabled for this effective date.",
    "EF02": "Detail posting is not allowed to this account.",
    "EF03": "The account combination is disabled.",
    "EF04": "This is an invalid account combination.",
    "EF05": "There is no account with this code combination id.",
    "EC01": "A conversion rate must be entered when using the User conversion type.",
    "EC02": "There is no conversion date supplied.",
    "EC03": "A conversion type or an accounted amount must be supplied.",
    "EC06": "There is no conversion rate for this currency, type and date.",
    "EC08": "Invalid currency code.",
    "EC09": "There are no enabled currencies.",
    "EC10": "Encumbrance journals cannot be created in a foreign currency.",
    "EC11": "Invalid conversion rate type.",
    "EC12": "The entered amount must equal the accounted amount in a functional currency journal.",
    "EC13": "Amount is too large.",
    "EB01": "A budget version is required for budget lines.",
    "EB02": "This budget version is frozen.",
    "EB03": "The budget year is not open.",
    "EB04": "This budget is not for this ledger.",
    "EB05": "The encumbrance type must be null.",
    "EE02": "Invalid encumbrance type.",
    "EM01": "Invalid journal entry category.",
    "EM03": "Invalid ledger id.",
    "EM04": "Invalid actual flag.",
    "EM26": "Invalid originating company.",
    "ES02": "The status is not NEW.",
}

Row = Mapping[str, str]


@frozen
class Run:
    """One run of Import Journals. :param ledger: its name. :param request: id of the job."""

    source: str
    ledger: str
    group: str
    request: str


def read_rows(content: bytes) -> list[Row]:
    """The rows of a `GlInterface.csv`, by position. :raises ValueError: the loader cannot load it."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    if any(len(row) > len(GL_COLUMNS) + 1 for row in rows):
        raise ValueError("more columns than GL_INTERFACE has")
    named = [dict(zip(GL_COLUMNS, row, strict=False)) for row in rows]
    found: list[Row] = [{name: row.get(name, "") for name in GL_COLUMNS} for row in named]
    for name, most in LONGEST.items():
        if any(len(row[name]) > most for row in found):
            raise ValueError(f"{name} is longer than {most}")
    return found


def import_journals(sandbox: OracleSandbox, run: Run, rows: Sequence[Row]) -> str:
    """Import what a run selects; its report, empty where nothing was refused."""
    found = [row for row in rows if _is_selected(row, run, sandbox)]
    bad = [(codes, row) for row in found if (codes := sorted(set(_faults(row, sandbox))))]
    left = [(["EU02"], row) for row in ([] if bad else _unbalanced(found))]
    if bad or left:
        return _report(left, bad)
    batches: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        batches[row["REFERENCE1"]].append(row)
    for reference, lines in batches.items():
        _book(sandbox, run, reference, lines)
    return ""


def refused_report(rows: Sequence[Row], code: str, text: str) -> str:
    """The report of a run that refuses the vouchers with a text in one of their cells with one code."""
    meant = {row["REFERENCE1"] for row in rows if any(text in cell for cell in row.values())}
    return _report([], [([code], row) for row in rows if row["REFERENCE1"] in meant])


def _is_selected(row: Row, run: Run, sandbox: OracleSandbox) -> bool:
    ledger = sandbox.ledger_of(row["LEDGER_ID"]) if row["LEDGER_ID"] else row["LEDGER_NAME"]
    of_group = run.group == "ALL" or row["GROUP_ID"] == run.group
    return of_group and row["USER_JE_SOURCE_NAME"] == run.source and ledger in (run.ledger, None)


# -- what is wrong ----------------------------------------------------------------------------------------------------


def _faults(row: Row, sandbox: OracleSandbox) -> Iterator[str]:
    master, ledger = sandbox.master, _ledger(row, sandbox)
    if row["STATUS"] != "NEW":
        yield "ES02"
    if row["ACTUAL_FLAG"] != "A":
        yield "EM04"
    if ledger not in master.rows("books"):
        yield "EM03"
        return
    day = _day(row["ACCOUNTING_DATE"])
    if day is None or not master.is_open(ledger, f"{day:%Y-%m}"):
        yield "EP01"
    if row["USER_JE_CATEGORY_NAME"] not in master.rows("voucher_types"):
        yield "EM01"
    yield from _of_segments(row, sandbox)
    yield from _of_amounts(row, ledger, sandbox)


def _of_segments(row: Row, sandbox: OracleSandbox) -> Iterator[str]:
    """Values that no segment has; too many of them or too few for the account, as cross-validation rules would say."""
    held = segments_of(row, sandbox)
    empty = any(not row[f"SEGMENT{at}"] for at, _ in enumerate(sandbox.segments, 1))
    if empty or not sandbox.is_combination(held):
        yield "EF04"
    elif sandbox.master.rows("accounts")[held["account"]].get("detail") is False:
        yield "EF02"


def segments_of(row: Row, sandbox: OracleSandbox) -> dict[str, str]:
    """What the segments of a row hold, by our names; one of zeros holds nothing."""
    values = ((name, row[f"SEGMENT{at}"]) for at, name in enumerate(sandbox.segments, 1))
    return {name: value for name, value in values if value.strip("0")}


def _of_amounts(row: Row, ledger: str, sandbox: OracleSandbox) -> Iterator[str]:
    functional, currency = sandbox.master.currency_of(ledger), row["CURRENCY_CODE"]
    if currency not in sandbox.master.rows("currencies"):
        yield "EC08"
        return
    entered, accounted = _signed(row, "ENTERED"), _signed(row, "ACCOUNTED")
    if entered is None or max(abs(entered), abs(accounted or Decimal(0))) >= Decimal(10) ** 20:
        yield "EC13"
    elif currency == functional and accounted not in (None, entered):
        yield "EC12"
    elif currency != functional and accounted is None:
        yield "EC03"


def _unbalanced(rows: Sequence[Row]) -> list[Row]:
    """One row of each journal that does not balance."""
    journals: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    names = ("REFERENCE1", "REFERENCE4", "USER_JE_CATEGORY_NAME", "CURRENCY_CODE", "ACCOUNTING_DATE")
    for row in rows:
        journals[tuple(row[name] for name in names)].append(row)
    return [lines[0] for lines in journals.values() if any(_left(lines, kind) for kind in ("ENTERED", "ACCOUNTED"))]


def _left(lines: Sequence[Row], kind: str) -> Decimal:
    return sum((_signed(row, kind) or Decimal(0) for row in lines), Decimal(0))


def _signed(row: Row, kind: str) -> Decimal | None:
    """Debit less credit; `None` where neither is told, or not as a number."""
    try:
        told = [sign * Decimal(row[name]) for name, sign in ((f"{kind}_DR", 1), (f"{kind}_CR", -1)) if row[name]]
    except InvalidOperation:
        return None
    return sum(told, Decimal(0)) if told else None


def _day(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, "%Y/%m/%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _ledger(row: Row, sandbox: OracleSandbox) -> str:
    return (sandbox.ledger_of(row["LEDGER_ID"]) or "") if row["LEDGER_ID"] else row["LEDGER_NAME"]


def _report(left: Sequence[tuple[list[str], Row]], bad: Sequence[tuple[list[str], Row]]) -> str:
    """As Import Journals prints it."""
    codes = dict.fromkeys(code for found, _ in (*left, *bad) for code in found)
    parts = ["Import Journals: Child", "", "Unbalanced Journal Entries", *(_told(*one) for one in left)]
    parts += ["", "Error Lines", *(_told(*one) for one in bad)]
    return "\n".join([*parts, "", "Error Key", *(f"{code}    {CODES.get(code, '')}" for code in codes), ""])


def _told(codes: Sequence[str], row: Row) -> str:
    names = ("USER_JE_SOURCE_NAME", "USER_JE_CATEGORY_NAME", "CURRENCY_CODE", "REFERENCE1", "ACCOUNTING_DATE")
    account = ".".join(row[f"SEGMENT{at}"] for at in range(1, 9))
    shown = (*(row[name] for name in names), account, row["ENTERED_DR"] or "-", row["ENTERED_CR"] or "-")
    return f"{','.join(codes)}  {'  '.join(shown)}"


# -- what is booked ---------------------------------------------------------------------------------------------------


def batch_name(voucher: Mapping[str, Any]) -> str:
    """What Journal Import calls a batch; an invoice has a number of its own."""
    if voucher.get("kind") == "invoice":
        return str(voucher["reference"])
    told = f"{voucher['source']} A {voucher['group']} {voucher['request']} N"
    return f"{voucher['reference']} {told}" if voucher["reference"] else told


def _book(sandbox: OracleSandbox, run: Run, reference: str, rows: Sequence[Row]) -> None:
    day = _day(rows[0]["ACCOUNTING_DATE"]) or dt.date.min
    lines = [_line(row, run.ledger, sandbox) for row in rows]
    made: Record = {
        "id": str(300_100_000_000_000 + sandbox.store.next_number("batch")),
        "reference": reference[:50] or None,
        "source": run.source,
        "group": rows[0]["GROUP_ID"],
        "request": run.request,
        "stage": "submitted",
        "company": lines[0]["entity"],
        "book": run.ledger,
        "date": day.isoformat(),
        "period": f"{day:%Y-%m}",
        "voucher_type": rows[0]["USER_JE_CATEGORY_NAME"],
        "description": rows[0]["REFERENCE2"],
        "currency": sandbox.master.currency_of(run.ledger),
        "attachments": None,
        "reverses": None,
        "lines": lines,
    }
    sandbox.store.put("voucher", made["id"], made)


def _line(row: Row, ledger: str, sandbox: OracleSandbox) -> Record:
    held, functional = segments_of(row, sandbox), sandbox.master.currency_of(ledger)
    entered = _signed(row, "ENTERED") or Decimal(0)
    accounted = _signed(row, "ACCOUNTED")
    base = entered if accounted is None else accounted
    side, sign = ("D", 1) if row["ENTERED_DR"] else ("C", -1)
    same = row["CURRENCY_CODE"] == functional or not entered
    return {
        "entity": held["entity"],
        "account": held["account"],
        "side": side,
        "amount": sign * entered,
        "currency": row["CURRENCY_CODE"],
        "rate": Decimal(1) if same else (base / entered).quantize(Decimal("0.00001")),
        "base_amount": sign * base,
        "summary": row["REFERENCE10"],
        "dimensions": {name: code for name, code in held.items() if name not in ("entity", "account")},
        "combination": ".".join(row[f"SEGMENT{at}"] for at, _ in enumerate(sandbox.segments, 1)),
    }
