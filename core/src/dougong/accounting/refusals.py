"""What finance is told about a voucher that cannot be made: accounts, dimensions, dates, sums (posting-rules.md §9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from dougong.model import words
from dougong.model.documents import Invoice
from dougong.model.money import plain
from dougong.model.problems import Problem
from dougong.tables.decisions import DecisionTable, key_text

__all__: list[str] = []


def account_not_determined(
    table: DecisionTable, keys: Mapping[str, str | None], where: str, amount: Decimal
) -> Problem:
    """No row of an account table fits; the words are those of the work list, the facts name each key."""
    zh, en = ("/".join(value or empty for value in keys.values()) for empty in ("(空)", "(empty)"))
    return Problem.of(
        "ACCOUNT_NOT_DETERMINED",
        f"无对应科目: {zh}",
        f"no account for {en}",
        path=where,
        hint_zh=f"请在 {table.path} 加一行 (dougong tables todo 列出全部缺行)",
        hint_en=f"add a row to {table.path} (`dougong tables todo` lists all that are missing)",
        table=table.name,
        amount=plain(amount),
        **{name: value or "" for name, value in keys.items()},
    )


def kind_not_determined(table: DecisionTable, keys: Mapping[str, str], where: str, amount: Decimal) -> Problem:
    """The account depends on a kind, and the table that gives the kind does not know the department or project."""
    shown = key_text(keys)
    return Problem.of(
        "ACCOUNT_NOT_DETERMINED",
        f"{table.path} 没有 {shown.zh} 的行, 科目无从确定",
        f"{table.path} has no row for {shown.en}, so no account can be determined",
        path=where,
        hint_zh=f"请在 {table.path} 加一行 (dougong tables todo 列出全部缺行)",
        hint_en=f"add a row to {table.path} (`dougong tables todo` lists all that are missing)",
        table=table.name,
        amount=plain(amount),
        **keys,
    )


def payee_kind_unknown(code: str, where: str) -> Problem:
    """Account by kind of payee, and the kind is not told."""
    return Problem.of(
        "PAYEE_KIND_UNKNOWN",
        f"收款人 {code} 是员工还是供应商未知",
        f"whether payee {code} is an employee or a supplier is not told",
        path=where,
        hint_zh="请在单据的收款人中给出 kind",
        hint_en="give its kind among the document's payees",
        payee=code,
    )


def account_unknown(account: str, book: str, where: str, *, by_table: bool = False) -> Problem:
    """Nobody has said what the account takes.

    :param by_table: it is for the rules' table `account_needs` to say, not for the ERP.
    """
    if by_table:
        zh, en = f"account_needs 表中没有科目 {account}", f"the table account_needs has no account {account}"
        hint_zh, hint_en = "请核对科目编码, 或在该表加一行", "check the account's code, or add a row to that table"
    else:
        zh = f"ERP 中没有科目 {account}, 或它不是明细科目、已禁用"
        en = f"the ERP has no account {account}, or it is no detail account or is disabled"
        hint_zh = "请核对科目编码与编码表 account; ERP 中新增的科目, 用 dougong check 重取"
        hint_en = "check the code and the code table `account`; `dougong check` reads accounts that are new in the ERP"
    return Problem.of(
        "ACCOUNT_UNKNOWN",
        f"账簿 {book}: {zh}",
        f"book {book}: {en}",
        path=where,
        hint_zh=hint_zh,
        hint_en=hint_en,
        account=account,
        book=book,
    )


def dimension_missing(account: str, dimension: str, where: str, *, known: bool) -> Problem:
    """The account takes it and no fact has it."""
    return Problem.of(
        "DIMENSION_MISSING",
        f"科目 {account} 需要辅助核算 {dimension}, {where} 没有",
        f"account {account} takes the dimension {dimension}, which {where} does not have",
        path=where,
        hint_zh="请在单据补上该值" if known else f"请在 [dimensions] 写明 {dimension} 由哪个事实填",
        hint_en="supply the value in the document" if known else f"say in [dimensions] which fact fills {dimension}",
        account=account,
        dimension=dimension,
        line=where,
    )


def characters_replaced(text: str, forbidden: str) -> Problem:
    """摘要 without characters that the ERP refuses."""
    found = "".join(sorted(set(text) & set(forbidden)))
    return Problem.of(
        "SUMMARY_CHARACTERS",
        f"摘要中的 {found!r} 已替换为空格",
        f"characters {found!r} of the summary became blanks",
        hint_zh="ERP 不接受这些字符",
        hint_en="the ERP refuses them",
    )


def summary_too_long(text: str, limit: int) -> Problem:
    """Protected parts alone exceed the limit."""
    return Problem.of(
        "SUMMARY_TOO_LONG",
        f"摘要不可截断的部分超过 {limit} 字: {text}",
        f"the protected parts of the summary exceed {limit} characters: {text}",
        path="summary",
        hint_zh="请缩短 [summary] 模板或减少 keep",
        hint_en="shorten the template in [summary] or keep fewer parts",
    )


def moment_not_booked(moment: str, event: str) -> Problem:
    """An event that opens a moment which this version does not book; a remark, it holds nothing."""
    return Problem.of(
        "MOMENT_NOT_BOOKED",
        f"{words.event(event).zh}, 但此版本尚不生成{words.moment(moment).zh}凭证",
        f"the event {event} has happened, but this version makes no {moment} voucher yet",
        path="events",
        hint_zh="请在 ERP 中手工入账",
        hint_en="book it in the ERP by hand",
        moment=moment,
    )


def date_missing(moment: str, facts: Sequence[str]) -> Problem:
    """None of the date facts exists."""
    names = ", ".join(facts)
    return Problem.of(
        "DATE_MISSING",
        f"{words.moment(moment).zh}时点的日期 ({names}) 都没有",
        f"none of the dates of moment {moment} exists: {names}",
        path="events",
        hint_zh="请补上事件日期, 或在规则的 date 中加一个事实",
        hint_en="supply the event's date, or name another fact in `date`",
        moment=moment,
    )


def rules_not_valid(rules: str, valid_from: dt.date, fact: dt.date) -> Problem:
    """A fact from before the rules."""
    return Problem.of(
        "RULES_NOT_VALID",
        f"{fact} 早于规则生效日 {valid_from}",
        f"{fact} is before the rules become valid on {valid_from}",
        hint_zh=f"请核对 {rules} 的 valid_from",
        hint_en=f"check valid_from of {rules}",
        date=str(fact),
    )


def period_closed(book: str, period: str, first_open: str) -> Problem:
    """The period is closed and the rule is to hold."""
    return Problem.of(
        "PERIOD_CLOSED",
        f"账簿 {book} 的 {period} 已结账, 最早开放期间 {first_open}",
        f"period {period} of book {book} is closed; the first open one is {first_open}",
        hint_zh='请开放期间, 或把 closed_period 改为 "next_open"',
        hint_en='open the period, or set closed_period = "next_open"',
        book=book,
        period=period,
        first_open=first_open,
    )


def out_of_sequence(book: str, voucher_type: str, date: dt.date, last: dt.date) -> Problem:
    """The ERP keeps vouchers in the order of their dates, and the rule is to hold."""
    return Problem.of(
        "OUT_OF_SEQUENCE",
        f"账簿 {book} 序时控制: {voucher_type} 字末张凭证为 {last}, 晚于 {date}",
        f"book {book} keeps vouchers in order of date: the last one of type {voucher_type} is of {last}, after {date}",
        hint_zh='请把 sequence 改为 "last_voucher_date", 或在 ERP 中处理',
        hint_en='set sequence = "last_voucher_date", or deal with it in the ERP',
        book=book,
        voucher_type=voucher_type,
        date=str(date),
        last=str(last),
    )


def prior_year_held(year: int, booked: int, cost: Decimal) -> Problem:
    """A cost of another fiscal year, and the rule is to hold."""
    return Problem.of(
        "PRIOR_YEAR",
        f"{year} 年的费用 {plain(cost)} 将记入 {booked} 年",
        f"a cost of {year}, {plain(cost)}, would be booked in {booked}",
        hint_zh='请把 prior_year 改为 "account" 或 "current", 或 cancel 后在 ERP 中手工入账',
        hint_en='set prior_year = "account" or "current", or cancel it and book it in the ERP by hand',
        year=str(year),
        booked=str(booked),
        cost=plain(cost),
    )


def prior_year_account(rules: str, year: int) -> Problem:
    """A cost of another fiscal year that wants an account which the rules do not name."""
    return Problem.of(
        "PRIOR_YEAR",
        f"{year} 年的费用应记以前年度损益, 但 {rules} 的 [accounts] 没有 prior_year",
        f"a cost of {year} takes the account of prior years, and [accounts] of {rules} has no prior_year",
        hint_zh='请在 [accounts] 中加 prior_year, 或把 [dates] prior_year 改为 "current"',
        hint_en='add prior_year to [accounts], or set [dates] prior_year = "current"',
        year=str(year),
    )


def not_balanced(difference: Decimal) -> Problem:
    """Debits are not credits: some fact has no entry."""
    return Problem.of(
        "NOT_BALANCED",
        f"借贷不平, 差额 {plain(difference)}",
        f"debits and credits differ by {plain(difference)}",
        hint_zh="规则中某类事实没有分录 (如代扣、差额), 请核对 [[entry]]",
        hint_en="some kind of fact has no entry (withheld, say); check the rules' entries",
        difference=plain(difference),
    )


def lines_too_many(count: int, limit: int) -> Problem:
    """More lines than the ERP takes."""
    return Problem.of(
        "LINES_TOO_MANY",
        f"凭证有 {count} 行, ERP 最多 {limit} 行",
        f"the voucher has {count} lines, the ERP takes {limit}",
        hint_zh='可对费用分录设 merge_lines = true, 或设 over_limit = "split" 与过渡科目 clearing 分单',
        hint_en='set merge_lines = true on the cost entries, or over_limit = "split" with a clearing account',
        count=str(count),
        limit=str(limit),
    )


def currency_mixed(currencies: Sequence[str]) -> Problem:
    """Several currencies in a document that carries one."""
    names = ", ".join(currencies)
    return Problem.of(
        "CURRENCY_MIXED",
        f"一张凭证只能有一种币种, 现有 {names}",
        f"one document carries one currency, this one has {names}",
        hint_zh='请设 [currency] line_currency = "functional"',
        hint_en='set [currency] line_currency = "functional"',
        currencies=names,
    )


def set_incomplete(entity: str, book: str) -> Problem:
    """Another member of the set cannot be made."""
    return Problem.of(
        "SET_INCOMPLETE",
        f"同一单据在 {entity} (账簿 {book}) 的凭证还不能生成, 整组等待",
        f"the voucher of the same document for {entity} (book {book}) cannot be made yet; the set waits",
        hint_zh="先处理该凭证的问题",
        hint_en="solve that voucher's problems first",
        entity=entity,
        book=book,
    )


def invoice_year(invoice: Invoice, year: int) -> Problem:
    """An invoice of another year."""
    name, own = invoice.number or invoice.id, invoice.date.year if invoice.date else 0
    return Problem.of(
        "INVOICE_YEAR",
        f"发票 {name} 为 {own} 年, 凭证记入 {year} 年",
        f"invoice {name} is of {own}, the voucher is booked in {year}",
        path="invoices",
        hint_zh="请确认是否跨年费用",
        hint_en="check whether it is last year's cost",
        invoice=name,
    )
