"""What has happened to a flow: approved, paid. Facts that open moments and are never content (contract.md §2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from dougong.model.documents import Event, ExecutedPayment, Payee
from dougong.model.problems import Problem
from dougong_hesi.reading import Fields, Reading, fields, items
from dougong_hesi.values import HesiMoney

__all__ = ["BOOKED", "STATES", "events_of"]

#: Hesi's state → ours. Paper posting (sending, receiving) and budget check (pending) are on the way to approval.
STATES = {
    "draft": "draft",
    "pending": "approving",
    "approving": "approving",
    "sending": "approving",
    "receiving": "approving",
    "rejected": "rejected",
    "paying": "paying",
    "PROCESSING": "paying",
    "paid": "paid",
    "archived": "archived",
    "nullify": "void",
}
#: Our states in which a report is to be booked: approved, whatever came after.
BOOKED = frozenset({"paying", "paid", "archived"})
_PAID = frozenset({"paid", "archived"})
#: The payment's name, whatever is told of it: its date, its log and its batch come to be known one after the other.
#: Hesi tells one payment of all payees; where a transfer came back, only the one that followed, which is the same.
_PAYMENT = "paid:1"
_APPROVED_LOG = frozenset({"paying", "PROCESSING", "paid", "archived"})


def events_of(
    reading: Reading, type: str, state: str, payees: tuple[Payee, ...], pay: HesiMoney | None
) -> tuple[Event, ...]:
    """The events that `state` admits; a date that is needed and not told becomes a problem.

    :param type: our document type; a loan is opened by its payment, everything else by its approval.
    :param payees: who was paid, if it is paid. :param pay: the paid amount.
    """
    if state not in BOOKED:
        return ()
    events = []
    approved = _approved_on(reading, state)
    if approved is not None:
        events.append(Event(f"approved:{_ms(approved)}", "approved", approved))
    elif type != "loan":
        reading.findings.add(_no_approval().at("logs"))
    if state in _PAID:
        paid = _paid(reading, type, payees, pay)
        if paid is not None:
            events.append(paid)
        elif type == "loan":
            reading.findings.add(_no_payment().at("form.payDate"))
    return tuple(events)


def _approved_on(reading: Reading, state: str) -> dt.datetime | None:
    """Time of the last approving log line, else the state's own date."""
    logs = items(reading.flow.get("logs"), "logs")
    agreed = [log for log in logs if log.get("action") == "freeflow.agree" and str(log.get("state")) in _APPROVED_LOG]
    # Without approvers the submission itself leads to payment.
    submitted = [
        log for log in logs if log.get("action") == "freeflow.submit" and str(log.get("state")) in _APPROVED_LOG
    ]
    logged = _last(reading, agreed) or _last(reading, submitted)
    own = ("timeToEnterPendingPayment", *(("flowEndTime", "payDate") if state in _PAID else ("preNodeApprovedTime",)))
    stated = (reading.instant(reading.form.get(name)) for name in own)
    return logged or next((time for time in stated if time is not None), None)


def _paid(reading: Reading, type: str, payees: tuple[Payee, ...], pay: HesiMoney | None) -> Event | None:
    """The payment, if one took place: a document without a cashier node is `paid` without any."""
    logs = items(reading.flow.get("logs"), "logs")
    done = [log for log in logs if log.get("action") == "freeflow.pay" and not _attributes(log).get("failureReason")]
    logged = _last(reading, done)
    paid = reading.instant(reading.form.get("payDate")) or logged
    if paid is None or pay is None or pay.standard == 0:
        return None
    attributes = _attributes(max(done, key=lambda log: _time(reading, log))) if done else {}
    batch = str(attributes.get("channelTradeNo") or "") or None
    account = _account(
        reading, str(attributes.get("paymentAccountId") or reading.form.get("paymentAccountId") or ""), type
    )
    method = str(attributes.get("paymentChannel") or reading.form.get("paymentChannel") or "") or None
    payments = []
    for index, payee in enumerate(payees, 1):
        foreign = pay.foreign if len(payees) == 1 else None
        payments.append(
            ExecutedPayment(
                payee=payee.code,
                amount=payee.amount if foreign is None else foreign,
                id=f"{_PAYMENT}/{index}",
                currency=None if foreign is None else pay.foreign_currency,
                rate=None if foreign is None else pay.rate,
                account=account,
                method=method,
                bank_reference=batch,
            )
        )
    return Event(_PAYMENT, "paid", paid, batch=batch, payments=tuple(payments))


def _account(reading: Reading, id: str, type: str) -> str | None:
    """Code of the paying account. A loan cannot be booked without; a report's accrual does not need it."""
    if type == "loan":
        return reading.lookup.word("payment_account", id, "form.paymentAccountId")
    known = reading.lookup.reference.get("payment_account", id)
    return known.code or None if known is not None else None


def _attributes(log: Fields) -> Fields:
    return fields(log.get("attributes"), "logs.attributes")


def _time(reading: Reading, log: Fields) -> float:
    time = reading.instant(log.get("time"))
    return 0.0 if time is None else time.timestamp()


def _last(reading: Reading, logs: Iterable[Fields]) -> dt.datetime | None:
    times = (reading.instant(log.get("time")) for log in logs)
    return max((time for time in times if time is not None), default=None)


def _ms(time: dt.datetime) -> int:
    return int((time - dt.datetime.fromtimestamp(0, tz=dt.UTC)) / dt.timedelta(milliseconds=1))


def _no_approval() -> Problem:
    return Problem.of(
        "APPROVAL_DATE_MISSING",
        "审批日志中没有通过记录, 单据也没有审批完成时间",
        "the log has no approving line and the flow no date of approval",
        hint_zh="请推送带完整审批日志的单据详情 (GET v1.1/flowDetails)",
        hint_en="push the flow's details with its whole log (GET v1.1/flowDetails)",
    )


def _no_payment() -> Problem:
    return Problem.of(
        "PAYMENT_DATE_MISSING",
        "借款单已审批完成, 但没有支付日期和支付日志",
        "the loan is closed, but has neither a payment date nor a payment log line",
        hint_zh="请推送带支付日志的单据详情 (GET v1.1/flowDetails)",
        hint_en="push the flow's details with its payment log (GET v1.1/flowDetails)",
    )
