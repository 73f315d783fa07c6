"""Who did what, when and why: one row per change, in the same transaction, chained by hash per subject.

A chain proves that nothing in the middle was changed or removed; the head of each chain stands in the row it is
about, so that a missing tail shows too. What the last entries say is compared with the rows themselves (`evidence`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs
from sqlalchemy import insert, select, text
from sqlalchemy.engine import Connection

from dougong.clock import epoch_ms
from dougong.ledger import evidence, schema
from dougong.ledger.statements import Statement, Tx
from dougong.model.problems import Problem

__all__ = ["SYSTEM", "Entry", "append", "entry", "verify"]

#: The actor where no person acts.
SYSTEM = "system"

_COLUMNS = ("subject", "version", "at", "actor", "event", "detail", "prev_hash", "hash")
_INSERT = Statement(insert(schema.audit), _COLUMNS)
#: One encoder each: `json.dumps` makes a new one whenever it is not called with its defaults.
_detail = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_fields = json.JSONEncoder(ensure_ascii=False).encode


@attrs.frozen
class Entry:
    """One audit row before it is written; its hash belongs into the subject's row."""

    subject: str
    version: int
    at: int
    actor: str
    event: str
    detail: str
    prev_hash: str
    hash: str


def entry(subject: str, version: int, previous: str, *, actor: str, event: str, detail: Mapping[str, Any]) -> Entry:
    """The next entry of a chain.

    :param subject: `delivery:17` or `document:4`. :param version: the subject's version after the change.
    :param previous: the hash of the entry before it; empty for the first.
    :param detail: plain JSON values; never a secret or a bank account.
    """
    at = epoch_ms()
    body = _detail(detail)
    digest = _hash(previous, subject, version, at, actor, event, body)
    return Entry(subject, version, at, actor, event, body, previous, digest)


def append(tx: Tx, entry: Entry) -> None:
    """Write an entry, after the row that it is about: the row's version tells who came too late, not this table."""
    tx.run(_INSERT, {name: getattr(entry, name) for name in _COLUMNS})


def _hash(previous: str, subject: str, version: int, at: int, actor: str, event: str, detail: str) -> str:
    fields = _fields([previous, subject, version, at, actor, event, detail])
    return hashlib.sha256(fields.encode()).hexdigest()


def verify(connection: Connection) -> list[Problem]:
    """Walk every chain; a changed, removed or inserted row is a problem that names it.

    So is a delivery, a document, a posting or a frozen message that is not what the chain says.
    """
    problems: list[Problem] = []
    heads = _heads(connection)
    previous: dict[str, str] = {}
    said: dict[str, evidence.Said] = {}
    rows = connection.execute(select(schema.audit).order_by(schema.audit.c.subject, schema.audit.c.version))
    for row in rows:
        expected = _hash(
            previous.get(row.subject, ""), row.subject, row.version, row.at, row.actor, row.event, row.detail
        )
        if row.prev_hash != previous.get(row.subject, "") or row.hash != expected:
            problems.append(
                _broken(
                    f"{row.subject} v{row.version}",
                    f"审计记录 {row.id} 被改动或前一条缺失",
                    f"audit row {row.id} was changed, or the one before it is missing",
                )
            )
        previous[row.subject] = row.hash
        said.setdefault(row.subject, evidence.Said()).take(row.detail)
    for subject, head in heads.items():
        if previous.get(subject, "") != head:
            problems.append(_broken(subject, "链的末尾缺失或被改动", "the end of its chain is missing or was changed"))
    problems += [
        _broken(subject, "审计记录没有对应的单据", "audit rows of something that is not there")
        for subject in previous
        if subject.partition(":")[0] in ("delivery", "document") and subject not in heads
    ]
    problems += [_broken(*found) for found in evidence.contradictions(connection, said)]
    return problems


def _heads(connection: Connection) -> dict[str, str]:
    heads: dict[str, str] = {}
    for kind in ("delivery", "document"):
        for id_, head in connection.execute(text(f"SELECT id, audit_hash FROM {kind}")):  # noqa: S608 - two fixed names
            heads[f"{kind}:{id_}"] = head
    return heads


def _broken(subject: str, zh: str, en: str) -> Problem:
    return Problem.of(
        "AUDIT_BROKEN",
        f"{subject}: {zh}",
        f"{subject}: {en}",
        path=subject,
        hint_zh="与备份比对, 查明谁改了账本",
        hint_en="compare with a backup and find out who changed the ledger",
    )
