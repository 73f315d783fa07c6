"""What makes a voucher valid: the checks of Save and Submit (kingdee.md §3, §6.1).

Where no public source gives the server's exact text or MsgCode (balance, duplicate number, closed period), MsgCode 11
and a text of our own stand in, as kingdee.md §3 suggests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dougong_sdk.sandbox import Record

from .basedata import BaseData, Item
from .envelope import KingdeeError, Problem
from .fields import VOUCHER_ENTRY, VOUCHER_HEAD, Field

__all__ = ["check", "check_references", "complete_amounts"]

_EXPLANATION_LENGTH = 250


def complete_amounts(voucher: Record, data: BaseData) -> Record:
    """Fill what may be omitted: period from the date, currency, rate and original amount in the base currency.

    Amounts get the scale of their currency; an amount with more digits than that stays and is refused by
    :func:`check`.
    """
    changed = dict(voucher)
    if voucher["date"]:
        day = date.fromisoformat(voucher["date"])
        changed["bus_date"] = voucher["bus_date"] or voucher["date"]
        changed["year"], changed["period"] = voucher["year"] or day.year, voucher["period"] or day.month
    book = data.find("book", voucher["book"] or "")
    if book is None:
        return changed
    changed["org"] = voucher["org"] or book.row.get("company")
    functional = data.currency_of(book.code)
    changed["lines"] = [_complete_line(line, functional, data) for line in voucher["lines"]]
    return changed


def _complete_line(line: Record, functional: str, data: BaseData) -> Record:
    changed = dict(line)
    changed["currency"] = line["currency"] or functional
    changed["rate_type"] = line["rate_type"] or next(iter(data.items("rate_type")), None)
    if changed["currency"] == functional:
        changed["rate"] = Decimal(line["rate"]) or Decimal(1)
        changed["amount_for"] = line["amount_for"] or _base(line)
    for name, currency in (("debit", functional), ("credit", functional), ("amount_for", changed["currency"])):
        changed[name] = _scaled(Decimal(changed[name]), data.unit(currency))
    return changed


def _scaled(amount: Decimal, unit: Decimal) -> Decimal:
    rounded = amount.quantize(unit, ROUND_HALF_UP)
    return rounded if rounded == amount else amount


def _base(line: Mapping[str, Any]) -> Decimal:
    return Decimal(line["debit"]) or Decimal(line["credit"])


_HEAD_REFS = [spec for spec in VOUCHER_HEAD if spec.ref and spec.given]
_ENTRY_REFS = [spec for spec in VOUCHER_ENTRY if spec.ref]


def check_references(voucher: Record, data: BaseData) -> None:
    """Every code that is given must exist.

    :raises KingdeeError: MsgCode 9 with one problem per unknown code.
    """
    problems = [_unknown(spec, voucher[spec.name], "") for spec in _HEAD_REFS if _is_unknown(spec, voucher, data)]
    for number, line in enumerate(voucher["lines"], 1):
        place = f"第{number}行分录："
        problems += [_unknown(spec, line[spec.name], place) for spec in _ENTRY_REFS if _is_unknown(spec, line, data)]
        for slot, code in line["dims"].items():
            item = data.find(data.slots[slot], code)
            if item is None or not _belongs(item, voucher, data):
                problems.append(Problem(f'{place}编码值["{code}"]不存在', f"FDETAILID__{slot}"))
    if problems:
        raise KingdeeError(9, *problems)


def _is_unknown(spec: Field, record: Mapping[str, Any], data: BaseData) -> bool:
    if record[spec.name] is None:
        return False
    item = data.find(spec.ref, record[spec.name])
    return item is None or bool(item.row.get("forbidden"))


def _unknown(spec: Field, code: str, place: str) -> Problem:
    return Problem(f'{place}字段“{spec.title}”编码值["{code}"]不存在', spec.key)


def _belongs(item: Item, voucher: Record, data: BaseData) -> bool:
    """Dimension values must belong to the book's organisation; one without an organisation is shared by all."""
    book = data.find("book", voucher["book"] or "")
    owner = item.row.get("company")
    if item.row.get("forbidden"):
        return False
    return owner is None or book is None or owner == book.row.get("company")


def check(voucher: Record, data: BaseData, tolerance: Decimal) -> None:
    """All rules of a voucher that is to be submitted.

    :param tolerance: how far rate × original amount may lie from the base amount.
    :raises KingdeeError: MsgCode 11 with every problem found.
    """
    missing = [_required(spec) for spec in VOUCHER_HEAD if spec.must and not voucher[spec.name]]
    if missing:
        raise KingdeeError(11, *missing)
    problems = [
        *_period_problems(voucher, data),
        *_line_problems(voucher, data, tolerance),
        *_balance_problems(voucher),
    ]
    if problems:
        raise KingdeeError(11, *problems)


