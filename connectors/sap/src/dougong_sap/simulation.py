"""SAP's own word on an entry before it is sent: a test (TestDataIndicator), which posts nothing (sap.md §1.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

from dougong.hookspecs import Call
from dougong.model.messages import Payload
from dougong.model.problems import Problem
from dougong_sap.confirmations import Confirmation
from dougong_sap.entries import trial_values
from dougong_sap.settings import SapSettings
from dougong_sdk.rest import RestError

if TYPE_CHECKING:
    from dougong_sap.session import SapSession

__all__ = ["simulated"]

#: Its way out is known: an entry that is refused for it is derived anew, with another date.
_SEES_TO_ITSELF = "PERIOD_CLOSED"


def simulated(payload: Payload, settings: SapSettings, session: SapSession, call: Call) -> Iterator[Problem]:
    """What SAP would refuse. Where it cannot be asked, or is busy, nothing is held for that: the push will tell.

    :param payload: without our reference, which is placed later.
    """
    from dougong_sap.session import OPERATION, service, wsdl

    values = trial_values(payload, settings.sender, str(uuid4()), call.now)
    try:
        told = session.post(service(wsdl(settings), settings.binding).envelope(OPERATION, values), call.deadline)
    except RestError as error:
        call.log.info("an entry could not be simulated: %s", error)
        return
    for one in told.values():
        yield from _objections(one)


def _objections(told: Confirmation) -> Iterator[Problem]:
    if told.document:
        yield _posted(told)
    for refusal in told.refusals():
        if refusal.kind == "refused":
            yield from (problem for problem in refusal.problems if problem.code != _SEES_TO_ITSELF)


def _posted(told: Confirmation) -> Problem:
    return Problem.of(
        "TEST_WAS_POSTED",
        f"SAP 把测试凭证正式过账了: {told.company} {told.year} {told.document}",
        f"SAP has posted an entry that was a test: {told.company} {told.year} {told.document}",
        hint_zh="请在 SAP 中冲销它, 并设置 simulate = false",
        hint_en="reverse it in SAP, and set simulate = false",
    )
