"""Files of canonical documents: a JSON object, an array, JSON Lines or XML, told apart by content (interfaces.md §3).

One bad entry does not spoil the good ones: `canonical_entries` gives both. A file that cannot be read at all is an
error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Literal

import attrs

from dougong.formats.documents import (
    document_from_json,
    document_to_json,
    events_from_json,
    events_to_json,
    is_events_only,
)
from dougong.formats.json_text import MAX_BYTES, MAX_LINE_BYTES, dumps, loads
from dougong.formats.xml import read_xml, write_xml
from dougong.model.documents import Document
from dougong.model.problems import InputError, Problem
from dougong.model.sources import EventsOnly, SourceDocument

__all__ = ["BadEntry", "canonical_entries", "is_canonical", "read_canonical", "write_canonical"]

_IDENTITY = frozenset({"source", "tenant", "type", "id"})


@attrs.frozen
class BadEntry:
    """An entry of a file that cannot be taken; the others can.

    :param place: `line 7` of JSON Lines or XML, `[3]` of an array, empty for the only one; each problem's path begins
        with it.
    :param line: 1-based line in the file; 0 where it is not known.

    .. versionadded:: 0.1
    """

    place: str
    problems: tuple[Problem, ...]
    line: int = 0


@attrs.frozen
class _Record:
    """One entry before it is read: where it stands, and how to get its plain data and its own bytes."""

    place: str
    line: int
    load: Callable[[], Any]
    raw: bytes | None = None


def canonical_entries(content: bytes) -> list[SourceDocument | EventsOnly | BadEntry]:
    """Every entry of a file in its order, the good ones and the bad ones.

    :raises InputError: when nothing can be told apart in it: `ENCODING_INVALID`, `INPUT_TOO_LARGE`, `INPUT_EMPTY`,
        `JSON_…`, `XML_…`, or `NOT_CANONICAL` when no entry is a canonical document.

    .. versionadded:: 0.1
    """
    entries = [_entry(record) for record in _records(content)]
    strangers = [e for e in entries if isinstance(e, BadEntry) and e.problems[0].code == "NOT_CANONICAL"]
    if entries and len(strangers) == len(entries):
        raise InputError(strangers[0].problems)
    return entries


def read_canonical(content: bytes) -> list[SourceDocument | EventsOnly]:
    """Every entry of a file, all or nothing.

    :raises InputError: as `canonical_entries`, and with every problem of every bad entry.

    .. versionadded:: 0.1
    """
    entries = canonical_entries(content)
    problems = [problem for entry in entries if isinstance(entry, BadEntry) for problem in entry.problems]
    if problems:
        raise InputError(problems)
    return [entry for entry in entries if not isinstance(entry, BadEntry)]


def is_canonical(content: bytes) -> bool:
    """Whether a file is meant to hold canonical documents, even if it is broken (then `canonical_entries` says where).

    .. versionadded:: 0.1
    """
    try:
        return any(_seems_canonical(record) for record in _records(content))
    except InputError:
        head = content[:65536]
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            return b"<document>" in head or b"<documents>" in head
        return all(f'"{name}"'.encode() in head for name in _IDENTITY)


def write_canonical(
    documents: Iterable[Document | SourceDocument | EventsOnly], format: Literal["json", "jsonl", "xml"] = "json"
) -> str:
    """The canonical form of documents, as text that `read_canonical` reads again.

    :param format: `json` (one document an object, several an array), `jsonl` (one per line) or `xml`.
    :raises InputError: `TEXT_INVALID` for a character that XML cannot hold.

    .. versionadded:: 0.1
    """
    plain = [_to_json(document) for document in documents]
    if format == "xml":
        return write_xml(plain)
    if format == "jsonl":
        return "".join(dumps(data, numbers=True) + "\n" for data in plain)
    return dumps(plain[0] if len(plain) == 1 else plain, indent=2, numbers=True) + "\n"


def _to_json(entry: Document | SourceDocument | EventsOnly) -> dict[str, Any]:
    if isinstance(entry, EventsOnly):
        return events_to_json(entry)
    return document_to_json(entry.document if isinstance(entry, SourceDocument) else entry)


def _entry(record: _Record) -> SourceDocument | EventsOnly | BadEntry:
    try:
        data = record.load()
        if not _has_identity(data):
            return _bad(record, [_not_canonical()])
        if is_events_only(data):
            return events_from_json(data)
        raw = dumps(data, numbers=True).encode() if record.raw is None else record.raw
        return SourceDocument(document_from_json(data), raw)
    except InputError as error:
        return _bad(record, error.problems)


def _bad(record: _Record, problems: Iterable[Problem]) -> BadEntry:
    return BadEntry(record.place, tuple(_placed(problem, record.place) for problem in problems), record.line)


def _placed(problem: Problem, place: str) -> Problem:
    if not place:
        return problem
    if place.startswith("["):
        return problem.at(place)
    return attrs.evolve(problem, path=f"{place}: {problem.path}" if problem.path else place)


def _records(content: bytes) -> Iterator[_Record]:
    start = content[:65536].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if not start and not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise InputError(_empty())
    if start == b"<":
        for element in read_xml(content):
            yield _Record(f"line {element.line}", element.line, element.data)
        return
    lines = [(number, line) for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    if len(lines) > 1 and _stands_alone(lines[0][1]):
        yield from map(_line_record, lines)
        return
    try:
        value = loads(content, limit=MAX_LINE_BYTES if start == b"{" else MAX_BYTES)
    except InputError:
        if len(lines) == 1 or not any(_stands_alone(line) for _, line in lines):
            raise
        yield from map(_line_record, lines)
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield _Record(f"[{index}]", 0, partial(_same, item))
    else:
        yield _Record("", 1, partial(_same, value), content)


def _empty() -> Problem:
    return Problem.of(
        "INPUT_EMPTY",
        "文件是空的",
        "the file is empty",
        hint_zh="请重新导出文件",
        hint_en="export the file again",
    )


def _same(value: Any) -> Any:
    return value


def _line_record(numbered: tuple[int, bytes]) -> _Record:
    number, line = numbered
    load = partial(loads, line, limit=MAX_LINE_BYTES, first_line=number)
    return _Record(f"line {number}", number, load, line)


def _stands_alone(line: bytes) -> bool:
    """Whether a line is a whole document: then the file is JSON Lines, whatever the other lines are."""
    if b'"id"' not in line or len(line) > MAX_LINE_BYTES:
        return False
    try:
        return _has_identity(loads(line, limit=MAX_LINE_BYTES))
    except InputError:
        return False


def _seems_canonical(record: _Record) -> bool:
    try:
        return _has_identity(record.load())
    except InputError:
        return False


def _has_identity(data: Any) -> bool:
    """One of the four may be missing: then it is a canonical document with a fault, not something else."""
    return isinstance(data, dict) and len(_IDENTITY & data.keys()) >= len(_IDENTITY) - 1


def _not_canonical() -> Problem:
    return Problem.of(
        "NOT_CANONICAL",
        "不是规范单据: 缺少 source, tenant, type, id",
        "not a canonical document: it has no source, tenant, type and id",
        hint_zh="若是费用系统的原始文件, 请用 --source 指定读取它的连接器",
        hint_en="if it is a file of an expense system, name the connector that reads it with --source",
    )
