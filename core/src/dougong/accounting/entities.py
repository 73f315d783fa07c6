"""One legal entity under several names: routes that lead to the same books speak of the same entity (法人简称)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from dougong.model.documents import Document, Line

__all__ = ["entity_of", "one_name"]

Books = Callable[[str], Sequence[str]]


def entity_of(code: str, document: Document, books: Books) -> str | None:
    """The entity that a code means, under the name that the document gives it; `None` for nobody of ours.

    :param books: entity → its books, by the routes.
    """
    own = set(books(code))
    named = (document.entity, *(split.entity for line in document.lines for split in line.splits))
    same = (name for name in named if name and (name == code or (own and own == set(books(name)))))
    return next(same, code if own else None)


def one_name(document: Document, books: Books) -> Document:
    """The document with its own entity under one name; a split that names it otherwise is no other entity's."""
    if not any(split.entity not in (None, document.entity) for line in document.lines for split in line.splits):
        return document
    return attrs.evolve(document, lines=tuple(_named(line, document, books) for line in document.lines))


def _named(line: Line, document: Document, books: Books) -> Line:
    splits = (
        attrs.evolve(s, entity=entity_of(s.entity, document, books) or s.entity) if s.entity else s for s in line.splits
    )
    return attrs.evolve(line, splits=tuple(splits))
