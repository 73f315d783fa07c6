"""Which sandboxes are installed: the entry-point group ``dougong.sandboxes``."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points

from .base import Sandbox
from .errors import SandboxError

__all__ = ["find_sandbox", "installed_sandboxes"]

_GROUP = "dougong.sandboxes"


def installed_sandboxes() -> dict[str, str]:
    """Names and ``module:Class`` of all installed sandboxes; imports none of them.

    .. versionadded:: 0.1
    """
    return {point.name: point.value for point in entry_points(group=_GROUP)}


def find_sandbox(name: str) -> type[Sandbox]:
    """The sandbox class of an entry-point name or of ``module:Class``.

    :raises SandboxError: if nothing of that name is installed, or what is named is no sandbox.

    .. versionadded:: 0.1
    """
    installed = installed_sandboxes()
    target = name if ":" in name else installed.get(name)
    if target is None:
        known = ", ".join(sorted(installed)) or "-"
        raise SandboxError(f"没有安装 {name} 的沙箱, 已安装: {known}", f"no sandbox {name} installed; known: {known}")
    module, _, attribute = target.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SandboxError(f"无法导入沙箱 {target}: {error}", f"cannot import sandbox {target}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Sandbox)):
        raise SandboxError(f"{target} 不是沙箱", f"{target} is no sandbox")
    return found
