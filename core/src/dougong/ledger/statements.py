"""Hot statements: written in SQLAlchemy Core, compiled once per dialect, then run by the driver.

SQLAlchemy's own execution costs about three times the driver's for one-row statements; the text of the statement does
not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table, bindparam, update
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import ClauseElement

__all__ = ["FencedUpdate", "Statement", "Tx"]


class Statement:
    """One statement with named parameters.

    :param clause: SQLAlchemy Core statement.
    :param columns: column keys, for inserts and updates whose values come as parameters.
    """

    def __init__(self, clause: ClauseElement, columns: Iterable[str] | None = None) -> None:
        self._clause = clause
        self._columns = list(columns) if columns is not None else None
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def compiled(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        """The SQL for a dialect and the values that stand in the statement itself, compiled at first use."""
        if dialect.name not in self._compiled:
            made: Any = self._clause.compile(dialect=dialect, column_keys=self._columns)
            fixed = {name: bind.value for name, bind in made.binds.items() if not bind.required}
            self._compiled[dialect.name] = (str(made), fixed)
        return self._compiled[dialect.name]


class Tx:
    """One write transaction on the driver's cursor.

    :param cursor: DB-API cursor. :param dialect: compiled with a named parameter style.
    :param observed: whether anybody wants to be told of transitions.
    """

    def __init__(self, cursor: Any, dialect: Dialect, *, observed: bool = False) -> None:
        self._cursor = cursor
        self._dialect = dialect
        #: Transitions of this write, told after the commit; nothing of it is told when it is rolled back.
        self.transitions: list[Any] | None = [] if observed else None

    def run(self, statement: Statement, parameters: Mapping[str, Any]) -> int:
        """Execute; returns the number of rows touched."""
        text, fixed = statement.compiled(self._dialect)
        self._cursor.execute(text, {**fixed, **parameters} if fixed else parameters)
        return int(self._cursor.rowcount)

    def many(self, statement: Statement, parameters: list[dict[str, Any]]) -> int:
        """Execute for many rows."""
        if not parameters:
            return 0
        text, fixed = statement.compiled(self._dialect)
        self._cursor.executemany(text, [{**fixed, **row} for row in parameters] if fixed else parameters)
        return int(self._cursor.rowcount)

    def rows(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """All rows of a query, as dicts by column name."""
        text, fixed = statement.compiled(self._dialect)
        self._cursor.execute(text, {**fixed, **(parameters or {})})
        names = [column[0] for column in self._cursor.description]
        return [dict(zip(names, row, strict=True)) for row in self._cursor.fetchall()]

    def one(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """The first row, or `None`."""
        found = self.rows(statement, parameters)
        return found[0] if found else None


class FencedUpdate:
    """Changes some columns of one row, as long as the row's version is still the one that was read.

    One statement per set of columns, compiled once: what does not change is neither bound nor written.

    :param table: has the columns `id` and `version`.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._statements: dict[tuple[str, ...], Statement] = {}

    def run(self, tx: Tx, id_: int, version: int, changes: Mapping[str, Any]) -> bool:
        """Whether the row was still at `version` and has been changed.

        :param changes: column → value, the new version among them.
        """
        names = tuple(changes)
        statement = self._statements.get(names)
        if statement is None:
            table = self._table
            fenced = update(table).where(table.c.id == bindparam("_id"), table.c.version == bindparam("_version"))
            statement = Statement(fenced.values({name: bindparam(f"v_{name}") for name in names}))
            self._statements[names] = statement
        values: dict[str, Any] = {f"v_{name}": value for name, value in changes.items()}
        values["_id"], values["_version"] = id_, version
        return tx.run(statement, values) == 1
