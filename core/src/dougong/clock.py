"""Time, in three kinds: business time (where a rule needs today), real time (leases, audit), monotonic (deadlines)."""

from __future__ import annotations

import datetime as dt
import os
import time

from dougong.model.problems import InputError, Problem

__all__ = ["business_clock_set", "business_now", "epoch_ms", "utc_now"]


def business_now() -> dt.datetime:
    """Now, as rules see it: `DOUGONG_NOW` (RFC 3339, with zone) when set, else real time; always with zone.

    :raises InputError: `CLOCK_INVALID` for a `DOUGONG_NOW` that is not an instant with zone.
    """
    text = os.environ.get("DOUGONG_NOW")
    if not text:
        return utc_now()
    try:
        now = dt.datetime.fromisoformat(text)
    except ValueError:
        now = None
    if now is None or now.tzinfo is None:
        raise InputError(
            Problem.of(
                "CLOCK_INVALID",
                f"DOUGONG_NOW={text!r} 不是带时区的时间",
                f"DOUGONG_NOW={text!r} is not an instant with zone",
                hint_zh="例: 2026-11-20T10:00:00+08:00",
                hint_en="for example 2026-11-20T10:00:00+08:00",
            )
        )
    return now


def business_clock_set() -> bool:
    """Whether `DOUGONG_NOW` moves the business clock; `plan` and `status` say so."""
    return bool(os.environ.get("DOUGONG_NOW"))


def utc_now() -> dt.datetime:
    """Real time in UTC, for audit rows and leases."""
    return dt.datetime.now(dt.UTC)


def epoch_ms() -> int:
    """Real time as milliseconds since 1970, for columns that are compared."""
    return time.time_ns() // 1_000_000
