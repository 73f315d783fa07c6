"""What is known beside documents: code tables and master data of both sides. All of it moves the `inputs` version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection

from dougong.clock import epoch_ms
from dougong.ledger import audit, schema
from dougong.ledger.statements import Statement, Tx
from dougong.model.masterdata import MasterRecord

__all__ = [
    "PERIOD",
    "code_rows",
    "input_version",
    "master_records",
    "master_time",
    "note",
    "note_closed",
    "put_all_master",
    "put_master",
    "put_periods",
    "replace_codes",
    "touch_inputs",
]

_M, _S, _C = schema.master, schema.setting, schema.code
_MASTER = Statement(insert(_M), [c.name for c in _M.columns])
_MASTER_ONE = Statement(
    select(_M).where(
        _M.c.connection == bindparam("connection"),
        _M.c.kind == bindparam("kind"),
        _M.c.source_id == bindparam("source_id"),
    )
)
_MASTER_UPDATE = Statement(
    update(_M)
    .where(
        _M.c.connection == bindparam("_connection"),
        _M.c.kind == bindparam("_kind"),
        _M.c.source_id == bindparam("_source_id"),
    )
    .values({name: bindparam(f"v_{name}") for name in ("code", "name", "active", "data", "at")})
)
_OF_KIND = Statement(select(_M).where(_M.c.connection == bindparam("connection"), _M.c.kind == bindparam("kind")))
_MASTER_DELETE = Statement(
    delete(_M).where(
        _M.c.connection == bindparam("connection"),
        _M.c.kind == bindparam("kind"),
        _M.c.source_id == bindparam("source_id"),
    )
)
_SETTING = Statement(select(_S.c.value).where(_S.c.name == bindparam("n")))
_SETTING_INSERT = Statement(insert(_S), ["name", "value"])
_SETTING_UPDATE = Statement(update(_S).where(_S.c.name == bindparam("n")).values(value=bindparam("v")))
_CODES_DELETE = Statement(delete(_C).where(_C.c.table_name == bindparam("t"), _C.c.scope == bindparam("s")))
_CODE = Statement(insert(_C), [c.name for c in _C.columns if c.name != "id"])
_CODES = Statement(
    select(_C.c.table_name, _C.c.scope, _C.c.ours, _C.c.theirs, _C.c.valid_from, _C.c.valid_to, _C.c.note).order_by(
        _C.c.id
    )
)
_AUDIT_VERSION = Statement(
    select(schema.audit.c.version, schema.audit.c.hash)
    .where(schema.audit.c.subject == "project")
    .order_by(schema.audit.c.version.desc())
    .limit(1)
)

#: Kind of master data that says which periods of an ERP's books are open.
PERIOD = "period"

#: (table, scope, ours, theirs, valid_from, valid_to, note); empty dates mean always.
CodeTuple = tuple[str, str, str, str, str, str, str]


def put_master(tx: Tx, connection: str, records: Iterable[MasterRecord]) -> int:
    """Store or renew master data; returns how many records are new or changed."""
    changed = 0
    now = epoch_ms()
    for record in records:
        key = {"connection": connection, "kind": record.kind, "source_id": record.id}
        values = _values(record)
        known = tx.one(_MASTER_ONE, key)
        if known is None:
            tx.run(_MASTER, {**key, **values, "at": now})
            changed += 1
            continue
        changed += any(known[name] != value for name, value in values.items())
        fresh = {f"v_{name}": value for name, value in {**values, "at": now}.items()}
        tx.run(_MASTER_UPDATE, {**fresh, **{f"_{name}": value for name, value in key.items()}})
    if changed:
        touch_inputs(tx)
    return changed


def put_all_master(tx: Tx, connection: str, records: Iterable[MasterRecord]) -> int:
    """As `put_master`, for everything that an ERP lists now: what it lists no more of the kinds told is inactive.

    :returns: how many are new, changed or no longer listed. A kind without any record was not told, and stays as it is.
    """
    told = list(records)
    listed: dict[str, set[str]] = {}
    for one in told:
        listed.setdefault(one.kind, set()).add(one.id)
    gone = [
        MasterRecord(row["kind"], row["source_id"], row["code"], row["name"], False, json.loads(row["data"]))
        for kind, ids in listed.items()
        for row in tx.rows(_OF_KIND, {"connection": connection, "kind": kind})
        if row["source_id"] not in ids and row["active"]
    ]
    return put_master(tx, connection, told + gone)


def _values(record: MasterRecord) -> dict[str, Any]:
    """The columns of a record beside its key."""
    return {
        "code": record.code,
        "name": record.name,
        "active": int(record.active),
        "data": json.dumps(record.data, ensure_ascii=False, sort_keys=True),
    }


def put_periods(tx: Tx, connection: str, records: Iterable[MasterRecord]) -> int:
    """Put the periods that an ERP has just told in the place of all that were known, what was noted meanwhile included.

    :param records: of kind `period`; `data` holds `book` (the ERP's code) and `open`.
    :returns: how many are new, changed or gone.
    """
    key = {"connection": connection, "kind": PERIOD}
    known = {row["source_id"]: row for row in tx.rows(_OF_KIND, key)}
    told = {record.id: record for record in records}
    changed = [
        one
        for one in told.values()
        if one.id not in known or any(known[one.id][name] != value for name, value in _values(one).items())
    ]
    gone = sorted(known.keys() - told.keys())
    tx.many(_MASTER_DELETE, [{**key, "source_id": id_} for id_ in gone])
    if put_master(tx, connection, changed) == 0 and gone:
        touch_inputs(tx)
    return len(changed) + len(gone)


def note_closed(tx: Tx, connection: str, book: str, period: str) -> bool:
    """Note that an ERP has refused a voucher because its period is closed; counts until it tells its periods again.

    :param book: our code: an answer does not say what the ERP calls it.
    :returns: whether that is news.
    """
    data = {"refused_for": book, "open": False}
    refused = MasterRecord(PERIOD, f"refused {book}/{period}", code=period, data=data)
    if tx.one(_MASTER_ONE, {"connection": connection, "kind": PERIOD, "source_id": refused.id}) is not None:
        return False
    touch_inputs(tx)  # before the insert: another process that notes the same waits here, and then finds it
    return put_master(tx, connection, [refused]) > 0


def master_records(connection: Connection, owner: str, kind: str | None = None) -> list[MasterRecord]:
    """Master data of one connection, of one kind or all."""
    query = select(_M).where(_M.c.connection == owner)
    if kind is not None:
        query = query.where(_M.c.kind == kind)
    return [
        MasterRecord(row.kind, row.source_id, row.code, row.name, bool(row.active), json.loads(row.data))
        for row in connection.execute(query)
    ]


def master_time(connection: Connection, owner: str) -> int | None:
    """When master data of a connection was last renewed, milliseconds UTC; periods are, more often, by themselves."""
    query = select(_M.c.at).where(_M.c.connection == owner, _M.c.kind != PERIOD)
    return connection.execute(query.order_by(_M.c.at.desc()).limit(1)).scalar()


def code_rows(tx: Tx) -> list[CodeTuple]:
    """Every row of the code tables."""
    return [tuple(row.values()) for row in tx.rows(_CODES)]


def replace_codes(tx: Tx, rows: Sequence[CodeTuple], *, actor: str, removed: int = 0) -> None:
    """Put these rows in the place of all rows of the tables and scopes that they name, audited."""
    for table, scope in sorted({(row[0], row[1]) for row in rows}):
        tx.run(_CODES_DELETE, {"t": table, "s": scope})
    names = ("table_name", "scope", "ours", "theirs", "valid_from", "valid_to", "note")
    tx.many(_CODE, [dict(zip(names, row, strict=True)) for row in rows])
    detail = {"rows": len(rows), "removed": removed, "tables": sorted({row[0] for row in rows})}
    note(tx, actor=actor, event="codes_imported", detail=detail)
    touch_inputs(tx)


def note(tx: Tx, *, actor: str, event: str, detail: Mapping[str, Any]) -> None:
    """Audit what was done to the project as a whole."""
    last = tx.one(_AUDIT_VERSION) or {"version": 0, "hash": ""}
    entry = audit.entry("project", last["version"] + 1, last["hash"], actor=actor, event=event, detail=detail)
    audit.append(tx, entry)


def touch_inputs(tx: Tx) -> None:
    """Note that codes or master data changed: what is held may be free now."""
    known = tx.one(_SETTING, {"n": "inputs"})
    if known is None:
        tx.run(_SETTING_INSERT, {"name": "inputs", "value": "1"})
    else:
        tx.run(_SETTING_UPDATE, {"n": "inputs", "v": str(int(known["value"]) + 1)})


def input_version(tx: Tx) -> str:
    """A counter that moves whenever codes or master data change."""
    known = tx.one(_SETTING, {"n": "inputs"})
    return known["value"] if known else "0"
