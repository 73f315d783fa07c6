"""`dougong new-connector`: a package that a partner fills in, rendered from a template by copier."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal

import attrs

from dougong.model.problems import DougongError, Problem
from dougong.plugins import CONNECTORS, SANDBOXES, catalogue
from dougong_sdk import describe

__all__ = ["KINDS", "Kind", "ScaffoldError", "Wanted", "check_name", "render"]

Kind = Literal["rest", "soap"]
KINDS: tuple[Kind, ...] = ("rest", "soap")

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_NAME, _LONGEST_TEXT = 30, 60
_TEMPLATE = Path(__file__).parent / "template"


class ScaffoldError(DougongError):
    """No package was made: the name or a text cannot be used, the folder is not empty, copier is missing."""


def check_name(name: str) -> None:
    """Refuse a name that cannot be used, before anything else is asked.

    :raises ScaffoldError: `CONNECTOR_NAME_INVALID`; `CONNECTOR_NAME_TAKEN`: two packages of one name, and the catalogue
        would use neither.

    .. versionadded:: 0.1
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise ScaffoldError(
            Problem.of(
                "CONNECTOR_NAME_INVALID",
                f"{name!r} 不能作为连接器名称",
                f"{name!r} cannot be the name of a connector",
                hint_zh=f"小写字母开头, 由小写字母、数字与单个连字符组成, 最多 {_LONGEST_NAME} 个字符, 例如 acme-erp",
                hint_en=f"lower-case letters, digits and single dashes, a letter first, at most {_LONGEST_NAME}"
                " characters: acme-erp",
            )
        )
    if other := _taken_by(name):
        raise ScaffoldError(
            Problem.of(
                "CONNECTOR_NAME_TAKEN",
                f"名称 {name!r} 已被占用: {other}",
                f"the name {name!r} is taken by {other}",
                hint_zh="请换一个名称, 或先卸载该包",
                hint_en="choose another name, or uninstall that package first",
            )
        )


def _is_plain(_: object, attribute: attrs.Attribute[str], text: str) -> None:
    """These stand between quotation marks in TOML and Python."""
    if not text.strip() or len(text) > _LONGEST_TEXT or re.search(r'["\\{}\x00-\x1f\x7f]', text):
        raise ScaffoldError(
            Problem.of(
                "CONNECTOR_TEXT_INVALID",
                f"{attribute.name} 不能为 {text!r}",
                f"{attribute.name} cannot be {text!r}",
                path=attribute.name,
                hint_zh=f'不超过 {_LONGEST_TEXT} 个字符, 不含引号 "、反斜杠、花括号与换行',
                hint_en=f'at most {_LONGEST_TEXT} characters, without " or backslash, braces and line breaks',
            )
        )


@attrs.frozen(kw_only=True)
class Wanted:
    """The connector that is to be made.

    :param name: product name, as in `connector = "acme-erp"`. :param kind: protocol of the ERP.
    :param title: what people call the ERP. :param vendor: who makes it. :param author: who writes the connector.
    :raises ScaffoldError: as `check_name`; `CONNECTOR_TEXT_INVALID`.

    .. versionadded:: 0.1
    """

    name: str = attrs.field(validator=lambda _, __, name: check_name(name))
    kind: Kind
    title: str = attrs.field(validator=_is_plain)
    vendor: str = attrs.field(validator=_is_plain)
    author: str = attrs.field(validator=_is_plain)

    @property
    def dist(self) -> str:
        """Name of the distribution, and of its folder."""
        return f"dougong-{self.name}"

    @property
    def module(self) -> str:
        """Name of the package to import."""
        return self.dist.replace("-", "_")

    def answers(self) -> dict[str, str]:
        """What the template asks for."""
        given: dict[str, str] = attrs.asdict(self)
        cls = "".join(part.capitalize() for part in self.name.split("-"))
        prefix = self.name.replace("-", "_").upper()
        return {**given, "dist": self.dist, "module": self.module, "cls": cls, "prefix": prefix}


def render(wanted: Wanted, parent: Path) -> Path:
    """Make the package.

    :param parent: folder in which `dougong-NAME` is made.
    :returns: the new folder.
    :raises ScaffoldError: `FOLDER_NOT_EMPTY`, `COPIER_MISSING`.

    .. versionadded:: 0.1
    """
    folder = parent / wanted.dist
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ScaffoldError(_not_empty(folder))
    try:
        import copier
    except ModuleNotFoundError as error:
        raise ScaffoldError(_copier_missing()) from error
    for layer in ("common", wanted.kind):
        copier.run_copy(
            str(_TEMPLATE),
            folder,
            data={**wanted.answers(), "layer": layer},
            defaults=True,
            overwrite=True,
            quiet=True,
        )
    _describe(wanted, folder / "src")
    return folder


def _describe(wanted: Wanted, source: Path) -> None:
    """Write `connector.json`. The package is imported for that, and this process forgets it again."""
    with _importable(source):
        describe.main([f"{wanted.module}.connector:{wanted.answers()['cls']}Connector"])
    for name in [name for name in sys.modules if name.partition(".")[0] == wanted.module]:
        del sys.modules[name]


@contextlib.contextmanager
def _importable(source: Path) -> Iterator[None]:
    """Packages in a folder can be imported, and leave no compiled files there."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(source))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(source))
        sys.dont_write_bytecode = before


def _taken_by(name: str) -> str:
    """The package that brings this name already; empty if none does."""
    for group in (CONNECTORS, SANDBOXES):
        for row in catalogue(group):
            if row.name == name:
                return row.package
    dist = f"dougong-{name}"
    try:
        return f"{dist} {metadata.version(dist)}"
    except metadata.PackageNotFoundError:
        module = dist.replace("-", "_")
        return module if importlib.util.find_spec(module) else ""


def _not_empty(folder: Path) -> Problem:
    return Problem.of(
        "FOLDER_NOT_EMPTY",
        f"{folder} 已存在且不为空",
        f"{folder} exists and is not empty",
        hint_zh="请换一个 --dir; 已有的文件不会被覆盖",
        hint_en="name another --dir; what exists is never overwritten",
    )


def _copier_missing() -> Problem:
    return Problem.of(
        "COPIER_MISSING",
        "生成连接器需要 copier",
        "making a connector needs copier",
        hint_zh="请安装: pip install 'dougong-sdk[scaffold]'",
        hint_en="install it: pip install 'dougong-sdk[scaffold]'",
    )
