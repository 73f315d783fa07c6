"""What an ERP refuses, in its own codes: a dictionary (`errors.toml`) says what each means for us and what to do.

::

    [codes.2001]                            # the ERP's own code
    class = "refused"
    zh = "…"                                # what the person should do
    en = "…"
    code = "PERIOD_CLOSED"                  # a problem that core knows, where the ERP's code means one

    [[messages]]                            # looked at first: a message that matches says more than its code
    match = '期间(?P<period>[0-9-]{7})已结账'   # groups become facts of the problem
    class = "refused"

Classes: `session` not logged in (any more), `busy` turned away before the work: both prove that nothing was done;
`refused` a documented refusal: nothing is there, somebody changes data or set-up; `unknown` the ERP does not know
itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Self

import attrs

from dougong.model.outcomes import NotDone, Rejected, Unknown
from dougong.model.problems import DougongError, Problem, Text

__all__ = ["BUSY_SECONDS", "Entry", "ErrorDictionary", "Refused", "outcome_of_class"]

#: Seconds before something that was turned away is tried again.
BUSY_SECONDS = 5.0


@attrs.frozen
class Entry:
    """One row of the dictionary.

    :param kind: its class. :param code: of the problem that it is; empty = the ERP's own.
    :param hint: what to do next. :param facts: what the message tells, by the names of the expression's groups.

    .. versionadded:: 0.1
    """

    kind: str
    code: str = ""
    hint: Text = Text("", "")
    facts: Mapping[str, str] = attrs.field(factory=dict)


class Refused(DougongError):
    """The ERP has answered, and says no.

    :param code: the ERP's own code. :param kind: its class in the dictionary.

    .. versionadded:: 0.1
    """

    def __init__(self, code: str, kind: str, problem: Problem) -> None:
        super().__init__(problem)
        self.code, self.kind = code, kind


class ErrorDictionary:
    """The `errors.toml` of a connector.

    :param content: the file, read. :param title: what people call the ERP.
    :param prefix: of problems that only this ERP has: `ACME` makes `ACME_2001`.

    .. versionadded:: 0.1
    """

    def __init__(self, content: Mapping[str, Any], title: Text, prefix: str) -> None:
        self._title, self._prefix = title, prefix
        self._codes: Mapping[str, Any] = content["codes"]
        self._messages = [(re.compile(row["match"]), row) for row in content["messages"]]

    @classmethod
    @cache
    def of(cls, package: str, title: Text) -> Self:
        """The one that lies in a connector's package; read once."""
        content = tomllib.loads(files(package).joinpath("errors.toml").read_text("utf-8"))
        return cls(content, title, package.removeprefix("dougong_").upper())

    def entry(self, code: object, *messages: str) -> Entry | None:
        """The row of the first message that one describes, else of the code."""
        for message in messages:
            for pattern, row in self._messages:
                if match := pattern.search(message):
                    return _entry(row, {name: value for name, value in match.groupdict().items() if value})
        row = self._codes.get(str(code))
        return None if row is None else _entry(row, {})

    def problem(self, code: object, message: str, path: str = "") -> Problem:
        """What the ERP says, as a problem, with the dictionary's hint.

        :param path: the field of the payload that the ERP names.
        """
        entry = self.entry(code, message) or Entry("unknown")
        return Problem(
            entry.code or f"{self._prefix}_{'ERROR' if code is None else code}",
            Text(f"{self._title.zh}: {message}", f"{self._title.en}: {message}"),
            path,
            entry.hint,
            {**entry.facts, **({} if code is None else {"erp_code": str(code)})},
        )

    def refusal(self, code: object, message: str, path: str = "") -> Refused:
        """The exception for a refusal; a code that nobody has described is of the class `unknown`."""
        entry = self.entry(code, message)
        return Refused(str(code), entry.kind if entry else "unknown", self.problem(code, message, path))


def outcome_of_class(kind: str, problems: tuple[Problem, ...]) -> Rejected | NotDone | Unknown:
    """What `push` and `complete` answer to a refusal of a class.

    .. versionadded:: 0.1
    """
    reason = "; ".join(map(str, problems))
    if kind == "refused":
        return Rejected(problems)
    return NotDone(reason, after=BUSY_SECONDS) if kind in ("busy", "session") else Unknown(reason)


def _entry(row: Mapping[str, Any], facts: dict[str, str]) -> Entry:
    if period := facts.get("period"):  # however the ERP writes it: 2026.11, 2026年3
        facts["period"] = f"{period[:4]}-{int(period[5:]):02d}"
    return Entry(row["class"], row.get("code", ""), Text(row.get("zh", ""), row.get("en", "")), facts)
