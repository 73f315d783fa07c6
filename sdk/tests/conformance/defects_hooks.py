"""Defects for SETTINGS, AUTH, MAP, PREPARE and ERR: rule, way, file, what stands there, what is planted."""

from __future__ import annotations

_LOGIN = 'login = {"user": self._settings.user, "password": self._settings.password}'
_TOKEN = '        return Token(told["token"]'
_TOLD = "        told = answer.expect(200).json()"
_LOG = '        __import__("logging").getLogger("acme").info("got %s", {})'
_ROWS = 'return self._rows(f"api/master/{kind}", deadline)'
_FIRST_ROWS = 'return iter(self._call("GET", f"api/master/{kind}?limit=100&after=", deadline)["rows"])'
_KEPT_ROWS = """kept = self._errors.__dict__.setdefault("rows", {})  # which the whole process shares
        if kind not in kept:
            kept[kind] = list(self._rows(f"api/master/{kind}", deadline))
        return iter(kept[kind])"""
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
_PUSH = "    @hookimpl\n    def push("
_PREPARE = """    @hookimpl
    def prepare(self, items, call):
        import datetime, json, urllib.request
        from dougong.plugins.defaults import exact_json

        return [Message(items=({items}), body={body}) for item in items]

"""


def _prepare(body: str, items: str = "item.id,") -> str:
    return _PREPARE.format(body=body, items=items) + _PUSH


_FLOAT = "json.dumps(item.payload.body, default=lambda v: float(v) if hasattr(v, 'quantize') else str(v)).encode()"


def _stamped(what: str) -> str:
    return _prepare(f"exact_json({{**item.payload.body, 'sent': str({what})}})")


_ALL_REFUSED = """                from dougong.model.outcomes import Rejected

                return Rejected(error.problems) if isinstance(error, Refused) else outcome_of(error)
        reference"""
_CREATE = "                return _shown(self.create(self._read(loads(request.body)), user))\n"
_CREATE_DIRTY = """                made = self._read(loads(request.body))
                try:
                    return _shown(self.create(made, user))
                except Refusal:
                    more = {"id": "7", "number": "7", "stage": "draft", "currency": "CNY", "reverses": None}
                    self.store.put("voucher", "7", {**more, **made})
                    raise
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
    # a token opens the door for an hour
    ("SETTINGS-003", "push", "session.py", _TOKEN, f"{_LOG.format('told')}\n{_TOKEN}"),
    ("SETTINGS-003", "answer", "session.py", _TOLD, f"{_LOG.format('answer.text()')}\n{_TOLD}"),
    ("SETTINGS-003", "login", "session.py", "raise LoginRefused(", "raise LoginRefused(login['password'] + "),
    ("SETTINGS-004", "", "connector.py", _BOOKS, _BOOKS_OR_NOTHING),
    # no new token is fetched
    ("AUTH-001", "push", "session.py", "return Refusal(proof=True) if", "return None if"),
    # each call logs in
    ("AUTH-002", "", "session.py", 'float(told["expiresIn"])', "0.0"),
    # and again when it was refused
    ("AUTH-003", "", "session.py", "TokenCache(self._log_in)", "TokenCache(self._log_in, pause=0.0)"),
    # the envelope, misread
    ("MASTER-001", "", "session.py", 'return told["data"]', 'return told["playload"]'),
    ("MASTER-001", "", "connector.py", "for kind in kinds or KINDS:", "for kind in [*kinds, *kinds]:"),
    ("MASTER-002", "", "session.py", _ROWS, _FIRST_ROWS),
    ("MASTER-003", "", "session.py", _ROWS, _KEPT_ROWS),
    # a field that is in the mapping and not among those that the target has
    ("MAP-001", "", "reading.py", '    TargetField("attachments", "number", title="附件数"),\n', ""),
    # found only with what a mapping may leave out
    (
        "MAP-002",
        "least",
        "session.py",
        "externalId=reference)]",
        'externalId=reference) if row["attachments"] or row["lines"][0]["summary"]]',
    ),
    ("MAP-003", "", "connector.py", _PUSH, _prepare(_FLOAT)),
    ("PREPARE-001", "", "connector.py", _PUSH, _stamped("id(items)")),
    ("PREPARE-001", "", "connector.py", _PUSH, _stamped("datetime.date.today()")),
    ("PREPARE-001", "", "connector.py", _PUSH, _stamped("hash('a text')")),
    ("PREPARE-001", "", "connector.py", _PUSH, _prepare("urllib.request.urlopen('http://127.0.0.1:9/').read()")),
    ("PREPARE-002", "", "connector.py", _PUSH, _prepare("b'{}'")),
    ("PREPARE-003", "", "session.py", "deadline, body))", 'deadline, body.replace(b":", b": ", 1)))'),
    # a code that the dictionary lacks
    ("ERR-001", "push", "errors.toml", "[codes.2005]", "[codes.2999]"),
    # every code is a refusal
    ("ERR-002", "", "connector.py", "                return outcome_of(error)\n        reference", _ALL_REFUSED),
    # the ERP keeps a draft of what it refuses
    ("ERR-003", "unbalanced", "sandbox.py", _CREATE, _CREATE_DIRTY),
]
