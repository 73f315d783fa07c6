"""What finance is told about transfers that contradict the document or each other (posting-rules.md §9)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from dougong.accounting.messages import masked
from dougong.model.documents import ExecutedPayment
from dougong.model.money import plain
from dougong.model.problems import Problem

__all__: list[str] = []

_HAND_ZH = "在 ERP 中手工入账后 cancel"
_HAND_EN = "book it in the ERP by hand and cancel the delivery"
#: What may be told otherwise of a transfer, in Chinese.
_FIELDS = {
    "id": "编号",
    "payee": "收款人",
    "amount": "金额",
    "currency": "币种",
    "rate": "汇率",
    "fee": "手续费",
    "account": "付款账户",
    "date": "日期",
}


def _name(told: ExecutedPayment) -> str:
    """A transfer as people find it at the bank."""
    return f"{told.id or told.payee} {plain(told.amount)}"


def payment_above_owed(number: str, payment: ExecutedPayment, owed: Decimal, before: Decimal) -> Problem:
    """More paid to somebody than the document owes; what was paid too much is nobody's cost and no plug."""
    amounts = {"owed": plain(owed), "before": plain(before), "amount": plain(payment.amount)}
    return Problem.of(
        "PAYMENT_ABOVE_OWED",
        f"{number}: 应付 {payment.payee} {plain(owed)}, 此前已付 {plain(before)}, 本笔 {_name(payment)} 超付",
        f"{number}: transfer {_name(payment)} exceeds what {payment.payee} is owed: owed={plain(owed)} "
        f"paid before={plain(before)} this transfer={plain(payment.amount)}",
        path="events.payments.amount",
        hint_zh=f"请核对银行回单; 多付的款退回 (payment_returned) 后自动放行; 否则{_HAND_ZH}",
        hint_en=f"compare the bank's advice; it is freed by itself when what was too much is told as returned; "
        f"otherwise {_HAND_EN}",
        document=number,
        transfer=payment.id or "",
        payee=payment.payee,
        **amounts,
    )


def bank_charges_missing(rules: str, moment: str, fee: Decimal) -> Problem:
    """The bank took a fee, and the rules make no entry of it: the bank's account would not agree with its statement."""
    return Problem.of(
        "BANK_CHARGES_MISSING",
        f"银行手续费 {plain(fee)} 在 {rules} 的 [moments.{moment}] 中没有分录",
        f"the bank charged {plain(fee)}, and [moments.{moment}] of {rules} has no entry for it",
        path="events.payments.fee",
        hint_zh='请在 [accounts] 写 bank_charges (财务费用-手续费), 并加两条 amount = "payment.fee" 的分录: '
        "借 bank_charges, 贷 table:bank_account",
        hint_en="name bank_charges in [accounts] (financial expense), and add two entries with "
        'amount = "payment.fee": debit bank_charges, credit table:bank_account',
        moment=moment,
        fee=plain(fee),
        rules="accounts.bank_charges",
    )


def told_otherwise(number: str, transfer: str, differences: Mapping[str, tuple[object, object]]) -> Problem:
    """One transfer, two stories. Money that moved is not booked anew by a rule: a person says which story is true."""
    told = {name: (_shown(name, one), _shown(name, other)) for name, (one, other) in differences.items()}
    zh = "; ".join(f"{_FIELDS[name]} {one} → {other}" for name, (one, other) in told.items())
    en = "; ".join(f"{name} {one} → {other}" for name, (one, other) in told.items())
    return Problem.of(
        "TRANSFER_CONTRADICTED",
        f"{number}: 转账 {transfer} 先后说法不同: {zh}",
        f"{number}: transfer {transfer} was told in two ways: {en}",
        path="events.payments",
        hint_zh="请核对银行回单: cancel 不实的一笔 (已送达的用 reverse), 若另一笔属实, 再 retry;"
        " 若两笔都是真的, 请来源以另一事件告知新的一笔, 并 cancel 本条",
        hint_en="compare the bank's advice: cancel the one that is wrong (reverse it where it is delivered), "
        "then retry the other if it is right; where both are transfers, let the source tell it by an event of its own, "
        "and cancel this one",
        document=number,
        transfer=transfer,
        **{name: f"{one} → {other}" for name, (one, other) in told.items()},
    )


def _shown(field: str, value: object) -> str:
    """A value as it may be shown: a bank account's number keeps its last four digits."""
    if isinstance(value, Decimal):
        return plain(value)
    return str(masked({field: str(value)})[field])


def return_unknown(number: str, back: ExecutedPayment) -> Problem:
    """Money that came back and was never paid, as far as anybody has told."""
    return Problem.of(
        "RETURN_UNKNOWN",
        f"{number}: 退票 {_name(back)} (收款人 {back.payee}) 没有对应的付款",
        f"{number}: the returned transfer {_name(back)} to {back.payee} matches no payment",
        path="events",
        hint_zh=f"请核对转账编号与收款人; 付款事件到达后自动放行; 否则{_HAND_ZH}",
        hint_en=f"check its id and payee; it is freed by itself when its payment is told; otherwise {_HAND_EN}",
        document=number,
        transfer=back.id or "",
        payee=back.payee,
        amount=plain(back.amount),
    )


def return_differs(number: str, back: ExecutedPayment, field: str, told: str, known: str) -> Problem:
    """A return to another payee, or in another currency, than its payment."""
    zh = _FIELDS[field]
    return Problem.of(
        "RETURN_DIFFERS",
        f"{number}: 退票 {_name(back)} 的{zh}为 {told}, 其付款为 {known}",
        f"{number}: the {field} of the returned transfer {_name(back)} is {told}, that of its payment {known}",
        path=f"events.payments.{field}",
        hint_zh=f"请核对银行回单, 在来源更正; 否则{_HAND_ZH}",
        hint_en=f"compare the bank's advice and correct it in the source; otherwise {_HAND_EN}",
        document=number,
        transfer=back.id or "",
        field=field,
        told=told,
        paid=known,
    )


def return_above_paid(number: str, back: ExecutedPayment, paid: Decimal, left: Decimal) -> Problem:
    """More came back than was paid and has not come back yet."""
    before = paid - left
    return Problem.of(
        "RETURN_ABOVE_PAID",
        f"{number}: 退票 {_name(back)} 超过其付款: 已付 {plain(paid)}, 此前已退 {plain(before)}",
        f"{number}: the returned transfer {_name(back)} exceeds its payment: paid={plain(paid)} "
        f"returned before={plain(before)}",
        path="events.payments.amount",
        hint_zh=f"请核对银行回单, 在来源更正; 否则{_HAND_ZH}",
        hint_en=f"compare the bank's advice and correct it in the source; otherwise {_HAND_EN}",
        document=number,
        transfer=back.id or "",
        amount=plain(back.amount),
        paid=plain(paid),
        returned=plain(before),
    )
