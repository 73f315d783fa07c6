"""How an import has ended: the tree of its jobs, and the report of Import Journals (oracle.md §3, §5.2, §6.1)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs

from dougong.formats import json_text
from dougong.model.outcomes import Outcome, Unknown
from dougong.model.problems import Problem
from dougong_oracle.settings import TITLE
from dougong_sdk.refusals import ErrorDictionary, outcome_of_class

__all__ = ["Report", "State", "read_report", "state_of"]

_TERMINAL = frozenset({"SUCCEEDED", "WARNING", "ERROR", "CANCELLED", "EXPIRED", "VALIDATION_FAILED", "FAILED"})
#: In the path of Import Journals.
_IMPORT = "generalLedger"
_SECTIONS = ("Unbalanced Journal Entries", "Error Lines", "Error Key")
#: A line of the first two sections begins with its codes.
_CODES = re.compile(r"\s*([A-Z]{2,3}\d{1,3}(?:,[A-Z]{2,3}\d{1,3})*)\s+(\S.*)")
#: What stands for every code that nobody has described: in this section Oracle says that the line was refused.
_ANY = "GL_LINE"


State = Literal["at work", "done", "failed"]


def state_of(tree: str) -> State:
    """Where the jobs of an import are. A state that nobody knows is none that ends.

    Import Journals follows the jobs that load the file. Until it shows, loading that went well is not the end.

    :raises DougongError: it is no tree.
    """
    told = json_text.loads(tree)
    jobs = list(_jobs(told.get("JOBS")))
    states = {str(one or "").upper() for one in (told.get("SUMMARYSTATUS"), *(job.get("STATUS") for job in jobs))}
    if not jobs or not states <= _TERMINAL:
        return "at work"
    if states != {"SUCCEEDED"}:
        return "failed"
    imported = any(_IMPORT in str(job.get("JOBPATH")) for job in jobs)
    return "done" if imported else "at work"


def _jobs(nodes: Any) -> Iterator[Mapping[str, Any]]:
    for node in nodes or ():
        yield node
        yield from _jobs(node.get("CHILD"))


@attrs.frozen
class Report:
    """What Import Journals says of a group that it refused; nothing where it refused none.

    :param lines: codes of a line, and all that is told of it. :param key: code → sentence.
    """

    lines: tuple[tuple[tuple[str, ...], str], ...] = ()
    key: Mapping[str, str] = attrs.field(factory=dict)

    def problems(self, reference: str = "") -> tuple[Problem, ...]:
        """What is wrong in the lines that name a reference, each code once; by default in all of them."""
        found = [(code, text) for codes, text in self.lines if _names(text, reference) for code in codes]
        return tuple(self._problem(code, text) for code, text in dict(reversed(found)).items())

    def names(self, references: Collection[str]) -> bool:
        """Whether it names any of them."""
        return any(_names(text, one) for _, text in self.lines for one in references)

    def outcome(self, reference: str = "") -> Outcome:
        """Refused, as the dictionary sorts the codes; `Unknown` where there are none."""
        codes = {code for codes, text in self.lines if _names(text, reference) for code in codes}
        if not codes:
            return Unknown("the import has ended, and its journals are neither there nor refused")
        kinds = {self._kind(code) for code in codes}
        return outcome_of_class(kinds.pop() if len(kinds) == 1 else "refused", self.problems(reference))

    def _problem(self, code: str, text: str) -> Problem:
        errors = ErrorDictionary.of("dougong_oracle", TITLE)
        told = errors.problem(code, f"{self.key.get(code, '')} ({code}: {text[:120].strip()})".strip())
        general = errors.entry(_ANY)
        return attrs.evolve(told, hint=general.hint) if errors.entry(code) is None and general else told

    def _kind(self, code: str) -> str:
        entry = ErrorDictionary.of("dougong_oracle", TITLE).entry(code)
        return entry.kind if entry else "refused"


def _names(text: str, reference: str) -> bool:
    """Whether a line is about a reference: as a word of its own, since one may begin like another."""
    return not reference or re.search(rf"(?<!\w){re.escape(reference)}(?!\w)", text) is not None


def read_report(logs: Sequence[str]) -> Report:
    """The sections of Import Journals in the logs of a job; how wide their columns are is not relied on."""
    lines: list[tuple[tuple[str, ...], str]] = []
    key: dict[str, str] = {}
    for log in logs:
        section = ""
        for line in log.splitlines():
            section = next((name for name in _SECTIONS if line.strip().startswith(name)), section)
            found = _CODES.match(line)
            if found and section == "Error Key":
                key[found[1]] = found[2].strip()
            elif found and section:
                lines.append((tuple(found[1].split(",")), found[2]))
    return Report(tuple(lines), key)
