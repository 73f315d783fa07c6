"""The work list: what waits for a person, by cause, with count and amount (posting-rules.md §9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import attrs
from sqlalchemy import select
from sqlalchemy.engine import Connection

from dougong.ledger import schema
from dougong.ledger.rows import DeliveryRow, problems_from
from dougong.ledger.states import IN_ORDER, DocumentState
from dougong.model.problems import Problem

__all__ = ["Cause", "causes", "open_problems"]

#: Facts that differ from document to document although the cause is one.
_OWN = frozenset({"amount", "document", "line", "path"})


@attrs.frozen
class Cause:
    """One cause, and what waits for it.

    :param problem: the first of its kind; its message and hint stand for all.
    :param numbers: documents, each once.
    :param amount: sum of what waits, functional currency; `None` where nothing tells it.

    .. versionadded:: 0.1
    """

    problem: Problem
    numbers: tuple[str, ...]
    amount: Decimal | None


@attrs.frozen
class _Waiting:
    numbers: tuple[str, ...]
    problems: tuple[Problem, ...]
    total: Decimal | None


def causes(connection: Connection) -> list[Cause]:
    """What stands in the way of everything that is not in order, most money first.

    .. versionadded:: 0.1
    """
    groups: dict[tuple[object, ...], list[tuple[_Waiting, Problem]]] = {}
    for waiting in _waiting(connection):
        seen = set()
        for problem in waiting.problems:
            key = _key(problem)
            if key not in seen:
                seen.add(key)
                groups.setdefault(key, []).append((waiting, problem))
    found = [_cause(group) for group in groups.values()]
    return sorted(found, key=lambda cause: (-abs(cause.amount or Decimal(0)), cause.problem.code))


def open_problems(connection: Connection) -> Iterator[Problem]:
    """Every problem of what is not in order."""
    for waiting in _waiting(connection):
        yield from waiting.problems


def _key(problem: Problem) -> tuple[object, ...]:
    facts = tuple((name, value) for name, value in problem.facts.items() if name not in _OWN)
    return (problem.code, facts or problem.message.en)


def _cause(group: Iterable[tuple[_Waiting, Problem]]) -> Cause:
    members = list(group)
    numbers = dict.fromkeys(number for waiting, _ in members for number in waiting.numbers)
    amounts = [_amount(waiting, problem) for waiting, problem in members]
    told = [amount for amount in amounts if amount is not None]
    return Cause(members[0][1], tuple(numbers), sum(told, Decimal(0)) if told else None)


def _amount(waiting: _Waiting, problem: Problem) -> Decimal | None:
    stated = problem.facts.get("amount")
    return Decimal(stated) if stated else waiting.total


def _waiting(connection: Connection) -> Iterator[_Waiting]:
    delivery, document = schema.delivery, schema.document
    columns = (delivery.c.documents, delivery.c.problems, delivery.c.total)
    open_ones = select(*columns).where(delivery.c.state.not_in([state.value for state in IN_ORDER]))
    for numbers, problems, total in connection.execute(open_ones.order_by(delivery.c.id)):
        yield _Waiting(DeliveryRow.numbers_of(numbers), problems_from(problems), Decimal(total) if total else None)
    held = select(document.c.number, document.c.problems).where(
        document.c.state.in_([DocumentState.HELD.value, DocumentState.STALE.value])
    )
    for number, problems in connection.execute(held.order_by(document.c.id)):
        yield _Waiting((number,), problems_from(problems), None)
