"""The canonical document as plain JSON (interfaces.md §3): reading it with every fault at once, writing it exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from dougong.formats.converter import converter
from dougong.model.documents import Document, Event, SourceRef
from dougong.model.money import CURRENCIES
from dougong.model.problems import InputError, Problem
from dougong.model.sources import EventsOnly

__all__ = [
    "document_from_json",
    "document_to_json",
    "event_from_json",
    "event_to_json",
    "events_from_json",
    "events_to_json",
    "is_events_only",
    "scale_problems",
]

_T = TypeVar("_T")

#: The members that make an entry "more events of a document" and not a document.
_EVENTS_ONLY = frozenset({"source", "tenant", "type", "id", "events"})


def document_from_json(data: Any, *, path: str = "") -> Document:
    """The document that plain JSON describes.

    Amounts and rates are strings, dates `YYYY-MM-DD`, instants carry a zone. Unknown members are kept under
    `extensions`.

    :param path: where `data` stands, put in front of each problem's path.
    :raises InputError: with every problem: `MEMBER_MISSING`, `TYPE_INVALID`, `TEXT_INVALID`, `VALUE_UNKNOWN`,
        `AMOUNT_INVALID`, `DATE_INVALID`, `CURRENCY_UNKNOWN`.

    .. versionadded:: 0.1
    """
    return _checked(data, lambda: converter().structure(data, Document), path)


def document_to_json(document: Document) -> dict[str, Any]:
    """Plain JSON of a document; what is empty is left out, extensions stay under `extensions`.

    Numbers inside extensions stay `Decimal`: write the text with `dumps(…, numbers=True)` to keep them numbers.

    .. versionadded:: 0.1
    """
    data: dict[str, Any] = converter().unstructure(document)
    return data


def event_from_json(data: Any, *, path: str = "") -> Event:
    """One event from plain JSON. :raises InputError: with every problem.

    .. versionadded:: 0.1
    """
    try:
        return converter().structure(data, Event)
    except InputError as error:
        raise InputError(problem.at(path) for problem in error.problems) from None


def event_to_json(event: Event) -> dict[str, Any]:
    """Plain JSON of an event.

    .. versionadded:: 0.1
    """
    data: dict[str, Any] = converter().unstructure(event)
    return data


def is_events_only(data: Any) -> bool:
    """Whether an entry brings nothing but events of a document that is known already."""
    return isinstance(data, dict) and "events" in data and data.keys() <= _EVENTS_ONLY


def events_from_json(data: Any, *, path: str = "") -> EventsOnly:
    """`{"source", "tenant", "type", "id", "events": […]}`. :raises InputError: with every problem.

    .. versionadded:: 0.1
    """
    return _checked(data, lambda: _events_only(data), path)


def events_to_json(entry: EventsOnly) -> dict[str, Any]:
    """Plain JSON of more events of a known document.

    .. versionadded:: 0.1
    """
    ref = entry.ref
    head = {"source": ref.source, "tenant": ref.tenant, "type": ref.type, "id": ref.id}
    return {**head, "events": [event_to_json(event) for event in entry.events]}


def scale_problems(data: Mapping[str, Any]) -> list[Problem]:
    """Amounts of a document (as plain JSON) that are finer than their currency.

    A line's gross is in the line's currency, an invoice's amounts in the invoice's, everything else in the document's.
    """
    home = data.get("currency")
    currencies = {item.get("id"): item.get("currency") for _, item in _each(data, "invoices")}
    return [
        _too_fine(item[name], f"{path}.{name}", currency, CURRENCIES[currency])
        for path, item, currency, names in _amounts(data, home, currencies)
        if isinstance(currency, str) and currency in CURRENCIES
        for name in names
        if _decimals(item.get(name)) > CURRENCIES[currency]
    ]


def _amounts(
    data: Any, home: Any, invoices: dict[Any, Any]
) -> Iterator[tuple[str, dict[str, Any], Any, Sequence[str]]]:
    """Every object with amounts: its path, the object, the currency, the amounts' names."""
    for path, line in _each(data, "lines"):
        yield path, line, line.get("currency") or home, ("gross",)
        yield path, line, home, ("base", "approved")
        for inner, split in _each(line, "splits", path):
            yield inner, split, home, ("amount",)
        for inner, share in _each(line, "invoices", path):
            yield inner, share, invoices.get(share.get("id")) or home, ("share", "tax")
    for path, invoice in _each(data, "invoices"):
        yield path, invoice, invoice.get("currency") or home, ("gross", "net", "tax", "fund")
    for name in ("advances", "payees", "withheld"):
        for path, item in _each(data, name):
            yield path, item, item.get("currency") or home, ("amount",)
    for path, event in _each(data, "events"):
        for inner, payment in _each(event, "payments", path):
            yield inner, payment, payment.get("currency") or home, ("amount", "fee")


def _decimals(text: Any) -> int:
    return len(text.partition(".")[2].rstrip("0")) if isinstance(text, str) else 0


def _each(data: Any, name: str, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a list, with their paths; what is no list or no object is the converter's complaint."""
    items = data.get(name)
    if isinstance(items, list):
        prefix = f"{path}.{name}" if path else name
        for index, item in enumerate(items):
            if isinstance(item, dict):
                yield f"{prefix}[{index}]", item


def _too_fine(text: str, path: str, currency: str, scale: int) -> Problem:
    shown = text[:40]
    return Problem.of(
        "AMOUNT_INVALID",
        f"{shown} 的小数位超过 {currency} 的 {scale} 位",
        f"{shown} has more decimals than {currency} ({scale})",
        path=path,
        hint_zh="请按币种精度填写",
        hint_en="give it at the currency's precision",
        currency=currency,
    )


def _events_only(data: dict[str, Any]) -> EventsOnly:
    head = {name: data[name] for name in ("source", "tenant", "type", "id") if name in data}
    problems: list[Problem] = []
    ref, events = None, None
    try:
        ref = converter().structure(head, SourceRef)
    except InputError as error:
        problems += error.problems
    try:
        events = converter().structure(data.get("events"), tuple[Event, ...])
    except InputError as error:
        problems += [problem.at("events") for problem in error.problems]
    if ref is None or events is None:
        raise InputError(problems)
    return EventsOnly(ref, events)


def _checked(data: Any, structure: Callable[[], _T], path: str) -> _T:
    problems: list[Problem] = []
    value: _T | None = None
    try:
        value = structure()
    except InputError as error:
        problems += error.problems
    if isinstance(data, dict):
        problems += scale_problems(data)
    if problems or value is None:
        raise InputError(problem.at(path) for problem in problems)
    return value
