"""Does this connection work? What `dougong check` looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dougong.hookspecs import Deadline
from dougong.model.outcomes import Finding
from dougong.model.problems import DougongError, Problem
from dougong_oracle.documents import Documents
from dougong_oracle.masterdata import ledgers
from dougong_oracle.session import OracleSession

__all__ = ["check_connection"]


def check_connection(session: OracleSession, deadline: Deadline) -> Iterator[Finding]:
    """The way in and the ledgers that are seen; the search by our reference; the right to ask for jobs and files."""
    yield _ledgers(session, deadline)
    yield _works("search by BatchName", lambda: Documents(session).with_reference("DOUGONG-CHECK", deadline))
    yield _works("imports", lambda: session.imports.has_file("DOUGONG-CHECK", deadline))


def _works(check: str, ask: Callable[[], object]) -> Finding:
    try:
        ask()
    except DougongError as error:
        return Finding(check, ok=False, problem=error.problems[0])
    return Finding(check, ok=True)


def _ledgers(session: OracleSession, deadline: Deadline) -> Finding:
    try:
        names = [record.code for record in ledgers(session, deadline)]
    except DougongError as error:
        return Finding("ledgers", ok=False, problem=error.problems[0])
    if names:
        return Finding(f"ledgers: {', '.join(names)}", ok=True)
    problem = Problem.of(
        "BOOK_MISSING",
        "用户看不到任何分类账",
        "the user sees no ledger",
        hint_zh="请在 Oracle 中为集成用户授予数据访问集",
        hint_en="grant the integration user a data access set in Oracle",
    )
    return Finding("ledgers", ok=False, problem=problem)
