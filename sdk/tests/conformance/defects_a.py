"""Defects for SETTINGS, AUTH, MAP, PREPARE and ERR: rule, way, file, what stands there, what is planted."""

from __future__ import annotations

_LOGIN = 'login = {"user": self._settings.user, "password": self._settings.password}'
_BOOKS = '        books = [row["code"] for row in session.master("books", call.deadline)]\n'
_BOOKS_OR_NOTHING = f"""        try:
    {_BOOKS}        except Exception:
            yield Finding("login", ok=False)
            return
"""
_INIT = "    def __init__(self, settings: Settings)"
_REPR = """    def __repr__(self):
        return f"<Session {self._settings.password}>"

"""

DEFECTS = [
    # a secret that is missing is an empty one
    (
        "SETTINGS-001",
        "",
        "settings.py",
        "password: str = attrs.field(repr",
        'password: str = attrs.field(default="", repr',
    ),
    ("SETTINGS-001", "", "settings.py", "    user: str", "    user: str = attrs.field(converter=str.upper)"),
    ("SETTINGS-002", "", "session.py", _INIT, _REPR + _INIT),
    (
        "SETTINGS-003",
        "push",
        "session.py",
        _LOGIN,
        f'{_LOGIN}\n        __import__("logging").getLogger("acme").debug("POST %s", login)',
    ),
    ("SETTINGS-003", "login", "session.py", "raise LoginRefused(", "raise LoginRefused(login['password'] + "),
    ("SETTINGS-004", "", "connector.py", _BOOKS, _BOOKS_OR_NOTHING),
    # no new token is fetched
    ("AUTH-001", "push", "session.py", "return Refusal(proof=True) if", "return None if"),
    # each call logs in
    ("AUTH-002", "", "session.py", 'float(told["expiresIn"])', "0.0"),
    # and again when it was refused
    ("AUTH-003", "", "session.py", "TokenCache(self._log_in)", "TokenCache(self._log_in, pause=0.0)"),
]
