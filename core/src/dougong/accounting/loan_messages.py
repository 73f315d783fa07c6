"""What finance is told about loans and their write-offs (posting-rules.md §9)."""

from __future__ import annotations

from decimal import Decimal

from dougong.model.money import plain
from dougong.model.problems import Problem

__all__: list[str] = []


def loan_overdrawn(loan: str, remaining: Decimal, asked: Decimal) -> Problem:
    """A write-off above what is left."""
    return Problem.of(
        "LOAN_OVERDRAWN",
        f"借款 {loan} 余额 {remaining}, 要核销 {asked}",
        f"loan {loan}: remaining={plain(remaining)} asked={plain(asked)}",
        path="advances",
        hint_zh="请在来源减少核销金额; 余额增加后自动放行",
        hint_en="write off less in the source; it goes on by itself when more is left of the loan",
        loan=loan,
        remaining=plain(remaining),
        asked=plain(asked),
    )


def write_off_negative(path: str, loan: str, amount: Decimal) -> Problem:
    """A write-off that would lend more, in a report that costs something."""
    return Problem.of(
        "WRITE_OFF_NEGATIVE",
        f"借款 {loan} 的核销金额为负 ({plain(amount)}), 而本单并非红字单",
        f"loan {loan} is written off by a negative amount ({plain(amount)}), and the report itself is not negative",
        path=path,
        hint_zh="请在来源更正核销金额; 借款增加须走借款单, 冲回核销须走红字报销单",
        hint_en="correct it in the source: a loan lends more, a negative report takes a write-off back",
        loan=loan,
        amount=plain(amount),
    )


def loan_of_another(path: str, loan: str, owner: str, submitter: str) -> Problem:
    """A report that clears somebody else's loan: booked on the one who owes it."""
    return Problem.of(
        "LOAN_OF_ANOTHER",
        f"借款 {loan} 属于 {owner}, 由 {submitter} 的单据核销; 凭证行记在 {owner} 名下",
        f"loan {loan} is owed by {owner} and written off by a report of {submitter}; the line carries {owner}",
        path=path,
        hint_zh="请确认是否代他人核销",
        hint_en="check whether it is meant to be written off for somebody else",
        loan=loan,
        owner=owner,
        submitter=submitter,
    )


def loan_not_named(number: str) -> Problem:
    """A repayment of nothing."""
    return Problem.of(
        "LOAN_MISSING",
        f"还款单 {number} 没有写明还的是哪笔借款",
        f"repayment {number} does not say which loan it repays",
        path="advances",
        hint_zh="请在来源补上借款单号 (advances)",
        hint_en="name the loan in the source (`advances`)",
        document=number,
    )


def repaid_in_other_currency(number: str, currency: str) -> Problem:
    """A loan in one currency given back in another."""
    return Problem.of(
        "LOAN_CURRENCY",
        f"还款单 {number} 要核销 {currency} 借款, 但没有 {currency} 收款",
        f"repayment {number} clears a loan in {currency}, but no money came in {currency}",
        path="events",
        hint_zh="请核对还款币种与借款币种",
        hint_en="compare the currencies of repayment and loan",
        document=number,
        currency=currency,
    )


def loan_currency(path: str, loan: str, kept: str, asked: str) -> Problem:
    """A write-off in a currency that the loan is not kept in."""
    return Problem.of(
        "LOAN_CURRENCY",
        f"借款 {loan} 以 {kept} 记账, 不能以 {asked} 核销",
        f"loan {loan} is kept in {kept} and cannot be written off in {asked}",
        path=path,
        hint_zh=f"请在来源以 {kept} 给出核销金额与币种",
        hint_en=f"give the write-off's amount and currency in {kept} in the source",
        loan=loan,
        currency=kept,
    )
