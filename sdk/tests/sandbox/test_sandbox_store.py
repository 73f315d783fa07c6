from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from decimal import Decimal

import pytest

from dougong_sdk.sandbox import SandboxError, Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def store(path):
    store = Store(path)
    yield store
    store.close()


def _rows(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT kind, key, body FROM record ORDER BY key").fetchall()
    finally:
        connection.close()


def test_amounts_come_back_digit_for_digit(path):
    first = Store(path)
    first.put("note", "1", {"amount": Decimal("128.50"), "big": Decimal("12345678901234567.89")})
    first.close()
    second = Store(path)
    try:
        note = second.get("note", "1")
        assert (str(note["amount"]), str(note["big"])) == ("128.50", "12345678901234567.89")
    finally:
        second.close()


def test_another_database_is_refused_and_stays_as_it_is(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE document (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(SandboxError, match="no sandbox's ledger"):
        Store(path)
    assert path.read_bytes() == before


def test_what_is_no_database_or_lies_nowhere_is_refused(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("no database, but a text that is long enough to be looked at", "utf-8")
    for path, why in ((text, "not a database"), (tmp_path / "new" / "erp.db", "no directory"), (tmp_path, "unable")):
        with pytest.raises(SandboxError, match=why):
            Store(path)
    assert not (tmp_path / "new").exists()


def test_what_durable_has_returned_for_is_on_disk(path, store):
    async def work():
        store.put("note", "1", {"text": "a"})
        assert _rows(path) == []
        await store.durable()
        assert _rows(path) == [("note", "1", '{"text":"a"}')]

    asyncio.run(work())


def test_one_commit_serves_all_that_wait_in_the_same_turn(path, store):
    commits = []
    flush = store.flush
    store.flush = lambda: (commits.append(1), flush())

    async def one(key):
        store.put("note", key, {})
        await store.durable()

    async def work():
        await asyncio.gather(*(one(str(number)) for number in range(20)))

    asyncio.run(work())
    assert len(commits) == 1
    assert len(_rows(path)) == 20


def test_half_done_work_is_undone(store):
    store.put("note", "1", {"text": "before"})

    def half_done():
        with store.unit():
            store.put("note", "1", {"text": "after"})
            store.put("note", "2", {})
            store.remove("note", "1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    assert dict(store.all("note")) == {"1": {"text": "before"}}


def test_a_failed_commit_is_told_to_whoever_waits(store):
    def broken():
        raise sqlite3.OperationalError("disk I/O error")

    flush, store.flush = store.flush, broken

    async def work():
        store.put("note", "1", {})
        with pytest.raises(sqlite3.OperationalError):
            await store.durable()

    asyncio.run(work())
    store.flush = flush


def test_counters_and_order_survive_a_restart(path):
    first = Store(path)
    for text in "ba":
        first.put("note", text, {"n": first.next_number("n", 10)})
    first.close()
    second = Store(path)
    try:
        assert list(second.all("note")) == ["b", "a"]
        assert second.next_number("n", 10) == 12
    finally:
        second.close()
