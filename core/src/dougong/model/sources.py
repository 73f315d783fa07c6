"""What a source hands over: documents, and the reference data that explains their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs

from dougong.model.documents import Document, Event, SourceRef
from dougong.model.masterdata import MasterRecord
from dougong.model.problems import Problem

__all__ = ["EventsOnly", "Page", "ReferenceData", "SourceDocument"]


class ReferenceData(Protocol):
    """What is known of a source's ids (staffs, departments, fee types, invoices …), from companion answers."""

    def get(self, kind: str, id: str) -> MasterRecord | None:
        """The record, or `None` when no companion answer told it yet."""


@attrs.frozen
class SourceDocument:
    """One document as a source tells it now.

    :param document: canonical form.
    :param raw: the source's own bytes of this document, kept so that it can be read again when reference data arrives.
    :param problems: facts that are missing: the document is held and says what to supply; nothing is guessed.
    :param content: what the fingerprint is made of, where that must not move with reference data (ids instead of
        codes); `None` = the canonical form.

    .. versionadded:: 0.1
    """

    document: Document
    raw: bytes = b""
    problems: tuple[Problem, ...] = ()
    content: Mapping[str, Any] | None = attrs.field(default=None, hash=False)


@attrs.frozen
class EventsOnly:
    """More events of a document that is known already (interfaces.md §3)."""

    ref: SourceRef
    events: tuple[Event, ...]


@attrs.frozen
class Page:
    """One page of `fetch_documents`: raw answers and the cursor after them (`None` = the end)."""

    contents: Sequence[bytes]
    cursor: str | None
    reference: Sequence[MasterRecord] = ()
