"""NUMBER: a delivery's id (`D17`) or a document's number; what is ambiguous is an error that lists the candidates."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from dougong.cli.language import chosen
from dougong.model.problems import DougongError, Problem

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from dougong.ledger.rows import DeliveryRow
    from dougong.model.documents import SourceRef

__all__ = ["NumberError", "deliveries", "documents", "held_documents", "missed", "one", "parts", "rows_of"]

#: A document may be numbered like a delivery; these say which is meant.
_DELIVERY, _DOCUMENT = "delivery:", "document:"


def _any(_: DeliveryRow) -> None:
    """To look at it, every delivery fits."""


class NumberError(DougongError):
    """A NUMBER names nothing, or more than one thing."""


def one(
    connection: Connection, number: str, check: Callable[[DeliveryRow], None] = _any, meant: Collection[str] = ()
) -> int:
    """The one delivery that a NUMBER names, to look at it or for an action.

    :param check: raises what speaks against doing it to a delivery; of several deliveries of a document, the only one
        that it accepts is named.
    :param meant: states that the action is made for: one of them comes before others that it accepts as well.
    :raises NumberError: `NUMBER_UNKNOWN`, `NUMBER_AMBIGUOUS` with those that fit, `NUMBER_WITHOUT_DELIVERY`; where
        none of several fits, with what speaks against each.
    """
    delivery, documents = _meant(connection, number)
    if delivery is not None:
        return delivery
    found = _deliveries_of(connection, documents)
    if not found:
        raise NumberError(_without_delivery(number))
    return found[0] if len(found) == 1 else _fitting(connection, number, found, check, meant)


def _fitting(
    connection: Connection,
    number: str,
    found: list[int],
    check: Callable[[DeliveryRow], None],
    meant: Collection[str],
) -> int:
    against: list[Problem] = []
    fit: list[DeliveryRow] = []
    for row in _rows(connection, found):
        try:
            check(row)
        except DougongError as error:
            against += error.problems
        else:
            fit.append(row)
    if not fit:
        raise NumberError(against)
    fit = [row for row in fit if row.state in meant] or fit
    if len(fit) > 1:
        raise NumberError(_ambiguous(number, _candidates(connection, [row.id for row in fit])))
    return fit[0].id


def _rows(connection: Connection, ids: list[int]) -> list[DeliveryRow]:
    from sqlalchemy import select

    from dougong.ledger.rows import DeliveryRow
    from dougong.ledger.schema import delivery as table

    found = connection.execute(select(table).where(table.c.id.in_(ids)).order_by(table.c.id)).mappings()
    return [DeliveryRow(**row) for row in found]


def rows_of(connection: Connection, number: str) -> list[dict[str, Any]]:
    """Everything that a NUMBER names: its deliveries, and the document where it has none.

    :raises NumberError: `NUMBER_UNKNOWN`, `NUMBER_AMBIGUOUS`.
    """
    from dougong.ledger import views

    language = chosen()
    delivery, documents = _meant(connection, number)
    if delivery is not None:
        return views.deliveries_view(connection, language, ids=[delivery])
    return [
        *views.deliveries_view(connection, language, ids=_deliveries_of(connection, documents)),
        *views.documents_view(connection, language, documents=documents),
    ]


def deliveries(connection: Connection, number: str) -> list[int]:
    """Every delivery that a NUMBER names; none for a document without one.

    :raises NumberError: `NUMBER_UNKNOWN`, `NUMBER_AMBIGUOUS`.
    """
    delivery, documents = _meant(connection, number)
    return [delivery] if delivery is not None else _deliveries_of(connection, documents)


def documents(connection: Connection, number: str) -> list[str]:
    """Numbers of the documents that a NUMBER names: itself, or those that a delivery serves.

    :raises NumberError: `NUMBER_UNKNOWN`, `NUMBER_AMBIGUOUS`.
    """
    from dougong.ledger import views

    delivery, _ = _meant(connection, number)
    if delivery is None:
        return [number.removeprefix(_DOCUMENT)]
    return list(views.deliveries_view(connection, chosen(), ids=[delivery])[0]["documents"])


def parts(
    connection: Connection, ids: Collection[int], numbers: Collection[str], only: Collection[str]
) -> dict[int, Collection[str]]:
    """Which documents' parts are meant of deliveries that may serve several; none = all.

    :param ids: deliveries that the numbers name: by themselves, of which `only` may say a part; or by a document.
    """
    themselves = {_meant(connection, number)[0] for number in numbers}
    named = [number.removeprefix(_DOCUMENT) for number in numbers]
    return {id_: list(only) if id_ in themselves else [*named, *only] for id_ in ids}


def held_documents(connection: Connection, number: str) -> list[int]:
    """Rows of the document of that number, where it is held for itself and has no delivery.

    :raises NumberError: `NUMBER_UNKNOWN`, `NUMBER_AMBIGUOUS`.
    """
    from sqlalchemy import select

    from dougong.ledger.schema import document as table

    delivery, documents = _meant(connection, number)
    if delivery is not None or _deliveries_of(connection, documents):
        return []
    held = select(table.c.id).where(table.c.id.in_(documents), table.c.state == "held")
    return list(connection.execute(held).scalars())


def missed(connection: Connection, number: str) -> list[SourceRef]:
    """The document of that source id of which only events were told; nothing where there is none.

    :raises NumberError: `NUMBER_AMBIGUOUS`.
    """
    from dougong.ledger import views

    found = [ref for ref in views.missed(connection) if ref.id == number.removeprefix(_DOCUMENT)]
    if len(found) > 1:
        raise NumberError(_ambiguous(number, [f"{ref.source} {ref.tenant} {ref.type} {ref.id}" for ref in found]))
    return found


def _meant(connection: Connection, number: str) -> tuple[int | None, list[int]]:
    """The delivery, or the rows of the one document, that a NUMBER means."""
    from dougong.ledger import views

    bare = number.removeprefix(_DELIVERY)
    delivery = _delivery(connection, bare) if not number.startswith(_DOCUMENT) else None
    rows = [] if number.startswith(_DELIVERY) else views.document_ids(connection, number.removeprefix(_DOCUMENT))
    if delivery is not None and rows:
        raise NumberError(_ambiguous(number, [f"{_DELIVERY}{bare}", f"{_DOCUMENT}{number}"]))
    if delivery is None and not rows:
        raise NumberError(_unknown(number))
    if rows:
        _same_document(connection, number.removeprefix(_DOCUMENT))
    return delivery, rows


def _delivery(connection: Connection, name: str) -> int | None:
    from sqlalchemy import select

    from dougong.ledger.schema import delivery as table

    if name[:1] != "D" or not (name[1:].isascii() and name[1:].isdigit()):
        return None
    return connection.execute(select(table.c.id).where(table.c.id == int(name[1:]))).scalar()


def _deliveries_of(connection: Connection, documents: list[int]) -> list[int]:
    from dougong.ledger import views

    rows = views.deliveries_view(connection, chosen(), documents=documents)
    return [int(row["delivery"][1:]) for row in rows]


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
        hint_zh="请改用其中一个",
        hint_en="name one of them",
    )


def _unknown(number: str) -> Problem:
    return Problem.of(
        "NUMBER_UNKNOWN",
        f"没有送达或单据 {number}",
        f"there is no delivery or document {number}",
        hint_zh="dougong status 列出全部",
        hint_en="dougong status lists them all",
    )


def _without_delivery(number: str) -> Problem:
    return Problem.of(
        "NUMBER_WITHOUT_DELIVERY",
        f"单据 {number} 还没有送达",
        f"document {number} has no delivery yet",
        hint_zh=f"dougong trace {number} 查看原因",
        hint_en=f"dougong trace {number} says why",
    )
