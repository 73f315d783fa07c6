"""GL_VOUCHER as the ERP shows it: query fields, pages, rows → postings (kingdee.md §4.1, §5, §6.1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from dougong.hookspecs import Deadline
from dougong.model.postings import Posting, PostingLine, Stage
from dougong_kingdee.session import PAGE, KingdeeSession
from dougong_sdk.rest import BadAnswer

__all__ = ["FORM", "STAGES", "TEXT_FIELD", "field_of", "keys_matching", "quoted", "read_vouchers"]

FORM = "GL_VOUCHER"
#: `FDocumentStatus` → stage.
STAGES = {"Z": Stage.DRAFT, "A": Stage.DRAFT, "D": Stage.DRAFT, "B": Stage.SUBMITTED, "C": Stage.AUDITED}

_HEAD = (
    "FVOUCHERID",
    "FBillNo",
    "FVOUCHERGROUPID.FNumber",
    "FVOUCHERGROUPID.FName",
    "FVOUCHERGROUPNO",
    "FACCBOOKORGID.FNumber",
    "FAccountBookID.FNumber",
    "FDate",
    "FYEAR",
    "FPERIOD",
    "FDocumentStatus",
    "FPOSTERID",
    "FInvalid",
)
_LINE = (
    "FEXPLANATION",
    "FACCOUNTID.FNumber",
    "FCURRENCYID.FCODE",
    "FEXCHANGERATE",
    "FAMOUNTFOR",
    "FDEBIT",
    "FCREDIT",
    "FEntity_FEntryID",
)
#: The field that is there in every account set: the text of a line (摘要).
TEXT_FIELD = "FEXPLANATION"
_ORDER = "FVOUCHERID ASC, FEntity_FEntryID ASC"
#: Our reference within a text for people: how `Key.text(20)` writes it.
_REFERENCE = re.compile(r"DG[0-9A-HJKMNP-TV-Z]{18}(?![0-9A-Z])")


def quoted(text: str) -> str:
    """A text for FilterString."""
    return "'" + text.replace("'", "''") + "'"


def field_of(path: str, session: KingdeeSession) -> str:
    """The key to query for a place in the payload (`FEntity[0].FEXPLANATION`); that of the settings for none."""
    return path.rpartition(".")[2] or session.settings.reference_field


def _in_text(field: str) -> bool:
    return field.upper() == TEXT_FIELD


def keys_matching(
    session: KingdeeSession, field: str, reference: str, where: Sequence[str], deadline: Deadline
) -> list[int]:
    """Ids of the vouchers that carry our reference.

    :param field: key of the field that it was written into. :param where: further conditions.
    :raises BadAnswer: the ERP answers rows that do not carry it: the filter was not honoured, so nothing can be
    concluded.
    """
    match = f"{field} like {quoted(f'%{reference}%')}" if _in_text(field) else f"{field}={quoted(reference)}"
    whole = re.compile(rf"(?<![0-9A-Za-z]){re.escape(reference)}(?![0-9A-Za-z])")
    found = []
    for row in _rows(session, ("FVOUCHERID", field), [match, *where], deadline, to_the_end=True):
        if reference not in str(row[1]):
            raise BadAnswer("查询未按过滤条件返回", "the query did not honour its filter")
        if whole.search(str(row[1])):  # part of a longer word is another one's
            found.append(int(row[0]))
    return list(dict.fromkeys(found))


def read_vouchers(
    session: KingdeeSession,
    where: Sequence[str],
    deadline: Deadline,
    *,
    field: str = "",
    listing: bool = False,
    to_the_end: bool = False,
) -> Iterator[Posting]:
    """Vouchers with all their lines, all pages, in the order of their ids.

    :param where: conditions, all of which hold.
    :param field: key of the field that holds our reference; by default that of the settings.
    :param listing: for a whole period, to the end: also the dimensions (a slot of the settings that this data centre
        lacks makes the query fail).
    :param to_the_end: ask for pages until there is nothing more, whatever the size of the last one.
    """
    settings = session.settings
    field = field or settings.reference_field
    extra = () if _in_text(field) else (field,)
    slots = tuple(settings.dimension_slots) if listing else ()
    keys = (*_HEAD, *_LINE, *extra, *(f"FDetailID.{settings.dimension_slots[name]}.FNumber" for name in slots))
    found = _rows(session, keys, where, deadline, to_the_end=to_the_end or listing)
    for _, rows in groupby(found, key=lambda row: row[0]):
        yield _posting([dict(zip(keys, row, strict=True)) for row in rows], session, slots, field)


def _rows(
    session: KingdeeSession, keys: Sequence[str], where: Sequence[str], deadline: Deadline, *, to_the_end: bool = False
) -> Iterator[list[Any]]:
    """All rows, ordered by voucher; the first key is the voucher's id.

    A page starts within the last voucher of the one before, by its id and the number of its rows that were read, and
    not by a row number of the whole: what others delete in the meantime cannot make us skip a row. A page that is not
    full is the last one; `to_the_end` does not trust that, since a server may have a lower limit than the documented
    one, and asks until there is nothing more.
    """
    voucher, done = 0, 0
    while True:
        on = [f"FVOUCHERID>={voucher}"] if voucher else []
        rows = session.query(FORM, keys, " and ".join([*where, *on]), deadline, order=_ORDER, start=done)
        yield from rows
        if not rows or (len(rows) < PAGE and not to_the_end):
            return
        last = int(rows[-1][0])
        done = sum(row[0] == last for row in rows) + (done if last == voucher else 0)
        voucher = last


def _posting(rows: Sequence[dict[str, Any]], session: KingdeeSession, slots: Sequence[str], field: str) -> Posting:
    head = rows[0]
    lines = tuple(_line(row, session, slots) for row in rows)
    number = head["FVOUCHERGROUPNO"]
    group = head["FVOUCHERGROUPID.FName"]
    return Posting(
        erp_key=str(head["FVOUCHERID"]),
        stage=_stage(head),
        number=f"{group}-{number}" if group and number else head["FBillNo"] or None,
        reference=_reference(head, field),
        company=head["FACCBOOKORGID.FNumber"] or None,
        book=head["FAccountBookID.FNumber"] or None,
        voucher_type=head["FVOUCHERGROUPID.FNumber"] or None,
        date=dt.date.fromisoformat(str(head["FDate"])[:10]) if head["FDate"] else None,
        fiscal_year=int(head["FYEAR"]),
        period=f"{int(head['FYEAR']):04d}-{int(head['FPERIOD']):02d}",
        currency=_functional_currency(rows),
        total=sum((line.amount for line in lines if line.side == "D"), Decimal(0)),
        lines=lines,
    )


def _stage(head: dict[str, Any]) -> Stage:
    if str(head["FInvalid"]).lower() in ("1", "true"):
        return Stage.VOID
    if head["FPOSTERID"] not in (None, 0, "0", ""):
        return Stage.POSTED
    try:
        return STAGES[head["FDocumentStatus"]]
    except KeyError:
        raise BadAnswer(
            f"未知的单据状态 {head['FDocumentStatus']!r}", f"unknown document status {head['FDocumentStatus']!r}"
        ) from None


def _line(row: dict[str, Any], session: KingdeeSession, slots: Sequence[str]) -> PostingLine:
    debit, credit = Decimal(row["FDEBIT"] or 0), Decimal(row["FCREDIT"] or 0)
    names = session.settings.dimension_slots
    codes = {name: row[f"FDetailID.{names[name]}.FNumber"] for name in slots}
    return PostingLine(
        side="C" if credit and not debit else "D",
        account=str(row["FACCOUNTID.FNumber"]),
        amount=credit if credit and not debit else debit,
        currency=row["FCURRENCYID.FCODE"] or None,
        original=Decimal(row["FAMOUNTFOR"] or 0),
        summary=row["FEXPLANATION"] or "",
        dimensions={name: str(code) for name, code in codes.items() if code},
    )


def _reference(head: dict[str, Any], field: str) -> str | None:
    """Ours, of the customer's own field, else of the first line's text: where it stood before there was that field."""
    if not _in_text(field) and head[field]:
        return str(head[field])
    found = _REFERENCE.findall(head["FEXPLANATION"] or "")
    return found[-1] if found else None


def _functional_currency(rows: Sequence[dict[str, Any]]) -> str | None:
    """The book's currency, where a line shows it: amounts equal at rate 1. `None` when no line does."""
    shown = {
        row["FCURRENCYID.FCODE"]
        for row in rows
        if Decimal(row["FEXCHANGERATE"] or 0) == 1
        and Decimal(row["FAMOUNTFOR"] or 0) == Decimal(row["FDEBIT"] or 0) + Decimal(row["FCREDIT"] or 0)
    }
    return shown.pop() if len(shown) == 1 else None
