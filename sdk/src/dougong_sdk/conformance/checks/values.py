"""AMOUNT, TEXT: to the last digit and the last character, or refused with a reason; never changed silently."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import attrs

from dougong.model.bookings import Original
from dougong_sdk.conformance.checks.stored import stored, stored_whole
from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.rules import Level, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Lab

_CENT = Decimal("0.01")
#: Debits that a binary number, or a careless sum, does not keep.
_DEBITS: dict[str, tuple[Decimal, ...]] = {
    "cent": (_CENT,),
    "18 digits": (Decimal("1234567890123456.78"),),
    "many lines": tuple(Decimal(n) / 100 for n in range(1, 300)),
    "tenths": (Decimal("0.10"), Decimal("0.20"), Decimal("4.35"), Decimal("1.005").quantize(_CENT, ROUND_HALF_UP)),
}
#: Currency → amount to its last digit and rate: without a fraction, with three digits.
_CURRENCIES = {"JPY": (Decimal(123457), Decimal("0.0401")), "KWD": (Decimal("1234.567"), Decimal("23.4"))}
_TEXTS = {
    "Chinese": "上海客户拜访（差旅）",
    "rare Han": "𠮷野家 㐂 𰻞",
    "emoji": "出租车 🚕 👩‍👩‍👧",
    "combining": "Cafe\u0301 n\u0303",
    "quotes": "'单' \"双\" ’ ”",
    "markup": "<b>&amp;</b> A&B <",
    "backslash": "C:\\new\\table \\",
    "line break": "第一行\n第二行",
    "blanks": "  两  头  ",
    "tab": "左\t右",
    "SQL": "'; DROP TABLE voucher; -- %_",
    "JSON": '{"a": [1, null]} ${x} {{y}}',
}


@rule(
    "AMOUNT-001",
    Level.SILVER,
    title=("金额到最后一位都与发送的相等", "Amounts are stored to the last digit"),
    why=(
        "浮点数在第 16 位以后丢分, 多行之和差一分就不平",
        "a float loses cents from the sixteenth digit on, and a sum that is a cent off does not balance",
    ),
    todo=(
        "全程使用 Decimal, JSON 中写成精确的数字或文本",
        "stay with Decimal all the way; write exact numbers or texts into JSON",
    ),
    needs=Subject.lacks_create,
)
def keeps_amounts(lab: Lab, cell: str) -> None:
    """A cent, eighteen digits, three hundred lines, tenths that binary numbers do not have."""
    bench = lab.bench()
    with direct(bench) as hooks:
        for what, debits in _DEBITS.items():
            stored_whole(bench, hooks, hooks.voucher_of(*debits), what)


@rule(
    "AMOUNT-002",
    Level.SILVER,
    title=(
        "没有小数与三位小数的币种入账到最后一位",
        "Currencies without a fraction and with three digits are stored to the last one",
    ),
    why=(
        "按两位小数处理日元或第纳尔, 原币就错了",
        "whoever takes every currency for one with cents books wrong yen and dinars",
    ),
    todo=("按币种的小数位写金额, 不要固定两位", "write as many digits as the currency has, never two by habit"),
    needs=Subject.lacks_create,
    cells=lambda _: _CURRENCIES,
)
def keeps_scales(lab: Lab, cell: str) -> None:
    """One line in that currency; an ERP that does not keep it may refuse it."""
    amount, rate = _CURRENCIES[cell]
    bench = lab.bench()
    with direct(bench) as hooks:
        voucher = hooks.voucher_of((amount * rate).quantize(_CENT, ROUND_HALF_UP))
        foreign = attrs.evolve(voucher.lines[0], original=Original(cell, amount, rate))
        stored(bench, hooks, attrs.evolve(voucher, lines=(foreign, *voucher.lines[1:])))


@rule(
    "TEXT-001",
    Level.SILVER,
    title=(
        "摘要按发送的样子入账, 或说明原因拒绝, 绝不悄悄改动",
        "Texts are stored as sent, or refused with a reason, never changed silently",
    ),
    why=(
        "被改动的摘要让人找不到单据, 也可能破坏报文",
        "a text that changes hides its document, and may break the message around it",
    ),
    todo=(
        "用库编码 JSON 与 XML, 不拼接; 用 UTF-8",
        "let a library write JSON and XML, in UTF-8; never join texts into them",
    ),
    needs=Subject.lacks_create,
)
def keeps_texts(lab: Lab, cell: str) -> None:
    """Each text on a voucher of its own."""
    bench = lab.bench()
    with direct(bench) as hooks:
        for at, (what, text) in enumerate(_TEXTS.items(), 1):
            voucher = hooks.voucher_of(Decimal(at), summary=text)
            if what == "Chinese":
                stored_whole(bench, hooks, voucher, what)
            else:
                stored(bench, hooks, voucher)
