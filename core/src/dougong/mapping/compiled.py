"""The compiled mapping: one function, with the text that it came from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from dougong.mapping.definition import SOURCES, read_definition
from dougong.mapping.errors import MappingError, at_field
from dougong.mapping.failures import Failure
from dougong.mapping.generate import Generator
from dougong.mapping.tree import plant
from dougong.model.bookings import Booking
from dougong.model.codes import Codes
from dougong.model.messages import Payload
from dougong.model.problems import Problem

__all__ = ["CompiledMapping", "compile_mapping", "source_of"]


@attrs.frozen(eq=False)
class CompiledMapping:
    """A mapping, ready to be called with a booking; implements `dougong.model.codes.FieldMapping`.

    :param source: what it is made from: the word behind `from`.
    :param text: the file's text; `hash` its SHA-256, hexadecimal, as frozen with each attempt.
    :param sources: target path (`FEntity[].FDEBIT`) → expression, in output order; those of several blocks stand on a
        line each.
    :param tables: the code tables that it looks into.

    .. versionadded:: 0.1
    """

    connector: str
    target: str
    source: str
    path: str
    text: str = attrs.field(repr=False)
    hash: str
    sources: Mapping[str, str] = attrs.field(repr=False)
    tables: frozenset[str]
    _cls: type = attrs.field(repr=False)
    _function: Callable[[Booking, Codes, list[Failure]], dict[str, Any]] = attrs.field(repr=False)

    def __call__(self, booking: Booking, codes: Codes) -> Payload:
        """The payload of a booking.

        :raises MappingError: with every problem of the booking, each with the target's path (`FEntity[3].FDEBIT`).
        """
        if not isinstance(booking, self._cls):
            name = type(booking).__name__
            zh, en = (
                f"该映射只用于 {self.source}, 不是 {name}",
                f"this mapping is for a {self.source}, not for a {name}",
            )
            raise MappingError(Problem.of("MAPPING_INVALID", zh, en, path=self.path))
        failures: list[Failure] = []
        body = self._function(booking, codes, failures)
        if failures:
            raise MappingError(failure.problem for failure in failures) from failures[0].cause
        return Payload(body, self.sources)


def compile_mapping(text: str, *, path: str) -> CompiledMapping:
    """Compile a mapping file; attributes, functions and paths are all resolved now.

    :param text: TOML (contract.md §7). :param path: the file's name, for tracebacks and messages.
    :raises MappingError: with every problem of the file, each at `path:line`.

    .. versionadded:: 0.1
    """
    definition = read_definition(text, path)
    root, misfits = plant(definition)
    cls = SOURCES[definition.source]
    generator = Generator(path, definition.source, cls)
    for line, field, error in misfits:
        generator.problems += [at_field(problem, f"{path}:{line}", field) for problem in error.problems]
    function = generator.function(root)
    if not generator.sources and not generator.problems:
        zh, en = "映射没有任何字段", "the mapping has no fields"
        generator.problems.append(Problem.of("MAPPING_INVALID", zh, en, path=path))
    if generator.problems:
        raise MappingError(sorted(generator.problems, key=_line))
    return CompiledMapping(
        definition.connector,
        definition.target,
        definition.source,
        path,
        text,
        hashlib.sha256(text.encode()).hexdigest(),
        MappingProxyType(generator.sources),
        frozenset(
            value for function, argument, value in generator.literals if (function, argument) == ("code", "table")
        ),
        cls,
        function,
    )


def _line(problem: Problem) -> int:
    digits = problem.path.rpartition(":")[2]
    return int(digits) if digits.isdigit() else 0


def source_of(payload: Payload, path: str) -> str | None:
    """The expression behind one field of a payload: `FEntity[3].FDEBIT`; `None` for what no mapping wrote.

    .. versionadded:: 0.1
    """
    return payload.sources.get(path) or payload.sources.get(re.sub(r"\[\d+\]", "[]", path))
