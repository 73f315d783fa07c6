"""Faults by script: which request goes wrong on its way, and how. Names are those of the sandbox where it has them."""

from __future__ import annotations

from typing import Any

import attrs

from dougong.model.problems import DougongError, Problem

__all__ = ["FAULTS", "Fault"]

#: Every kind of fault and what a client sees.
FAULTS = {
    "reset_before_work": "the request is not forwarded; the connection is reset (RST)",
    "reset_after_work": "the request is forwarded; when its answer comes, the connection is reset (RST)",
    "drop_answer": "the request is forwarded; when its answer comes, the connection is closed without it",
    "truncate": "the first `size` bytes of the answer pass, then the connection is closed",
    "drip": "the answer passes `size` bytes at a time, one piece every `seconds`",
    "delay": "the answer passes `seconds` late",
}

#: Kind → what it cannot do without.
_NEEDED = {"truncate": ("size",), "drip": ("size", "seconds"), "delay": ("seconds",)}


@attrs.define
class Fault:
    """One line of the script.

    :param kind: a key of :data:`FAULTS`.
    :param nth: only this one of the requests that match, the next being the first; `None` = each one.
    :param match: only requests in which these bytes occur; under TLS nothing can be seen.
    :param size: bytes, for `truncate` and `drip`.
    :param seconds: for `drip` and `delay`.
    :raises DougongError: `PROXY_FAULT_INVALID`.

    .. versionadded:: 0.1
    """

    kind: str
    nth: int | None = None
    match: bytes = b""
    size: int | None = None
    seconds: float | None = None
    _seen: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        if self.kind not in FAULTS:
            known = ", ".join(FAULTS)
            raise _invalid("kind", f"没有 {self.kind} 这种故障, 可用: {known}", f"no fault {self.kind}; known: {known}")
        match: object = self.match
        if not isinstance(match, bytes):
            zh, en = f"match 是字节, 如 b{match!r}", f"match is bytes, such as b{match!r}"
            raise _invalid("match", zh, en)
        for name in ("size", "seconds"):
            value: Any = getattr(self, name)
            if (value is not None) != (name in _NEEDED.get(self.kind, ())):
                wants = value is None
                zh, en = ("需要" if wants else "没有"), ("needs" if wants else "has no")
                raise _invalid(name, f"故障 {self.kind} {zh} {name}", f"the fault {self.kind} {en} {name}")
        if self.nth is not None and self.nth < 1:
            raise _invalid("nth", f"nth 应至少为 1, 而不是 {self.nth}", f"nth is at least 1, not {self.nth}")
        least = 0 if self.kind == "truncate" else 1
        if (self.size is not None and self.size < least) or (self.seconds is not None and self.seconds < 0):
            zh, en = f"{self.kind} 的数值太小", f"a value of {self.kind} is too small"
            raise _invalid("size" if self.size is not None else "seconds", zh, en)

    def concerns(self, request: bytes) -> bool:
        """Whether it is about this request, judged by what has come of it; the request is then counted."""
        return self.match in request

    def strikes(self) -> bool:
        """Count one more request that it is about; whether that one goes wrong."""
        self._seen += 1
        return self.nth in (None, self._seen)


def _invalid(path: str, zh: str, en: str) -> DougongError:
    return DougongError(Problem.of("PROXY_FAULT_INVALID", zh, en, path=path))
