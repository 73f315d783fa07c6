"""Defects of the areas FIND, COMPLETE, PERSON, LIMITS, DIM, CURRENCY, AMOUNT, TEXT, REVERSAL, LIST and MANY."""

from __future__ import annotations

_SEARCH = """found = [posting_of(row) for row in self._rows("api/vouchers", deadline, externalId=reference)]
        if any(posting.reference != reference for posting in found):"""
_FIRST_PAGE = """page = self._call("GET", "api/vouchers", deadline)["rows"]
        found = [posting_of(row) for row in page if row["externalId"] == reference]
        if False:"""
_PREFIX = """found = [posting_of(row) for row in self._rows("api/vouchers", deadline)]
        found = [one for one in found if str(one.reference).startswith(reference)]
        if False:"""
_CANNOT_TELL = """                yield CannotTell(want.item, str(error))
                continue"""
_CACHED = """found = self.__dict__.setdefault("seen", {}).setdefault(
            reference, [posting_of(row) for row in self._rows("api/vouchers", deadline, externalId=reference)]
        )
        if any(posting.reference != reference for posting in found):"""

_READ = "            now = session.voucher(posting.erp_key, call.deadline)"
_STEP = "            return Done(session.step(now.erp_key, step, call.deadline)) if isinstance(step, str) else step"
_TWO_STEPS = """            if not isinstance(step, str):
                return step
            now = session.step(now.erp_key, step, call.deadline)
            return Done(session.step(now.erp_key, "audit", call.deadline) if step == "submit" else now)"""
# a refused step passes for done
_ALWAYS_DONE = """            try:
                return Done(session.step(now.erp_key, step, call.deadline)) if isinstance(step, str) else step
            except Refused:
                return Done(attrs.evolve(now, stage=target_stage))"""

_BODY = "deadline, body))"
_FLOATS = 'deadline, __import__("json").dumps(__import__("json").loads(body)).encode()))'
_CUT_LINES = ('for line in body.get("lines", ())]', 'for line in body.get("lines", ())[:500]]')
_NO_PERCENT = (
    '        book = str(body.get("book", ""))\n',
    """        book = str(body.get("book", ""))
        if "%" in str(body):
            raise Refusal("required", "摘要含有非法字符", "lines")
""",
)
_NO_WORDS = (
    'raise self._errors.refusal(told["code"], message, str(told.get("field") or ""))',
    'raise self._errors.refusal(told["code"], "failed")',
)

NEW_KEY = ("session.py", _BODY, 'deadline, body.replace(b"DG", str(id(object())).encode())))')
ONE_PAGE = ("session.py", _SEARCH, _FIRST_PAGE)
SHORT_REFERENCE = (
    "session.py",
    _BODY,
    r"""deadline, __import__("re").sub(rb'("externalId":"[^"]{28})[^"]*', rb"\1", body)))""",
)
SWALLOWED = (
    "connector.py",
    "                return outcome_of(error)\n        reference",
    '                return Done(Posting("0", Stage.DRAFT))\n        reference',
)
_EMPTY_BALANCES = (
    "    @hookimpl\n    def pull_master_data",
    """    @hookimpl
    def list_balances(self, period, session, call):
        return ()

    @hookimpl
    def pull_master_data""",
)

#: (rule, way to try it, file, what stands there, what is planted instead)
DEFECTS = [
    ("FIND-001", "", "connector.py", 'f"vouchers with externalId {want.reference}: all books, all pages"', '""'),
    (
        "FIND-001",
        "",
        "connector.py",
        "            if not found:\n                yield Absent",
        "            if False:\n                yield Absent",
    ),
    ("FIND-002", "", "session.py", _SEARCH, _PREFIX),
    ("FIND-002", "", "connector.py", "for want in wanted:", "for want in wanted[:1]:"),
    ("FIND-003", "", *ONE_PAGE),
    ("FIND-004", "", "connector.py", _CANNOT_TELL, "                found = []"),
    ("FIND-005", "renumber", "session.py", _SEARCH, _CACHED),
    ("FIND-005", "edit", "session.py", _SEARCH, _CACHED),
    ("FIND-005", "delete", "session.py", _SEARCH, _CACHED),
    ("FIND-006", "", "connector.py", "for posting in found)", "for posting in found[:1])"),
    # two steps in one call
    ("COMPLETE-001", "draft-submitted", "connector.py", _STEP, _TWO_STEPS),
    # says where it wants to be, not where it is
    ("COMPLETE-002", "", "connector.py", _READ, "            now = posting"),
    ("COMPLETE-003", "reset_after_work-submitted", "connector.py", _READ, "            now = posting"),
    ("COMPLETE-004", "", "connector.py", "target_stage, facts)", "target_stage, Facts())"),
    ("COMPLETE-005", "", "connector.py", _STEP, _ALWAYS_DONE),
    ("COMPLETE-006", "", "connector.py", 'Stage.DRAFT: "delete"}', "}"),
    ("LIMITS-001", "", "sandbox.py", *_CUT_LINES),
    # more is declared than the mapping lets through
    ("LIMITS-002", "", "connector.py", "max_summary=200", "max_summary=250"),
    ("LIMITS-003", "negative", "session.py", _BODY, "deadline, body.replace(b':-', b':')))"),
    # the ERP refuses a character that is not declared
    ("LIMITS-004", "", "sandbox.py", *_NO_PERCENT),
    ("DIM-001", "missing", "session.py", *_NO_WORDS),
    ("DIM-001", "unknown_account", "session.py", *_NO_WORDS),
    ("CURRENCY-001", "", "mappings/VOUCHER.toml", "line.original.rate if line.original is not None else 1", "1"),
    # through binary numbers
    ("AMOUNT-001", "", "session.py", _BODY, _FLOATS),
    ("AMOUNT-002", "JPY", "session.py", _BODY, "deadline, body.replace(b'123457', b'123458')))"),
    ("TEXT-001", "", "session.py", _BODY, "deadline, body.decode().encode('gbk', 'replace').decode('gbk').encode()))"),
    ("PERSON-001", "renumber", "reading.py", 'number=row["number"]', "number=None"),
    ("PERSON-002", "delete", "connector.py", "return gone(posting, target_stage)", "return Done(posting)"),
    ("PERSON-002", "edit", "connector.py", "target_stage, facts)", "target_stage, Facts())"),
    ("REVERSAL-001", "quiet", "session.py", _BODY, "deadline, body.replace(b':-', b':')))"),
    ("REVERSAL-001", "answered", *NEW_KEY),
    ("LIST-001", "", "session.py", 'after = page["next"]', "after = None"),
    ("LIST-001", "", "reading.py", '(line["dimensions"] or {}).items() if code', "()"),
    ("LIST-002", "", "connector.py", *_EMPTY_BALANCES),
    ("MANY-001", "", *NEW_KEY),
    ("MANY-002", "", *NEW_KEY),
]
