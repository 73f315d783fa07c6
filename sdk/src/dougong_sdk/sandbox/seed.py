"""Master data of a sandbox: the shape of ``--seed FILE`` and how one seed is laid over another (interfaces.md §4)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import exact_json
from .errors import SandboxError

__all__ = ["Seed", "empty_seed", "merge_seed", "read_seed"]

Seed = dict[str, Any]

_KEYS: dict[str, tuple[str, ...]] = {
    "credentials": ("kind", "id", "user", "issuer"),
    "companies": ("code",),
    "books": ("code",),
    "periods": ("book", "period"),
    "accounts": ("code",),
    "voucher_types": ("code",),
    "rates": ("from", "to", "type", "date"),
}
"""The tables of a seed and what identifies a row in each."""


def empty_seed() -> Seed:
    """A seed with every table and no row.

    .. versionadded:: 0.1
    """
    return {**{table: [] for table in _KEYS}, "dimensions": {}, "native": {}}


def merge_seed(base: Mapping[str, Any], patch: Mapping[str, Any]) -> Seed:
    """Lay ``patch`` over ``base``: rows of the same code are updated member by member, others are added behind.

    :raises SandboxError: for a table or row that is no part of a seed.

    .. versionadded:: 0.1
    """
    merged: Seed = {**empty_seed(), **base}
    for table, rows in patch.items():
        if table in _KEYS:
            merged[table] = _merge_rows(table, merged[table], rows, _KEYS[table])
        elif table == "dimensions":
            merged[table] = dict(merged[table])
            for name, values in _mapping(table, rows).items():
                merged[table][name] = _merge_rows(f"dimensions.{name}", merged[table].get(name, []), values, ("code",))
        elif table == "native":
            merged[table] = _merge_mappings(merged[table], _mapping(table, rows))
        else:
            known = ", ".join([*_KEYS, "dimensions", "native"])
            raise SandboxError(f"种子没有 {table} 这张表, 可用: {known}", f"a seed has no {table}; known: {known}")
    return merged


def _merge_rows(table: str, old: list[Any], new: Any, key: tuple[str, ...]) -> list[dict[str, Any]]:
    if not isinstance(new, list) or not all(isinstance(row, Mapping) for row in new):
        raise SandboxError(f"种子的 {table} 必须是对象的数组", f"seed: {table} must be an array of objects")
    rows = {tuple(row.get(part) for part in key): dict(row) for row in old}
    for row in new:
        identity = tuple(row.get(part) for part in key)
        if not any(identity):
            raise SandboxError(f"种子的 {table} 有一行没有 {key[0]}", f"seed: a row of {table} has no {key[0]}")
        rows.setdefault(identity, {}).update(row)
    return list(rows.values())


def _merge_mappings(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merge_mappings(merged[key], value)
        elif _is_table(value) and _is_table(merged.get(key)):
            merged[key] = _merge_rows(f"native.{key}", merged[key], value, ("code",))
        else:
            merged[key] = value
    return merged


def _is_table(value: Any) -> bool:
    """Rows with a code, as opposed to a plain list."""
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) and "code" in row for row in value)


def _mapping(table: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SandboxError(f"种子的 {table} 必须是对象", f"seed: {table} must be an object")
    return value


def read_seed(path: Path) -> Seed:
    """Read a seed file, TOML or JSON by its ending.

    :raises SandboxError: if it cannot be read or is no object.

    .. versionadded:: 0.1
    """
    try:
        if path.suffix == ".toml":
            return tomllib.loads(path.read_text("utf-8"))
        seed = exact_json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SandboxError(f"无法读取种子文件 {path}: {error}", f"cannot read seed {path}: {error}") from error
    return dict(_mapping(str(path), seed))
