"""What goes wrong with one document stays with it: never the end of a run, never silent."""

from __future__ import annotations

import logging

from dougong.ledger.errors import LedgerError, StaleLease
from dougong.ledger.store import Ledger
from dougong.model.problems import DougongError, Problem

__all__ = ["reasons"]

_LOG = logging.getLogger("dougong.flow")


def reasons(error: Exception, what: str, ledger: Ledger) -> tuple[Problem, ...]:
    """Why one document or delivery cannot be derived; an error that nobody expected is logged with its traceback.

    :param what: the document or delivery, for the log.
    :raises Exception: `error` itself, where it is no fault of the document: the lease is lost, the ledger is unwell.
    """
    if isinstance(error, (StaleLease, LedgerError, ledger.unwell)):
        raise error
    if isinstance(error, DougongError):
        return error.problems
    _LOG.error("%s cannot be derived", what, exc_info=error)
    told = f"{type(error).__name__}: {error}"
    return (
        Problem.of(
            "INTERNAL_ERROR",
            f"推导时发生程序错误, 未发送: {told}",
            f"deriving failed by a mistake in the program, nothing was sent: {told}",
            hint_zh="请连同日志中的错误堆栈报告给 Dougong; 修正后以 retry 重新推导",
            hint_en="report it to Dougong with the traceback from the log; `retry` derives it again once it is mended",
            error=type(error).__name__,
        ),
    )
