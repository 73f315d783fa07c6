"""What goes wrong with the ledger itself."""

from __future__ import annotations

from dougong.model.problems import DougongError, Problem

__all__ = ["LedgerError", "StaleLease"]


class LedgerError(DougongError):
    """The ledger cannot do it: closed, unreachable, made by a newer version."""


class StaleLease(DougongError):
    """Somebody else holds the row by now (fencing); what was being written is void and nothing of it was stored."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            Problem.of("STALE_LEASE", f"{subject} 已由另一进程接管", f"{subject} was taken over by another process")
        )
