"""Texts that have to fit: cut what may be cut, never what people search by."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["fit"]


def fit(text: str, limit: int, keep: Iterable[str] = ()) -> str | None:
    """`text` in at most `limit` characters; the parts in `keep` stay whole, of the others the longest is cut first.

    :param limit: room in the ERP's field, in characters.
    :param keep: substrings that must not be cut, e.g. the document number (posting-rules.md §4); those that `text`
        lacks are ignored.
    :returns: the text, or `None` when the protected parts alone are too long.

    .. versionadded:: 0.1
    """
    excess = len(text) - limit
    if excess <= 0:
        return text
    parts = _split(text, [part for part in keep if part])
    loose = sorted((i for i, (_, kept) in enumerate(parts) if not kept), key=lambda i: -len(parts[i][0]))
    pieces = [piece for piece, _ in parts]
    for index in loose:
        cut = min(excess, len(pieces[index]))
        pieces[index] = pieces[index][: len(pieces[index]) - cut]
        excess -= cut
        if not excess:
            return "".join(pieces)
    return None


def _split(text: str, keep: list[str]) -> list[tuple[str, bool]]:
    """`text` as consecutive pieces, each with whether it is protected; overlapping protected parts become one piece."""
    protected = [False] * len(text)
    for part in keep:
        start = text.find(part)
        if start >= 0:
            protected[start : start + len(part)] = [True] * len(part)
    pieces: list[tuple[str, bool]] = []
    for character, kept in zip(text, protected, strict=True):
        if pieces and pieces[-1][1] == kept:
            pieces[-1] = (pieces[-1][0] + character, kept)
        else:
            pieces.append((character, kept))
    return pieces
