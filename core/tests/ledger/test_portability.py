"""The same statements on other databases: compiled for each of them, and run on PostgreSQL where one is at hand."""

from __future__ import annotations

import importlib
import os
import pkgutil
import uuid

import pytest
from ledger_kit import report_of
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateTable

import dougong.ledger
from dougong import intake
from dougong.ledger import audit, deliveries, schema
from dougong.ledger.statements import Statement
from dougong.ledger.states import DeliveryState
from dougong.ledger.store import Ledger
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage
from dougong.model.postings import Stage

#: A superuser's address; a database of its own is made and dropped.
SERVER = os.environ.get("DOUGONG_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432")
DIALECTS = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": postgresql.dialect(paramstyle="pyformat"),
    "mysql": mysql.dialect(paramstyle="pyformat"),
}


def _statements():
    for info in pkgutil.iter_modules(dougong.ledger.__path__, "dougong.ledger."):
        if not info.ispkg:
            for name, value in vars(importlib.import_module(info.name)).items():
                if isinstance(value, Statement):
                    yield pytest.param(value, id=f"{info.name.rpartition('.')[2]}.{name}")


@pytest.mark.parametrize("statement", list(_statements()))
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_statements_are_whole_without_sqlalchemys_execution(statement, dialect):
    sql, _ = statement.compiled(DIALECTS[dialect])
    assert "POSTCOMPILE" not in sql


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=str)
def test_tables(table, dialect):
    assert str(CreateTable(table).compile(dialect=DIALECTS[dialect]))


@pytest.fixture
def server():
    pytest.importorskip("psycopg", reason="no PostgreSQL driver (psycopg) is installed")
    name = f"dougong_{uuid.uuid4().hex}"
    engine = create_engine(f"{SERVER}/postgres", isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError as error:
        pytest.skip(f"no PostgreSQL server at DOUGONG_TEST_POSTGRESQL: {error}")
    yield f"{SERVER}/{name}"
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def test_postgresql(server):
    with Ledger(server) as ledger:
        (accepted,) = intake.accept(ledger, [report_of()])
        assert intake.accept(ledger, [report_of()])[0].outcome == "known"
        cover = Coverage(SourceRef("src", "T", "expense", "id-R1"), "A01", "A01", "accrual")
        new = deliveries.NewDelivery(
            "erp", "V", ((accepted.document_id, cover),), ("R1",), 1, Stage.SUBMITTED, DeliveryState.READY
        )
        ledger.write(lambda tx: deliveries.create(tx, new))
        with pytest.raises(Exception, match="live"):
            ledger.write(lambda tx: deliveries.create(tx, new))
        (row,) = ledger.write(lambda tx: deliveries.claim(tx, "erp", "me", count=5, lease_ms=1000))
        ledger.write(lambda tx: deliveries.move(tx, row, DeliveryState.CANCELLED, event="cancel"))
        with pytest.raises(Exception, match="refused"):
            ledger.write(lambda tx: tx._cursor.execute("UPDATE delivery SET due_at = 0"))
        with ledger.read() as connection:
            assert audit.verify(connection) == []
