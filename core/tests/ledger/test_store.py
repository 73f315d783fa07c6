from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from dougong.ledger import reference
from dougong.ledger.engine import HEAD
from dougong.ledger.errors import LedgerError
from dougong.ledger.store import Ledger
from dougong.model.masterdata import MasterRecord


def _note(tx, name, value="1"):
    tx._cursor.execute("INSERT INTO setting (name, value) VALUES (?, ?)", (name, value))
    return name


def _names(ledger):
    with ledger.read() as connection:
        return set(connection.execute(text("SELECT name FROM setting")).scalars())


def _group(ledger, works):
    """Submit all while the writer is busy, so that they are one group."""
    busy, go_on = threading.Event(), threading.Event()

    def hold(_):
        busy.set()
        assert go_on.wait(10)

    first = ledger.submit(hold)
    assert busy.wait(10)
    futures = [ledger.submit(work) for work in works]
    go_on.set()
    first.result()
    return futures


def test_a_failing_write_does_not_harm_its_neighbours(ledger):
    def fails(tx):
        _note(tx, "half")
        raise ValueError("no")

    futures = _group(ledger, [lambda tx: _note(tx, "a"), fails, lambda tx: _note(tx, "b")])

    assert [futures[0].result(), futures[2].result()] == ["a", "b"]
    with pytest.raises(ValueError, match="no"):
        futures[1].result()
    futures[2].result()
    assert _names(ledger) == {"a", "b"}


def test_a_constraint_hits_only_who_broke_it(ledger):
    futures = _group(ledger, [lambda tx: _note(tx, "a"), lambda tx: _note(tx, "a"), lambda tx: _note(tx, "b")])
    with pytest.raises(sqlite3.IntegrityError):
        futures[1].result()
    futures[2].result()
    assert _names(ledger) == {"a", "b"}


def test_a_group_is_one_commit(ledger):
    commits = []
    _group(ledger, [lambda tx, n=n: (_note(tx, f"n{n}"), commits.append(tx._cursor)) for n in range(10)])[-1].result()
    assert len(set(map(id, commits))) == 1


def test_many_threads(ledger):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.write(lambda tx: _note(tx, f"n{n}")), range(200)))
    assert len(_names(ledger)) == 200


def test_transitions_are_told_after_the_commit_only(ledger):
    told = []
    ledger.observer = told.append

    def work(tx):
        tx.transitions.append("lost")
        raise ValueError

    with pytest.raises(ValueError):
        ledger.write(work)
    ledger.write(lambda tx: tx.transitions.append("kept"))
    ledger.write(lambda tx: None)
    assert told == ["kept"]


def test_readers_cannot_write(ledger):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        ledger.look(lambda tx: _note(tx, "x"))
    assert _names(ledger) == set()


def test_closed(tmp_path):
    ledger = Ledger(tmp_path / "l.db")
    future = ledger.submit(lambda tx: _note(tx, "a"))
    ledger.close()
    ledger.close()
    assert future.result() == "a"
    with pytest.raises(LedgerError, match="closed"):
        ledger.write(lambda tx: None)
    with Ledger(tmp_path / "l.db") as again:
        assert _names(again) == {"a"}


def test_unreachable(tmp_path):
    with pytest.raises(LedgerError, match="cannot open the ledger") as caught:
        Ledger(tmp_path / "no folder" / "l.db")
    assert caught.value.problems[0].code == "LEDGER_UNREACHABLE"


