"""What stands in a rules file (posting-rules.md §4–5), a frozen class per section, for reader and JSON Schema.

The field's type says what a key takes, its default whether it may be left out, its help what it means.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal

import attrs

from dougong.model.masterdata import AccountNeeds
from dougong.model.postings import Stage
from dougong.model.problems import Problem
from dougong.tables.decisions import DecisionTable

__all__ = [
    "ChangePolicy",
    "CurrencyPolicy",
    "DatePolicy",
    "Entry",
    "Head",
    "Moment",
    "RoundingPolicy",
    "RuleSet",
    "SummaryPolicy",
    "TaxPolicy",
]

Collection = Literal[
    "slices",
    "taxes",
    "counterparts",
    "advances",
    "company_paid",
    "withheld",
    "payees",
    "due_back",
    "payments",
    "differences",
]


def _key(help: str, default: Any = attrs.NOTHING) -> Any:
    """A key of the file: its meaning, and its default when it may be left out."""
    return attrs.field(default=default, metadata={"help": help})


@attrs.frozen
class Head:
    """`[rules]`: whom the file is for."""

    name: str = _key("名称 what people call these rules")
    books: tuple[str, ...] = _key("账簿 books that post by these rules")
    currency: str = _key("本位币 functional currency, ISO 4217")
    zone: str = _key("时区 turns instants into business dates", "Asia/Shanghai")
    valid_from: dt.date | None = _key("生效日 no voucher is dated before it", None)


@attrs.frozen
class TaxPolicy:
    """`[tax]`: what is deducted, and when."""

    taxpayer: Literal["general", "small_scale"] = _key("一般纳税人 | 小规模", "general")
    timing: Literal["direct", "on_confirmation"] = _key("入账即进项 | 先待认证", "direct")
    below_invoice: Literal["proportional", "full", "none"] = _key(
        "审批额低于发票额时 approved below invoice", "proportional"
    )
    title_mismatch: Literal["cost", "hold"] = _key("抬头不符: 税额进成本 | 挂起", "cost")
    lines_by: Literal["rate", "invoice"] = _key("按税率一行 | 每票一行", "rate")
    unverified: Literal["cost", "hold"] = _key("验真未通过的发票: 税额进成本 | 挂起", "cost")


@attrs.frozen
class CurrencyPolicy:
    """`[currency]`: functional amounts and line currencies."""

    amount: Literal["source", "ledger_rate"] = _key("以审批的本位币为准 | 按账簿汇率", "source")
    rate_type: str = _key("month_start 月初汇率 | spot 当日汇率 | a type of rates.csv", "month_start")
    rate_date: Literal["expense_date", "approved_on"] = _key(
        "汇率日期 which date the rate is taken for", "expense_date"
    )
    line_currency: Literal["functional", "original", "by_account"] = _key(
        "只记本位币 | 原币 | 看科目外币核算", "by_account"
    )
    gain_side: Literal["credit", "debit_red"] = _key("汇兑收益: 贷方 | 借方红字", "credit")


@attrs.frozen
class RoundingPolicy:
    """`[rounding]`: where the last cent goes, and how large a rounding difference may be."""

    split: Literal["last", "largest_remainder"] = _key("分摊尾差: 最后一项 | 最大余数", "last")
    difference_limit: Decimal = _key("尾差上限, 本位币 largest rounding difference", Decimal("0.05"))


@attrs.frozen
class DatePolicy:
    """`[dates]`: what moves a date."""

    closed_period: Literal["next_open", "hold"] = _key("期间已结: 记入下一开放期间 | 挂起", "next_open")
    closed_note: str = _key("写在摘要前 put before the summary when a closed period moved the date", "[补{period}]")
    sequence: Literal["last_voucher_date", "hold"] = _key("序时控制 not before the last voucher", "last_voucher_date")
    prior_year: Literal["account", "current", "hold"] = _key("跨年: 以前年度损益 | 记本年 | 挂起", "account")
    prior_year_limit: Decimal = _key("低于此额记本年 below this the current year takes it", Decimal(0))
    invoice_year: Literal["warn", "ignore", "hold"] = _key("发票年度与入账年度不同", "warn")


@attrs.frozen
class SummaryPolicy:
    """`[summary]`: 摘要 and which of its parts are never cut."""

    text: str = _key("模板 template", "{submitter}报{fee_type} {reason} {number}")
    keep: tuple[str, ...] = _key("不截断的部分 parts that are never cut", ("number", "submitter"))


@attrs.frozen
class ChangePolicy:
    """`[changes]`: what happens when a document changes after its voucher."""

    counts: Literal["money"] = _key("只看影响金额、科目、往来的内容", "money")
    change: Literal["red_and_new", "difference", "hold"] = _key("红冲重记 | 补差 | 挂起", "red_and_new")
    withdraw: Literal["red", "hold"] = _key("撤回、退单", "red")
    red_style: Literal["negative", "opposite"] = _key("红字 | 反向", "negative")
    red_date: Literal["original_if_open", "change_date"] = _key("红冲日期", "original_if_open")
    draft: Literal["delete", "void", "red"] = _key("未审核的草稿: 删除 | 作废 | 红冲", "delete")
    approval: Literal["second_person", "none"] = _key("复核", "second_person")


@attrs.frozen
class Entry:
    """`[[moments.NAME.entry]]`: one kind of line; it makes a line per item of its collection.

    `index` counts from 1, `line` is where it stands in the file, `holds` is the compiled `when`.
    """

    each: Collection = _key("对哪类事实逐条生成 which facts it runs over")
    side: Literal["debit", "credit"] = _key("借 | 贷")
    account: str | Mapping[str, str] = _key("科目角色 | table:NAME | tax:ROLE | { employee = ROLE, supplier = ROLE }")
    amount: str = _key("金额, 如 slice.cost; never arithmetic")
    when: str | None = _key("条件 expression that must hold", None)
    summary: str | None = _key("摘要模板 instead of [summary]", None)
    clears: str | None = _key("核销: 往来核销号或时点 number or moment that the line clears", None)
    opens: str | None = _key("立账: 往来核销号 number that the line opens", None)
    merge_lines: bool | None = _key(
        "合并分录 merge lines of equal account and dimensions; unless said, those of a merged voucher's documents only",
        None,
    )
    settlement: tuple[str, ...] = _key("结算方式、结算号 settlement method and number", ())
    label: str | None = _key("名称 what `rules explain` calls it", None)
    index: int = attrs.field(default=0, metadata={"internal": True})
    line: int = attrs.field(default=0, metadata={"internal": True})
    holds: Callable[[Mapping[str, Any]], bool] | None = attrs.field(
        default=None, eq=False, repr=False, metadata={"internal": True}
    )


@attrs.frozen
class Moment:
    """`[moments.NAME]`: when a voucher of this kind is made, by whom, with which entries."""

    name: str = attrs.field(metadata={"internal": True})
    on: str = _key("触发事件 event that opens the moment")
    documents: tuple[str, ...] = _key("单据类型 document types", ("expense", "payment_request"))
    after: str | None = _key("等待的时点 moment that must be done before", None)
    mirrors: str | None = _key("时点的红字 red copy of another moment's voucher", None)
    owner: Literal["dougong", "erp", "none"] = _key("由谁生成凭证 who makes the voucher", "dougong")
    target: Literal["voucher", "payable", "claim", "payment"] = _key("目标单据", "voucher")
    voucher_type: str = _key("凭证字", "记")
    target_stage: Stage = _key("目标状态 draft | submitted | audited | posted", Stage.SUBMITTED)
    date: tuple[str, ...] = _key("日期取第一个有的事实 the first fact that exists", ())
    closed_period: Literal["next_open", "hold"] | None = _key("期间已结 instead of [dates]", None)
    cash_flow: str | None = _key("现金流量项目", None)
    prepared_by: str | None = _key("制单人 path such as report.finance_approver", None)
    attachments: Literal["invoices", "attachments", "one"] = _key("附件数: 发票张数 | 附件数 | 一", "one")
    merge: Literal["none", "day", "type", "payment_batch"] = _key("凭证合并", "none")
    over_limit: Literal["hold", "split"] = _key(
        "行数超过 ERP 上限: 挂起 | 分单, 经过渡科目平衡 hold, or parts that balance through `clearing`", "hold"
    )
    clearing: str | None = _key("分单的过渡科目角色 account role through which the parts balance", None)
    entry: tuple[Entry, ...] = attrs.field(default=(), metadata={"help": "分录 entries, in voucher order"})


@attrs.frozen
class RuleSet:
    """A rules file with its tables, checked and compiled; plain values, no I/O.

    :param path: the file, for messages; `fingerprint` hash over its text and the contents of its tables.
    :param accounts: role → account code (`[accounts]`).
    :param tables: name → decision table (`[tables]`).
    :param needs: table of what accounts take, when there is one; `None` = the ERP says it (`account_needs = "erp"`).
    :param dimensions: our dimension name → paths that may fill it, first value wins (`[dimensions]`).

    .. versionadded:: 0.1
    """

    rules: Head
    accounts: Mapping[str, str] = attrs.field(hash=False)
    tables: Mapping[str, DecisionTable] = attrs.field(hash=False, repr=False)
    dimensions: Mapping[str, tuple[str, ...]] = attrs.field(hash=False)
    tax: TaxPolicy
    currency: CurrencyPolicy
    rounding: RoundingPolicy
    dates: DatePolicy
    summary: SummaryPolicy
    changes: ChangePolicy
    moments: Mapping[str, Moment] = attrs.field(hash=False)
    needs: DecisionTable | None = attrs.field(default=None, hash=False, repr=False)
    path: str = ""
    fingerprint: str = ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with rows of its tables; who would be answered by one of them is held for it."""
        known = [*self.tables.values(), *([self.needs] if self.needs else [])]
        return tuple(problem for table in known for problem in table.problems)

    def account_needs(self, account: str, on: dt.date) -> AccountNeeds | None:
        """What an account takes by the table `needs`; lists in its cells are separated by blanks.

        :raises TableError: its row is wrong, or another one contradicts it.
        """
        found = self.needs.lookup({"account": account}, on) if self.needs else None
        if found is None:
            return None
        return AccountNeeds(
            dimensions=frozenset(found.values["dimensions"].split()),
            currencies=frozenset(found.values.get("currencies", "").split()),
            cash=found.values.get("cash", "").lower() in ("yes", "1", "true", "是"),
        )
