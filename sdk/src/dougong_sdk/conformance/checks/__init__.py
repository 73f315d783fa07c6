"""The rules by area; importing this package registers them, in the order of the areas."""

from __future__ import annotations

from dougong_sdk.conformance.checks import contract, find, push  # noqa: F401 - each registers its rules

__all__: list[str] = []
