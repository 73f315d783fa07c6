"""One exchange: what was asked, what came back, and the file in which a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from dougong.formats import json_text
from dougong.model.problems import DougongError
from dougong_sdk.recording.bodies import Body, fields_difference, read_fields
from dougong_sdk.recording.headers import hide_headers, hide_target
from dougong_sdk.recording.hiding import Hider
from dougong_sdk.recording.problems import invalid
from dougong_sdk.recording.schema import Schema
from dougong_sdk.recording.trees import matches

__all__ = ["NO_ANSWER", "Answered", "Asked", "Exchange", "read_folder"]

Pairs = list[tuple[str, str]]

#: What became of a request whose process ended before its answer.
NO_ANSWER = "ReadError"


@attrs.frozen
class Asked:
    """A request. :param target: path and query."""

    method: str
    target: str
    headers: Pairs = attrs.field(factory=list)
    body: Body = Body()

    def hidden(self, hider: Hider) -> Asked:
        """The same with everything hidden."""
        target, headers = hide_target(self.target, hider), hide_headers(self.headers, hider)
        return Asked(self.method, target, headers, self.body.hidden(hider))

    def is_like(self, other: Asked) -> bool:
        """Whether the other one asks the same of the server, whatever the details."""
        return self.method == other.method and matches(_parts(self)[0], _parts(other)[0])

    def difference(self, asked: Asked, schema: Schema) -> str | None:
        """Where another one differs from this recorded one, apart from headers; `None` if it does not."""
        if not self.is_like(asked):
            return "path"
        place = fields_difference(read_fields(_parts(self)[1]), read_fields(_parts(asked)[1]), schema)
        if place is not None:
            return f"query {place}"
        place = self.body.difference(asked.body, schema)
        return None if place is None else f"body {place}".rstrip()

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


def _parts(asked: Asked) -> tuple[str, str]:
    path, _, query = asked.target.partition("?")
    return path, query


@attrs.frozen
class Answered:
    """An answer, or how it failed to come.

    :param failure: class of `httpx` that the transport raised, at the answer's head or in the middle of its body.
    """

    status: int = 0
    headers: Pairs = attrs.field(factory=list)
    body: Body = Body()
    failure: str = ""

    def hidden(self, hider: Hider, columns: Sequence[str] = ()) -> Answered:
        """The same with everything hidden. :param columns: names of what stands in rows without names."""
        headers, body = hide_headers(self.headers, hider), self.body.hidden(hider, columns)
        return attrs.evolve(self, headers=headers, body=body)


@attrs.frozen
class Exchange:
    """A request and its answer."""

    asked: Asked
    answered: Answered = Answered(failure=NO_ANSWER)

    def hidden(self, hider: Hider) -> Exchange:
        """The same with everything hidden: what is learned from the answer is hidden in the request, too."""
        columns = hider.schema.columns_of(self.asked.body.value)
        self.asked.hidden(hider)
        self.answered.hidden(hider, columns)
        return Exchange(self.asked.hidden(hider), self.answered.hidden(hider, columns))

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        asked, answered = self.asked, self.answered
        told: dict[str, Any] = {"request": {"line": str(asked), **_message(asked.headers, asked.body)}, "answer": {}}
        if answered.status:
            told["answer"] = {"status": answered.status, **_message(answered.headers, answered.body)}
        if answered.failure:
            told["failure"] = answered.failure
        draft = path.with_suffix(".part")
        draft.write_text(json_text.dumps(told, indent=2, numbers=True) + "\n", "utf-8")
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> Exchange:
        """Read the file. :raises DougongError: `RECORDING_INVALID`."""
        try:
            told = json_text.loads(path.read_bytes())
            request, answer = told["request"], told["answer"]
            method, _, target = request["line"].partition(" ")
            asked = Asked(method, target, _pairs(request["headers"]), Body.of(request["body"]))
            failure = told.get("failure", "")
            if not answer:
                return cls(asked, Answered(failure=failure or NO_ANSWER))
            headers, body = _pairs(answer["headers"]), Body.of(answer["body"])
            return cls(asked, Answered(int(answer["status"]), headers, body, failure))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, DougongError) as error:
            kind = type(error).__name__
            raise invalid(str(path), f"不是录制的往来 ({kind})", f"is no recorded exchange ({kind})") from error


def _message(headers: Pairs, body: Body) -> dict[str, Any]:
    return {"headers": [f"{name}: {value}" for name, value in headers], "body": body.data()}


def _pairs(lines: list[str]) -> Pairs:
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def read_folder(folder: Path) -> Iterator[tuple[Path, Exchange]]:
    """Every exchange of a recording, in the order in which the requests were made."""
    for path in sorted(folder.glob("[0-9]*.json"), key=lambda path: int(path.stem)):
        if path.stat().st_size:  # else its process ended before the request had left
            yield path, Exchange.read(path)
