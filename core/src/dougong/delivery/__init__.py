"""Delivery: derive and freeze under one claim, send once, complete up to the target stage, resolve what is unknown.

One claimed group of deliveries at a time: `send` for what is ready, `resolve` for what is unknown, `complete` for
what stands below its target stage, `poll` for what waits; `recheck` for what is delivered and doubted. Each ends in one
transaction of the ledger; in between only the ERP is spoken to.
"""

from __future__ import annotations

from dougong.delivery.complete import complete
from dougong.delivery.link import Blocked, Derive, Derived, Held, Link, PutOff
from dougong.delivery.poll import poll
from dougong.delivery.recheck import recheck
from dougong.delivery.resolve import resolve
from dougong.delivery.send import rest, send

__all__ = [
    "Blocked",
    "Derive",
    "Derived",
    "Held",
    "Link",
    "PutOff",
    "complete",
    "poll",
    "recheck",
    "resolve",
    "rest",
    "send",
]
