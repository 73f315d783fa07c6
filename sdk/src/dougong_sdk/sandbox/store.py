"""The ledger of a sandbox: records in memory, durable in one SQLite file before anybody is told about them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import exact_json
from .errors import SandboxError

__all__ = ["Record", "Store"]

Record = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key));
CREATE TABLE IF NOT EXISTS request (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
"""
_TABLES = {"record", "request"}
_LOG_KEPT = 20_000
_LOG_DELAY = 0.1  # seconds; the request log may lag behind, the records never do


class Store:
    """Records by kind and key, and a log of requests.

    Everything runs on the event loop's thread. A record is replaced, never changed in place, so that
    :meth:`unit` can undo half-done work. :meth:`durable` commits what all requests of the same loop turn have
    written with one ``fsync`` (group commit).

    :param path: the SQLite file; made if it does not exist, taken up where it was if it does.
    :raises SandboxError: it holds something else, or cannot be opened.

    .. versionadded:: 0.1
    """

    def __init__(self, path: Path) -> None:
        self._db = _opened(path)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)
        self._records: defaultdict[str, dict[str, Record]] = defaultdict(dict)
        for kind, key, body in self._db.execute("SELECT kind, key, body FROM record ORDER BY rowid"):
            self._records[kind][key] = exact_json.loads(body)
        rows = self._db.execute("SELECT body FROM request ORDER BY id DESC LIMIT ?", (_LOG_KEPT,)).fetchall()
        self._log: deque[Record] = deque((exact_json.loads(body) for (body,) in reversed(rows)), maxlen=_LOG_KEPT)
        self._dirty: dict[tuple[str, str], Record | None] = {}
        self._undo: list[tuple[str, str, Record | None]] | None = None
        self._unlogged: list[Record] = []
        self._next_log = self._log[-1]["id"] + 1 if self._log else 1
        self._committed: asyncio.Future[None] | None = None
        self._log_timer: asyncio.TimerHandle | None = None

    def all(self, kind: str) -> Mapping[str, Record]:
        """All records of a kind by key, in the order in which they were first put."""
        return self._records[kind]

    def get(self, kind: str, key: str) -> Record | None:
        """One record, or ``None``."""
        return self._records[kind].get(key)

    def put(self, kind: str, key: str, record: Record) -> None:
        """Add or replace a record; durable once :meth:`durable` returns."""
        self._change(kind, key, record)

    def remove(self, kind: str, key: str) -> None:
        """Forget a record."""
        self._change(kind, key, None)

    def clear(self, *kinds: str) -> None:
        """Forget every record of these kinds."""
        for kind in kinds:
            for key in list(self._records[kind]):
                self.remove(kind, key)

    def next_number(self, counter: str, first: int = 1) -> int:
        """The next value of a counter that survives a restart."""
        number = (self.get("counter", counter) or {"last": first - 1})["last"] + 1
        self.put("counter", counter, {"last": number})
        return int(number)

    def _change(self, kind: str, key: str, record: Record | None) -> None:
        records = self._records[kind]
        if self._undo is not None:
            self._undo.append((kind, key, records.get(key)))
        self._dirty[kind, key] = record
        if record is None:
            records.pop(key, None)
        else:
            records[key] = record

    @contextmanager
    def unit(self) -> Iterator[None]:
        """All changes made inside stay, or none if an exception leaves the block."""
        self._undo = []
        try:
            yield
        except BaseException:
            undo, self._undo = self._undo, None
            for kind, key, old in reversed(undo):
                self._change(kind, key, old)
            raise
        finally:
            self._undo = None

    def log(self, entry: Record) -> Record:
        """Append to the request log; the entry gets its ``id``. Written with the next commit, or soon after."""
        entry = {"id": self._next_log, **entry}
        self._next_log += 1
        self._log.append(entry)
        self._unlogged.append(entry)
        if self._log_timer is None:
            self._log_timer = asyncio.get_running_loop().call_later(_LOG_DELAY, self._commit)
        return entry

    def requests(self) -> list[Record]:
        """The newest entries of the request log, oldest first."""
        return list(self._log)

    def clear_log(self) -> None:
        """Forget the request log."""
        self._log.clear()
        self._unlogged.clear()
        self._db.execute("DELETE FROM request")

    async def durable(self) -> None:
        """Return when everything put so far is on disk."""
        if not self._dirty and self._committed is None:
            return
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self._commit)
        await self._committed

    def _commit(self) -> None:
        waiting, self._committed = self._committed, None
        if self._log_timer is not None:
            self._log_timer.cancel()
            self._log_timer = None
        try:
            self.flush()
        except sqlite3.Error as error:
            if waiting is None:
                raise
            waiting.set_exception(error)
        else:
            if waiting is not None:
                waiting.set_result(None)

    def flush(self) -> None:
        """Write and commit everything that is pending, now."""
        dirty, self._dirty = self._dirty, {}
        unlogged, self._unlogged = self._unlogged, []
        put = [(kind, key, exact_json.dumps(record)) for (kind, key), record in dirty.items() if record is not None]
        gone = [identity for identity, record in dirty.items() if record is None]
        logged = [(entry["id"], exact_json.dumps(entry)) for entry in unlogged]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("DELETE FROM record WHERE kind = ? AND key = ?", gone)
        self._db.executemany(
            "INSERT INTO record VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body", put
        )
        self._db.executemany("INSERT INTO request VALUES (?, ?)", logged)
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Commit and close the file."""
        self.flush()
        self._db.close()


def _opened(path: Path) -> sqlite3.Connection:
    """The database, untouched unless it is a sandbox's own: people keep other SQLite files beside it."""
    if not path.parent.is_dir():
        raise SandboxError(f"没有目录 {path.parent}", f"there is no directory {path.parent}")
    try:
        database = sqlite3.connect(path, isolation_level=None)
    except sqlite3.Error as error:
        raise _unusable(path, str(error)) from error
    try:
        named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        tables = {name for (name,) in named}
    except sqlite3.Error as error:
        database.close()
        raise _unusable(path, str(error)) from error
    if not tables <= _TABLES:
        database.close()
        raise SandboxError(
            f"{path} 不是沙箱的账本 (含有表 {', '.join(sorted(tables - _TABLES)[:3])} …), 请用 --ledger 指定另一个文件",
            f"{path} is no sandbox's ledger (it holds {', '.join(sorted(tables - _TABLES)[:3])} …);"
            " name another file with --ledger",
        )
    return database


def _unusable(path: Path, why: str) -> SandboxError:
    return SandboxError(f"无法使用账本文件 {path}: {why}", f"the ledger file {path} cannot be used: {why}")