def test_made_by_a_newer_version(tmp_path):
    with Ledger(tmp_path / "l.db") as ledger:
        ledger.write(lambda tx: tx._cursor.execute("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LedgerError) as caught:
        Ledger(tmp_path / "l.db")
    assert caught.value.problems[0].code == "LEDGER_TOO_NEW"


def test_head_is_the_newest_migration():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    import dougong.ledger.migrations

    config = Config()
    config.set_main_option("script_location", dougong.ledger.migrations.__path__[0])
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_ledger_from_before_approvals_is_brought_up(tmp_path):
    with Ledger(tmp_path / "l.db") as ledger:
        ledger.write(lambda tx: _note(tx, "a"))
    with sqlite3.connect(tmp_path / "l.db") as old:
        old.execute("DROP TRIGGER delivery_final")
        old.execute("ALTER TABLE delivery DROP COLUMN approved")
        old.execute("UPDATE alembic_version SET version_num = '0002'")
    old.close()
    with Ledger(tmp_path / "l.db") as ledger:
        with ledger.read() as connection:
            assert connection.execute(text("SELECT approved FROM delivery")).all() == []
        assert _names(ledger) == {"a"}


def test_durable_settings(ledger):
    for engine in (ledger.engine,):
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


_OPEN = """
import sys
from dougong.ledger.store import Ledger
sys.stdin.readline()
with Ledger(sys.argv[1]) as ledger:
    ledger.write(lambda tx: tx._cursor.execute("INSERT INTO setting (name, value) VALUES (?, '1')", (sys.argv[2],)))
"""


def test_processes_that_open_a_new_ledger_at_once(tmp_path):
    command = [sys.executable, "-c", _OPEN, str(tmp_path / "l.db")]
    started = [
        subprocess.Popen([*command, f"n{n}"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for n in range(2)
    ]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0] * 2, errors
    with Ledger(tmp_path / "l.db") as ledger:
        assert _names(ledger) == {"n0", "n1"}


def _period(book, period, *, is_open):
    return MasterRecord("period", f"{book}/{period}", period, data={"book": book, "open": is_open})


def test_periods_are_replaced_by_what_is_told_and_move_the_inputs_only_when_they_change(ledger):
    def put(*records):
        changed = ledger.write(lambda tx: reference.put_periods(tx, "erp", records))
        with ledger.read() as connection:
            left = {one.id: one.data["open"] for one in reference.master_records(connection, "erp", "period")}
        return changed, left, ledger.look(reference.input_version)

    october, november = _period("001", "2026-10", is_open=True), _period("001", "2026-11", is_open=True)
    assert put(october, november) == (2, {"001/2026-10": True, "001/2026-11": True}, "1")
    assert put(november, october) == (0, {"001/2026-10": True, "001/2026-11": True}, "1")

    closed = _period("001", "2026-10", is_open=False)
    assert put(closed, november) == (1, {"001/2026-10": False, "001/2026-11": True}, "2")
    assert put() == (2, {}, "3")


def test_a_closed_period_is_news_until_the_periods_are_told_again(ledger):
    def note():
        news = ledger.write(lambda tx: reference.note_closed(tx, "erp", "A01", "2026-10"))
        return news, ledger.look(reference.input_version)

    news, first = note()
    assert news
    assert note() == (False, first)
    ledger.write(lambda tx: reference.put_periods(tx, "erp", ()))
    news, again = note()
    assert news
    assert again != first


def test_periods_do_not_count_for_the_age_of_master_data(ledger):
    ledger.write(lambda tx: reference.put_periods(tx, "erp", [_period("001", "2026-10", is_open=True)]))
    with ledger.read() as connection:
        assert reference.master_time(connection, "erp") is None


def test_codes_are_replaced_by_table_and_scope(ledger):
    row = ("account", "*", "6602", "6602.01", "", "", "")
    ledger.write(lambda tx: reference.replace_codes(tx, [row], actor="li"))
    before = ledger.look(reference.input_version)
    ledger.write(lambda tx: reference.replace_codes(tx, [(*row[:3], "6602.02", *row[4:])], actor="li"))
    assert [found[3] for found in ledger.look(reference.code_rows)] == ["6602.02"]
    assert ledger.look(reference.input_version) != before


def test_master_data_that_is_no_longer_listed_is_inactive(ledger):
    def told(*records):
        ledger.write(lambda tx: reference.put_all_master(tx, "erp", records))
        with ledger.read() as connection:
            return [one.id for one in reference.master_records(connection, "erp", "account") if one.active]

    first, second = (MasterRecord("account", id, id, id) for id in ("1001", "1002"))
    employee = MasterRecord("employee", "E1", "E1", "E1")
    assert told(first, second, employee) == ["1001", "1002"]
    assert told(employee) == ["1001", "1002"]
    before = ledger.look(reference.input_version)
    assert told(second) == ["1002"]
    assert ledger.look(reference.input_version) != before
    assert told(first, second) == ["1001", "1002"]
