"""What makes a voucher valid in most ERPs: balanced, in an open period, known accounts with just their dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from .master import Master
from .store import Record

__all__ = ["RULES", "Refusal", "check_voucher"]

#: Names of everything that can be refused; an emulated ERP has a code of its own for each.
RULES = (
    "required",
    "unknown_code",
    "period_closed",
    "unbalanced",
    "amount",
    "dimension_missing",
    "dimension_superfluous",
    "duplicate",
    "not_found",
    "wrong_stage",
    "same_user",
)
_HEAD = {"book": "books", "voucher_type": "voucher_types"}


class Refusal(Exception):
    """The emulated ERP says no, and travels to the client in the ERP's own envelope.

    :param rule: one of `RULES`. :param text: what the ERP says. :param path: which member of the voucher.

    .. versionadded:: 0.1
    """

    def __init__(self, rule: str, text: str, path: str = "") -> None:
        super().__init__(text)
        self.rule, self.text, self.path = rule, text, path


def check_voucher(voucher: Record, master: Master) -> None:
    """All rules, in an order in which one does not hide the cause of another.

    :raises Refusal: the first that is broken.

    .. versionadded:: 0.1
    """
    for broken in _broken(voucher, master):
        raise broken


def _broken(voucher: Record, master: Master) -> Iterator[Refusal]:
    for name in ("book", "date", "period", "voucher_type", "lines"):
        if not voucher.get(name):
            yield Refusal("required", f"{name} 为必填项", name)
    for name, kind in _HEAD.items():
        if voucher[name] not in master.rows(kind):
            yield Refusal("unknown_code", f"编码 {voucher[name]} 不存在", name)
    if not master.is_open(voucher["book"], voucher["period"]):
        yield Refusal("period_closed", f"账簿 {voucher['book']} 的期间 {voucher['period']} 已结账", "period")
    for at, line in enumerate(voucher["lines"]):
        yield from _broken_line(line, f"lines[{at}]", voucher["book"], master)
    debit, credit = (sum(Decimal(line["base_amount"]) for line in voucher["lines"] if line["side"] == s) for s in "DC")
    if debit != credit:
        yield Refusal("unbalanced", f"借贷不平: 借方 {debit}, 贷方 {credit}", "lines")


def _broken_line(line: Mapping[str, Any], path: str, book: str, master: Master) -> Iterator[Refusal]:
    account = master.rows("accounts").get(line["account"])
    if account is None or account.get("detail") is False:
        yield Refusal("unknown_code", f"科目 {line['account']} 不存在或不是明细科目", f"{path}.account")
        return
    needed, given = set(account.get("dimensions", ())), line["dimensions"]
    for name in sorted(needed - set(given)):
        yield Refusal("dimension_missing", f"科目 {line['account']} 必须录入辅助核算 {name}", f"{path}.dimensions")
    for name in sorted(set(given) - needed):
        yield Refusal("dimension_superfluous", f"科目 {line['account']} 没有辅助核算 {name}", f"{path}.dimensions")
    for name, code in given.items():
        if code not in master.rows(name):
            yield Refusal("unknown_code", f"{name} 编码 {code} 不存在", f"{path}.dimensions.{name}")
    yield from _broken_amounts(line, path, master.currency_of(book), master)


def _broken_amounts(line: Mapping[str, Any], path: str, functional: str, master: Master) -> Iterator[Refusal]:
    base, original, rate = (Decimal(line[name]) for name in ("base_amount", "amount", "rate"))
    for name, amount, currency in (("base_amount", base, functional), ("amount", original, line["currency"])):
        if currency not in master.rows("currencies"):
            yield Refusal("unknown_code", f"币别 {currency} 不存在", f"{path}.currency")
        elif not amount or amount != amount.quantize(master.unit(currency)):
            yield Refusal("amount", f"金额 {amount} 为零或超出 {currency} 的精度", f"{path}.{name}")
    tolerance = 0 if line["currency"] == functional else Decimal("0.05")
    if rate <= 0 or abs(original * rate - base) > tolerance:
        yield Refusal("amount", f"原币 {original} × 汇率 {rate} 与本位币 {base} 不符", f"{path}.amount")
