"""The rules by area; importing this package registers them, in the order of the areas."""

from __future__ import annotations

# isort: off
from dougong_sdk.conformance.checks import (  # noqa: F401 - each registers its rules, in this order
    contract,
    settings,
    auth,
    master,
    mapping,
    prepare,
    err,
    push,
    sending,
    many,
    poll,
    callback,
    callback_ways,
    batch,
    find,
    complete,
    person,
    limits,
    values,
    reversal,
    listing,
    wire,
)
# isort: on

__all__: list[str] = []
