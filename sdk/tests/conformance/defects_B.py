"""Defects of the areas FIND, COMPLETE, PERSON, LIMITS, DIM, CURRENCY, AMOUNT, TEXT, REVERSAL, LIST and MANY."""

from __future__ import annotations

_SEARCH = """found = [posting_of(row) for row in self._rows("api/vouchers", deadline, externalId=reference)]
        if any(posting.reference != reference for posting in found):"""
_ONE_PAGE = """page = self._call("GET", "api/vouchers", deadline)["rows"]
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
    ("FIND-003", "", "session.py", _SEARCH, _ONE_PAGE),
    ("FIND-004", "", "connector.py", _CANNOT_TELL, "                found = []"),
    ("FIND-005", "renumber", "session.py", _SEARCH, _CACHED),
    ("FIND-005", "edit", "session.py", _SEARCH, _CACHED),
    ("FIND-005", "delete", "session.py", _SEARCH, _CACHED),
]
