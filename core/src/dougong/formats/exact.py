"""Any value of a payload as plain JSON that keeps its type: `Decimal("1.00")` ↔ `{"$dec": "1.00"}`.

A payload's decimals may become JSON numbers in one ERP and texts in another, so a frozen payload must not lose the
difference. Dates are `$date`, instants `$time`; a member that really begins with `$` is written with a second one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dougong.formats import scalars

__all__ = ["read", "write"]


def write(value: Any) -> Any:
    """Plain JSON of nested mappings and sequences of str, int, Decimal, bool, None, date and datetime.

    :raises TypeError: for any other type, floats among them.

    .. versionadded:: 0.1
    """
    match value:  # what is frequent and cheap to tell comes first
        case str() | None | bool() | int():
            return value
        case Decimal():
            return {"$dec": str(value)}
        case dict() | Mapping():
            return {_name(name): write(item) for name, item in value.items()}
        case list() | tuple():
            return [write(item) for item in value]
        case dt.datetime():
            return {"$time": scalars.write_instant(value)}
        case dt.date():
            return {"$date": value.isoformat()}
    raise TypeError(f"{type(value).__name__} has no exact JSON: {value!r}")


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a member's name must be text, not {name!r}")
    return f"${name}" if name.startswith("$") else name


def read(value: Any) -> Any:
    """What `write` wrote; sequences become lists.

    :raises InputError: when a tagged value is not what its tag says.
    """
    match value:
        case {"$dec": str(text)} if len(value) == 1:
            return Decimal(text)
        case {"$time": text} if len(value) == 1:
            return scalars.instant(text)
        case {"$date": text} if len(value) == 1:
            return scalars.date(text)
        case dict():
            return {
                name.removeprefix("$") if name.startswith("$$") else name: read(item) for name, item in value.items()
            }
        case list():
            return [read(item) for item in value]
    return value
