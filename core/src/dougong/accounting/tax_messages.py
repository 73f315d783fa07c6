"""What finance is told about invoices and their tax (posting-rules.md §9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from dougong.model.documents import Invoice
from dougong.model.money import plain
from dougong.model.problems import Problem
from dougong.tables.decisions import EMPTY, EMPTY_WORDS, DecisionTable, key_text

__all__: list[str] = []


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


def invoice_amounts(invoice: Invoice, net: Decimal, tax: Decimal) -> Problem:
    """An invoice whose parts are not its whole: whoever books it would choose one of two amounts of tax or cost."""
    name = invoice.number or invoice.id
    facts = {"net": plain(net), "tax": plain(tax), "gross": plain(invoice.gross)}
    fund_zh, fund_en = "", ""
    if invoice.fund:
        facts["fund"] = plain(invoice.fund)
        fund_zh, fund_en = f" + 民航发展基金 {facts['fund']}", f" + fund {facts['fund']}"
    return Problem.of(
        "AMOUNT_CONTRADICTORY",
        f"发票 {name}: 不含税 {facts['net']} + 税额 {facts['tax']}{fund_zh} ≠ 价税合计 {facts['gross']}",
        f"invoice {name}: net {facts['net']} + tax {facts['tax']}{fund_en} is not gross {facts['gross']}",
        path="invoices",
        hint_zh="请在来源核对发票金额",
        hint_en="correct the invoice in the source",
        invoice=name,
        **facts,
    )


def invoice_sign(invoice: Invoice, shares: Sequence[Decimal]) -> Problem:
    """A share of an invoice with the other sign than the invoice: it would hide that others claim too much."""
    name, gross, claimed = invoice.number or invoice.id, plain(invoice.gross), ", ".join(map(plain, shares))
    return Problem.of(
        "INVOICE_SIGN",
        f"发票 {name} 价税合计 {gross}, 明细占用 {claimed}, 正负不一致",
        f"invoice {name} of {gross} is claimed with another sign: {claimed}",
        path="invoices",
        hint_zh="红字明细请关联红字发票; 请在来源更正",
        hint_en="a red line belongs to a red invoice: correct it in the source",
        invoice=name,
        gross=gross,
        claimed=claimed,
    )


def invoice_overclaimed(
    invoice: Invoice, claimed: Decimal, report: str, others: Mapping[str, Decimal] | None = None
) -> Problem:
    """Claims above the invoice's gross. :param others: other reports that claim it, and how much."""
    name, gross = invoice.number or invoice.id, plain(invoice.gross)
    if others:
        report = ", ".join(f"{number} {plain(share)}" for number, share in {report: claimed, **others}.items())
        claimed += sum(others.values())
    return Problem.of(
        "INVOICE_OVERCLAIMED",
        f"发票 {name} 价税合计 {gross}, 已报 {plain(claimed)} ({report})",
        f"invoice {name} of {gross} is claimed for {plain(claimed)} by {report}",
        path="invoices",
        hint_zh="请在来源核对: 同一发票不能重复报销; 更正或撤回其中一单后自动放行",
        hint_en="check in the source: no invoice is claimed twice; correct or withdraw one of the reports",
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


def buyer_unknown(invoice: Invoice, table: DecisionTable | None, rules: str) -> Problem:
    """抬头 that is nobody known.

    :param table: of buyers. :param rules: the file that names it, or would.
    """
    name, path = invoice.number or invoice.id, table.path if table else "tables/buyers.csv"
    first_zh, first_en = (
        ("", "")
        if table
        else (
            f'请先在 {rules} 的 [tables] 写 buyers = "{path}"; ',
            f'first write buyers = "{path}" under [tables] of {rules}; ',
        )
    )
    return Problem.of(
        "BUYER_UNKNOWN",
        f"发票 {name} 的抬头 {invoice.buyer!r} 不对应任何法人实体",
        f"the buyer {invoice.buyer!r} of invoice {name} is no entity of ours",
        path="invoices",
        hint_zh=f"{first_zh}请在 {path} 加一行 (或 dougong tables import): buyer 列写 {invoice.buyer}, "
        f"→entity 列写法人编码; 不是本集团的写 {EMPTY}, 税额进成本",
        hint_en=f"{first_en}add a row to {path} (or `dougong tables import` it): {invoice.buyer} in the column buyer, "
        f"the entity's code in →entity; {EMPTY_WORDS[1]} where it is not ours, the tax then stays in the cost",
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
