"""Who is who, so that nothing is posted twice: fingerprints, coverage, references, request ids (contract.md §2).

Everything here is a hash of canonical text, never a cut: two different things never share a key, and a connector never
hashes.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import attrs

from dougong.model.documents import Document, SourceRef
from dougong.model.money import CONTEXT

__all__ = ["CROCKFORD", "Coverage", "Key", "content_fingerprint", "document_content"]

#: Upper-case letters and digits that nobody confuses; safe in every ERP's text field.
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _text(value: object) -> str:
    """Equal amounts give equal text, however they were written: 33, 33.0 and 33.00 are one."""
    if isinstance(value, Decimal):
        return "0" if value == 0 else format(value.normalize(CONTEXT), "f")
    return str(value)


#: Made once: `json.dumps` makes a new encoder whenever it is not called with its defaults.
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_text)


def _canonical(data: Any) -> bytes:
    return _ENCODER.encode(data).encode()


@attrs.frozen
class Key:
    """A name for one thing, made from its parts by hash, in whatever shape an ERP's field takes.

    :param parts: what it stands for; kept readable for logs and `trace`.

    .. versionadded:: 0.1
    """

    parts: tuple[str, ...]

    @property
    def digest(self) -> bytes:
        """SHA-256 over the parts, unambiguous whatever they contain."""
        return hashlib.sha256(_canonical(self.parts)).digest()

    def text(self, max_length: int = 20, alphabet: str = CROCKFORD) -> str:
        """The key as `DG` and characters of `alphabet`: short for people, long enough not to collide.

        :param max_length: room in the ERP's field, at least 16 (70 bits with the default alphabet).
        :param alphabet: characters that the field takes, at least ten different ones.
        :raises ValueError: when the field is too small to be collision-free.
        """
        letters = "".join(dict.fromkeys(alphabet))
        prefix = "DG" if {"D", "G"} <= set(letters) else ""
        room = min(max_length, 34) - len(prefix)
        if len(letters) < 10 or len(letters) ** max(room, 0) < 2**64:
            raise ValueError(f"a field of {max_length} characters is too small for a collision-free reference")
        number, size, out = int.from_bytes(self.digest, "big"), len(letters), []
        for _ in range(room):
            number, digit = divmod(number, size)
            out.append(letters[digit])
        return prefix + "".join(out)

    def uuid(self) -> uuid.UUID:
        """The key as an RFC 4122 UUID (version 5 shape)."""
        return uuid.UUID(bytes=self.digest[:16], version=5)

    def number(self, digits: int = 18) -> int:
        """The key as a positive integer of at most `digits` digits, for fields that take nothing else.

        :raises ValueError: below 18 digits, where collisions become likely.
        """
        if digits < 18:
            raise ValueError("a numeric key needs at least 18 digits")
        highest: int = 10**digits - 1
        return int.from_bytes(self.digest, "big") % highest + 1

    def base64(self) -> str:
        """The whole digest, for fields with room."""
        return base64.urlsafe_b64encode(self.digest).decode().rstrip("=")


@attrs.frozen
class Coverage:
    """What one delivery books of one document: at most one live delivery each, whatever the revision.

    :param part: what one document may book more than once at one moment; the piece number of a split otherwise.
    """

    ref: SourceRef
    entity: str
    book: str
    moment: str
    part: str = "1"

    @property
    def key(self) -> str:
        """Text for the database constraint: the hash of all parts."""
        return Key(("coverage", *self._parts)).base64()

    def reference(self, incarnation: int) -> Key:
        """The reference that core writes into the ERP, constant while that posting may exist."""
        return Key(("reference", *self._parts, str(incarnation)))

    @property
    def _parts(self) -> tuple[str, ...]:
        ref = self.ref
        return (ref.source, ref.tenant, ref.type, ref.id, self.entity, self.book, self.moment, self.part)


def document_content(document: Document) -> dict[str, Any]:
    """The part of a document that is about money (contract.md §2): what the fingerprint is made of.

    Not in it: state, times of change, events, names and texts, payees' accounts, extensions. A currency that only
    repeats the document's is left out, so that it does not matter whether a source states it.
    """
    keep = {
        "entity": document.entity,
        "currency": document.currency,
        "submitter": document.submitter,
        "department": document.department,
        "lines": _content(document, document.lines, "reason"),
        "invoices": _content(document, document.invoices, "seller"),
        "advances": _content(document, document.advances),
        "payees": _content(document, document.payees, "account"),
        "withheld": _content(document, document.withheld),
    }
    return {name: value for name, value in keep.items() if value not in (None, [])}


def _content(document: Document, items: Iterable[Any], *drop: str) -> list[Any]:
    names = {*drop, "extensions"}

    def plain(value: Any) -> Any:
        if isinstance(value, tuple):
            return [plain(item) for item in value]
        if value is None or isinstance(value, (str, Decimal, bool, dt.date)):
            return value
        kind: type[attrs.AttrsInstance] = type(value)
        members = {name: getattr(value, name) for name in _names(kind) if name not in names}
        if members.get("currency") == document.currency:
            del members["currency"]
        return {name: plain(member) for name, member in members.items() if member is not None and member != ()}

    return [plain(item) for item in items]


@cache
def _names(cls: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(cls))


def content_fingerprint(content: Mapping[str, Any]) -> str:
    """SHA-256 of content in canonical order: the same money, the same fingerprint, whatever the source's counters."""
    return hashlib.sha256(_canonical(content)).hexdigest()
