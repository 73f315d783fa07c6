"""The runtime: lanes with limits and a breaker, and the loop that gives due deliveries to them."""

from __future__ import annotations

from dougong.runtime.lane import Lane
from dougong.runtime.owner import is_dead, owner_name
from dougong.runtime.worker import Worker

__all__ = ["Lane", "Worker", "is_dead", "owner_name"]
