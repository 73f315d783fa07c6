"""The rules by area; importing this package registers them, in the order of the areas."""

from __future__ import annotations

from dougong_sdk.conformance.checks import (  # isort: skip - each registers its rules, in this order
    contract as contract,
    settings as settings,
    auth as auth,
    mapping as mapping,
    prepare as prepare,
    err as err,
    push as push,
)

__all__: list[str] = []
