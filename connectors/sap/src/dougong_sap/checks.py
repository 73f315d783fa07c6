"""Does this connection work? What `dougong check` looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dougong.hookspecs import Deadline
from dougong.model.outcomes import Finding
from dougong.model.problems import DougongError, Problem
from dougong_sap.invoices import REFERENCE, TARGET
from dougong_sap.masterdata import companies, vendors

if TYPE_CHECKING:
    from dougong_sap.session import SapSession
    from dougong_sap.settings import SapSettings

__all__ = ["check_connection"]

_NOBODYS = "DOUGONG-CHECK"


def check_connection(session: SapSession, settings: SapSettings, deadline: Deadline) -> Iterator[Finding]:
    """The way in and the company codes that are seen; the search by our reference; the business partners."""
    yield _companies(session, deadline)
    field, look = "DocumentReferenceID", session.documents.with_reference
    if settings.target == TARGET:
        field, look = REFERENCE, session.invoices.with_reference
    yield _answers(f"search by {field}", lambda: look(_NOBODYS, deadline))
    if settings.mode == "async":
        yield _confirmations(settings)
    yield _answers("vendors", lambda: next(vendors(session.odata, settings, deadline), None))


def _confirmations(settings: SapSettings) -> Finding:
    """Without them nobody learns of a refusal: SAP shows what it has posted, and nothing else."""
    check = "confirmations at the door"
    if settings.callback_password:
        return Finding(check, ok=True)
    problem = Problem.of(
        "SETTINGS_INVALID",
        "异步过账需要 SAP 的确认, 而回调没有密码, 任何确认都会被拒绝",
        "entries are handed over one-way, and without a password for callbacks no confirmation is let in",
        path="callback.password",
        hint_zh="在 [connections.NAME.callback] 中给出 user 与 password, 并在 SAP 的通信安排中填写相同的",
        hint_en="give user and password in [connections.NAME.callback], and SAP's communication arrangement the same",
    )
    return Finding(check, ok=False, problem=problem)


def _answers(check: str, ask: Callable[[], object]) -> Finding:
    try:
        ask()
    except DougongError as error:
        return Finding(check, ok=False, problem=error.problems[0])
    return Finding(check, ok=True)


def _companies(session: SapSession, deadline: Deadline) -> Finding:
    try:
        codes = [record.code for record in companies(session.odata, deadline)]
    except DougongError as error:
        return Finding("company codes", ok=False, problem=error.problems[0])
    if codes:
        return Finding(f"company codes: {', '.join(codes)}", ok=True)
    problem = Problem.of(
        "BOOK_MISSING",
        "用户看不到任何公司代码",
        "the user sees no company code",
        hint_zh="请在 SAP 中为通信用户授予公司代码权限",
        hint_en="grant the communication user a company code in SAP",
    )
    return Finding("company codes", ok=False, problem=problem)
