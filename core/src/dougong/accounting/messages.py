"""What finance is told when a booking cannot be made (posting-rules.md §9): code, sentence, place, next step."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from dougong.model.documents import Invoice
from dougong.model.money import plain
from dougong.model.problems import DougongError, Problem
from dougong.tables.decisions import DecisionTable, key_text

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
        f"法人实体 {entity} 的 {type}/{moment} 没有路由到任何账簿",
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


# ---------------------------------------------------------------------------------------------------------- tax


def invoice_missing(path: str, id: str) -> Problem:
    """A line names an invoice that the document lacks."""
    return Problem.of(
        "INVOICE_MISSING",
        f"明细引用的发票 {id!r} 不在单据里",
        f"the line names invoice {id!r}, which the document does not have",
        path=f"{path}.invoices",
        hint_zh="请同时提供发票数据",
        hint_en="supply the invoice's data too",
        invoice=id,
    )


def invoice_overclaimed(invoice: Invoice, claimed: Decimal, report: str) -> Problem:
    """Claims above the invoice's gross."""
    name, gross = invoice.number or invoice.id, plain(invoice.gross)
    return Problem.of(
        "INVOICE_OVERCLAIMED",
        f"发票 {name} 价税合计 {gross}, 已报 {plain(claimed)} ({report})",
        f"invoice {name} of {gross} is claimed for {plain(claimed)} by {report}",
        path="invoices",
        hint_zh="请在来源核对各明细占用的发票金额",
        hint_en="check in the source how much each line claims of it",
        invoice=name,
        gross=gross,
        claimed=plain(claimed),
        reports=report,
    )


def tax_above_invoice(invoice: Invoice, stated: Decimal, tax: Decimal) -> Problem:
    """More deductible tax than tax."""
    name = invoice.number or invoice.id
    return Problem.of(
        "TAX_ABOVE_INVOICE",
        f"发票 {name}: 可抵扣税额 {plain(stated)} 大于票面税额 {plain(tax)}",
        f"invoice {name}: deductible tax {plain(stated)} exceeds its tax {plain(tax)}",
        path="invoices",
        hint_zh="请在来源核对可抵扣税额",
        hint_en="check the deductible tax in the source",
        invoice=name,
    )


def tax_above_approved(path: str, tax: Decimal, approved: Decimal) -> Problem:
    """More tax than cost."""
    return Problem.of(
        "TAX_ABOVE_APPROVED",
        f"可抵扣税额 {plain(tax)} 大于审批额 {plain(approved)}",
        f"deductible tax {plain(tax)} exceeds the approved {plain(approved)}",
        path=path,
        hint_zh="请核对发票占用金额与 below_invoice",
        hint_en="check the invoice shares and `below_invoice`",
    )


def tax_missing(invoice: Invoice) -> Problem:
    """A deductible invoice without its tax."""
    name = invoice.number or invoice.id
    return Problem.of(
        "TAX_MISSING",
        f"发票 {name} ({invoice.kind}) 可抵扣, 但没有税额",
        f"invoice {name} ({invoice.kind}) is deductible, but its tax is not told",
        path="invoices",
        hint_zh="请补上发票的 tax 或 net",
        hint_en="supply the invoice's tax or net",
        invoice=name,
    )


def tax_use_missing(table: DecisionTable | None, keys: Mapping[str, str], amount: Decimal) -> Problem:
    """No row says whether this use deducts."""
    path = table.path if table else "tables/tax_use.csv"
    shown = key_text(keys)
    return Problem.of(
        "TAX_USE_NOT_DETERMINED",
        f"{shown.zh}: 无抵扣规则",
        f"{shown.en}: no row says whether the tax is deductible",
        path=path,
        hint_zh=f"请在 {path} 加一行, →deduct 写 yes 或 no",
        hint_en=f"add a row to {path} with →deduct yes or no",
        table="tax_use",
        amount=plain(amount),
        **keys,
    )


def unverified(invoice: Invoice) -> Problem:
    """验真 failed."""
    name = invoice.number or invoice.id
    return Problem.of(
        "INVOICE_UNVERIFIED",
        f"发票 {name} 验真未通过, 税额不抵扣",
        f"invoice {name} is not verified; its tax is not deducted",
        path="invoices",
        hint_zh="验真后重新推送, 或按成本入账",
        hint_en="verify it and push again, or leave the tax in the cost",
        invoice=name,
    )


def buyer_unknown(invoice: Invoice, table: str) -> Problem:
    """抬头 that is nobody known."""
    name = invoice.number or invoice.id
    return Problem.of(
        "BUYER_UNKNOWN",
        f"发票 {name} 的抬头 {invoice.buyer!r} 不对应任何法人实体",
        f"the buyer {invoice.buyer!r} of invoice {name} is no entity of ours",
        path="invoices",
        hint_zh=f"请在 {table} 加一行 抬头 → 法人实体 (不是本集团则实体留空, 税额进成本)",
        hint_en=f"add a row buyer → entity to {table} (a blank entity = not ours, the tax stays in the cost)",
        table="buyers",
        buyer=invoice.buyer or "",
    )


def title_mismatch(path: str, invoice: str, buyer: str, bearers: Sequence[str]) -> Problem:
    """The buyer does not bear the cost."""
    names = "、".join(bearers)
    return Problem.of(
        "TITLE_MISMATCH",
        f"发票 {invoice} 抬头 {buyer or '(空)'}, 由 {names} 承担: 该部分税额进成本",
        f"invoice {invoice} names {buyer or '(nobody)'} as buyer but {names} bears it: that tax stays in the cost",
        path=path,
        hint_zh="如需抵扣, 请换开抬头正确的发票",
        hint_en="to deduct it, get an invoice with the right buyer",
        invoice=invoice,
        buyer=buyer,
        bearer=names,
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


def loan_not_posted(loan: str) -> Problem:
    """A write-off of a loan whose voucher nobody has made."""
    return Problem.of(
        "LOAN_NOT_POSTED",
        f"借款单 {loan} 未入账, 不能核销",
        f"loan {loan} has not been posted, so nothing can be written off",
        path="advances",
        hint_zh="请先推送借款单, 或登记为上线前余额",
        hint_en="push the loan first, or register it as opened before go-live",
        loan=loan,
    )


def loan_overdrawn(loan: str, remaining: Decimal, asked: Decimal) -> Problem:
    """A write-off above what is left."""
    return Problem.of(
        "LOAN_OVERDRAWN",
        f"借款 {loan} 余额 {remaining}, 要核销 {asked}",
        f"loan {loan}: remaining={plain(remaining)} asked={plain(asked)}",
        path="advances",
        hint_zh="请在来源减少核销金额",
        hint_en="write off less in the source",
        loan=loan,
        remaining=plain(remaining),
        asked=plain(asked),
    )
