"""NUMBER: a delivery's id (`D17`) or a document's number; what is ambiguous is an error that lists the candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dougong.cli.language import chosen
from dougong.model.problems import DougongError, Problem

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

__all__ = ["NumberError", "documents", "held_documents", "one", "rows_of"]


class NumberError(DougongError):
    """A NUMBER names nothing, or more than one thing."""


def one(connection: Connection, number: str) -> int:
    """The one delivery that a NUMBER names.

    :raises NumberError: `NUMBER_UNKNOWN`, `NUMBER_AMBIGUOUS` with the candidates.
    """
    from dougong.ledger import views

    found = views.delivery_ids(connection, number)
    if len(found) == 1:
        return found[0]
    if found:
        raise NumberError(_ambiguous(number, _candidates(connection, found)))
    raise NumberError(_without_delivery(connection, number))


def rows_of(connection: Connection, number: str) -> list[dict[str, Any]]:
    """Everything that a NUMBER names: its deliveries, and documents of that number without one.

    :raises NumberError: `NUMBER_UNKNOWN`; `NUMBER_AMBIGUOUS` when it belongs to documents of several sources.
    """
    from dougong.ledger import views

    language = chosen()
    documents = views.document_ids(connection, number)
    if documents:
        _same_document(connection, number)
    found = [
        *views.deliveries_view(connection, language, ids=views.delivery_ids(connection, number)),
        *(views.documents_view(connection, language, documents=documents) if documents else []),
    ]
    if not found:
        raise NumberError(_unknown(number))
    return found


def documents(connection: Connection, number: str) -> list[str]:
    """Numbers of the documents that a NUMBER names: itself, or those of a delivery.

    :raises NumberError: `NUMBER_UNKNOWN`, `NUMBER_AMBIGUOUS`.
    """
    from dougong.ledger import views

    if views.document_ids(connection, number):
        _same_document(connection, number)
        return [number]
    ids = views.delivery_ids(connection, number)
    if not ids:
        raise NumberError(_unknown(number))
    return list(views.deliveries_view(connection, chosen(), ids=ids)[0]["documents"])


def held_documents(connection: Connection, number: str) -> list[int]:
    """Rows of the document of that number, where it is held for itself and has no delivery.

    :raises NumberError: `NUMBER_AMBIGUOUS`.
    """
    from sqlalchemy import select

    from dougong.ledger import views
    from dougong.ledger.schema import document as table

    if views.delivery_ids(connection, number):
        return []
    _same_document(connection, number)
    held = select(table.c.id).where(table.c.number == number, table.c.state == "held")
    return list(connection.execute(held).scalars())


def _same_document(connection: Connection, number: str) -> None:
    from sqlalchemy import select

    from dougong.ledger.schema import document as table

    columns = (table.c.source, table.c.tenant, table.c.type, table.c.source_id)
    found = connection.execute(select(*columns).where(table.c.number == number).distinct()).all()
    if len(found) > 1:
        raise NumberError(_ambiguous(number, [" ".join(row) for row in found]))


def _candidates(connection: Connection, ids: list[int]) -> list[str]:
    from dougong.ledger import views

    rows = views.deliveries_view(connection, chosen(), ids=ids)
    return [f"{row['delivery']} ({row['moment']} {row['connection']} {row['book']} {row['state']})" for row in rows]


def _ambiguous(number: str, candidates: list[str]) -> Problem:
    listed = "; ".join(candidates)
    return Problem.of(
        "NUMBER_AMBIGUOUS",
        f"{number} 对应多项: {listed}",
        f"{number} may mean: {listed}",
        hint_zh="请用送达编号, 如 D17",
        hint_en="name the delivery, e.g. D17",
    )


def _unknown(number: str) -> Problem:
    return Problem.of(
        "NUMBER_UNKNOWN",
        f"没有送达或单据 {number}",
        f"there is no delivery or document {number}",
        hint_zh="dougong status 列出全部",
        hint_en="dougong status lists them all",
    )


def _without_delivery(connection: Connection, number: str) -> Problem:
    from dougong.ledger import views

    if not views.document_ids(connection, number):
        return _unknown(number)
    return Problem.of(
        "NUMBER_WITHOUT_DELIVERY",
        f"单据 {number} 还没有送达",
        f"document {number} has no delivery yet",
        hint_zh=f"dougong trace {number} 查看原因",
        hint_en=f"dougong trace {number} says why",
    )
