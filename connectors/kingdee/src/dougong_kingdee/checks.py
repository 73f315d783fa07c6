"""Does this connection work? What `dougong check` looks at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import attrs

from dougong.hookspecs import Deadline
from dougong.model.outcomes import Finding
from dougong.model.problems import DougongError, Problem
from dougong_kingdee.periods import read_books
from dougong_kingdee.session import KingdeeSession
from dougong_kingdee.settings import KingdeeSettings
from dougong_kingdee.vouchers import FORM
from dougong_sdk.rest import RestSession

__all__ = ["check_connection"]

#: What the flow reads besides vouchers: form → a field to ask for.
_FORMS = {"BD_Account": "FNumber", "BD_VOUCHERGROUP": "FNumber", "BD_Currency": "FCODE"}


def check_connection(settings: KingdeeSettings, session: KingdeeSession, deadline: Deadline) -> Iterator[Finding]:
    """Address and credential, rights, the reference's field, dimension slots, books, and the second credential."""
    yield _ask(session, "login", FORM, ("FVOUCHERID",), deadline)
    yield _books(session, deadline)
    for form, field in _FORMS.items():
        yield _ask(session, f"read {form}", form, (field,), deadline)
    # Kingdee ignores unknown keys in Save without a word: only a query tells whether the field is there
    yield _ask(
        session, f"reference field {settings.reference_field}", FORM, ("FVOUCHERID", settings.reference_field), deadline
    )
    for name, slot in settings.dimension_slots.items():
        key = f"FDetailID.{slot}.FNumber"
        yield _ask(session, f"dimension {name} = {slot}", FORM, ("FVOUCHERID", key), deadline)
    yield _periods(session, deadline)
    yield _auditor(settings, deadline)


def _ask(session: KingdeeSession, check: str, form: str, keys: Sequence[str], deadline: Deadline) -> Finding:
    """One query that reads as little as it can."""
    try:
        session.query(form, keys, "", deadline, most=1)
    except DougongError as error:
        return Finding(check, ok=False, problem=error.problems[0])
    return Finding(check, ok=True)


def _books(session: KingdeeSession, deadline: Deadline) -> Finding:
    """Which account books this user sees: the right side of the code table `account_book`."""
    check = "account books"
    try:
        rows = session.query("BD_AccountBook", ("FNumber",), "", deadline)
    except DougongError as error:
        return Finding(check, ok=False, problem=error.problems[0])
    if rows:
        return Finding(f"{check}: {', '.join(str(number) for (number,) in rows)}", ok=True)
    zh, en = f"用户 {session.settings.user} 看不到任何账簿", f"user {session.settings.user} sees no account book"
    hints = {"hint_zh": "请在金蝶中授予账簿权限", "hint_en": "grant the user an account book in Kingdee"}
    return Finding(check, ok=False, problem=Problem.of("BOOK_MISSING", zh, en, **hints))


def _periods(session: KingdeeSession, deadline: Deadline) -> Finding:
    """Where each book stands. Without it a closed period shows only when Kingdee refuses a voucher of it: no error."""
    try:
        books = read_books(session, deadline)
    except DougongError as error:
        return Finding("periods", ok=False, problem=error.problems[0])
    if books:
        return Finding(f"periods: {', '.join(f'{book.book} {book.current}' for book in books)}", ok=True)
    zh, en = "账簿没有告知当前期间, 已结账的期间无法预知", "the account books do not tell their current period"
    hints = {
        "hint_zh": "请核对 period_fields (账簿 BD_AccountBook 的启用与当前年度、期间字段)",
        "hint_en": "check period_fields: the fields of BD_AccountBook with its first and current year and period",
    }
    return Finding("periods", ok=True, problem=Problem.of("PERIODS_UNKNOWN", zh, en, **hints))


def _auditor(settings: KingdeeSettings, deadline: Deadline) -> Finding:
    """Maker is not checker: a second credential, when given, is another user, who is let in."""
    if not settings.auditor_user:
        return Finding("auditor (none: vouchers are audited by a person)", ok=True)
    try:
        chosen = settings.for_auditor()
    except DougongError as error:
        return Finding("auditor", ok=False, problem=error.problems[0])
    rest = RestSession(
        chosen.base_url, ca_file=chosen.ca_file, certificate=chosen.client_certificate, secrets=chosen.secrets()
    )
    with closing(KingdeeSession(chosen, rest)) as session:
        found = _ask(session, "auditor", FORM, ("FVOUCHERID",), deadline)
    return found if found.problem is None else attrs.evolve(found, problem=found.problem.at("auditor"))
