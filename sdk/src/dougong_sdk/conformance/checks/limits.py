"""LIMITS, DIM, CURRENCY: what is declared is taken whole; what the ERP refuses is told, and leaves nothing behind."""

from __future__ import annotations

import string
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from dougong.model.bookings import Original
from dougong_sdk.conformance.checks.stored import named_in, stored, stored_whole
from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.rules import Level, expect, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong.model.bookings import Voucher, VoucherLine
    from dougong_sdk.conformance.lab import Lab

#: Lines that are tried where more are declared: sending them must not take longer than they are worth.
_MANY_LINES = 1200
_UNKNOWN_ACCOUNT = "0000.00.00"


def _lines(count: int) -> list[Decimal]:
    """Debits of a voucher with so many lines, its one credit among them; each another amount."""
    return [Decimal(number) / 100 for number in range(1, count)]


@rule(
    "LIMITS-001",
    Level.SILVER,
    title=(
        "声明的最多行数可完整入账, 多一行则拒绝, 绝不截断",
        "The declared number of lines is stored whole; one more is whole or refused, never cut",
    ),
    why=("少了分录的凭证还可能是平的, 没有人会发现", "a voucher that lost lines may still balance, and nobody notices"),
    todo=("limits.max_lines 写成 ERP 真正能收下的行数", "declare in limits.max_lines what the ERP really takes"),
    needs=Subject.lacks_create,
)
def takes_declared_lines(lab: Lab, cell: str) -> None:
    """As many lines as declared, then one more."""
    most = min(lab.subject.creating.limits.max_lines, _MANY_LINES)
    bench = lab.bench(deadline=30.0)
    with direct(bench) as hooks:
        stored_whole(bench, hooks, hooks.voucher_of(*_lines(most)), f"{most} lines")
        stored(bench, hooks, hooks.voucher_of(*_lines(most + 1), number=2))


@rule(
    "LIMITS-002",
    Level.SILVER,
    title=(
        "声明的摘要长度可完整入账, 更长时保留单号",
        "A text of the declared length is stored whole; a longer one keeps its document's number",
    ),
    why=(
        "被截断的摘要丢了单号, 人和查询都找不到它",
        "a text that is cut loses the number that people and searches go by",
    ),
    todo=(
        "limits.max_summary 与映射中的 summary(…) 写成 ERP 字段的长度, 并给参考号留位",
        "let limits.max_summary and the mapping's summary(…) be the field's length, less room for a reference",
    ),
    needs=Subject.lacks_create,
)
def takes_declared_texts(lab: Lab, cell: str) -> None:
    """The longest text on every line; then one character more, with the document's number at its end."""
    most = lab.subject.creating.limits.max_summary
    bench = lab.bench()
    with direct(bench) as hooks:
        (number,) = hooks.voucher(1).documents
        fitting = "长" * (most - len(number)) + number
        stored_whole(bench, hooks, hooks.voucher_of(Decimal("5.05"), summary=fitting), f"{most} characters")
        before = len(bench.sandbox.postings())
        longer = hooks.voucher_of(Decimal("6.06"), summary="长" + fitting)
        if not hooks.objections(longer):
            hooks.send(longer)
    texts = [line["summary"] for posting in bench.sandbox.postings()[before:] for line in posting["lines"]]
    expect(all(number in text for text in texts), f"a text of {most + 1} characters lost its number: {texts}")


@rule(
    "LIMITS-003",
    Level.SILVER,
    title=(
        "红字分录与零金额分录如声明入账, 否则拒绝, 绝不丢行",
        "Negative and zero lines are stored as declared, or refused, never dropped",
    ),
    why=(
        "红冲靠负数分录; 变了号的金额让账差一倍",
        "reversals are negative lines; a sign that is lost makes the books differ by twice the amount",
    ),
    todo=("按 ERP 的能力声明 negative_lines 与 zero_lines", "declare negative_lines and zero_lines as the ERP is"),
    needs=Subject.lacks_create,
    cells=lambda _: ("negative", "zero"),
)
def takes_declared_signs(lab: Lab, cell: str) -> None:
    """A voucher with a red line, or a line over nothing, beside ordinary ones."""
    limits = lab.subject.creating.limits
    declared = limits.negative_lines if cell == "negative" else limits.zero_lines
    bench = lab.bench()
    with direct(bench) as hooks:
        odd = Decimal("-30.03") if cell == "negative" else Decimal(0)
        voucher = hooks.voucher_of(Decimal("100.10"), odd)
        if declared:
            stored_whole(bench, hooks, voucher, f"a {cell} line, declared")
        else:
            stored(bench, hooks, voucher)


