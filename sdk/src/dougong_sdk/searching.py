"""Searching an ERP by our reference: what every `find` answers, and what a refused duplicate turns out to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from dougong.model.messages import Wanted
from dougong.model.outcomes import Absent, AlreadyThere, CannotTell, Found, Unknown
from dougong.model.postings import Posting
from dougong_sdk.errors import BadAnswer, RestError
from dougong_sdk.refusals import Refused

__all__ = ["fetched", "search"]


def search(
    wanted: Sequence[Wanted], look: Callable[[str], Iterable[Posting]], searched: str
) -> Iterator[Found | Absent | CannotTell]:
    """The answers of `find`, where one search by reference is all that it takes.

    A search that fails, or that answers with what nobody asked for, tells nothing; only a whole one tells of absence.

    :param look: every posting with a reference, from all pages; raises `Refused` or `RestError` where it cannot tell.
    :param searched: what `look` looks through, for people: `vouchers by ref, all books`.

    .. versionadded:: 0.1
    """
    for want in wanted:
        try:
            found = _only(want.reference, look(want.reference))
        except (Refused, RestError) as error:
            yield CannotTell(want.item, str(error))
            continue
        yield from (Found(want.item, posting) for posting in found)
        if not found:
            yield Absent(want.item, f"{searched}: {want.reference}")


def fetched(reference: str, found: Iterable[Posting]) -> AlreadyThere | Unknown:
    """The outcome of a push that the ERP refuses because it has our reference already (class C).

    :param found: every posting with that reference; an error in the search leaves the outcome unknown.

    .. versionadded:: 0.1
    """
    try:
        there = _only(reference, found)
    except (Refused, RestError) as error:
        return Unknown(f"{reference} is refused as known, and cannot be fetched: {error}")
    if len(there) != 1:
        return Unknown(f"{reference} is refused as known, and found {len(there)} times (look for it in the ERP)")
    return AlreadyThere(there[0])


def _only(reference: str, found: Iterable[Posting]) -> list[Posting]:
    """All of them, if all have the reference: an ERP that knows no such filter answers with everything."""
    postings = list(found)
    if any(posting.reference != reference for posting in postings):
        raise BadAnswer(
            "查询结果含其他参考号, 不可信", "the search answers with other references: it cannot be trusted"
        )
    return postings
