from __future__ import annotations

import hashlib
import sqlite3

import pytest

from dougong import delivery as steps
from dougong.ledger import audit, deliveries
from dougong.ledger.states import DeliveryState
from dougong.model.outcomes import Done


@pytest.fixture
def chains(ledger, delivery, sql):
    """Three deliveries with four entries each, and nothing that protects the table from its owner."""
    for number in ("R1", "R2", "R3"):
        row = delivery(number)
        for state in (DeliveryState.HELD, DeliveryState.READY, DeliveryState.READY):
            row = ledger.write(lambda tx, row=row, state=state: deliveries.move(tx, row, state, event="test"))
    sql("DROP TRIGGER audit_kept")
    sql("DROP TRIGGER audit_frozen")


def _broken(ledger):
    with ledger.read() as connection:
        return [problem.path for problem in audit.verify(connection)]


def test_whole(ledger, chains):
    assert _broken(ledger) == []


def test_the_application_cannot_touch_it(delivery, sql):
    delivery()
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="audit rows"):
            sql(statement)


@pytest.mark.parametrize("column", ["at", "actor", "event", "detail", "prev_hash", "hash", "version"])
@pytest.mark.parametrize("version", [1, 2, 4])
def test_an_edit_shows(ledger, chains, sql, column, version):
    value = {"at": 1, "version": 17}.get(column, "x")
    sql(f"UPDATE audit SET {column} = ? WHERE subject = 'delivery:2' AND version = ?", value, version)
    assert any(path.startswith("delivery:2") for path in _broken(ledger))
    assert not any(path.startswith(("delivery:1", "delivery:3")) for path in _broken(ledger))


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_deletion_shows(ledger, chains, sql, version):
    sql("DELETE FROM audit WHERE subject = 'delivery:2' AND version = ?", version)
    assert any(path.startswith("delivery:2") for path in _broken(ledger))


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_a_cut_end_shows(ledger, chains, sql, kept):
    sql("DELETE FROM audit WHERE subject = 'delivery:3' AND version > ?", kept)
    assert _broken(ledger) == ["delivery:3"]


def test_an_insertion_shows_even_with_the_right_hash(ledger, chains, sql):
    ((previous,),) = sql("SELECT hash FROM audit WHERE subject = 'delivery:1' AND version = 4")
    entry = audit.entry("delivery:1", 5, previous, actor="x", event="approved", detail={"by": "nobody"})
    ledger.write(lambda tx: audit.append(tx, entry))
    assert _broken(ledger) == ["delivery:1"]


def test_an_insertion_in_the_middle_shows(ledger, chains, sql):
    sql("UPDATE audit SET version = version + 10 WHERE subject = 'delivery:1' AND version > 2")
    ((previous,),) = sql("SELECT hash FROM audit WHERE subject = 'delivery:1' AND version = 2")
    entry = audit.entry("delivery:1", 3, previous, actor="x", event="x", detail={})
    ledger.write(lambda tx: audit.append(tx, entry))
    assert any(path.startswith("delivery:1") for path in _broken(ledger))


def test_entries_of_nothing_show(ledger, chains):
    entry = audit.entry("delivery:99", 1, "", actor="x", event="created", detail={})
    ledger.write(lambda tx: audit.append(tx, entry))
    assert _broken(ledger) == ["delivery:99"]


def test_two_entries_swapped_show(ledger, chains, sql):
    sql("UPDATE audit SET version = -2 WHERE subject = 'delivery:2' AND version = 2")
    sql("UPDATE audit SET version = 2 WHERE subject = 'delivery:2' AND version = 3")
    sql("UPDATE audit SET version = 3 WHERE subject = 'delivery:2' AND version = -2")
    assert any(path.startswith("delivery:2") for path in _broken(ledger))


@pytest.fixture
def sent(ledger, erp, delivery, derive, claimed, posting, sql):
    """A delivery in the ERP, and nothing that protects what was frozen from its owner."""
    row, it = delivery(), erp()
    it.answers["push"].append(Done(posting("7")))
    steps.send(ledger, claimed(), it.link, derive)
    sql("DROP TRIGGER attempt_frozen")
    assert _broken(ledger) == []
    return row


@pytest.mark.parametrize(
    ("statement", "path"),
    [
        ("UPDATE delivery SET state = 'cancelled'", "delivery:1"),
        ("UPDATE delivery SET stage = 'posted'", "delivery:1"),
        ("UPDATE document SET state = 'withdrawn'", "document:1"),
        ("UPDATE posting SET erp_key = '8'", "delivery:1"),
        ("UPDATE posting SET erp_number = '记-8'", "delivery:1"),
        ("DELETE FROM posting", "delivery:1"),
        ("UPDATE attempt SET body = x'00'", "attempt:1"),
        ("UPDATE attempt SET body_hash = 'x'", "attempt:1"),
    ],
)
def test_a_change_behind_the_back_of_the_audit_shows(ledger, sent, sql, statement, path):
    sql(statement)
    assert set(_broken(ledger)) == {path}


def test_other_bytes_with_their_own_hash_show(ledger, sent, sql):
    sql("UPDATE attempt SET body = x'00', body_hash = ?", hashlib.sha256(b"\0").hexdigest())
    assert _broken(ledger) == ["attempt:1"]


def test_hash_of_a_row_is_over_everything_in_it(ledger, delivery, sql):
    delivery()
    ((hash_, prev),) = sql("SELECT hash, prev_hash FROM audit WHERE subject = 'delivery:1'")
    assert len(hash_) == len(hashlib.sha256().hexdigest())
    assert prev == ""
