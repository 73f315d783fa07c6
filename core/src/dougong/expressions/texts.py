"""Texts that have to fit: cut what may be cut, never what people search by."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["fit"]

_BLANK = " "


def fit(text: str, limit: int, keep: Iterable[str] = ()) -> str | None:
    """`text` in at most `limit` characters; the parts in `keep` stay whole, of the others the longest is cut first.

    A blank before a kept part stays while there is room for it.

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
    loose = [i for i, (_, kept) in enumerate(parts) if not kept]
    # Behind the last piece there is nothing to be parted from.
    gaps = [_BLANK if not kept and piece.endswith(_BLANK) else "" for piece, kept in parts[:-1]] + [""]
    pieces = [piece.removesuffix(gap) for (piece, _), gap in zip(parts, gaps, strict=True)]
    longest_first = sorted(loose, key=lambda i: -len(pieces[i]))
    for texts, at in [*((pieces, i) for i in longest_first), *((gaps, i) for i in loose)]:
        cut = min(excess, len(texts[at]))
        texts[at] = texts[at][: len(texts[at]) - cut].rstrip(_BLANK)
        excess -= cut
        if not excess:
            gaps[0] = gaps[0] if pieces[0] else ""  # at the start it parts nothing
            return "".join(piece + gap for piece, gap in zip(pieces, gaps, strict=True))
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
