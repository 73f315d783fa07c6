"""Read models: what lists and details show, as plain data in the shapes of interfaces.md §1."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, true
from sqlalchemy.engine import Connection, RowMapping

from dougong.ledger import documents, inbox, schema, sets
from dougong.ledger.claimed import claimed, unbooked
from dougong.ledger.rows import delivery_name, problems_from
from dougong.ledger.states import FINAL, IN_ORDER, MERGED, DeliveryState, DocumentState
from dougong.model.documents import SourceRef
from dougong.model.problems import Problem, Text

__all__ = [
    "callbacks_view",
    "deliveries_view",
    "delivery_ids",
    "document_ids",
    "documents_view",
    "feedback_view",
    "in_order",
    "problem_view",
    "show_view",
    "trace_view",
]

_D, _DOC, _C, _P = schema.delivery, schema.document, schema.coverage, schema.posting
_A, _I, _O = schema.attempt, schema.attempt_item, schema.outbox
#: A merged delivery stands in its place.
_TAKEN_UP = (_D.c.state == DeliveryState.CANCELLED.value) & (_D.c.reason == MERGED)
#: States of documents that show in lists by themselves.
_SHOWN = (
    DocumentState.NOT_DUE,
    DocumentState.HELD,
    DocumentState.STALE,
    DocumentState.ACCEPTED,
    DocumentState.WITHDRAWN,
)
#: In order although there is no delivery.
_RESTING = frozenset({DocumentState.NOT_DUE, DocumentState.ACCEPTED, DocumentState.WITHDRAWN})


def problem_view(problem: Problem, language: str) -> dict[str, str]:
    """A problem for `--json`: code, path, message, hint in one language."""
    return {
        "code": problem.code,
        "path": problem.path,
        "message": problem.message.for_language(language),
        "hint": problem.hint.for_language(language),
    }


def _problems(text: str, language: str) -> list[dict[str, str]]:
    return [problem_view(problem, language) for problem in problems_from(text)]


def _due_problems(row: RowMapping, language: str) -> list[dict[str, str]]:
    """A delivery's problems; of one that is due and could not be sent, the next step is the same whatever it says."""
    problems = _problems(row["problems"], language)
    if row["state"] in FINAL:  # nothing is left to be done about what stood in its way
        return [{**problem, "hint": ""} for problem in problems]
    if row["state"] not in (DeliveryState.READY, DeliveryState.INCOMPLETE):
        return problems
    name = row["connection"]
    next_step = Text(
        f"dougong check {name} 检查地址、网络与凭据; 之后 dougong run 再次发送",
        f"`dougong check {name}` looks at address, network and credentials; then `dougong run`",
    ).for_language(language)
    return [{**problem, "hint": problem["hint"] or next_step} for problem in problems]


def deliveries_view(
    connection: Connection,
    language: str,
    *,
    documents: Collection[int] | None = None,
    ids: Collection[int] | None = None,
) -> list[dict[str, Any]]:
    """One object per delivery, oldest first.

    :param documents: only deliveries that serve these document rows. :param ids: only these deliveries.
    """
    where: ColumnElement[bool] = true()
    if documents is not None:
        where &= _D.c.id.in_(select(_C.c.delivery_id).where(_C.c.document_id.in_(sorted(documents))))
    if ids is not None:
        where &= _D.c.id.in_(sorted(ids))
    else:
        where &= ~_TAKEN_UP
    sent = select(_I.c.reference_as_sent).where(_I.c.delivery_id == _D.c.id).limit(1).scalar_subquery()
    query = (
        select(_D, _P.c.erp_key, _P.c.erp_number, sent.label("sent"))
        .outerjoin(_P, _P.c.delivery_id == _D.c.id)
        .where(where)
        .order_by(_D.c.id)
    )
    rows = connection.execute(query).mappings().all()
    claims = unbooked(connection, where) if any(row["total"] is None for row in rows) else {}
    counted = sets.counted(connection, {row["set_id"] for row in rows} - {None})
    return [_delivery(row, language) | _claim(row, claims) | _set(row, counted) for row in rows]


def _claim(row: RowMapping, claims: Mapping[int, tuple[str | None, str | None]]) -> dict[str, str | None]:
    """What a delivery without a booking is about, where that can be told."""
    currency, total = claims.get(row["id"], (None, None))
    return {} if total is None else {"currency": currency, "total": total}


