"""Exact money: strict decimals from ASCII text, currencies with their scale, no float anywhere."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

import attrs

from dougong.model.problems import InputError, Problem

__all__ = ["CONTEXT", "CURRENCIES", "Money", "is_currency", "parse_decimal", "plain", "round_to", "scale_of"]

#: 18 digits before the point times rates with 12 after it stay exact; half up is what finance expects
#: (posting-rules.md §2).
CONTEXT = Context(prec=50, rounding=ROUND_HALF_UP)

#: Digits before the point of any sum of money; rounding stays exact far beyond what is ever booked.
_MAX_DIGITS = 40

#: Amounts: at most 18 digits before and 12 after the point (rates need the latter); no sign but minus, no exponent,
#: ASCII only.
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,12})?", re.ASCII)

#: ISO 4217 codes in use, by number of decimals.
_BY_SCALE = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
    2: """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
    CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER
    ZAR ZMW ZWG""",
}
#: Currency code → number of decimals (ISO 4217).
CURRENCIES: dict[str, int] = {code: scale for scale, codes in _BY_SCALE.items() for code in codes.split()}


def is_currency(code: str) -> bool:
    """Whether `code` is an ISO 4217 currency in use."""
    return code in CURRENCIES


def scale_of(currency: str) -> int:
    """Number of decimals of a currency: CNY 2, JPY 0, KWD 3.

    :raises InputError: `CURRENCY_UNKNOWN` for a code that ISO 4217 does not list.
    """
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise InputError(
            Problem.of(
                "CURRENCY_UNKNOWN",
                f"未知币种 {currency!r}",
                f"unknown currency {currency!r}",
                hint_zh="请使用 ISO 4217 代码, 如 CNY",
                hint_en="use an ISO 4217 code such as CNY",
                currency=str(currency),
            )
        ) from None


def parse_decimal(text: object, *, scale: int | None = None) -> Decimal:
    """Read an exact decimal from ASCII text; nothing else is taken for a number.

    :param text: e.g. `"-12.50"`. Numbers, exponents, blanks, full-width digits, NaN and thousands separators are
        refused.
    :param scale: highest number of decimals allowed, for example the currency's.
    :raises InputError: `AMOUNT_INVALID`.
    """
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise InputError(_invalid(text, "不是规范的十进制数字符串", "not a plain decimal string"))
    value = Decimal(text)
    if scale is not None and -int(value.normalize(CONTEXT).as_tuple().exponent) > scale:
        raise InputError(_invalid(text, f"小数位超过 {scale} 位", f"more than {scale} decimals"))
    return value.copy_abs() if value == 0 else value


def _invalid(text: object, zh: str, en: str) -> Problem:
    shown = repr(text)[:60]
    return Problem.of(
        "AMOUNT_INVALID",
        f"{shown} {zh}",
        f"{shown} is {en}",
        hint_zh='请写成字符串, 如 "1234.50"',
        hint_en='write it as a string such as "1234.50"',
    )


def round_to(value: Decimal, scale: int) -> Decimal:
    """`value` rounded half up to `scale` decimals (posting-rules.md §2)."""
    return value.quantize(Decimal(1).scaleb(-scale), context=CONTEXT)


def plain(value: Decimal) -> str:
    """Exact text without exponent: `Decimal("1E+2")` → `100`."""
    return format(value, "f")


@attrs.frozen(order=False)
class Money:
    """An amount in a currency, always at that currency's scale.

    :param amount: exact; refused when it has more decimals than the currency.
    :param currency: ISO 4217 code.

    :raises InputError: `CURRENCY_UNKNOWN`, `AMOUNT_INVALID`.

    .. versionadded:: 0.1
    """

    amount: Decimal = attrs.field()
    currency: str = attrs.field(validator=attrs.validators.instance_of(str))

    def __attrs_post_init__(self) -> None:
        amount: object = self.amount
        if not isinstance(amount, Decimal) or not amount.is_finite() or amount.adjusted() >= _MAX_DIGITS:
            raise InputError(_invalid(amount, "不是精确金额", "not an exact amount"))
        scale = scale_of(self.currency)
        rounded = round_to(amount, scale)
        if rounded != self.amount:
            raise InputError(
                _invalid(plain(self.amount), f"超过 {self.currency} 的小数位", f"finer than {self.currency}")
            )
        object.__setattr__(self, "amount", rounded.copy_abs() if rounded == 0 else rounded)

    @classmethod
    def of(cls, text: str, currency: str) -> Money:
        """Money from text: `Money.of("12.50", "CNY")`."""
        return cls(parse_decimal(text, scale=scale_of(currency)), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in `currency`."""
        return cls(Decimal(0), currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Money:
        """`amount` rounded half up at the currency's scale."""
        return cls(round_to(amount, scale_of(currency)), currency)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.amount

    def __add__(self, other: object) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        with localcontext(CONTEXT):
            return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: object) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        with localcontext(CONTEXT):
            return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {plain(self.amount)}"
