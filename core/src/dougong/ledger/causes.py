"""The work list: what waits for a person, by cause, with count and amount (posting-rules.md §9)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import attrs
from sqlalchemy import select
from sqlalchemy.engine import Connection

from dougong.ledger import schema
from dougong.ledger.claimed import claimed, unbooked
from dougong.ledger.rows import DeliveryRow, problems_from
from dougong.ledger.states import IN_ORDER, UNSENT, DocumentState
from dougong.model.problems import Problem

__all__ = ["Cause", "causes", "held_documents", "open_problems", "unsent_deliveries"]

#: Facts that differ from document to document although the cause is one, or that say less than the message.
_OWN = frozenset({"amount", "document", "erp_code"})
#: A code is missing whatever the day; a rate is missing for a day.
_OWN_OF = {"CODE_UNMAPPED": _OWN | {"date", "scopes"}, "APPROVAL_MISSING": _OWN | {"content"}}

Key = tuple[object, ...]
_ZERO = Decimal(0)


@attrs.frozen
class Cause:
    """One cause, and what waits for it.

    :param problem: the first of its kind; its message and hint stand for all.
    :param numbers: documents, each once.
    :param amounts: currency → sum of what waits, as far as anything tells it: functional currency of its books.

    .. versionadded:: 0.1
    """

    problem: Problem
    numbers: tuple[str, ...]
    amounts: Mapping[str, Decimal]


@attrs.frozen
class _Waiting:
    numbers: tuple[str, ...]
    problems: tuple[Problem, ...]
    currency: str | None
    total: Decimal | None
    is_delivery: bool


def causes(connection: Connection) -> list[Cause]:
    """What stands in the way of everything that is not in order, most money first, whatever its currency.

    .. versionadded:: 0.1
    """
    groups: dict[Key, list[tuple[_Waiting, list[Problem]]]] = {}
    for waiting in _waiting(connection):
        own: dict[Key, list[Problem]] = {}
        for problem in waiting.problems:
            own.setdefault(_key(problem), []).append(problem)
        for key, problems in own.items():
            groups.setdefault(key, []).append((waiting, problems))
    found = [_cause(group) for group in groups.values()]
    return sorted(found, key=lambda cause: (-max(map(abs, cause.amounts.values()), default=_ZERO), cause.problem.code))


def open_problems(connection: Connection) -> Iterator[Problem]:
    """Every problem of what is not in order."""
    for waiting in _waiting(connection):
        yield from waiting.problems


def unsent_deliveries(connection: Connection) -> list[int]:
    """Ids of deliveries that no attempt has frozen: whatever they become is still open."""
    table = schema.delivery
    states = [state.value for state in UNSENT]
    return list(connection.execute(select(table.c.id).where(table.c.state.in_(states)).order_by(table.c.id)).scalars())


def held_documents(connection: Connection, code: str | None = None) -> list[int]:
    """Rows of documents that are held for themselves.

    :param code: of a problem that they must have; `None` = any.
    """
    table = schema.document
    held = select(table.c.id, table.c.problems).where(table.c.state == DocumentState.HELD.value).order_by(table.c.id)
    rows = connection.execute(held).all()
    return [id_ for id_, text in rows if code is None or code in {problem.code for problem in problems_from(text)}]


def _key(problem: Problem) -> Key:
    own = _OWN_OF.get(problem.code, _OWN)
    facts = tuple((name, value) for name, value in problem.facts.items() if name not in own)
    return (problem.code, facts or problem.message.en)


def _cause(group: Sequence[tuple[_Waiting, list[Problem]]]) -> Cause:
    numbers = dict.fromkeys(number for waiting, _ in group for number in waiting.numbers)
    delivering = {number for waiting, _ in group if waiting.is_delivery for number in waiting.numbers}
    amounts: dict[str, Decimal] = {}
    for waiting, problems in group:
        if not waiting.is_delivery and delivering.issuperset(waiting.numbers):
            continue  # its deliveries say it already
        amount = _amount(waiting, problems)
        if amount is not None and waiting.currency is not None:
            amounts[waiting.currency] = amounts.get(waiting.currency, _ZERO) + amount
    return Cause(group[0][1][0], tuple(numbers), amounts)


def _amount(waiting: _Waiting, problems: Sequence[Problem]) -> Decimal | None:
    """What the problems themselves say, else all that waits."""
    stated = [Decimal(problem.facts["amount"]) for problem in problems if problem.facts.get("amount")]
    return sum(stated, _ZERO) if stated else waiting.total


def _waiting(connection: Connection) -> Iterator[_Waiting]:
    delivery, document = schema.delivery, schema.document
    waits = delivery.c.state.not_in([state.value for state in IN_ORDER])
    claims = unbooked(connection, waits)
    columns = (delivery.c.id, delivery.c.documents, delivery.c.problems, delivery.c.currency, delivery.c.total)
    for id_, numbers, problems, *booked in connection.execute(select(*columns).where(waits).order_by(delivery.c.id)):
        currency, total = booked if booked[1] else claims.get(id_, (None, None))
        yield _Waiting(DeliveryRow.numbers_of(numbers), problems_from(problems), currency, _decimal(total), True)
    held = select(document.c.number, document.c.problems, document.c.canonical).where(
        document.c.state.in_([DocumentState.HELD.value, DocumentState.STALE.value])
    )
    for number, problems, canonical in connection.execute(held.order_by(document.c.id)):
        content = json.loads(canonical)
        total = _decimal(claimed(content))
        yield _Waiting((number,), problems_from(problems), content.get("currency"), total, False)


def _decimal(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)
