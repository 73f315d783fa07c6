"""Rows as frozen values: what the flow reads from the ledger and hands back changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import attrs

from dougong.ledger.states import DeliveryState, DocumentState
from dougong.model.documents import SourceRef
from dougong.model.postings import Stage
from dougong.model.problems import Problem

__all__ = ["FOREVER", "DeliveryRow", "DocumentRow", "delivery_name", "problems_from", "problems_text"]

#: Due date of what nothing but a person or a change of inputs moves.
FOREVER = 2**62


def problems_text(problems: tuple[Problem, ...]) -> str:
    """Problems as the JSON text that a column holds."""
    return json.dumps([problem.to_json() for problem in problems], ensure_ascii=False) if problems else "[]"


def problems_from(text: str) -> tuple[Problem, ...]:
    """The problems that `problems_text` wrote."""
    return tuple(map(Problem.from_json, json.loads(text))) if text != "[]" else ()


def delivery_name(id_: int) -> str:
    """What people call a delivery: `D17`."""
    return f"D{id_}"


@attrs.frozen
class DocumentRow:
    """One revision of a document."""

    id: int
    connection: str
    source: str
    tenant: str
    type: str
    source_id: str
    revision: int
    fingerprint: str
    number: str
    state: DocumentState = attrs.field(converter=DocumentState)
    source_state: str
    source_time: int | None
    turned_at: int | None
    canonical: str = attrs.field(repr=False)
    raw: bytes | None = attrs.field(repr=False)
    problems: str
    inputs: str
    version: int
    received_at: int
    audit_hash: str

    @property
    def ref(self) -> SourceRef:
        """Identity, whatever the revision."""
        return SourceRef(self.source, self.tenant, self.type, self.source_id)

    @property
    def subject(self) -> str:
        """Its name in the audit."""
        return f"document:{self.id}"

    @property
    def is_new(self) -> bool:
        """Whether nothing has happened to the document since it was told for the first time."""
        return self.revision == 1 and self.version == 1


@attrs.frozen
class DeliveryRow:
    """One delivery; `version` is the fencing number: whoever holds an older one writes nothing."""

    id: int
    connection: str
    target_type: str
    verb: str
    entity: str
    book: str
    moment: str
    part: str
    incarnation: int
    generation: int
    reference: str
    target_stage: Stage = attrs.field(converter=Stage)
    set_id: str | None
    merge_key: str | None
    group_id: str | None
    state: DeliveryState = attrs.field(converter=DeliveryState)
    stage: str | None
    due_at: int
    version: int
    lease_until: int
    lease_owner: str
    reason: str
    problems: str
    waits_for: str
    inputs: str
    documents: str
    revision: int
    period: str | None
    currency: str | None
    total: str | None
    attempts: int
    failures: int
    reverses_id: int | None
    approved: str | None
    asked_at: int | None
    created_at: int
    audit_hash: str
    told: int

    @property
    def name(self) -> str:
        """`D17`."""
        return delivery_name(self.id)

    @property
    def subject(self) -> str:
        """Its name in the audit."""
        return f"delivery:{self.id}"

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numbers of the documents that it serves."""
        return self.numbers_of(self.documents)

    @staticmethod
    def numbers_of(text: str) -> tuple[str, ...]:
        """The numbers that a `documents` column holds."""
        return tuple(json.loads(text))

    @classmethod
    def from_mapping(cls, row: Mapping[str, Any]) -> DeliveryRow:
        """From a result row."""
        return cls(**row)

    def changed(self, **changes: Any) -> DeliveryRow:
        """With other values in some columns; `attrs.evolve` takes five times as long, and this is done often."""
        values = dict(zip(_COLUMNS, _VALUES(self), strict=True))
        values.update(changes)
        return DeliveryRow(**values)


_COLUMNS = tuple(field.name for field in attrs.fields(DeliveryRow))
_VALUES = attrgetter(*_COLUMNS)
