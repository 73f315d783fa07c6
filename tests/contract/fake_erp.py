"""What the five fake ERPs share: a ledger in a file that outlives our process, faults by script, work that comes late.

The file is the only judge. The ERP lives in whatever process uses the file; what it has taken is on disk before it
answers, and a `Courier` does what it does by itself: late work, and calling back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from dougong.model.outcomes import CallbackRequest, Reply
from dougong.model.postings import Posting, Stage

SECRET = "of both sides"
_LATE_MS = 150
_TABLES = """
CREATE TABLE IF NOT EXISTS posting (id INTEGER PRIMARY KEY, reference, document, total, stage, request, at);
CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY, body, state);
CREATE TABLE IF NOT EXISTS outgoing (id INTEGER PRIMARY KEY, body, acknowledged DEFAULT 0);
CREATE TABLE IF NOT EXISTS fault (id INTEGER PRIMARY KEY, kind, operation, left);
CREATE TABLE IF NOT EXISTS late (id INTEGER PRIMARY KEY, at, operation, arguments);
CREATE TABLE IF NOT EXISTS told (id INTEGER PRIMARY KEY, document, kind, row);
CREATE TABLE IF NOT EXISTS called (id INTEGER PRIMARY KEY, operation, at);
"""


class Lost(ConnectionError):
    """The answer never came; whether the work was done is the ERP's secret."""


class Refused(ConnectionError):
    """No connection was made: proof that nothing happened."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Erp:
    """One fake ERP's file. Its manner of working is `do`, which each shape brings."""

    def __init__(self, path: Path | str, do: Callable[[sqlite3.Connection, str, Any], Any]) -> None:
        self._path = str(path)
        self._do = do
        with self.transaction() as tx:
            for statement in _TABLES.strip().split(";")[:-1]:
                tx.execute(statement)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    def call(self, operation: str, arguments: Any) -> Any:
        """One call over the wire: it may be refused, lost before or after the work, or done late.

        :raises Refused: nothing happened. :raises Lost: nobody knows.
        """
        with self.transaction() as tx:
            self._do_late(tx)
            tx.execute("INSERT INTO called (operation, at) VALUES (?, ?)", (operation, now_ms()))
            fault = self._next_fault(tx, operation)
            if fault == "late":
                due = now_ms() + _LATE_MS
                row = (due, operation, json.dumps(arguments))
                tx.execute("INSERT INTO late (at, operation, arguments) VALUES (?, ?, ?)", row)
            answer = self._do(tx, operation, arguments) if fault in (None, "lost") else None
        if fault == "refused":
            raise Refused(f"{operation}: connection refused")
        if fault is not None:
            raise Lost(f"{operation}: connection reset")
        return answer

    def _next_fault(self, tx: sqlite3.Connection, operation: str) -> str | None:
        row = tx.execute("SELECT * FROM fault WHERE operation = ? AND left > 0 ORDER BY id", (operation,)).fetchone()
        if row is None:
            return None
        tx.execute("UPDATE fault SET left = left - 1 WHERE id = ?", (row["id"],))
        return str(row["kind"])

    def _do_late(self, tx: sqlite3.Connection) -> None:
        for row in tx.execute("SELECT * FROM late WHERE at <= ? ORDER BY id", (now_ms(),)).fetchall():
            tx.execute("DELETE FROM late WHERE id = ?", (row["id"],))
            self._do(tx, row["operation"], json.loads(row["arguments"]))

    def work_late(self) -> None:
        with self.transaction() as tx:
            self._do_late(tx)

    # -- what tests do and see ----------------------------------------------------------------------------------------

    def fault(self, kind: str, operation: str = "push", count: int = 1) -> None:
        """`refused`, `lost_before`, `lost` (after the work) or `late`."""
        with self.transaction() as tx:
            tx.execute("INSERT INTO fault (kind, operation, left) VALUES (?, ?, ?)", (kind, operation, count))

    def all(self, table: str) -> list[dict[str, Any]]:
        self.work_late()
        with self.transaction() as tx:
            return [dict(row) for row in tx.execute(f"SELECT * FROM {table} ORDER BY id")]

    def late_work_outstanding(self) -> bool:
        with self.transaction() as tx:
            return tx.execute("SELECT 1 FROM late").fetchone() is not None

    def calls(self, operation: str) -> int:
        return sum(row["operation"] == operation for row in self.all("called"))


def post(tx: sqlite3.Connection, entry: dict[str, str], request: str, stage: Stage) -> sqlite3.Row:
    """Book one entry; nothing here asks whether it is there already."""
    cursor = tx.execute(
        "INSERT INTO posting (reference, document, total, stage, request, at) VALUES (?, ?, ?, ?, ?, ?)",
        (entry["reference"], entry["document"], entry["amount"], stage.value, request, now_ms()),
    )
    return tx.execute("SELECT * FROM posting WHERE id = ?", (cursor.lastrowid,)).fetchone()


def shown(row: Any) -> dict[str, str]:
    """A posting as the ERP tells it."""
    return {name: str(row[name]) for name in ("id", "reference", "total", "stage")}


def posting_of(told: dict[str, str]) -> Posting:
    """A posting as the connector reads it."""
    total = Decimal(told["total"])
    return Posting(told["id"], Stage(told["stage"]), f"N-{told['id']}", told["reference"], currency="CNY", total=total)


def signed(body: str) -> str:
    return hashlib.sha256((SECRET + body).encode()).hexdigest()


def callback_request(method: str, path: str, body: str, signature: str | None = None) -> CallbackRequest:
    return CallbackRequest(method, path, "", (("X-Signature", signature or signed(body)),), body.encode())


@attrs.define
class Courier:
    """What an ERP does by itself, as long as our process is there to be called.

    :param deliver: takes a request of the ERP's to our side. :param visit: what the ERP comes for, beside telling.
    """

    erp: Erp
    deliver: Callable[[CallbackRequest], Reply]
    visit: Callable[[Callable[[CallbackRequest], Reply]], None] = lambda _: None
    _ended: threading.Event = attrs.field(factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(0.02):
            self.erp.work_late()
            self.visit(self.deliver)
            self.tell()

    def tell(self) -> None:
        """Call back with every answer that was not acknowledged yet, as often as it takes."""
        for row in self.erp.all("outgoing"):
            if not row["acknowledged"] and self.deliver(callback_request("POST", "/told", row["body"])).status == 200:
                with self.erp.transaction() as tx:
                    tx.execute("UPDATE outgoing SET acknowledged = 1 WHERE id = ?", (row["id"],))

    def end(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
