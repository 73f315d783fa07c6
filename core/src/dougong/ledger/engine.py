"""Opening the database: SQLite set up for durability, migrations, and the dialect for hot statements."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, Dialect, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from dougong.ledger.errors import LedgerError
from dougong.model.problems import Problem

__all__ = ["HEAD", "begin", "open_engine", "reader_engine", "statement_dialect", "upgrade"]

#: The newest migration; a test compares it with the folder.
HEAD = "0003"

_BUSY_SECONDS = 30


def ledger_url(url: str | Path) -> URL:
    """A path is a SQLite file; anything with `://` is a SQLAlchemy URL."""
    return make_url(url) if isinstance(url, str) and "://" in url else URL.create("sqlite", database=str(url))


def open_engine(url: str | Path) -> Engine:
    """An engine for the writer. SQLite: WAL, `synchronous=FULL`, transactions begun by us."""
    parsed = ledger_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    engine = create_engine(
        parsed, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False}, poolclass=QueuePool
    )
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def reader_engine(engine: Engine) -> Engine:
    """A second engine that cannot write (SQLite); the same one elsewhere."""
    if engine.dialect.name != "sqlite":
        return engine
    reader = create_engine(
        engine.url,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=64,
        pool_reset_on_return=None,  # it begins no transactions, so there is nothing to roll back
    )
    event.listen(reader, "connect", _set_up_sqlite_reader)
    return reader


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={_BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _set_up_sqlite_reader(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def begin(cursor: Any, backend: str) -> None:
    """Begin a write transaction. SQLite takes the write lock at once: two readers could claim the same row else."""
    if backend == "sqlite":
        cursor.execute("BEGIN IMMEDIATE")


def statement_dialect(engine: Engine) -> Dialect:
    """The engine's dialect with named parameters, for `Statement`."""
    style = "named" if engine.dialect.name == "sqlite" else "pyformat"
    kind: Any = type(engine.dialect)
    dialect: Dialect = kind(paramstyle=style)
    return dialect


def upgrade(engine: Engine) -> None:
    """Bring the schema to `HEAD`; does nothing, and loads no migration tool, where it is there already.

    :raises LedgerError: `LEDGER_UNREACHABLE` or `LEDGER_TOO_NEW`.
    """
    try:
        if _version(engine) == HEAD:
            return
        with _one_at_a_time(engine.url):
            if _version(engine) != HEAD:
                _migrate(engine)
    except (SQLAlchemyError, OSError) as error:
        raise LedgerError(
            Problem.of(
                "LEDGER_UNREACHABLE",
                f"无法打开账本 {engine.url.render_as_string()}: {error}",
                f"cannot open the ledger {engine.url.render_as_string()}: {error}",
                hint_zh="检查路径与权限, 或 dougong.toml 中 [project] ledger",
                hint_en="check path and permissions, or [project] ledger in dougong.toml",
            )
        ) from error


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, "alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = engine
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise LedgerError(
            Problem.of(
                "LEDGER_TOO_NEW",
                f"账本由更新版本创建: {error}",
                f"the ledger was made by a newer version: {error}",
                hint_zh="请升级 dougong",
                hint_en="upgrade dougong",
            )
        ) from error


@contextlib.contextmanager
def _one_at_a_time(url: URL) -> Iterator[None]:
    """Two processes that open a new SQLite ledger at once: one migrates, the other waits and finds it done."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        yield
        return
    with Path(f"{url.database}.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
