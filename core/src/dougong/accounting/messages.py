"""What finance is told when a booking cannot be made (posting-rules.md §9): code, sentence, place, next step."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal

from dougong.model import words
from dougong.model.money import plain
from dougong.model.problems import DougongError, Problem

__all__ = ["SettlementError"]

_LONG_NUMBER = re.compile(r"\d[\d -]{6,}\d")


class SettlementError(DougongError):
    """A document cannot be settled: a fact is missing or contradicts another.

    .. versionadded:: 0.1
    """


def masked(keys: Mapping[str, str | None]) -> dict[str, str | None]:
    """Key values fit to be shown: a bank account's number keeps its last four digits."""
    return {
        name: _LONG_NUMBER.sub(lambda found: "…" + found.group()[-4:], value) if value and "account" in name else value
        for name, value in keys.items()
    }


def not_yet(path: str, zh: str, en: str) -> Problem:
    """Something that the rules allow and that this version does not post yet; held rather than posted wrong."""
    return Problem.of(
        "NOT_SUPPORTED_YET",
        f"暂不支持: {zh}",
        f"not supported yet: {en}",
        path=path,
        hint_zh="本单挂起, 未发送; 可手工入账后 cancel",
        hint_en="held and not sent; book it by hand and cancel the delivery",
    )


# ------------------------------------------------------------------------------------------------ the document


def entity_missing(number: str) -> Problem:
    """Nobody's books."""
    return Problem.of(
        "ENTITY_MISSING",
        f"{number}: 缺少法人实体",
        f"{number}: the legal entity is missing",
        path="entity",
        hint_zh="请在来源配置中给出租户 → 法人实体",
        hint_en="configure tenant → entity for the source",
        document=number,
    )


def route_missing(entity: str, moment: str, type: str) -> Problem:
    """No book for an entity."""
    return Problem.of(
        "ROUTE_MISSING",
        f"法人实体 {entity} 的{words.document(type).zh}{words.moment(moment).zh}没有路由到任何账簿",
        f"no route leads {type}/{moment} of entity {entity} to a book",
        path="entity",
        hint_zh="请在 dougong.toml 加一条 [[routes]]",
        hint_en="add a [[routes]] to dougong.toml",
        entity=entity,
        moment=moment,
        type=type,
    )


def rules_missing(book: str) -> Problem:
    """No rules for a book."""
    return Problem.of(
        "RULES_MISSING",
        f"账簿 {book} 没有入账规则",
        f"no rules for book {book}",
        hint_zh=f"请在 rules/*.toml 的 books 中写上 {book}",
        hint_en=f"name {book} in `books` of a file in rules/",
        book=book,
    )


def submitter_missing(number: str) -> Problem:
    """Money that an unknown person owes."""
    return Problem.of(
        "SUBMITTER_MISSING",
        f"{number}: 员工应退款, 但没有提单人",
        f"{number}: an employee owes money, but the submitter is missing",
        path="submitter",
        hint_zh="请在来源补上提单人",
        hint_en="supply the submitter in the source",
        document=number,
    )


def functional_currency(document: str, book: str, rules: str) -> Problem:
    """Document and book keep different functional currencies."""
    return Problem.of(
        "CURRENCY_NOT_FUNCTIONAL",
        f"单据本位币 {document} 与账簿本位币 {book} 不同",
        f"the document's currency {document} is not the book's {book}",
        path="currency",
        hint_zh=f"请核对 {rules} 的 [rules] currency 与路由",
        hint_en=f"check [rules] currency of {rules} and the route",
        document=document,
        book=book,
    )


def line_repeated(path: str, id: str) -> Problem:
    """Two lines with one id."""
    return Problem.of(
        "LINE_REPEATED",
        f"明细 {id!r} 重复",
        f"line {id!r} stands twice",
        path=f"{path}.id",
        hint_zh="明细 id 须唯一",
        hint_en="ids are unique",
    )


def currency_unknown(path: str, currency: str) -> Problem:
    """No ISO 4217 code."""
    return Problem.of(
        "CURRENCY_UNKNOWN",
        f"未知币种 {currency!r}",
        f"unknown currency {currency!r}",
        path=f"{path}.currency",
        hint_zh="请使用 ISO 4217 代码, 如 CNY",
        hint_en="use an ISO 4217 code such as CNY",
    )


def approved_above_claimed(path: str, approved: Decimal, claimed: Decimal) -> Problem:
    """More approved than claimed, or of the other sign."""
    return Problem.of(
        "APPROVED_ABOVE_CLAIMED",
        f"审批额 {plain(approved)} 与报销额 {plain(claimed)} 矛盾",
        f"approved {plain(approved)} contradicts claimed {plain(claimed)}",
        path=f"{path}.approved",
        hint_zh="请在来源核对审批金额",
        hint_en="check the approved amount in the source",
    )


def split_mismatch(path: str, total: Decimal, line: Decimal) -> Problem:
    """分摊 that does not sum to its line."""
    return Problem.of(
        "SPLIT_MISMATCH",
        f"分摊合计 {plain(total)} 不等于 {plain(line)}, 或比例与金额混用、正负不一",
        f"the splits sum to {plain(total)}, not to {plain(line)}, or mix shares and amounts or signs",
        path=f"{path}.splits",
        hint_zh="每行要么全给比例 (合计 1), 要么全给金额 (合计等于明细)",
        hint_en="give shares that sum to 1, or amounts that sum to the line",
        total=plain(total),
        line=plain(line),
    )


def rate_missing(path: str, currency: str, functional: str, kind: str, day: dt.date | None, table: str) -> Problem:
    """No rate; none is taken from another day."""
    when = str(day) if day else "(空)"
    return Problem.of(
        "RATE_MISSING",
        f"没有 {currency}→{functional} 在 {when} 的 {kind} 汇率",
        f"no {kind} rate {currency}→{functional} for {when}",
        path=f"{path}.rate",
        hint_zh=f"请在 {table} 加一行, 或补上费用日期",
        hint_en=f"add a row to {table}, or supply the expense date",
        currency=currency,
        type=kind,
        date=when,
    )


# ------------------------------------------------------------------------------------------------------ parties


def identity_failed(
    number: str,
    claimed: Decimal,
    tax: Decimal,
    written_off: Decimal,
    paid: Decimal,
    payable: Decimal,
    difference: Decimal,
) -> Problem:
    """Cost and tax are not what is written off, paid and payable."""
    facts = {
        "claimed": plain(claimed),
        "tax": plain(tax),
        "written_off": plain(written_off),
        "paid": plain(paid),
        "payable": plain(payable),
        "difference": plain(difference),
    }
    shown = " ".join(f"{name}={value}" for name, value in facts.items())
    return Problem.of(
        "IDENTITY_FAILED",
        f"{number}: 审批 {claimed} (含税额 {tax}) ≠ 核销 {written_off} + 统付 {paid} + 应付 {payable}, 差 {difference}",
        f"{number} does not add up: {shown}",
        hint_zh="请在来源核对审批金额、核销金额与收款金额",
        hint_en="check approved, written-off and payable amounts in the source",
        document=number,
        **facts,
    )


def nothing_paid(number: str) -> Problem:
    """A payment event without any amount."""
    return Problem.of(
        "PAYMENT_MISSING",
        f"{number}: 已付款, 但没有付款明细, 也没有收款人",
        f"{number} was paid, but neither payments nor payees are told",
        path="events",
        hint_zh="请在付款事件中给出 payments, 或在单据中给出收款人",
        hint_en="give `payments` in the paid event, or payees in the document",
        document=number,
    )