def _set(row: RowMapping, counted: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """Vouchers of one document in several entities: nothing goes back to the source while only some are there.

    What has ended says so only while the set lacks something: after that others stand in its place.
    """
    done, of = counted.get(row["set_id"] or "", (0, 0))
    told = of > 1 and (row["state"] not in FINAL or done < of)
    return {"set": {"delivered": done, "of": of} if told else None}


def _money(content: Mapping[str, Any]) -> dict[str, str | None]:
    return {"currency": content.get("currency"), "total": claimed(content)}


def _delivery(row: RowMapping, language: str) -> dict[str, Any]:
    there = row["state"] != DeliveryState.CANCELLED  # what was given up is not in the ERP, whatever was there once
    return {
        "delivery": delivery_name(row["id"]),
        "documents": json.loads(row["documents"]),
        "revision": row["revision"],
        "moment": row["moment"],
        "connection": row["connection"],
        "entity": row["entity"],
        "book": row["book"],
        "state": row["state"],
        "stage": row["stage"] if there else None,
        "reason": row["reason"] or None,
        "reference": row["sent"] or row["reference"],
        "erp_id": row["erp_key"] if there else None,
        "erp_number": row["erp_number"] if there else None,
        "period": row["period"],
        "currency": row["currency"],
        "total": row["total"],
        "waits_for": json.loads(row["waits_for"]),
        "problems": _due_problems(row, language),
        "attempts": row["attempts"],
    }


def documents_view(
    connection: Connection, language: str, *, documents: Collection[int] | None = None
) -> list[dict[str, Any]]:
    """Documents that have no delivery of their own to show: not due, held, stale, accepted, given up."""
    query = select(_DOC, _NOT_REPLACED).where(_DOC.c.state.in_([state.value for state in _SHOWN])).order_by(_DOC.c.id)
    if documents is not None:
        query = query.where(_DOC.c.id.in_(sorted(documents)))
    else:  # what stands for a document that never came is no document
        query = query.where(_DOC.c.fingerprint != "")
    return [
        {
            "delivery": None,
            "documents": [row["number"]],
            "revision": _revision(row),
            "state": row["state"],
            **_money(json.loads(row["canonical"])),
            "problems": _problems(row["problems"], language),
        }
        for row in connection.execute(query).mappings()
    ]


def _not_replaced() -> Any:
    other = _DOC.alias()
    same = [other.c[name] == _DOC.c[name] for name in ("source", "tenant", "type", "source_id")]
    before = select(func.max(other.c.revision)).where(*same, other.c.id < _DOC.c.id)
    return before.scalar_subquery().label("not_replaced")


_NOT_REPLACED = _not_replaced()


def _revision(row: RowMapping) -> int | None:
    """A document's revision; of a stale answer the one that it did not replace; of what never came none."""
    shown: int | None = row["revision"] if row["revision"] > 0 else row["not_replaced"]
    return shown


def orphans_view(
    connection: Connection, language: str, *, refs: Collection[SourceRef] | None = None
) -> list[dict[str, Any]]:
    """Documents that only events have told of: held until they come.

    :param refs: only these; `None` = all.
    """
    return [
        {
            "delivery": None,
            "documents": [ref.id],
            "revision": None,
            "state": DocumentState.HELD.value,
            "problems": [problem_view(documents.unknown(ref), language)],
        }
        for ref in missed(connection)
        if refs is None or ref in refs
    ]


def callbacks_view(connection: Connection, language: str) -> list[dict[str, Any]]:
    """Callbacks that could not be read, or of which a document could not: held until they can."""
    return [
        {
            "delivery": None,
            "documents": [],
            "revision": None,
            "connection": name,
            "state": DocumentState.HELD.value,
            "received_at": _instant(received_at),
            "problems": [problem_view(problem, language) for problem in problems],
        }
        for name, received_at, problems in inbox.failed(connection)
    ]


def missed(connection: Connection) -> list[SourceRef]:
    """Documents of which only events were told, and which nobody has given up."""
    table = schema.event
    same = [table.c[name] == _DOC.c[name] for name in ("source", "tenant", "type", "source_id")]
    here = (_DOC.c.revision > 0) | (_DOC.c.state == DocumentState.WITHDRAWN.value)
    query = (
        select(table.c.source, table.c.tenant, table.c.type, table.c.source_id)
        .where(~exists().where(*same, here))
        .distinct()
        .order_by(table.c.source_id)
    )
    return [SourceRef(*row) for row in connection.execute(query)]


def in_order(rows: Collection[Mapping[str, Any]]) -> bool:
    """Exit status 0: every delivery at rest in order, every document accepted, not due or given up (contract.md §5)."""
    return all(row["state"] in (IN_ORDER if row["delivery"] else _RESTING) for row in rows)


def delivery_ids(connection: Connection, number: str) -> list[int]:
    """Deliveries that a NUMBER names: a delivery id (`D17`) or a document's number."""
    if number[:1] == "D" and number[1:].isdigit():
        found = connection.execute(select(_D.c.id).where(_D.c.id == int(number[1:]))).scalars().all()
        if found:
            return list(found)
    query = (
        select(_D.c.id)
        .join(_C, _C.c.delivery_id == _D.c.id)
        .join(_DOC, _DOC.c.id == _C.c.document_id)
        .where(_DOC.c.number == number)
        .distinct()
        .order_by(_D.c.id)
    )
    return list(connection.execute(query).scalars())


def document_ids(connection: Connection, number: str) -> list[int]:
    """Document rows of a number, every revision, stale answers too."""
    return list(connection.execute(select(_DOC.c.id).where(_DOC.c.number == number).order_by(_DOC.c.id)).scalars())


def show_view(connection: Connection, id_: int, language: str) -> dict[str, Any]:
    """One delivery in full: state, posting, attempts, booking, audit."""
    head = deliveries_view(connection, language, ids=[id_])[0] | _related(connection, id_)
    head["posting"] = _posting(connection, id_)
    head["sent"] = [_attempt(row) for row in connection.execute(_attempts(id_)).mappings()]
    booking = connection.execute(
        select(_I.c.booking).where(_I.c.delivery_id == id_).order_by(_I.c.attempt_id.desc()).limit(1)
    ).scalar()
    head["booking"] = json.loads(booking) if booking else None
    head["audit"] = _audit(connection, f"delivery:{id_}")
    return head


def _related(connection: Connection, id_: int) -> dict[str, Any]:
    """Its relatives: the merged delivery that took its place, what it takes back, what takes it back."""
    row = connection.execute(select(_D).where(_D.c.id == id_)).mappings().one()
    merged = None
    if row["state"] == DeliveryState.CANCELLED and row["reason"] == MERGED and row["group_id"] is None:
        merged = connection.execute(_group_after(row)).scalar()
    by = (_D.c.reverses_id == id_) & (_D.c.state != DeliveryState.CANCELLED.value)
    return {
        "merged_into": None if merged is None else delivery_name(merged),
        "reverses": next(iter(_named(connection, _D.c.id == row["reverses_id"])), None),
        "reversed_by": _named(connection, by),
    }


def _named(connection: Connection, where: ColumnElement[bool]) -> list[dict[str, Any]]:
    """Deliveries as others speak of them."""
    query = select(_D.c.id, _D.c.documents, _P.c.erp_number).outerjoin(_P, _P.c.delivery_id == _D.c.id)
    return [
        {"delivery": delivery_name(id_), "documents": json.loads(numbers), "erp_number": number}
        for id_, numbers, number in connection.execute(query.where(where).order_by(_D.c.id))
    ]


def _group_after(row: RowMapping) -> Any:
    """The first merged delivery that was made of the same documents' same moment after a single one."""
    mine = select(_C.c.coverage_key).where(_C.c.delivery_id == row["id"])
    other = (
        select(_D.c.id)
        .join(_C, _C.c.delivery_id == _D.c.id)
        .where(_D.c.group_id.is_not(None), _D.c.id > row["id"], _C.c.coverage_key.in_(mine))
    )
    return other.order_by(_D.c.id).limit(1)


def _posting(connection: Connection, id_: int) -> dict[str, Any] | None:
    row = connection.execute(select(_P).where(_P.c.delivery_id == id_)).mappings().first()
    if row is None:
        return None
    told = ("erp_number", "stage", "book", "date", "period", "currency", "total")
    return {"erp_id": row["erp_key"]} | {name: row[name] for name in told}


def _attempts(id_: int) -> Any:
    return (
        select(_A, _I.c.outcome, _I.c.reference_as_sent)
        .join(_I, _I.c.attempt_id == _A.c.id)
        .where(_I.c.delivery_id == id_)
        .order_by(_A.c.id)
    )


def _attempt(row: RowMapping) -> dict[str, Any]:
    return {
        "attempt": row["id"],
        "operation": row["operation"],
        "request_id": row["request_id"],
        "reference": row["reference_as_sent"],
        "connector": row["connector_version"],
        "outcome": row["outcome"] or "open",
        "sends": row["sends"],
        "prepared_at": _instant(row["prepared_at"]),
        "last_sent_at": _instant(row["last_sent_at"]),
        "body_hash": row["body_hash"],
        "artifacts": json.loads(row["artifacts"]),
    }


def _instant(milliseconds: int | None) -> str | None:
    """A time of the ledger as RFC 3339 in UTC."""
    if milliseconds is None:
        return None
    at = dt.datetime.fromtimestamp(milliseconds // 1000, dt.UTC) + dt.timedelta(milliseconds=milliseconds % 1000)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _audit(connection: Connection, subject: str) -> list[dict[str, Any]]:
    table = schema.audit
    rows = connection.execute(select(table).where(table.c.subject == subject).order_by(table.c.version)).mappings()
    return [
        {
            "entry": row["id"],
            "at": _instant(row["at"]),
            "actor": row["actor"],
            "event": row["event"],
            **json.loads(row["detail"]),
        }
        for row in rows
    ]


def trace_view(connection: Connection, number: str, language: str) -> list[dict[str, Any]]:
    """A document's whole way: every revision with events, audit and deliveries in full, and all of it in time order."""
    query = select(_DOC, _NOT_REPLACED).where(_DOC.c.number == number).order_by(_DOC.c.id)
    rows = connection.execute(query).mappings().all()
    traced = []
    for row in rows:
        ids = connection.execute(select(_C.c.delivery_id).where(_C.c.document_id == row["id"])).scalars().all()
        shown = [show_view(connection, id_, language) for id_ in sorted(set(ids))]
        own = _audit(connection, f"document:{row['id']}")
        traced.append(
            {
                "row": row["id"],
                "document": row["number"],
                "source": row["source"],
                "tenant": row["tenant"],
                "type": row["type"],
                "id": row["source_id"],
                "revision": _revision(row),
                "state": row["state"],
                "source_state": row["source_state"],
                "fingerprint": row["fingerprint"],
                "problems": _problems(row["problems"], language),
                "content": _without_accounts(json.loads(row["canonical"])),
                "events": _events(connection, row),
                "audit": own,
                "deliveries": shown,
                "history": _history(row["number"], own, shown),
                "feedback": feedback_view(connection, language, documents=[row["id"]]),
            }
        )
    return traced


def _history(number: str, own: list[dict[str, Any]], shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Everything that happened to a document and its deliveries, as it happened; `subject` is what it happened to."""
    rows = [{"subject": number, **entry} for entry in own]
    rows += [{"subject": one["delivery"], **entry} for one in shown for entry in one["audit"]]
    return sorted(rows, key=lambda entry: int(entry["entry"]))


def feedback_view(
    connection: Connection, language: str, *, documents: Collection[int] | None = None
) -> list[dict[str, Any]]:
    """The rows of the outbox, oldest first: what sources were told, and are to be told.

    :param documents: only of these document rows; `None` = all.
    """
    query = select(_O, _DOC.c.number).join(_DOC, _DOC.c.id == _O.c.document_id).order_by(_O.c.id)
    if documents is not None:
        query = query.where(_O.c.document_id.in_(sorted(documents)))
    return [
        {
            "id": row["id"],
            "document": row["number"],
            "kind": row["kind"],
            "content": json.loads(row["content"]),
            "state": row["state"],
            "attempts": row["attempts"],
            "problems": _problems(row["problems"], language),
        }
        for row in connection.execute(query).mappings()
    ]


def _without_accounts(told: Any) -> Any:
    """What a source told as it may be shown: bank accounts, of payees and of payments, stay in the ledger."""
    if isinstance(told, list):
        return [_without_accounts(each) for each in told]
    if not isinstance(told, dict):
        return told
    return {name: "***" if name == "account" and value else _without_accounts(value) for name, value in told.items()}


def _events(connection: Connection, row: RowMapping) -> list[Any]:
    table = schema.event
    query = select(table.c.fact).where(
        table.c.source == row["source"],
        table.c.tenant == row["tenant"],
        table.c.type == row["type"],
        table.c.source_id == row["source_id"],
    )
    return [_without_accounts(json.loads(fact)) for fact in connection.execute(query.order_by(table.c.id)).scalars()]
