"""The ledger as one object: opens the database, writes in groups, reads beside.

All writes of a process go through one writer thread: whatever is waiting is committed together (group commit), so that
sixteen workers share one fsync. A write that fails is rolled back with its group, and each member of the group is then
run by itself.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from sqlalchemy.engine import Connection, Engine

from dougong.ledger.engine import begin, open_engine, reader_engine, statement_dialect, upgrade
from dougong.ledger.errors import LedgerError
from dougong.ledger.statements import Tx
from dougong.model.problems import Problem

__all__ = ["Ledger", "Pending"]

T = TypeVar("T")
_GROUP = 64


class Pending(Generic[T]):
    """A write on its way to the writer thread and back; a `Future` of the library costs several times as much."""

    __slots__ = ("_done", "_error", "_result", "transitions", "work")

    def __init__(self, work: Callable[[Tx], T]) -> None:
        self.work = work
        self._done = threading.Lock()
        self._done.acquire()
        self._error: BaseException | None = None
        self.transitions: list[Any] = []

    def result(self) -> T:
        """What the write returned, after its commit. :raises BaseException: what came out of it instead."""
        with self._done:
            if self._error is not None:
                raise self._error
            return self._result

    def succeed(self, result: T) -> None:
        """It is committed."""
        self._result = result
        self._done.release()

    def fail(self, error: BaseException) -> None:
        """Nothing of it was stored."""
        self._error = error
        self._done.release()


class Ledger:
    """The only truth. Thread-safe; close it when done, or use it in a `with`.

    :param url: path of a SQLite file or a SQLAlchemy URL.

    :raises LedgerError: `LEDGER_UNREACHABLE`, `LEDGER_TOO_NEW`.

    .. versionadded:: 0.1
    """

    def __init__(self, url: str | Path) -> None:
        self.engine: Engine = open_engine(url)
        upgrade(self.engine)
        self._reader = reader_engine(self.engine)
        self._dialect = statement_dialect(self.engine)
        self._queue: queue.SimpleQueue[Pending[Any] | None] = queue.SimpleQueue()
        self._closed = False
        #: Told of each transition after its commit, in the thread that wrote it; must not raise.
        self.observer: Callable[[Any], None] | None = None
        self._thread = threading.Thread(target=self._write_loop, name="ledger-writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Commit what waits, then close every connection."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
            self._reader.dispose()
            self.engine.dispose()

    @property
    def unwell(self) -> type[Exception]:
        """What the driver raises when the database cannot write just now (full, locked, gone): no fault of the data."""
        dbapi: Any = self.engine.dialect.dbapi
        kind: type[Exception] = dbapi.OperationalError
        return kind

    def submit(self, work: Callable[[Tx], T]) -> Pending[T]:
        """Hand a write to the writer thread; its result is there after the commit.

        :param work: gets the transaction; may be run a second time by itself, so it has no effect outside the database.
        """
        if self._closed:
            raise LedgerError(Problem.of("LEDGER_CLOSED", "账本已关闭", "the ledger is closed"))
        pending = Pending(work)
        self._queue.put(pending)
        return pending

    def write(self, work: Callable[[Tx], T]) -> T:
        """Run a write and wait for its commit; observers are then told, in this thread."""
        pending = self.submit(work)
        result = pending.result()
        for transition in pending.transitions:
            if self.observer is not None:
                self.observer(transition)
        return result

    def look(self, work: Callable[[Tx], T]) -> T:
        """Run reads in the caller's thread; sees what is committed and cannot write."""
        raw = self._reader.raw_connection()
        try:
            cursor = raw.cursor()
            try:
                return work(Tx(cursor, self._dialect))
            finally:
                cursor.close()
        finally:
            raw.close()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only connection; sees what is committed."""
        with self._reader.connect() as connection:
            yield connection

    # -- the writer thread ------------------------------------------------------------------------------------------

    def _write_loop(self) -> None:
        raw = self.engine.raw_connection()
        try:
            while (first := self._queue.get()) is not None:
                group = [first]
                ending = False
                while len(group) < _GROUP:
                    try:
                        following = self._queue.get_nowait()
                    except queue.Empty:
                        break
                    if following is None:
                        ending = True
                        break
                    group.append(following)
                self._commit_group(raw, group)
                if ending:
                    return
        finally:
            raw.close()

    def _commit_group(self, raw: Any, group: list[Pending[Any]]) -> None:
        try:
            results = self._transaction(raw, group)
        except BaseException as error:  # noqa: BLE001 - whatever went wrong belongs to the caller of that one write
            if len(group) == 1:
                group[0].fail(error)
                return
            for member in group:
                self._commit_group(raw, [member])
            return
        for member, result in zip(group, results, strict=True):
            member.succeed(result)

    def _transaction(self, raw: Any, group: list[Pending[Any]]) -> list[Any]:
        cursor = raw.cursor()
        try:
            begin(cursor, self.engine.dialect.name)
            try:
                results = []
                for member in group:
                    tx = Tx(cursor, self._dialect, observed=self.observer is not None)
                    results.append(member.work(tx))
                    member.transitions = tx.transitions or []
                raw.commit()
            except BaseException:
                raw.rollback()
                raise
            return results
        finally:
            cursor.close()
