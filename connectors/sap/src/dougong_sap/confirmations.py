"""What SAP confirms: of each entry its document, or why there is none (sap.md §1.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs

from dougong.model.outcomes import Done, Outcome, Unknown
from dougong.model.postings import Posting, Stage
from dougong_sap.documents import erp_key
from dougong_sap.settings import TITLE
from dougong_sdk.refusals import ErrorDictionary, Refused, outcome_of_class

__all__ = ["Confirmation", "read_confirmations"]

_ERROR = "3"
#: "Error in document": comes before the causes of every refusal, and is none itself.
_REFUSED = "RW 609"


@attrs.frozen
class Confirmation:
    """Of one entry.

    :param document: its number, empty where nothing was posted; with it `company` and `year`.
    :param log: what SAP says: severity (1 information, 2 warning, 3 error), code (`F5 702`), text.
    """

    document: str
    company: str
    year: str
    log: tuple[tuple[str, str, str], ...]

    def outcome(self) -> Outcome:
        """Posted where there is a number; refused where SAP says so, as its dictionary sorts the reasons."""
        if self.document:
            return Done(self._posting())
        refusals = self.refusals()
        if not refusals:
            return Unknown("SAP confirms neither a document nor an error")
        problems = tuple(problem for one in refusals for problem in one.problems)
        kinds = {one.kind for one in refusals}
        return outcome_of_class(kinds.pop() if len(kinds) == 1 else "unknown", problems)

    def refusals(self) -> list[Refused]:
        """Each reason why nothing was posted, sorted by the dictionary."""
        return [self._refusal(code, text) for code, text in self._causes()]

    def _posting(self) -> Posting:
        key = erp_key(self.company, self.year, self.document)
        return Posting(
            key, Stage.POSTED, self.document, company=self.company, book=self.company, fiscal_year=int(self.year)
        )

    def _causes(self) -> Iterator[tuple[str, str]]:
        """Each error once: SAP repeats them."""
        told = dict.fromkeys((code, text) for severity, code, text in self.log if severity == _ERROR)
        return (one for one in told if one[0] != _REFUSED)

    def _refusal(self, code: str, text: str) -> Refused:
        """One reason, sorted.

        Where SAP says that the document is in error, nothing was posted, whichever of its thousands of messages tells
        why; one that nobody has described gets the advice for all.
        """
        errors = ErrorDictionary.of("dougong_sap", TITLE)
        told = errors.refusal(code.replace(" ", "_"), f"{text} ({code})")
        general = errors.entry(_REFUSED.replace(" ", "_"))
        if told.kind != "unknown" or general is None or _REFUSED not in (name for _, name, _ in self.log):
            return told
        return Refused(told.code, general.kind, attrs.evolve(told.problems[0], hint=general.hint))


def read_confirmations(told: Any) -> dict[str, Confirmation]:
    """The confirmations of a message by the id of the request that each answers (`ReferenceID`).

    Only what is needed is looked at: newer systems say more than older descriptions know.

    :param told: the element JournalEntryBulkCreateConfirmation.
    """
    found = told.findall("JournalEntryCreateConfirmation")
    return {_text(one, "MessageHeader/ReferenceID"): _confirmation(one) for one in found}


def _confirmation(told: Any) -> Confirmation:
    names = ("AccountingDocument", "CompanyCode", "FiscalYear")
    document, company, year = (_text(told, f"JournalEntryCreateConfirmation/{name}") for name in names)
    log = tuple(
        (_text(item, "SeverityCode"), _code(_text(item, "TypeID")), _text(item, "Note"))
        for item in told.findall("Log/Item")
    )
    return Confirmation(document if document.strip("0") else "", company, year, log)


def _text(node: Any, path: str) -> str:
    return str(node.findtext(path) or "").strip()


def _code(type_id: str) -> str:
    """`702(F5)` → `F5 702`, as people and notes write it."""
    found = re.fullmatch(r"(\d{3})\((\w+)\)", type_id)
    return f"{found[2]} {found[1]}" if found else type_id
