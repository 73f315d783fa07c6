"""What the audit says of rows, beside the rows: a change behind its back shows though every chain is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from sqlalchemy import select
from sqlalchemy.engine import Connection

from dougong.ledger import schema

__all__ = ["Contradiction", "Said", "contradictions"]

#: Subject, what is wrong in Chinese, and in English.
Contradiction = tuple[str, str, str]

_D, _DOC, _P, _A = schema.delivery, schema.document, schema.posting, schema.attempt


@attrs.define
class Said:
    """The latest that the chain of one subject says of each of its facts.

    :param facts: state, stage, id and number of the posting; what was never said is not in it. What was never approved
        is not approved, whatever its row says.
    :param bodies: attempt → hash of the bytes that were frozen.
    """

    facts: dict[str, Any] = attrs.field(factory=lambda: {"approved": None})
    bodies: dict[int, str] = attrs.field(factory=dict)

    def take(self, detail: str) -> None:
        """Take in one entry, oldest first; one that cannot be read says nothing (its hash is wrong anyway)."""
        try:
            told = json.loads(detail)
        except ValueError:
            return
        state = told.get("to", told.get("state"))
        if state is not None:
            self.facts["state"] = state
        self.facts |= {name: told[name] for name in ("stage", "approved") if name in told}
        # What an ERP does not tell again is not forgotten.
        self.facts |= {name: told[name] for name in ("erp_id", "erp_number") if told.get(name)}
        if "body_hash" in told:
            self.bodies[told["attempt"]] = told["body_hash"]


def contradictions(connection: Connection, said: Mapping[str, Said]) -> Iterator[Contradiction]:
    """Rows that are not what the audit says of them.

    :param said: by subject.
    """
    yield from _rows(connection, said)
    yield from _bodies(connection, said)


def _rows(connection: Connection, said: Mapping[str, Said]) -> Iterator[Contradiction]:
    for id_, state in connection.execute(select(_DOC.c.id, _DOC.c.state)):
        yield from _differing(f"document:{id_}", said, {"state": state})
    columns = (_D.c.id, _D.c.state, _D.c.stage, _D.c.approved, _P.c.erp_key, _P.c.erp_number)
    query = select(*columns).outerjoin(_P, _P.c.delivery_id == _D.c.id)
    for id_, state, stage, approved, key, number in connection.execute(query):
        shown = {"state": state, "stage": stage, "approved": approved, "erp_id": key, "erp_number": number}
        yield from _differing(f"delivery:{id_}", said, shown)


def _differing(subject: str, said: Mapping[str, Said], shown: Mapping[str, Any]) -> Iterator[Contradiction]:
    facts = said[subject].facts if subject in said else {}
    for name, value in shown.items():
        if name in facts and facts[name] != value:
            yield (
                subject,
                f"{name} 为 {value}, 审计记录为 {facts[name]}",
                f"{name} is {value}, the audit says {facts[name]}",
            )


def _bodies(connection: Connection, said: Mapping[str, Said]) -> Iterator[Contradiction]:
    """Frozen bytes against their hash, and against the hash that was audited when they were frozen."""
    audited = {attempt: digest for one in said.values() for attempt, digest in one.bodies.items()}
    query = select(_A.c.id, _A.c.body, _A.c.body_hash).execution_options(yield_per=100)
    for id_, body, digest in connection.execute(query):
        if hashlib.sha256(body).hexdigest() != digest or audited.get(id_, digest) != digest:
            yield f"attempt:{id_}", "冻结的报文被改动", "the frozen message was changed"
