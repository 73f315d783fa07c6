"""Deliveries: creating them with their coverage, claiming them by lease, moving them through their states."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import bindparam, insert, select, update

from dougong.clock import epoch_ms
from dougong.ledger import audit, schema
from dougong.ledger.errors import StaleLease
from dougong.ledger.rows import FOREVER, DeliveryRow, problems_from, problems_text
from dougong.ledger.statements import FencedUpdate, Statement, Tx
from dougong.ledger.states import FINAL, MOVING, DeliveryState, check_transition
from dougong.model.identity import Coverage, Key
from dougong.model.postings import Stage
from dougong.model.problems import Problem

__all__ = [
    "LEASE_MS",
    "NewDelivery",
    "Transition",
    "by_id",
    "claim",
    "create",
    "free",
    "free_rest",
    "known",
    "live_for",
    "move",
    "release",
    "release_dead",
    "wake",
]

#: A lease lasts so long from the claim, and from each move with which its worker goes on.
LEASE_MS = 300_000
#: What a delivery has done to loans is known: it is there, refused, or gone.
_SETTLES = FINAL | {DeliveryState.DELIVERED, DeliveryState.REJECTED}

_T = schema.delivery
_COLUMNS = [column.name for column in _T.columns]
_INSERT = Statement(insert(_T).returning(_T.c.id), [name for name in _COLUMNS if name != "id"])
_UPDATE = FencedUpdate(_T)
_BY_ID = Statement(select(_T).where(_T.c.id == bindparam("id_")))
_COVER = Statement(insert(schema.coverage), ["delivery_id", "document_id", "coverage_key", "live"])
_UNCOVER = Statement(update(schema.coverage).where(schema.coverage.c.delivery_id == bindparam("id_")).values(live=None))
_LIVE = Statement(
    select(_T)
    .join(schema.coverage, schema.coverage.c.delivery_id == _T.c.id)
    .where(schema.coverage.c.live == bindparam("key"))
)
_LAST_INCARNATION = Statement(
    select(_T.c.incarnation)
    .join(schema.coverage, schema.coverage.c.delivery_id == _T.c.id)
    .where(schema.coverage.c.coverage_key == bindparam("key"))
    .order_by(_T.c.incarnation.desc())
    .limit(1)
)
_MOVING = _T.c.state.in_([bindparam(f"s{i}", state.value) for i, state in enumerate(MOVING)])
_DUE = Statement(
    select(_T)
    .where(
        _MOVING,
        _T.c.due_at <= bindparam("now"),
        _T.c.lease_until <= bindparam("now"),
        _T.c.connection == bindparam("connection"),
    )
    .order_by(_T.c.due_at, _T.c.id)
    .limit(bindparam("count"))
)
_LEASE = Statement(
    update(_T)
    .where(_T.c.id == bindparam("_id"), _T.c.version == bindparam("_version"))
    .values(version=bindparam("version"), lease_until=bindparam("until"), lease_owner=bindparam("owner"))
)
_OWNERS = Statement(select(_T.c.lease_owner).where(_MOVING, _T.c.lease_until > bindparam("now")).distinct())
_FREE = Statement(
    update(_T)
    .where(_MOVING, _T.c.lease_owner == bindparam("owner"), _T.c.lease_until > bindparam("now"))
    .values(lease_until=0, lease_owner="", version=_T.c.version + 1)
)
_HURRY_FAILING = Statement(
    update(_T)
    .where(
        _MOVING,
        _T.c.failures >= bindparam("failures"),
        _T.c.due_at > bindparam("now"),
        _T.c.due_at < FOREVER,
        _T.c.lease_until <= bindparam("now"),
    )
    .values(due_at=bindparam("now"), version=_T.c.version + 1)
)
_DEPENDENTS = Statement(
    select(schema.dependency.c.delivery_id).where(schema.dependency.c.on_delivery_id == bindparam("on"))
)
_DEPEND = Statement(insert(schema.dependency), ["delivery_id", "on_delivery_id"])
_KNOWN = Statement(
    select(schema.dependency).where(
        schema.dependency.c.delivery_id == bindparam("d"), schema.dependency.c.on_delivery_id == bindparam("o")
    )
)
_HELD_FOR = Statement(select(_T).where(_T.c.state == DeliveryState.HELD.value, _T.c.reason == bindparam("reason")))
_HELD_FOR_SET = Statement(
    select(_T).where(
        _T.c.state == DeliveryState.HELD.value,
        _T.c.reason == bindparam("reason", "SET_INCOMPLETE"),
        _T.c.set_id == bindparam("set_id"),
    )
)
_LOANS_OF = Statement(
    select(schema.loan_movement.c.loan).where(schema.loan_movement.c.delivery_id == bindparam("d")).distinct()
)
_HELD_OTHER = Statement(select(_T).where(_T.c.state == DeliveryState.HELD.value, _T.c.inputs != bindparam("inputs")))


@attrs.frozen
class Transition:
    """A delivery before and after a change, for observers."""

    before: DeliveryRow
    after: DeliveryRow
    event: str
    actor: str
    detail: Mapping[str, Any]


@attrs.frozen
class NewDelivery:
    """What a derivation wants delivered.

    :param coverages: (document row id, coverage) of each document that it serves.
    :param set_id: vouchers of one document that are whole together share it (`sets.name_for`).
    :param merge_key: what it is merged with other documents' by; it is not sent as it is.
    :param group_id: name of a merged delivery; its reference comes from it.
    :param reverses_id: the delivery that it reverses.
    :param asked_at: when a person asked for it, by the business clock.
    """

    connection: str
    target_type: str
    coverages: tuple[tuple[int, Coverage], ...]
    documents: tuple[str, ...]
    revision: int
    target_stage: Stage
    state: DeliveryState
    inputs: str = ""
    verb: str = "create"
    problems: tuple[Problem, ...] = ()
    waits_for: tuple[str, ...] = ()
    period: str | None = None
    currency: str | None = None
    total: str | None = None
    set_id: str | None = None
    merge_key: str | None = None
    group_id: str | None = None
    reverses_id: int | None = None
    asked_at: int | None = None


def _values(new: NewDelivery, incarnation: int) -> dict[str, Any]:
    """The columns of a new delivery."""
    first = new.coverages[0][1]
    return {
        "stage": None,
        "set_id": new.set_id,
        "merge_key": new.merge_key,
        "group_id": new.group_id,
        "reverses_id": new.reverses_id,
        "approved": None,
        "asked_at": new.asked_at,
        "connection": new.connection,
        "target_type": new.target_type,
        "verb": new.verb,
        "entity": first.entity,
        "book": first.book,
        "moment": first.moment,
        "part": first.part,
        "incarnation": incarnation,
        "generation": 0,
        "reference": (first.reference(incarnation) if new.group_id is None else Key(("group", new.group_id))).base64(),
        "target_stage": new.target_stage.value,
        "state": new.state.value,
        "due_at": epoch_ms() if new.state is DeliveryState.READY and new.merge_key is None else FOREVER,
        "version": 1,
        "lease_until": 0,
        "lease_owner": "",
        "reason": new.problems[0].code if new.problems else "",
        "problems": problems_text(new.problems),
        "waits_for": json.dumps(list(new.waits_for), ensure_ascii=False),
        "inputs": new.inputs,
        "documents": json.dumps(list(new.documents), ensure_ascii=False),
        "revision": new.revision,
        "period": new.period,
        "currency": new.currency,
        "total": new.total,
        "attempts": 0,
        "failures": 0,
        "created_at": epoch_ms(),
        "audit_hash": "",
        "told": 0,
    }


def create(tx: Tx, new: NewDelivery, *, first_ever: bool = False, actor: str = audit.SYSTEM) -> DeliveryRow:
    """Create a delivery with its coverage, first audit row included.

    The database refuses a second live delivery of one coverage; the reference is that of the next incarnation.

    :param first_ever: it is known that the coverage never had a delivery.
    """
    key = new.coverages[0][1].key
    last = None if first_ever else tx.one(_LAST_INCARNATION, {"key": key})
    values = _values(new, (last["incarnation"] if last else 0) + 1)
    id_ = tx.rows(_INSERT, values)[0]["id"]
    tx.many(
        _COVER,
        [
            {"delivery_id": id_, "document_id": document, "coverage_key": cover.key, "live": cover.key}
            for document, cover in new.coverages
        ],
    )
    entry = audit.entry(
        f"delivery:{id_}",
        1,
        "",
        actor=actor,
        event="created",
        detail={"state": new.state, "problems": [p.code for p in new.problems]},
    )
    row = DeliveryRow.from_mapping({**values, "id": id_, "audit_hash": entry.hash})
    _write(tx, row, 1, {"audit_hash": entry.hash})
    audit.append(tx, entry)
    return row


def move(
    tx: Tx,
    row: DeliveryRow,
    to: DeliveryState,
    *,
    event: str,
    actor: str = audit.SYSTEM,
    detail: dict[str, Any] | None = None,
    keep_lease: bool = False,
    **changes: Any,
) -> DeliveryRow:
    """The only way to change a delivery's state: checked against the table, fenced, audited, in one transaction.

    :param row: as last read or written; its `version` is the fencing number.
    :param event: what happened, for the audit. :param detail: why, in plain JSON values.
    :param keep_lease: the worker goes on with it, and has the whole length of a lease from now.
    :param changes: other columns; what is ready has no problems but those given here.
    :returns: the row as it now is.
    :raises IllegalTransition: the table of transitions does not know it.
    :raises StaleLease: another process has it by now.
    """
    check_transition(row.state, to)
    lease: dict[str, Any] = {"lease_until": 0, "lease_owner": ""}
    if keep_lease:
        lease = {"lease_until": max(row.lease_until, epoch_ms() + LEASE_MS)} if row.lease_owner else {}
    if to is DeliveryState.READY:  # whatever it waited or was held for is over, unless the caller tells why
        changes = {"problems": "[]", "reason": "", **changes}
        if changes.get("merge_key", row.merge_key) is not None:
            changes["due_at"] = FOREVER  # sent only with others, or when it is known that there are none
    version = row.version + 1
    told = {"from": row.state, "to": to, **(detail or {})}
    if "stage" in changes:
        told["stage"] = changes["stage"]
    entry = audit.entry(row.subject, version, row.audit_hash, actor=actor, event=event, detail=told)
    changes = {"state": to, "version": version, "audit_hash": entry.hash, **lease, **changes}
    changed = row.changed(**changes)
    _write(tx, row, row.version, {**changes, "state": to.value})
    audit.append(tx, entry)
    if tx.transitions is not None:
        tx.transitions.append(Transition(row, changed, event, actor, detail or {}))
    if to in FINAL:
        tx.run(_UNCOVER, {"id_": row.id})
        wake(tx, changed)
    if to in _SETTLES and to is not row.state:
        _free_overdrawn(tx, changed)
    return changed


def _write(tx: Tx, row: DeliveryRow, expected: int, changes: Mapping[str, Any]) -> None:
    if not _UPDATE.run(tx, row.id, expected, changes):
        raise StaleLease(row.name)


def _write_lease(tx: Tx, row: DeliveryRow, **changes: Any) -> DeliveryRow:
    """A new fencing number with other columns; the state stays, so nothing is audited."""
    changes = {"version": row.version + 1, **changes}
    _write(tx, row, row.version, changes)
    return row.changed(**changes)


def by_id(tx: Tx, id_: int) -> DeliveryRow:
    """The delivery with this id, which must exist."""
    found = known(tx, id_)
    if found is None:
        raise StaleLease(f"D{id_}")
    return found


def known(tx: Tx, id_: int) -> DeliveryRow | None:
    """The delivery with this id, if there is one."""
    found = tx.one(_BY_ID, {"id_": id_})
    return None if found is None else DeliveryRow.from_mapping(found)


def live_for(tx: Tx, coverage_key: str) -> DeliveryRow | None:
    """The live delivery of a coverage, if any."""
    found = tx.one(_LIVE, {"key": coverage_key})
    return DeliveryRow.from_mapping(found) if found else None


def claim(tx: Tx, connection: str, owner: str, *, count: int, lease_ms: int) -> list[DeliveryRow]:
    """Lease up to `count` due deliveries of a connection; each claim raises the fencing number."""
    now = epoch_ms()
    rows = [
        DeliveryRow.from_mapping(found)
        for found in tx.rows(_DUE, {"now": now, "connection": connection, "count": count})
    ]
    claimed = [row.changed(version=row.version + 1, lease_until=now + lease_ms, lease_owner=owner) for row in rows]
    tx.many(
        _LEASE,
        [
            {
                "_id": row.id,
                "_version": row.version - 1,
                "version": row.version,
                "until": row.lease_until,
                "owner": owner,
            }
            for row in claimed
        ],
    )
    return claimed


def release(tx: Tx, row: DeliveryRow, *, due_at: int) -> None:
    """Give a lease back untouched: nothing happened, try again at `due_at`."""
    _write_lease(tx, row, lease_until=0, lease_owner="", due_at=due_at)


def release_dead(tx: Tx, is_dead: Any) -> int:
    """End the leases of processes that are gone; returns how many owners were found dead."""
    now = epoch_ms()
    owners = [row["lease_owner"] for row in tx.rows(_OWNERS, {"now": now})]
    dead = [owner for owner in owners if is_dead(owner)]
    for owner in dead:
        tx.run(_FREE, {"owner": owner, "now": now})
    return len(dead)


def hurry_failing(tx: Tx, failures: int) -> int:
    """Make due at once what has failed at least so often and waits for its next try; returns how many."""
    return tx.run(_HURRY_FAILING, {"failures": failures, "now": epoch_ms()})


def wake(tx: Tx, on: DeliveryRow) -> list[DeliveryRow]:
    """Make ready what waited for `on`, which is delivered or gone for good; it is derived again before it is sent."""
    waiting = [by_id(tx, found["delivery_id"]) for found in tx.rows(_DEPENDENTS, {"on": on.id})]
    return [
        move(tx, row, DeliveryState.READY, event="freed", detail={"by": on.name}, due_at=epoch_ms(), waits_for="[]")
        for row in waiting
        if row.state is DeliveryState.BLOCKED
    ]


def free(tx: Tx, row: DeliveryRow, *, event: str, detail: dict[str, Any] | None = None) -> None:
    """Make ready what was held, and with it what of its set was held for nothing else; it is derived again."""
    move(tx, row, DeliveryState.READY, event=event, detail=detail, due_at=epoch_ms())
    free_rest(tx, row, event=event, detail=detail)


def free_rest(tx: Tx, row: DeliveryRow, *, event: str, detail: dict[str, Any] | None = None) -> None:
    """Make ready what was held only for a voucher of its set that is looked at anew."""
    for found in tx.rows(_HELD_FOR_SET, {"set_id": row.set_id}) if row.set_id is not None else ():
        move(tx, DeliveryRow.from_mapping(found), DeliveryState.READY, event=event, detail=detail, due_at=epoch_ms())


def _free_overdrawn(tx: Tx, on: DeliveryRow) -> None:
    """Look anew at what asked more of a loan than was left: what `on` has lent or cleared of it is known by now."""
    loans = {found["loan"] for found in tx.rows(_LOANS_OF, {"d": on.id})}
    for row in held_for(tx, "LOAN_OVERDRAWN") if loans else ():
        if any(problem.facts.get("loan") in loans for problem in problems_from(row.problems)):
            free(tx, row, event="freed", detail={"by": on.name})


def depend(tx: Tx, delivery_id: int, on: Iterable[int] | Sequence[int]) -> None:
    """Note what a delivery waits for; known ones stay."""
    for other in on:
        if not tx.rows(_KNOWN, {"d": delivery_id, "o": other}):
            tx.run(_DEPEND, {"delivery_id": delivery_id, "on_delivery_id": other})


def lease(tx: Tx, row: DeliveryRow, owner: str, until: int) -> DeliveryRow:
    """Lease one more delivery along with those that are held already."""
    return _write_lease(tx, row, lease_until=until, lease_owner=owner)


def held_for(tx: Tx, reason: str) -> list[DeliveryRow]:
    """Deliveries that are held with this code as their first problem."""
    return [DeliveryRow.from_mapping(row) for row in tx.rows(_HELD_FOR, {"reason": reason})]


def held_with_other_inputs(tx: Tx, inputs: str) -> list[DeliveryRow]:
    """Deliveries that were held under other rules, tables, codes or master data."""
    return [DeliveryRow.from_mapping(row) for row in tx.rows(_HELD_OTHER, {"inputs": inputs})]
