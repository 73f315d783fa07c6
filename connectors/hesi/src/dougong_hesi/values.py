"""Hesi's scalars: money objects, epoch milliseconds, percents; exact or refused (expense-side.md §1.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from dougong.model.money import CONTEXT, is_currency, parse_decimal, plain, round_to, scale_of
from dougong.model.problems import InputError, Problem
from dougong_hesi.findings import Findings

__all__ = ["HesiMoney", "day", "exact", "instant", "money", "normal", "rate_of"]

#: Milliseconds up to the end of the year 9999; Hesi writes 9007199254740991 for "no limit" and 0 for "not yet".
_LAST_MS = 253_402_300_799_999


@attrs.frozen
class HesiMoney:
    """A money object: `standard` in the functional currency, `foreign` and `rate` when it was spent in another one."""

    standard: Decimal
    currency: str
    foreign: Decimal | None = None
    foreign_currency: str | None = None
    rate: Decimal | None = None


def exact(value: object, *, scale: int | None = None) -> Decimal:
    """An exact decimal from a JSON string or number: `"33"`, `"33.00"` and `33` are one amount.

    :param scale: most decimals allowed.
    :raises InputError: `AMOUNT_INVALID` for anything else (full-width digits, thousands separators, exponents …).
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    elif isinstance(value, Decimal) and value.is_finite():
        value = plain(value)
    return parse_decimal(value, scale=scale)


def normal(value: Decimal) -> str:
    """One text per amount, however it was written: `33`, `33.0` and `33.00` are `33`."""
    return "0" if value == 0 else plain(value.normalize(CONTEXT))


def money(value: object, path: str, findings: Findings, functional: str) -> HesiMoney | None:
    """Read a money object; what is wrong with it becomes a problem, and the result `None`.

    `standard` must equal `foreign × rate`, as Hesi itself demands; a contradiction is refused, not settled.

    :param functional: the document's currency, for an object that leaves it out.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, Mapping):
        findings.add(_invalid(value).at(path))
        return None
    currency = str(value.get("standardStrCode") or functional)
    if not is_currency(currency):
        findings.add(_unknown_currency(currency).at(path))
        return None
    try:
        found = HesiMoney(exact(value.get("standard"), scale=_scale(value, "standard", currency)), currency)
        if value.get("foreign") not in (None, ""):
            found = _with_foreign(found, value)
    except InputError as error:
        findings.extend(problem.at(path) for problem in error.problems)
        return None
    if found.foreign is not None and found.rate is not None:
        with localcontext(CONTEXT):
            product = round_to(found.foreign * found.rate, scale_of(currency))
        if product != found.standard:
            findings.add(_contradiction(found, product).at(path))
    return found


def _with_foreign(found: HesiMoney, value: Mapping[str, Any]) -> HesiMoney:
    code = str(value.get("foreignStrCode") or "")
    foreign = exact(value["foreign"], scale=_scale(value, "foreign", code))
    rate = None if value.get("rate") in (None, "") else exact(value["rate"])
    return attrs.evolve(found, foreign=foreign, foreign_currency=code, rate=rate)


def _scale(value: Mapping[str, Any], side: str, currency: str) -> int:
    """Most decimals: the currency's, or fewer where the object says so."""
    stated = value.get(f"{side}Scale")
    allowed = scale_of(currency)
    return allowed if stated in (None, "") else min(allowed, int(exact(stated, scale=0)))


def instant(value: object, zone: ZoneInfo) -> dt.datetime | None:
    """Epoch milliseconds as an instant in the tenant's zone; `None` where there is none (0, JavaScript's largest)."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 < value <= _LAST_MS:
        return None
    whole = int(value)
    moment = dt.datetime.fromtimestamp(whole // 1000, tz=dt.UTC) + dt.timedelta(milliseconds=whole % 1000)
    return moment.astimezone(zone)


def day(value: object, zone: ZoneInfo) -> dt.date | None:
    """Business date in the tenant's zone, of epoch milliseconds or of a text that begins with `yyyy-MM-dd`."""
    if isinstance(value, str) and len(value) >= 10 and value[4:5] == "-":
        try:
            return dt.date.fromisoformat(value[:10])
        except ValueError:
            return None
    moment = instant(value, zone)
    return None if moment is None else moment.date()


def rate_of(value: object) -> Decimal | None:
    """A tax rate such as `13%` → 0.13; `None` for 免税, 不征税 and everything that is no percentage."""
    if not isinstance(value, str) or not value.endswith("%"):
        return None
    try:
        return exact(value[:-1]).scaleb(-2)
    except InputError:
        return None


def _invalid(value: object) -> Problem:
    return Problem.of(
        "AMOUNT_INVALID",
        f"{str(value)[:40]!r} 不是合思金额对象",
        f"{str(value)[:40]!r} is no Hesi money object",
        hint_zh='应为 {"standard": "1234.50", "standardStrCode": "CNY"}',
        hint_en='it should be {"standard": "1234.50", "standardStrCode": "CNY"}',
    )


def _unknown_currency(code: str) -> Problem:
    return Problem.of(
        "CURRENCY_UNKNOWN",
        f"未知币种 {code!r}",
        f"unknown currency {code!r}",
        hint_zh="合思币种设置应使用 ISO 4217 代码",
        hint_en="use ISO 4217 codes in Hesi's currency settings",
        currency=code,
    )


def _contradiction(found: HesiMoney, product: Decimal) -> Problem:
    foreign, rate = plain(found.foreign or Decimal(0)), plain(found.rate or Decimal(0))
    standard, computed = plain(found.standard), plain(product)
    return Problem.of(
        "AMOUNT_CONTRADICTORY",
        f"本位币金额 {standard} 不等于 原币 {foreign} × 汇率 {rate} = {computed}",
        f"the functional amount {standard} is not foreign {foreign} × rate {rate} = {computed}",
        hint_zh="请在合思中更正金额或汇率后重新推送",
        hint_en="correct amount or rate in Hesi, then push the document again",
        stated=standard,
        computed=computed,
    )
