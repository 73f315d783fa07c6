"""What a document gives when it is settled: the amounts behind its vouchers, for people to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from dougong.flow.deriving import Deriver
from dougong.flow.inputs import load_inputs
from dougong.flow.project import Project
from dougong.ledger import documents
from dougong.ledger.rows import DocumentRow
from dougong.ledger.statements import Tx
from dougong.model.documents import Document
from dougong.model.money import plain
from dougong.model.problems import DougongError
from dougong.model.settled import FACTS, SINGULAR, Amount, Fact, SettledReport

__all__ = ["settled_views"]

#: What says which fact it is; a paying account never leaves the ledger.
_TOLD = (
    "line",
    "fee_type",
    "department",
    "project",
    "employee",
    "supplier",
    "payee",
    "code",
    "loan",
    "counterpart",
    "kind",
    "role",
    "invoice_kind",
    "rate",
    "invoices",
    "batch",
)
_AMOUNTS = ("gross", "base", "tax", "cost", "amount", "at_rate", "tax_to_return", "fee")


def settled_views(project: Project, number: str) -> dict[int, list[dict[str, Any]]]:
    """Settled facts of a document's newest revision, by the row of that revision; derived from what the ledger holds.

    Amounts are exact decimals as text in functional currency; of foreign facts the original amount stands beside them.
    A document that cannot be settled has none: its problems say why.
    """
    deriver = Deriver(project, load_inputs(project))
    found = project.ledger.look(lambda tx: list(_newest(tx, number)))
    return {row.id: list(_facts(deriver, row, events)) for row, events in found}


def _newest(tx: Tx, number: str) -> Iterator[tuple[DocumentRow, list[str]]]:
    for row in documents.by_number(tx, number):
        latest = documents.latest(tx, row.ref)
        if latest is not None and latest.id == row.id:
            yield row, documents.events_of(tx, row.ref)


def _facts(deriver: Deriver, row: DocumentRow, events: list[str]) -> Iterator[dict[str, Any]]:
    try:
        settled = (
            deriver.derivation(row, events).settled or deriver.derive(_before(deriver.document(row, events))).settled
        )
    except DougongError:
        return
    if settled is not None:
        yield from _views(settled)


def _before(document: Document) -> Document:
    """As it was before it was taken back: what it had come to is still of interest."""
    return attrs.evolve(document, events=tuple(event for event in document.events if event.type != "withdrawn"))


def _views(settled: SettledReport) -> Iterator[dict[str, Any]]:
    for each in FACTS:
        for fact in getattr(settled, each):
            yield {"fact": SINGULAR[each], "entity": fact.entity, **_told(fact), **_amounts(fact)}


def _told(fact: Fact) -> Mapping[str, Any]:
    values = {name: getattr(fact, name, None) for name in _TOLD}
    return {
        name: list(value) if isinstance(value, tuple) else value if isinstance(value, str) else plain(value)
        for name, value in values.items()
        if value
    }


def _amounts(fact: Fact) -> dict[str, Any]:
    """Amounts of a fact; zero taxes, fees and differences of rates are left out."""
    found = {name: value for name in _AMOUNTS if isinstance(value := getattr(fact, name, None), Amount)}
    told: dict[str, Any] = {
        name: plain(value.base) for name, value in found.items() if value.base or name in ("cost", "amount")
    }
    if told.get("at_rate") == told.get("amount"):
        told.pop("at_rate", None)
    main = next((value for name in ("gross", "amount") if (value := found.get(name))), None)
    if main is not None and main.currency is not None:
        told["original"] = {
            "currency": main.currency,
            "amount": plain(main.doc),
            "rate": None if main.rate is None else plain(main.rate),
        }
    return told
