"""Invented documents of a small company, in the shapes of Hesi's answers, for the demo and for trying things out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["companions", "documents", "files", "settings"]

_FOLDER = Path(__file__).parent
_COMPANIONS = (
    "staffs",
    "departments",
    "fee-types",
    "project-items",
    "payees",
    "payment-accounts",
    "invoice-titles",
    "invoices",
)
_DOCUMENTS = ("loan-J26100007", "travel-B26110001", "reports")


def companions() -> tuple[Path, ...]:
    """Companion answers: what the ids in the documents mean.

    .. versionadded:: 0.1
    """
    return tuple(_FOLDER / f"{name}.json" for name in _COMPANIONS)


def documents() -> tuple[Path, ...]:
    """A paid loan, a travel report that writes it off, and a list of three reports.

    Of the three, one is small and plain, one has a fee type (培训费) without a row in the decision tables of
    posting-rules.md §5, and one is not approved yet.

    .. versionadded:: 0.1
    """
    return tuple(_FOLDER / f"{name}.json" for name in _DOCUMENTS)


def files() -> tuple[Path, ...]:
    """All of them, companion answers first (though order does not matter).

    .. versionadded:: 0.1
    """
    return companions() + documents()


def settings() -> dict[str, Any]:
    """Settings of a connection that reads them: the tables speak of fee types by name, the tenant is entity A01.

    .. versionadded:: 0.1
    """
    return {"fee_type": "name", "entities": {"Dg0demo1Corp00": "A01"}}
