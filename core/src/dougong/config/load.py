"""Reads `dougong.toml`: syntax, then types, then what the parts say of each other; all problems of a stage at once."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
from cattrs import Converter

from dougong.config import positions
from dougong.config.checks import problems_between
from dougong.config.errors import ConfigError, Places
from dougong.config.model import Config, Credential
from dougong.config.secrets import SecretRef
from dougong.config.structure import converter, problems_of
from dougong.model.problems import Problem

__all__ = ["FILE_NAME", "load", "parse"]

#: The file that makes a folder a project.
FILE_NAME = "dougong.toml"

_SYNTAX_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)$")


def load(project: Path) -> Config:
    """The configuration of a project; no plugin is imported and no secret resolved.

    :param project: the folder that holds `dougong.toml`.
    :raises ConfigError: with every problem of the file.

    .. versionadded:: 0.1
    """
    file = project / FILE_NAME
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(_missing(file)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(_unreadable(file, error)) from error
    return parse(text, project)


def parse(text: str, project: Path) -> Config:
    """The configuration in a text, as `load` reads it from the file of `project`.

    :raises ConfigError: with every problem of the text.

    .. versionadded:: 0.1
    """
    file = project / FILE_NAME
    data = _toml(text, file)
    places = Places(file, positions.key_lines(text))
    try:
        found = _converter(project).structure(data, Config)
    except Exception as error:
        raise ConfigError(_placed(places, problems_of(error))) from error
    named = {name: attrs.evolve(connection, name=name) for name, connection in found.connections.items()}
    digest = hashlib.sha256(text.encode()).hexdigest()
    config = attrs.evolve(found, connections=named, folder=project, places=places, digest=digest)
    if problems := _placed(places, problems_between(config)):
        raise ConfigError(problems)
    return config


def _placed(places: Places, found: Iterator[tuple[positions.Path, Problem]]) -> list[Problem]:
    return [places.at(path, problem) for path, problem in sorted(found, key=lambda item: places.line(item[0]))]


def _toml(text: str, file: Path) -> dict[str, Any]:
    try:
        # TOML allows both line ends, and only those; numbers stay exact
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        place = _SYNTAX_PLACE.search(words)
        line = place[1] if place else str(text.count("\n") + 1)
        problem = Problem.of(
            "CONFIG_SYNTAX",
            f"不是有效的 TOML: {words}",
            f"not valid TOML: {words}",
            path=f"{file.name}:{line}",
            file=str(file),
            line=line,
        )
        raise ConfigError(problem) from error


def _converter(folder: Path) -> Converter:
    made = converter(folder)
    made.register_structure_hook_func(
        lambda kind: kind == str | SecretRef,
        lambda value, _: made.structure(value, SecretRef if isinstance(value, Mapping) else str),
    )
    made.register_structure_hook(Credential, lambda value, _: _credential(value, made))
    return made


def _credential(value: Any, made: Converter) -> Credential:
    table: Mapping[str, Any] = made.structure(value, dict[str, Any])
    references = {name: item for name, item in table.items() if isinstance(item, Mapping)}
    return Credential(
        settings={name: item for name, item in table.items() if name not in references},
        secrets=made.structure(references, dict[str, SecretRef]),
    )


def _missing(file: Path) -> Problem:
    return Problem.of(
        "CONFIG_MISSING",
        f"{file.parent} 中没有 {file.name}",
        f"there is no {file.name} in {file.parent}",
        path=file.name,
        hint_zh="请用 --project 指定项目目录, 或用 dougong init 新建",
        hint_en="name the project's folder with --project, or make one with dougong init",
        file=str(file),
    )


def _unreadable(file: Path, error: Exception) -> Problem:
    return Problem.of(
        "CONFIG_UNREADABLE",
        f"无法读取 {file}: {type(error).__name__}",
        f"{file} cannot be read: {type(error).__name__}",
        path=file.name,
        hint_zh="文件须为 UTF-8 编码",
        hint_en="the file has to be UTF-8",
        file=str(file),
    )
