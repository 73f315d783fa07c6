"""Faults by script: which request goes wrong, and how (interfaces.md §4, reliability.md §4)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from attrs import define, field

from .errors import SandboxError
from .messages import Request

__all__ = ["FAULTS", "Fault", "FaultBook"]

FAULTS = {
    "refuse": "the connection is closed at once; nothing of the request is looked at",
    "reset_before_work": "the connection is cut, nothing was done",
    "reset_after_work": "the work is done and durable, then the connection is cut",
    "work_late": "the connection is cut; the work is done `seconds` later",
    "status_before_work": "HTTP `status` (and Retry-After), nothing was done",
    "status_after_work": "the work is done, then HTTP `status` (and Retry-After)",
    "truncate": "the work is done; the connection is cut after half of the body",
    "wrong_content_type": "the work is done; the right body comes as text/html",
    "drip": "the work is done; the body comes in small pieces, over `seconds` altogether",
    "duplicate_answer": "the work is done; the whole answer comes twice on the connection, which is then closed",
    "partial_answer": "the work is done; the answer tells of every voucher but the last",
    "business_error": "nothing was done; the ERP's own envelope says `code`",
    "expire_session": "every session and token is forgotten, then the request is handled",
}
"""Every kind of fault and what a client sees."""


def _seconds(value: Any) -> Decimal:
    seconds = Decimal(str(value))
    if not (seconds.is_finite() and 0 <= seconds <= _MOST_SECONDS):
        raise ValueError(f"seconds lies in 0..{_MOST_SECONDS}")
    return seconds


def _positive(value: Any) -> int:
    number = int(value)
    if number < 1:
        raise ValueError(f"{value} is less than 1")
    return number


_MOST_SECONDS = 3600
_MEMBERS: dict[str, Callable[[Any], Any]] = {
    "fault": str,
    "operation": str,
    "every": _positive,
    "count": _positive,
    "match": str,
    "seconds": _seconds,
    "status": int,
    "retry_after": str,
    "code": str,
}


#: Kind → members that it cannot do without.
_NEEDED: dict[str, tuple[str, ...]] = {"work_late": ("seconds",)}


@define
class Fault:
    """One line of the script.

    :param fault: a key of :data:`FAULTS`.
    :param operation: only requests of this operation (letter case does not count); ``None`` = of any.
    :param every: every n-th matching request.
    :param count: only the first n matching requests. Neither: each one, until the script is cleared.
    :param match: only requests in whose path, query or body this text occurs.
    :param seconds: for ``work_late`` (which needs it) and ``drip``.
    :param status: for ``status_before_work`` and ``status_after_work``.
    :param retry_after: value of ``Retry-After``, seconds or an HTTP date.
    :param code: for ``business_error``, in the ERP's own codes.

    .. versionadded:: 0.1
    """

    fault: str
    operation: str | None = None
    every: int | None = None
    count: int | None = None
    match: str | None = None
    seconds: Decimal = Decimal(1)
    status: int = 503
    retry_after: str | None = None
    code: str = ""
    seen: int = field(default=0, init=False)

    @classmethod
    def read(cls, order: Mapping[str, Any], operations: Collection[str] = ()) -> Fault:
        """Read one line as it came over the plane.

        :param operations: names that `operation` may take; empty = any.
        :raises SandboxError: for an unknown kind, operation or member, a member that is missing, or a value of the
            wrong type.
        """
        kind = order.get("fault")
        if kind not in FAULTS:
            known = ", ".join(FAULTS)
            raise SandboxError(f"没有 {kind} 这种故障, 可用: {known}", f"no fault {kind}; known: {known}")
        unknown = sorted(set(order) - set(_MEMBERS))
        if unknown:
            raise SandboxError(f"故障没有这些参数: {unknown}", f"a fault has no members {unknown}")
        try:
            members = {key: _MEMBERS[key](value) for key, value in order.items() if value is not None}
        except (TypeError, ValueError, ArithmeticError) as error:
            raise SandboxError(f"故障参数有误: {error}", f"bad value in a fault: {error}") from error
        for needed in _NEEDED.get(kind, ()):
            if needed not in members:
                raise SandboxError(f"故障 {kind} 需要 {needed}", f"the fault {kind} needs {needed}")
        operation = members.get("operation")
        if operations and operation and operation.lower() not in {name.lower() for name in operations}:
            known = ", ".join(sorted(operations))
            raise SandboxError(f"没有操作 {operation}, 可用: {known}", f"no operation {operation}; known: {known}")
        return cls(**members)

    def hits(self, request: Request, operation: str, body: str) -> bool:
        """Does this request go wrong? Counts the matching requests."""
        if self.operation is not None and self.operation.lower() != operation.lower():
            return False
        if self.match is not None and self.match not in f"{request.path}?{request.query}\n{body}":
            return False
        self.seen += 1
        if self.every is not None and self.seen % self.every != 0:
            return False
        limit = None if self.count is None else self.count * (self.every or 1)
        return limit is None or self.seen <= limit


class FaultBook:
    """The whole script: the first fault that matches a request is the one that happens.

    .. versionadded:: 0.1
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Append a line to the script."""
        self.faults.append(fault)

    def clear(self) -> None:
        """Everything works again."""
        self.faults.clear()

    def next_for(self, request: Request, operation: str, read: Callable[[Request], str] | None = None) -> Fault | None:
        """The fault for this request, or ``None``.

        :param read: what a body says, where it is packed; asked only where there is a script.
        """
        if not self.faults:
            return None
        body = read(request) if read else request.body.decode("utf-8", "replace")
        return next((fault for fault in self.faults if fault.hits(request, operation, body)), None)
