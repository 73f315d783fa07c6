"""How things are written down: strict JSON, JSON Lines, XML, JSON Schema. Reading refuses, never guesses.

`read_canonical` and `write_canonical` are for files; `…_from_json` and `…_to_json` for the ledger; `loads` and `dumps`
for any text.
"""

from __future__ import annotations

from dougong.formats.bookings import (
    facts_from_json,
    facts_to_json,
    voucher_from_json,
    voucher_to_json,
)
from dougong.formats.canonical import BadEntry, canonical_entries, is_canonical, read_canonical, write_canonical
from dougong.formats.converter import converter
from dougong.formats.documents import (
    document_from_json,
    document_to_json,
    event_from_json,
    event_to_json,
    events_from_json,
    events_to_json,
)
from dougong.formats.json_text import dumps, loads

__all__ = [
    "BadEntry",
    "canonical_entries",
    "converter",
    "document_from_json",
    "document_to_json",
    "dumps",
    "event_from_json",
    "event_to_json",
    "events_from_json",
    "events_to_json",
    "facts_from_json",
    "facts_to_json",
    "is_canonical",
    "loads",
    "read_canonical",
    "voucher_from_json",
    "voucher_to_json",
    "write_canonical",
]
