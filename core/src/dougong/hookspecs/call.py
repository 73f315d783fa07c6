"""What every hook may ask for: the circumstances of the call, and what a connector says of itself."""

from __future__ import annotations

import datetime as dt
import logging
import time
from typing import Any

import attrs

from dougong.model.problems import Text
from dougong.model.sources import ReferenceData

__all__ = ["About", "Call", "Deadline"]


@attrs.frozen
class Deadline:
    """A total time limit on the monotonic clock: for the whole call, not for each read.

    :param at: `time.monotonic()` value at which the call must be over.
    """

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """A deadline `seconds` from now."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at - time.monotonic())


@attrs.frozen(kw_only=True)
class Call:
    """Circumstances of one hook call.

    :param connection: name of the connection in `dougong.toml`.
    :param deadline: when the call must be over.
    :param now: business time, with zone; `prepare` must not use it.
    :param locale: `zh` or `en`: the language of texts that end in the ERP or on screen.
    :param log: logger of this connection; whatever passes through it is redacted.
    :param reference: source hooks: what companion answers have told of the source's ids.
    :param credential: `main`, or `auditor` for the second credential (maker is not checker).

    .. versionadded:: 0.1
    """

    connection: str
    deadline: Deadline = attrs.field(factory=lambda: Deadline.after(60.0))
    now: dt.datetime = attrs.field(factory=lambda: dt.datetime.now(dt.UTC))
    locale: str = "zh"
    log: logging.Logger = attrs.field(factory=lambda: logging.getLogger("dougong.connector"))
    reference: ReferenceData | None = None
    credential: str = "main"


@attrs.frozen(kw_only=True)
class About:
    """Static facts of a connector, as a class attribute `about`; `connector.json` is generated from it.

    :param product: the entry point's name, e.g. `kingdee`.
    :param title: name for people.
    :param settings: attrs class that the connection's `[settings]` table is structured into.
    :param secrets: names of the secrets that it needs; each is given by reference in the configuration. They are
        passed to the settings class as fields of the same name, which must be `repr=False`.
    :param auditor_secrets: names of the secrets of the second credential; passed as `auditor_…` fields.
    :param callback_secrets: names of the secrets that a caller of ours shows; passed as `callback_…` fields.
    :param contract: version of `dougong.hookspecs` that it was written for.
    :param api_versions: versions of the product's API that it was checked against.

    .. versionadded:: 0.1
    """

    product: str
    title: Text
    settings: type[Any]
    secrets: tuple[str, ...] = ()
    auditor_secrets: tuple[str, ...] = ()
    callback_secrets: tuple[str, ...] = ()
    contract: int = 1
    api_versions: tuple[str, ...] = ()
