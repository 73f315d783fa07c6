"""The rules by area; importing this package registers them, in the order of the areas."""

from __future__ import annotations

from dougong_sdk.conformance.checks import (  # noqa: F401 - each registers its rules
    complete,
    contract,
    find,
    limits,
    listing,
    many,
    person,
    push,
    reversal,
    values,
)

__all__: list[str] = []
