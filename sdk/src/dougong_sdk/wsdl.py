"""A WSDL and its schemas as zeep's documents: from files only, loaded once per process, without binary fractions."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from zeep import Settings, ns
from zeep.wsdl import Document
from zeep.xsd.types import builtins

from dougong.model.problems import DougongError, Problem
from dougong_sdk.errors import BadAnswer

__all__ = ["load_wsdl"]

#: Bytes of the longest file of a description; SAP's longest known one has 150 kB.
_LONGEST_FILE = 16 * 1024 * 1024
_FIXED = re.compile(r"[+-]?([0-9]{1,60}(\.[0-9]{0,60})?|\.[0-9]{1,60})")
_FLOATING = re.compile(_FIXED.pattern + r"([eE][+-]?[0-9]{1,2})?")
_BOOLEAN = {"true": True, "1": True, "false": False, "0": False}
_SPACE = " \t\r\n"
_SETTINGS = {
    "strict": True,
    "xml_huge_tree": False,
    "forbid_dtd": True,
    "forbid_entities": True,
    "forbid_external": True,
}

_loading = threading.Lock()


def load_wsdl(path: Path) -> Document:
    """The document of a WSDL. It costs up to seconds and is only read afterwards, so that all threads share one.

    :raises DougongError: `SETTINGS_INVALID`: a file is missing, is no WSDL, or wants something from elsewhere.

    .. versionadded:: 0.1
    """
    with _loading:  # who comes while another thread loads waits for it instead of loading it, too
        return _load(path.resolve())


@functools.cache
def _load(path: Path) -> Document:
    try:
        return _Exact(str(path), _Beside(path.parent), settings=Settings(**_SETTINGS))
    except Exception as error:
        raise DougongError(
            Problem.of(
                "SETTINGS_INVALID",
                f"WSDL 不可用: {path} ({type(error).__name__}: {error})",
                f"the WSDL cannot be used: {path} ({type(error).__name__}: {error})",
                hint_zh="将其引用的所有 XSD 放在同一文件夹内, 并改为相对路径",
                hint_en="put every XSD that it imports into its folder, and import it by a relative path",
                path="wsdl",
            )
        ) from error


class _Beside:
    """What loads the files of a description: those in its folder or below, and no others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, location: str) -> bytes:
        path = Path(location).resolve()
        if not path.is_relative_to(self._folder):
            raise PermissionError(f"{location} is not beside the WSDL")
        if path.stat().st_size > _LONGEST_FILE:
            raise ValueError(f"{location} exceeds {_LONGEST_FILE} bytes")
        return path.read_bytes()


class _Exact(Document):  # type: ignore[misc]  # zeep is Any to mypy
    """A document whose schemas read every simple value exactly or not at all.

    Zeep itself reads xsd:double as a float, takes `NaN` for an xsd:decimal and any word for false, and turns a date or
    number that it cannot read into nothing, with a line in the log.
    """

    def load(self, location: Any) -> None:
        schema = self.types.documents.get_by_namespace(ns.XSD, fail_silently=False)[0]
        for kind in builtins._types:  # noqa: SLF001 - the list of what zeep itself registers there
            schema.register_type(kind._default_qname, _strict(kind)(is_global=True))  # noqa: SLF001
        super().load(location)


@functools.cache
def _strict(kind: type[Any]) -> type[Any]:
    """A built-in type whose values are read by `_reader`, or refuse the whole answer."""
    read = _reader(kind)

    def pythonvalue(self: Any, value: str) -> Any:
        try:
            return read(self, value)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            raise BadAnswer(
                f"应答中有不可读的 {kind.__name__}", f"the answer has an unreadable {kind.__name__}"
            ) from None

    return type(kind.__name__, (kind,), {"pythonvalue": pythonvalue})


def _reader(kind: type[Any]) -> Callable[[Any, str], Any]:
    if kind is builtins.Boolean:
        return lambda _, value: _BOOLEAN[value.strip(_SPACE)]
    if kind in (builtins.Float, builtins.Double):
        return lambda _, value: _exact(value, _FLOATING)
    if kind is builtins.Decimal:
        return lambda _, value: _exact(value, _FIXED)
    own: Callable[[Any, str], Any] = kind.pythonvalue
    return own


def _exact(value: str, grammar: re.Pattern[str]) -> Decimal:
    """A number by a grammar of ASCII digits: the constructor of `Decimal` takes more than people expect."""
    text = value.strip(_SPACE)
    if not grammar.fullmatch(text):
        raise ValueError
    return Decimal(text)
