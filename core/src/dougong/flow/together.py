"""What several entries tell of one document, as accepting all of them would leave it; pure."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from dougong.intake import Said, is_stale
from dougong.model.documents import Event, SourceRef
from dougong.model.sources import EventsOnly, SourceDocument

__all__ = ["together"]


def together(entries: Iterable[SourceDocument | EventsOnly]) -> list[SourceDocument | EventsOnly]:
    """One entry per document, where the first of it stands; events alone where the document itself is not told.

    :param entries: as files tell them, in order; a stale answer has no effect, of an event the later reading counts.
    """
    documents: dict[SourceRef, SourceDocument] = {}
    events: dict[SourceRef, dict[str, Event]] = {}
    for entry in entries:
        if isinstance(entry, EventsOnly):
            ref, told = entry.ref, entry.events
        else:
            ref, told = entry.document.ref, entry.document.events
            known = documents.get(ref)
            if known is not None and is_stale(Said.of(known), Said.of(entry)):
                continue
            documents[ref] = entry
        events.setdefault(ref, {}).update((event.id, event) for event in told)
    return [_whole(ref, documents.get(ref), tuple(told.values())) for ref, told in events.items()]


def _whole(ref: SourceRef, item: SourceDocument | None, events: tuple[Event, ...]) -> SourceDocument | EventsOnly:
    if item is None:
        return EventsOnly(ref, events)
    return attrs.evolve(item, document=attrs.evolve(item.document, events=events))
