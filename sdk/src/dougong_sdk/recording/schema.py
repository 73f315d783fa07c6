"""What a recording hides, and what a replay does not compare, by name."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

import attrs

from dougong_sdk.recording.problems import invalid

__all__ = ["Kind", "Schema"]

#: Why a value is hidden: it opens a door, it is about a person, it is a bank account if it looks like one.
Kind = Literal["secret", "personal", "account", ""]


@cache
def _always() -> dict[str, list[str]]:
    """The names that are always there."""
    return tomllib.loads(files("dougong_sdk.recording").joinpath("names.toml").read_text("utf-8"))


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


@attrs.frozen
class Schema:
    """Names to hide and to leave uncompared, added to those that are always there.

    A name matches in any case and however its words are joined (`access_token`, `AccessToken`, `X-Access-Token`); `*`
    stands for anything. It is that of a JSON member, an XML element or attribute, a form field, a query parameter or a
    header. What lies below a member that is hidden is hidden with it.

    :param secrets: what opens a door: hidden, and wherever else the same value stands.
    :param personal: what is about a person: likewise.
    :param accounts: bank accounts, where the value looks like one (twelve digits or more, IBAN): an `account` may also
        be an account of the general ledger.
    :param volatile: what differs each time: kept, not compared.
    :param keep: what is not hidden by its name.
    :param columns: members of a request that list, with commas, what its answer brings in rows without names.
    :param forms: members of a request that name what it asks for: a column is then also known as `FORM.COLUMN`.

    .. versionadded:: 0.1
    """

    secrets: tuple[str, ...] = attrs.field(default=(), converter=_names)
    personal: tuple[str, ...] = attrs.field(default=(), converter=_names)
    accounts: tuple[str, ...] = attrs.field(default=(), converter=_names)
    volatile: tuple[str, ...] = attrs.field(default=(), converter=_names)
    keep: tuple[str, ...] = attrs.field(default=(), converter=_names)
    columns: tuple[str, ...] = attrs.field(default=(), converter=_names)
    forms: tuple[str, ...] = attrs.field(default=(), converter=_names)

    @classmethod
    def read(cls, path: Path) -> Schema:
        """A TOML file with lists of names, called as the parameters above.

        :raises DougongError: `RECORDING_INVALID`.
        """
        try:
            return cls.of(tomllib.loads(path.read_text("utf-8")), str(path))
        except (OSError, ValueError) as error:
            raise invalid(str(path), f"无法读取: {error}", f"cannot be read: {error}") from error

    @classmethod
    def shipped(cls, package: str) -> Schema:
        """What a connector's package ships as `recording.toml`; without one, only what is always there.

        :raises DougongError: `RECORDING_INVALID`. :raises ModuleNotFoundError: there is no such package.
        """
        with as_file(files(package).joinpath("recording.toml")) as path:
            return cls.read(path) if path.is_file() else cls()

    @classmethod
    def of(cls, lists: Any, where: str) -> Schema:
        """From plain data. :raises DougongError: `RECORDING_INVALID`."""
        known = [field.name for field in attrs.fields(cls)]
        for name, names in lists.items():
            if name not in known:
                raise invalid(
                    where, f"没有 {name}, 可用: {', '.join(known)}", f"no list {name}; known: {', '.join(known)}"
                )
            if not isinstance(names, list) or not all(isinstance(item, str) for item in names):
                raise invalid(where, f"{name} 应为名称的列表", f"{name} has to be a list of names")
        return cls(**lists)

    def kind(self, name: str) -> Kind:
        """Why what stands under this name is hidden; empty if it is not."""
        bare = _bare(name)
        if not bare or self._kept.fullmatch(bare):
            return ""
        return next((kind for kind, pattern in self._hidden if pattern.fullmatch(bare)), "")

    def ignores(self, name: str) -> bool:
        """Whether what stands under this name differs each time."""
        return bool(self._volatile.fullmatch(_bare(name)))

    def columns_of(self, request: Any) -> tuple[str, ...]:
        """Names of the columns that a request asks for, qualified where a name alone says too little."""
        found = _members(request)
        listed = next((text for name, text in found if name in self.columns), "")
        form = next((text for name, text in found if name in self.forms), "")
        names = [name.strip() for name in listed.split(",")] if listed else []
        return tuple(f"{form}.{name}" if self.kind(f"{form}.{name}") else name for name in names)

    @cached_property
    def _hidden(self) -> tuple[tuple[Kind, re.Pattern[str]], ...]:
        return (
            ("secret", _any_of([*_always()["secrets"], *self.secrets])),
            ("personal", _any_of([*_always()["personal"], *self.personal])),
            ("account", _any_of([*_always()["accounts"], *self.accounts])),
        )

    @cached_property
    def _kept(self) -> re.Pattern[str]:
        return _any_of([*_always()["keep"], *self.keep])

    @cached_property
    def _volatile(self) -> re.Pattern[str]:
        return _any_of([*_always()["volatile"], *self.volatile])


def _bare(name: str) -> str:
    """A name without its namespace, case and signs."""
    return re.sub(r"[\W_]+", "", name.rpartition(":")[2]).casefold()


def _members(value: Any) -> list[tuple[str, str]]:
    """Names and texts of an object and of those in it."""
    found: list[tuple[str, str]] = []
    for name, item in value.items() if isinstance(value, dict) else ():
        found += [(name, item)] if isinstance(item, str) else _members(item)
    return found


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    bare = ("*".join(_bare(part) for part in pattern.split("*")) for pattern in patterns)
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in bare))