def _required(spec: Field) -> Problem:
    return Problem(f"字段“{spec.title}”是必填项", spec.key)


def _period_problems(voucher: Record, data: BaseData) -> Iterator[Problem]:
    day = date.fromisoformat(voucher["date"])
    period = f"{voucher['year']}.{voucher['period']}"
    if (voucher["year"], voucher["period"]) != (day.year, day.month):
        yield Problem(f"会计年度和期间（{period}）与日期（{day}）不一致", "FPERIOD")
    elif not data.period_is_open(voucher["book"], f"{day.year:04}-{day.month:02}"):
        yield Problem(f"账簿（{voucher['book']}）的期间（{period}）已结账或未启用", "FDate")


def _balance_problems(voucher: Record) -> Iterator[Problem]:
    if not voucher["lines"]:
        yield Problem("凭证分录不能为空", "FEntity")
    debit = sum((Decimal(line["debit"]) for line in voucher["lines"]), Decimal(0))
    credit = sum((Decimal(line["credit"]) for line in voucher["lines"]), Decimal(0))
    if debit != credit:
        yield Problem(f"凭证借贷不平衡：借方合计 {debit:f}，贷方合计 {credit:f}", "FDEBIT")


def _line_problems(voucher: Record, data: BaseData, tolerance: Decimal) -> Iterator[Problem]:
    functional = data.currency_of(voucher["book"])
    for number, line in enumerate(voucher["lines"], 1):
        for problem in _problems_of_line(line, data, functional, tolerance):
            yield Problem(f"第{number}行分录：{problem.message}", problem.field)


def _problems_of_line(line: Record, data: BaseData, functional: str, tolerance: Decimal) -> Iterator[Problem]:
    for spec in VOUCHER_ENTRY:
        if spec.must and not line[spec.name]:
            yield _required(spec)
    if len(line["explanation"]) > _EXPLANATION_LENGTH:
        yield Problem(f"摘要超过 {_EXPLANATION_LENGTH} 个字符", "FEXPLANATION")
    account = data.find("account", line["account"] or "")
    if account is not None:
        yield from _account_problems(line, account, data, functional)
    yield from _amount_problems(line, data, functional, tolerance)


def _account_problems(line: Record, account: Item, data: BaseData, functional: str) -> Iterator[Problem]:
    title = f"科目（{account.code}-{account.name}）"
    if not account.row.get("detail", True):
        yield Problem(f"{title}不是明细科目", "FACCOUNTID")
    needed = account.row.get("dimensions", [])
    held = {data.slots[slot] for slot in line["dims"]}
    for name in needed:
        if name not in held:
            yield Problem(f"{title}设置的下列必录维度未录入或不可用：{_TITLES.get(name, name)}")
    for name in sorted(held - set(needed)):
        yield Problem(f"{title}未设置核算维度：{_TITLES.get(name, name)}", "FDetailID")
    kept = account.row.get("currencies", [])
    if line["currency"] not in (None, functional) and "*" not in kept and line["currency"] not in kept:
        yield Problem(f"{title}未设置外币核算：{line['currency']}", "FCURRENCYID")


def _amount_problems(line: Record, data: BaseData, functional: str, tolerance: Decimal) -> Iterator[Problem]:
    debit, credit = Decimal(line["debit"]), Decimal(line["credit"])
    if bool(debit) == bool(credit):
        yield Problem("借方金额与贷方金额必须录入且只能录入其一", "FDEBIT")
        return
    for name, key, currency in (
        ("debit", "FDEBIT", functional),
        ("credit", "FCREDIT", functional),
        ("amount_for", "FAMOUNTFOR", line["currency"] or functional),
    ):
        amount = Decimal(line[name])
        if amount != amount.quantize(data.unit(currency)):
            yield Problem(f"金额 {amount:f} 超出币别 {currency} 的精度", key)
    rate, original = Decimal(line["rate"]), Decimal(line["amount_for"])
    if rate <= 0:
        yield Problem("汇率必须大于零", "FEXCHANGERATE")
    elif line["currency"] == functional and rate != 1:
        yield Problem("本位币的汇率必须为 1", "FEXCHANGERATE")
    elif abs(original * rate - _base(line)) > (0 if rate == 1 else tolerance):
        yield Problem(f"原币金额 {original:f} × 汇率 {rate:f} 与本位币金额 {_base(line):f} 不符", "FAMOUNTFOR")


_TITLES = {
    "department": "部门",
    "employee": "员工",
    "supplier": "供应商",
    "customer": "客户",
    "expense_item": "费用项目",
    "project": "项目",
    "bank": "银行账号",
    "company": "往来单位",
}
