"""Reading files: canonical ones by themselves, others by their source's connector; reference data first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import attrs
from sqlalchemy import select

from dougong import formats, intake
from dougong.flow.project import Project
from dougong.intake import Accepted
from dougong.ledger import audit, reference, schema
from dougong.ledger.rows import DocumentRow
from dougong.ledger.states import DocumentState
from dougong.model.masterdata import MasterRecord
from dougong.model.problems import InputError, Problem
from dougong.model.sources import EventsOnly, SourceDocument
from dougong.plugins import Door, PluginError

__all__ = ["LedgerReference", "Read", "read_contents", "read_files", "read_held_again", "take_in"]

_LARGEST = 64 * 1024 * 1024


@attrs.frozen
class Read:
    """What files hold.

    :param documents: (source connection that read it, or empty for canonical input; document or events).
    :param records: reference data of the source connection `connection`.
    :param bad: (file, problem) of what could not be read; nothing of it is stored.
    """

    documents: tuple[tuple[str, SourceDocument | EventsOnly], ...] = ()
    bad: tuple[tuple[Path, Problem], ...] = ()
    connection: str = ""
    records: tuple[MasterRecord, ...] = ()


class LedgerReference:
    """Reference data of one source connection: from files just read, else from the ledger (`ReferenceData`)."""

    def __init__(self, project: Project, connection: str, fresh: Iterable[MasterRecord] = ()) -> None:
        self._project = project
        self._connection = connection
        self._known: dict[tuple[str, str], MasterRecord | None] = {(r.kind, r.id): r for r in fresh}

    def get(self, kind: str, id: str) -> MasterRecord | None:
        """The record, or `None` when no companion answer told it yet."""
        if (kind, id) not in self._known:
            self._known[kind, id] = self._look_up(kind, id)
        return self._known[kind, id]

    def add(self, records: Iterable[MasterRecord]) -> None:
        """Know these too, from a file that was just read."""
        self._known |= {(record.kind, record.id): record for record in records}

    def _look_up(self, kind: str, id: str) -> MasterRecord | None:
        table = schema.master
        query = select(table).where(
            table.c.connection == self._connection, table.c.kind == kind, table.c.source_id == id
        )
        with self._project.ledger.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return MasterRecord(row.kind, row.source_id, row.code, row.name, bool(row.active), json.loads(row.data))


def read_files(project: Project, paths: Sequence[Path], source: str | None = None) -> Read:
    """Read files into documents, events and reference data; nothing is stored.

    :param source: name of the connector (or connection) for files that are not canonical.
    :returns: what was read and, file by file, what could not be.
    """
    door = None if source is None else _reader(project, source)
    contents: list[tuple[Path, bytes]] = []
    bad: list[tuple[Path, Problem]] = []
    for path in paths:
        try:
            contents.append((path, _content(path)))
        except InputError as error:
            bad += [(path, problem) for problem in error.problems]
    read = _read(project, contents, door)
    return attrs.evolve(read, bad=(*bad, *read.bad))


def read_contents(project: Project, connection: str, contents: Sequence[bytes]) -> Read:
    """Read what a connection has brought by itself: canonical documents, or its own if its connector reads documents.

    :returns: as `read_files`; in the place of a file stands `1`, `2`, ….
    """
    door = project.door(connection)
    named = [(Path(str(number)), content) for number, content in enumerate(contents, 1)]
    return _read(project, named, door if door.supports("read_documents") else None)


def _read(project: Project, contents: Iterable[tuple[Path, bytes]], door: Door | None) -> Read:
    documents: list[tuple[str, SourceDocument | EventsOnly]] = []
    bad: list[tuple[Path, Problem]] = []
    foreign: list[tuple[Path, bytes]] = []
    for path, content in contents:
        try:
            if door is not None and not formats.is_canonical(content):
                foreign.append((path, content))
                continue
            for entry in formats.canonical_entries(content):
                if isinstance(entry, formats.BadEntry):
                    bad += [(path, problem) for problem in entry.problems]
                else:
                    documents.append(("", entry))
        except InputError as error:
            bad += [(path, problem) for problem in error.problems]
    if door is None or not foreign:
        return Read(tuple(documents), tuple(bad))
    records, broken = _reference(project, door, foreign)
    bad += broken
    unreadable = {path for path, _ in broken}
    told = LedgerReference(project, door.connection.name, records)
    for path, content in foreign:
        if path not in unreadable:
            documents += [(door.connection.name, item) for item in _documents(door, content, told)]
    return Read(tuple(documents), tuple(bad), door.connection.name, records)


def _reader(project: Project, source: str) -> Door:
    """The door of a source, which has to be one whatever the files hold.

    :raises PluginError: `SOURCE_CANNOT_READ`, or there is no such connector.
    """
    door = project.source_door(source)
    if door.supports("read_documents"):
        return door
    raise PluginError(
        Problem.of(
            "SOURCE_CANNOT_READ",
            f"--source {source}: 此连接器不读取单据文件",
            f"--source {source}: its connector reads no documents",
            hint_zh="请给出来源系统的连接或连接器; 规范格式的文件不需要 --source",
            hint_en="name a source's connection or connector; canonical files need no --source",
        )
    )


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(_unreadable(path, f"大于 {_LARGEST >> 20} MiB", f"larger than {_LARGEST >> 20} MiB"))
        return path.read_bytes()
    except OSError as error:
        raise InputError(_unreadable(path, error.strerror or "读取失败", error.strerror or "unreadable")) from error


def _unreadable(path: Path, zh: str, en: str) -> Problem:
    return Problem.of(
        "FILE_UNREADABLE",
        f"无法读取 {path.name}: {zh}",
        f"cannot read {path.name}: {en}",
        hint_zh="请检查路径、权限与大小",
        hint_en="check path, permissions and size",
    )


def _reference(
    project: Project, door: Door, files: Iterable[tuple[Path, bytes]]
) -> tuple[tuple[MasterRecord, ...], list[tuple[Path, Problem]]]:
    """First pass: reference data of all files, known before any document is read with it."""
    records: list[MasterRecord] = []
    bad: list[tuple[Path, Problem]] = []
    told = LedgerReference(project, door.connection.name)
    for path, content in files:
        try:
            found = door.read_documents(content, _media_type(path), door.call(reference=told))
            fresh = [item for item in found if isinstance(item, MasterRecord)]
            told.add(fresh)
            records += fresh
        except InputError as error:
            bad += [(path, problem) for problem in error.problems]
    return tuple(records), bad


def _media_type(path: Path) -> str:
    return {".xml": "application/xml", ".jsonl": "application/jsonl"}.get(path.suffix.lower(), "application/json")


def _documents(door: Door, content: bytes, told: LedgerReference) -> Iterator[SourceDocument | EventsOnly]:
    for item in door.read_documents(content, "application/json", door.call(reference=told)):
        if not isinstance(item, MasterRecord):
            yield item


def take_in(project: Project, read: Read, *, actor: str = audit.SYSTEM) -> list[Accepted]:
    """Store reference data, then accept what was read, and what was held until this reference data explained it."""
    accepted: list[Accepted] = []
    if read.records:
        project.ledger.write(lambda tx: reference.put_master(tx, read.connection, read.records))
        accepted += read_held_again(project, actor=actor)
    for connection in dict.fromkeys(name for name, _ in read.documents):
        items = [item for name, item in read.documents if name == connection]
        accepted += intake.accept(project.ledger, items, connection=connection, actor=actor)
    return accepted


def read_held_again(project: Project, *, actor: str = audit.SYSTEM) -> list[Accepted]:
    """Read again what was held for a fact that a companion answer or a setting may have supplied since.

    :returns: what is another document now than it was; what is still held for the same reasons is left out.
    """
    table = schema.document
    query = select(table).where(
        table.c.state == DocumentState.HELD.value, table.c.inputs == "", table.c.raw.is_not(None)
    )
    with project.ledger.read() as connection:
        rows = [DocumentRow(**row) for row in connection.execute(query).mappings()]
    changed: list[Accepted] = []
    for name in dict.fromkeys(row.connection for row in rows if row.connection):
        try:
            door = project.source_door(name)
        except PluginError:
            continue  # they stay held; whoever reads its files is told why
        told = LedgerReference(project, door.connection.name)
        again = [item for row in rows if row.connection == name for item in _documents(door, row.raw or b"", told)]
        accepted = intake.accept(project.ledger, again, connection=name, actor=actor)
        changed += [item for item in accepted if item.outcome != "known"]
    return changed
