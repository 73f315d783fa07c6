"""`connector.json`: what a connector is, generated from its class, readable without importing it."""

from __future__ import annotations

import importlib.util
import json
import typing
from collections.abc import Iterable
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

import attrs

from dougong.config.schema import class_schema
from dougong.hookspecs import ConnectorSpec
from dougong.model.operations import Operation

__all__ = ["FILE_NAME", "Description", "describe_connector", "shipped_description", "write_descriptions"]

#: Lies beside the `__init__.py` of the package: a list with one description per product.
FILE_NAME = "connector.json"


@attrs.frozen
class Description:
    """The part of a description that the catalogue needs."""

    product: str
    contract: int
    operations: tuple[str, ...]


def describe_connector(cls: type[Any]) -> dict[str, Any]:
    """What a connector is and can do, as plain data: from `about`, its operations and its hooks.

    Operations are asked with default settings; where they cannot be made without real ones, `operations` is `None`.

    .. versionadded:: 0.1
    """
    about = cls.about
    return {
        "product": about.product,
        "title": {"zh": about.title.zh, "en": about.title.en},
        "contract": about.contract,
        "api_versions": list(about.api_versions),
        "secrets": list(about.secrets),
        "auditor_secrets": list(about.auditor_secrets),
        "callback_secrets": list(about.callback_secrets),
        "settings": class_schema(about.settings),
        "operations": _operations(cls),
        "hooks": [name for name in vars(ConnectorSpec) if not name.startswith("_") and hasattr(cls, name)],
    }


def write_descriptions(path: Path, classes: Iterable[type[Any]]) -> None:
    """Write the `connector.json` of a package."""
    text = json.dumps([describe_connector(cls) for cls in classes], ensure_ascii=False, indent=2)
    path.write_text(text + "\n", "utf-8")


def shipped_description(point: metadata.EntryPoint) -> Description | None:
    """The description that a package ships for an entry point; `None` when it ships none. Imports nothing.

    :raises ValueError: when the file is there and is none.
    """
    try:
        spec = importlib.util.find_spec(point.module.partition(".")[0])
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / FILE_NAME
        if file.is_file():
            return _read(file, point.name)
    return None


def _read(file: Path, product: str) -> Description | None:
    try:
        for item in json.loads(file.read_text("utf-8")):
            if item["product"] == product:
                names = tuple(operation["name"] for operation in item["operations"] or ())
                return Description(product, int(item["contract"]), names)
    except (OSError, KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__} {error}") from error
    return None


def _operations(cls: type[Any]) -> list[dict[str, Any]] | None:
    try:
        found = list(cls(settings=_blank(cls.about.settings)).operations())
    except Exception:  # noqa: BLE001 - a connector may want real settings for this; then it is simply not known yet
        return None
    return [_operation(item) for item in found]


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "name": operation.name,
        "books": operation.books,
        "stages": [str(stage) for stage in operation.stages],
        "ambiguity": str(operation.safety.ambiguity),
        "batch": operation.limits.batch,
        "drops": list(operation.limits.drops),
    }


def _blank(settings: type[Any]) -> Any:
    """Settings with defaults, and with an empty value for what has none."""
    hints = typing.get_type_hints(settings)
    empty: dict[Any, Any] = {str: "", bool: False, int: 0, float: 0.0, Decimal: Decimal(0), Path: Path()}
    values = {
        field.alias: empty.get(hints[field.name])
        for field in attrs.fields(settings)
        if field.init and field.default is attrs.NOTHING
    }
    with attrs.validators.disabled():
        return settings(**values)