@rule(
    "LIMITS-004",
    Level.SILVER,
    title=(
        "未声明禁用的字符 ERP 都收, 禁用的在发送前换掉",
        "The ERP takes every character that is not declared forbidden; those are replaced before anything is sent",
    ),
    why=("一个字符就让整张凭证被拒", "one character keeps a whole voucher out of the books"),
    todo=("limits.forbidden 列出 ERP 拒绝的全部字符", "list every character that the ERP refuses in limits.forbidden"),
    needs=Subject.lacks_create,
)
def declares_forbidden(lab: Lab, cell: str) -> None:
    """A report whose reason has all of ASCII's punctuation, and what is forbidden, through the whole product."""
    bench = lab.bench()
    bench.completes(bench.reports(1, reason=f"前{string.punctuation}{lab.subject.creating.limits.forbidden}后"))
    bench.check_once()


def _debit(voucher: Voucher) -> VoucherLine:
    return next(line for line in voucher.lines if line.side == "D")


def _with_first(voucher: Voucher, line: VoucherLine) -> Voucher:
    lines = tuple(line if one.number == line.number else one for one in voucher.lines)
    return attrs.evolve(voucher, lines=lines)


@rule(
    "DIM-001",
    Level.SILVER,
    title=(
        "缺少、多余的辅助核算与未知科目被拒绝, 原因指明科目或行, 不留残余",
        "A wrong dimension or account is refused: the reason names account or line, and nothing stays",
    ),
    why=(
        "看不懂的拒绝没人能改; 留下的草稿会被人审核",
        "nobody can mend what they cannot read, and a draft that stays is audited by somebody",
    ),
    todo=(
        "把 ERP 的原文放进 problems; 残留的单据放进 left_behind",
        "put the ERP's own words into problems, and what it kept into left_behind",
    ),
    needs=Subject.lacks_create,
    cells=lambda _: ("missing", "surplus", "unknown_account"),
)
def refuses_dimensions(lab: Lab, cell: str) -> None:
    """One line is wrong in one way."""
    bench = lab.bench()
    with direct(bench) as hooks:
        voucher = hooks.voucher(1)
        line = _debit(voucher)
        others = {name: code for one in voucher.lines for name, code in one.dimensions.items()}
        wrong = {
            "missing": attrs.evolve(line, dimensions={}),
            "surplus": attrs.evolve(line, dimensions=others),
            "unknown_account": attrs.evolve(line, account=_UNKNOWN_ACCOUNT),
        }[cell]
        if wrong == line:
            return  # the example's accounts demand nothing, or all of them the same
        found = stored(bench, hooks, _with_first(voucher, wrong))
    expect(found.posting is None, f"{cell}: the ERP has taken {found.posting}")
    names = (wrong.account, f"[{line.number - 1}]", f"第{line.number}行", f"line {line.number}")
    expect(named_in(found.problems, *names), f"the reason names neither account nor line: {found.why}")


def _in(line: VoucherLine, currency: str, amount: str, rate: str) -> VoucherLine:
    return attrs.evolve(line, original=Original(currency, Decimal(amount), Decimal(rate)))


@rule(
    "CURRENCY-001",
    Level.SILVER,
    title=(
        "一张凭证中的币种如声明入账: 原币、汇率、本位币都在",
        "Currencies within a voucher are stored as declared, with original amount, rate and functional amount",
    ),
    why=(
        "丢了原币的往来无法核销, 也无法调汇",
        "a receivable that lost its currency can neither be cleared nor revalued",
    ),
    todo=(
        "映射原币金额、币种与汇率; 整单一个币种时声明 voucher_currency='document'",
        "map original amount, currency and rate; declare voucher_currency='document' where a voucher has one currency",
    ),
    needs=Subject.lacks_create,
)
def takes_currencies(lab: Lab, cell: str) -> None:
    """US dollars on both sides, and beside them a line in functional currency where that is declared."""
    mixed = lab.subject.creating.limits.voucher_currency == "line"
    bench = lab.bench()
    with direct(bench) as hooks:
        voucher = hooks.voucher_of(Decimal("720.00"), *([Decimal("30.03")] if mixed else []))
        lines = list(voucher.lines)
        lines[0] = _in(lines[0], "USD", "100.00", "7.2")
        if not mixed:
            lines[-1] = _in(lines[-1], "USD", "100.00", "7.2")
        posting = stored_whole(bench, hooks, attrs.evolve(voucher, lines=tuple(lines)), "a voucher in US dollars")
    (foreign,) = [one for one in posting["lines"] if Decimal(one["amount"]) == 100 and one["side"] == "D"]
    expect(Decimal(foreign["rate"]) == Decimal("7.2"), f"sent at the rate 7.2, stored at {foreign['rate']}")
    currencies = {one["currency"] for one in posting["lines"]}
    expect(len(currencies) == (2 if mixed else 1), f"lines are stored in {', '.join(map(str, currencies))}")
