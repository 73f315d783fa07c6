"""What goes wrong, told to the person who reads it: in Chinese and English, with a code, a place and the next step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

__all__ = ["DougongError", "InputError", "Problem", "Text"]


@attrs.frozen
class Text:
    """A sentence in both languages that the project speaks.

    :param zh: Chinese.
    :param en: English.

    .. versionadded:: 0.1
    """

    zh: str
    en: str

    def for_language(self, language: str) -> str:
        """The sentence in `language` (`zh…` gives Chinese, anything else English)."""
        return self.zh if language.lower().startswith("zh") else self.en


@attrs.frozen
class Problem:
    """One thing that is wrong, as a code for programs and as text for people.

    :param code: stable upper-case name, e.g. `CODE_UNMAPPED` (posting-rules.md §9 lists what finance needs).
    :param message: what is wrong; never a secret or a bank account.
    :param path: where: `lines[3].amount`, a field of the ERP's payload, or empty for the whole.
    :param hint: what to do next; may be empty.
    :param facts: the values behind the message, as text, so that equal causes can be grouped and counted.

    .. versionadded:: 0.1
    """

    code: str
    message: Text
    path: str = ""
    hint: Text = Text("", "")
    facts: Mapping[str, str] = attrs.field(factory=dict, eq=True, hash=False)

    @classmethod
    def of(
        cls, code: str, zh: str, en: str, *, path: str = "", hint_zh: str = "", hint_en: str = "", **facts: str
    ) -> Problem:
        """A problem from plain strings; further keywords become `facts`."""
        return cls(code, Text(zh, en), path, Text(hint_zh, hint_en), facts)

    def at(self, path: str) -> Problem:
        """The same problem seen from one level further out: `path` goes in front."""
        joined = path + self.path if self.path.startswith("[") or not self.path else f"{path}.{self.path}"
        return attrs.evolve(self, path=joined if path else self.path)

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads again; in both languages, so that the reader's decides later."""
        return {
            "code": self.code,
            "path": self.path,
            "message": [self.message.zh, self.message.en],
            "hint": [self.hint.zh, self.hint.en],
            "facts": dict(self.facts),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Problem:
        """The problem that `to_json` wrote."""
        return cls(data["code"], Text(*data["message"]), data["path"], Text(*data["hint"]), dict(data.get("facts", {})))

    def __str__(self) -> str:
        place = f" @ {self.path}" if self.path else ""
        hint = f" ({self.hint.en})" if self.hint.en else ""
        return f"{self.code}{place}: {self.message.en}{hint}"


class DougongError(Exception):
    """Base of every error that Dougong raises on purpose; it carries problems, not only a sentence.

    :param problems: at least one.

    .. versionadded:: 0.1
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class InputError(DougongError):
    """What came in cannot be read as a document; nothing of it was stored."""
