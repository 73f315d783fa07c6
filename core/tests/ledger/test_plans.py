"""What is asked for each delivery must not read the whole ledger: SQLite's plans for the hot statements."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.dialects import sqlite

from dougong.ledger import attempts, deliveries, documents, outbox, postings, statements

HOT = {
    f"{module.__name__.rpartition('.')[2]}.{name}": statement
    for module in (attempts, deliveries, documents, outbox, postings)
    for name, statement in vars(module).items()
    if isinstance(statement, statements.Statement) and "INSERT" not in name
}


def plan(sql, statement):
    text, _ = statement.compiled(sqlite.dialect(paramstyle="named"))
    return [row[-1] for row in sql("EXPLAIN QUERY PLAN " + re.sub(r":\w+", "NULL", text))]


@pytest.mark.parametrize("name", sorted(HOT))
def test_nothing_is_scanned(ledger, sql, name):
    scanned = [step for step in plan(sql, HOT[name]) if step.startswith("SCAN")]
    # an index that holds nothing but what is wanted is read from its beginning
    assert [step for step in scanned if not step.endswith("USING INDEX delivery_untold")] == []


def test_a_claim_reads_what_is_due_on_its_connection(ledger, sql):
    steps = plan(sql, HOT["deliveries._DUE"])
    assert any("delivery_due (state=? AND connection=? AND due_at<?)" in step for step in steps)


def test_what_a_delivery_wakes_is_found_by_what_it_waits_for(ledger, sql):
    assert any("(on_delivery_id=?)" in step for step in plan(sql, HOT["deliveries._DEPENDENTS"]))


def test_what_was_told_already_is_not_read_again(ledger, sql):
    assert plan(sql, HOT["outbox._UNTOLD"]) == ["SCAN delivery USING INDEX delivery_untold"]


def test_what_is_due_to_be_told_is_found_among_all_that_was_told(ledger, sql):
    assert any("outbox_due (state=? AND due_at<?)" in step for step in plan(sql, HOT["outbox._SEND"]))
