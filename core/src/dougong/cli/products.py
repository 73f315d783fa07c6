"""What installed packages bring for a new project: a sandbox's defaults, a source's example documents."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from dougong.model.problems import DougongError, Problem

if TYPE_CHECKING:
    from dougong.plugins import Entry

__all__ = ["Defaults", "Examples", "SdkMissing", "defaults_of", "examples", "sandbox_names", "sdk_module"]


class Defaults(Protocol):
    """`dougong_sdk.sandbox.ProjectDefaults`, by its members: core does not import the SDK."""

    url_setting: str
    ca_setting: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    auditor: Mapping[str, str]
    auditor_secrets: Mapping[str, str]
    codes: Any
    standard_tables: Any
    book_tables: Any


class Examples(Protocol):
    """The module `examples` of a source's package: documents to try things out with, and settings that read them."""

    def files(self) -> tuple[Path, ...]:
        """Files for `push`."""

    def settings(self) -> dict[str, Any]:
        """Settings of a connection that reads them."""


class SdkMissing(DougongError):
    """What this command does comes with the distribution `dougong-sdk`, which is not installed."""


def sandbox_names() -> list[str]:
    """Products with an installed sandbox."""
    from dougong.plugins import SANDBOXES, State, catalogue

    return [entry.name for entry in catalogue(SANDBOXES) if entry.state is State.OK]


def defaults_of(name: str) -> tuple[Defaults, str]:
    """What a sandbox says of a project that talks to it, and the path that a client's address ends with.

    :raises PluginError: no usable sandbox of that name.
    """
    from dougong.plugins import SANDBOXES, find_entry, load_plugin

    found = load_plugin(find_entry(name, SANDBOXES))
    if not hasattr(found, "project_defaults"):
        raise DougongError(
            Problem.of(
                "SANDBOX_WITHOUT_DEFAULTS",
                f"沙箱 {name} 没有给出项目默认值",
                f"the sandbox {name} does not say how a project talks to it",
                hint_zh="请用 dougong init 不带 --sandbox, 再手工填写",
                hint_en="run dougong init without --sandbox and fill in the rest by hand",
            )
        )
    return found.project_defaults(), str(found.base_path)


def examples() -> dict[str, tuple[Entry, Examples]]:
    """Sources with example documents, by connector name; a package without them is passed over."""
    from dougong.plugins import State, catalogue

    found = {}
    for entry in catalogue():
        if entry.state is State.OK and not entry.operations and entry.point is not None:
            module = _module(entry.point.module.partition(".")[0] + ".examples")
            if module is not None:
                found[entry.name] = (entry, module)
    return found


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def sdk_module(name: str) -> ModuleType:
    """`dougong_sdk.sandbox`, `dougong_sdk.scaffold`: by name, for core stands below the SDK.

    :raises SdkMissing: `SDK_MISSING`.
    """
    module: ModuleType | None = _module(f"dougong_sdk.{name}")
    if module is None:
        raise SdkMissing(
            Problem.of(
                "SDK_MISSING",
                "此命令需要 dougong-sdk",
                "this command needs dougong-sdk",
                hint_zh="请安装: pip install dougong-sdk",
                hint_en="install it: pip install dougong-sdk",
            )
        )
    return module
