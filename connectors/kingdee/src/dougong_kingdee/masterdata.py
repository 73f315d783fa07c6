"""Master data of the account set: what can be booked, and what each account demands (kingdee.md §6.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import attrs

from dougong.hookspecs import Deadline
from dougong.model.masterdata import MasterRecord
from dougong_kingdee.envelope import NO_FIELD, KingdeeRefused
from dougong_kingdee.periods import pull_periods
from dougong_kingdee.session import KingdeeSession
from dougong_kingdee.settings import KingdeeSettings

__all__ = ["KINDS", "pull"]


@attrs.frozen
class _Source:
    """Where a kind comes from.

    :param id: key field, or the number where the form's key is not documented.
    :param more: further documented fields; `maybe` fields that only some releases have: asked for, done without when
        refused.
    """

    form: str
    id: str = "FNumber"
    more: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()

    def keys(self, *, maybe: bool) -> tuple[str, ...]:
        return (self.id, "FNumber", "FName", *self.more, *(self.maybe if maybe else ()))


KINDS: Mapping[str, _Source] = {
    "department": _Source("BD_Department", "FDEPTID", ("FForbidStatus", "FUseOrgId.FNumber")),
    "employee": _Source("BD_Empinfo", "FID", ("FForbidStatus",)),
    "supplier": _Source("BD_Supplier", "FSupplierId", maybe=("FForbidStatus",)),
    "customer": _Source("BD_Customer", "FCUSTID", maybe=("FForbidStatus",)),
    "expense_item": _Source("BD_Expense"),
    "currency": _Source("BD_Currency", "FCURRENCYID", ("FCODE",)),
    "account_book": _Source("BD_AccountBook", "FBOOKID", maybe=("FCURRENCYID.FCODE",)),
    "voucher_type": _Source("BD_VOUCHERGROUP"),
    "account": _Source(
        "BD_Account",
        "FACCTID",
        ("FFlEXITEMPROPERTYID.FNumber",),
        ("FForbidStatus", "FISCASH", "FALLCURRENCY", "FISDETAIL"),
    ),
}


def pull(kinds: Sequence[str], session: KingdeeSession, deadline: Deadline) -> Iterator[MasterRecord]:
    """Records of the kinds, all pages; all kinds when none is named. An unknown kind gives nothing."""
    for kind in kinds or (*KINDS, "period"):
        if kind == "period":
            yield from pull_periods(session, deadline)
        if kind not in KINDS:
            continue
        isos = _isos(session, deadline) if kind == "account" else ()
        for code, rows in groupby(_rows(KINDS[kind], session, deadline), key=lambda row: row["FNumber"]):
            if code:
                yield _record(kind, list(rows), session.settings, isos)


def _isos(session: KingdeeSession, deadline: Deadline) -> tuple[str, ...]:
    """ISO codes of all currencies: what an account keeps that takes every currency."""
    return tuple(row["FCODE"] for row in _rows(KINDS["currency"], session, deadline) if row["FCODE"])


def _rows(source: _Source, session: KingdeeSession, deadline: Deadline) -> Iterator[Mapping[str, Any]]:
    keys = source.keys(maybe=True)
    try:
        page = session.query(source.form, keys, "", deadline, order="FNumber ASC")
    except KingdeeRefused as error:
        if error.failure.msg_code != NO_FIELD or not source.maybe:
            raise
        keys = source.keys(maybe=False)
        page = session.query(source.form, keys, "", deadline, order="FNumber ASC")
    start = 0
    while page:
        yield from (dict(zip(keys, row, strict=True)) for row in page)
        start += len(page)  # a server may have a lower limit than the documented one: only an empty page is the last
        page = session.query(source.form, keys, "", deadline, order="FNumber ASC", start=start)


def _record(
    kind: str, rows: Sequence[Mapping[str, Any]], settings: KingdeeSettings, isos: Sequence[str]
) -> MasterRecord:
    row = rows[0]
    data: dict[str, Any] = {}
    if kind == "account":
        data = _account_data(rows, settings, isos)
    elif kind == "currency":
        data = {"iso": row["FCODE"]}
    elif kind == "account_book" and row.get("FCURRENCYID.FCODE"):
        data = {"currency": row["FCURRENCYID.FCODE"]}
    elif kind == "department" and row.get("FUseOrgId.FNumber"):
        data = {"company": row["FUseOrgId.FNumber"]}
    return MasterRecord(
        kind=kind,
        id=str(row[KINDS[kind].id]),
        code=str(row["FNumber"]),
        name=str(row["FName"] or ""),
        active=row.get("FForbidStatus") != "B" and not _is(row.get("FISDETAIL"), "0", "false"),
        data=data,
    )


def _account_data(rows: Sequence[Mapping[str, Any]], settings: KingdeeSettings, isos: Sequence[str]) -> dict[str, Any]:
    """One row per dimension that the account demands, named by its slot; an unnamed slot keeps its own name."""
    names = {slot: name for name, slot in settings.dimension_slots.items()}
    slots = dict.fromkeys(str(row["FFlEXITEMPROPERTYID.FNumber"]) for row in rows if row["FFlEXITEMPROPERTYID.FNumber"])
    told = rows[0].get("FISDETAIL")
    return {
        "dimensions": [names.get(slot, slot) for slot in slots],
        "optional": [],
        "currencies": list(isos) if _is(rows[0].get("FALLCURRENCY"), "1", "true") else [],
        "cash": _is(rows[0].get("FISCASH"), "1", "true"),
        **({} if told is None else {"detail": _is(told, "1", "true")}),
    }


def _is(value: Any, *texts: str) -> bool:
    return str(value).lower() in texts
