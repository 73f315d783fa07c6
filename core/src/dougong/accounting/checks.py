"""What `dougong check` finds in rules: roles, tables and names that do not exist, conditions that do not compile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from dougong.accounting.paths import Roots, entry_roots, is_amount, read_path, roots
from dougong.accounting.reader import FieldPath, Reading, refused
from dougong.accounting.rulefile import Entry, Moment, RuleSet
from dougong.accounting.summary import SummaryTemplate, unknown_parts
from dougong.config.errors import did_you_mean
from dougong.expressions import ExpressionError, Scope, compile_expression
from dougong.expressions.kinds import members
from dougong.model import words
from dougong.model.problems import Problem, Text
from dougong.model.settled import SettledReport

__all__ = ["DATE_FACTS", "check_limits", "check_names", "check_order", "compile_moment"]

#: Date fact of a rule → event type that it comes from; `expense_date` is the content's own.
DATE_FACTS: Mapping[str, str] = {
    "approved_on": "approved",
    "paid_on": "paid",
    "returned_on": "payment_returned",
    "repaid_on": "repaid",
    "confirmed_on": "tax_confirmed",
    "received_on": "red_invoice",
    "period_end_on": "period_end",
    "expense_date": "",
}
#: Collections whose lines belong to one person or party each; they are never merged (posting-rules.md §8).
_PERSONAL = ("advances", "payees", "due_back", "payments")
#: Moments that make a voucher for each payment by itself.
_PER_PAYMENT = ("payment", "payment_returned", "loan", "repayment")


def check_names(reading: Reading, rules: RuleSet) -> None:
    """Everything outside the moments that refers to something."""
    for name, paths in rules.dimensions.items():
        for at, text in enumerate(paths):
            found = read_path(text, roots())
            if isinstance(found, Problem):
                reading.refuse(("dimensions", name, at), found)
    _template(reading, rules.summary.text, {"report": (SettledReport,)}, ("summary", "text"))
    own = (entry.summary for moment in rules.moments.values() for entry in moment.entry if entry.summary is not None)
    for at, problem in unknown_parts(rules.summary.keep, (rules.summary.text, *own)):
        reading.refuse(("summary", "keep", at), problem)


def check_limits(reading: Reading, rules: RuleSet) -> None:
    """No limit is below zero: nothing would ever be within it."""
    limits = {("rounding", "difference_limit"): rules.rounding.difference_limit}
    limits["dates", "prior_year_limit"] = rules.dates.prior_year_limit
    for path, limit in limits.items():
        if limit < 0:
            zh, en = f"上限不能为负: {limit}", f"a limit is not negative: {limit}"
            reading.refuse(path, refused("RULES_AMOUNT", zh, en))


def check_order(reading: Reading, rules: RuleSet) -> None:
    """No moment waits for itself, whatever lies between: none of a circle would ever be booked."""
    told: set[str] = set()
    for name in rules.moments:
        circle = next(_circles(rules, (name,)), ())
        if circle and told.isdisjoint(circle):
            way = " → ".join((*circle, name))
            zh, en = f"时点互相等待, 都不会入账: {way}", f"moments wait for each other and are never booked: {way}"
            hint = Text("请去掉其中一个 after", "remove one `after` of them")
            reading.refuse(("moments", name, "after"), refused("RULES_CIRCLE", zh, en, hint))
        told.update(circle)


def _circles(rules: RuleSet, way: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The ways along `after` and `mirrors` that lead back to where `way` begins."""
    moment = rules.moments[way[-1]]
    for other in (moment.after, moment.mirrors):
        if other == way[0]:
            yield way
        elif other is not None and other in rules.moments and other not in way:
            yield from _circles(rules, (*way, other))


def compile_moment(reading: Reading, rules: RuleSet, moment: Moment) -> Moment:
    """The moment with its conditions compiled; whatever is wrong is noted."""
    path: FieldPath = ("moments", moment.name)
    for at, fact in enumerate(moment.date):
        if fact not in DATE_FACTS:
            problem = refused(
                "RULES_NAME", f"未知日期 {fact!r}", f"unknown date {fact!r}", did_you_mean(fact, DATE_FACTS)
            )
            reading.refuse((*path, "date", at), problem)
    for key in ("after", "mirrors"):
        other = getattr(moment, key)
        if other is not None and other not in rules.moments:
            problem = refused(
                "RULES_NAME", f"未知时点 {other!r}", f"unknown moment {other!r}", did_you_mean(other, rules.moments)
            )
            reading.refuse((*path, key), problem)
    if moment.merge == "payment_batch" and moment.name not in _PER_PAYMENT:
        zh, en = f"{words.moment(moment.name).zh}时点没有付款批次", f"{moment.name} has no payment batch"
        hint = Text('可用 "day"、"type" 或 "none"', 'use "day", "type" or "none"')
        reading.refuse((*path, "merge"), refused("RULES_MERGE", zh, en, hint))
    _over_limit(reading, rules, moment, path)
    if moment.prepared_by is not None:
        _path(reading, moment.prepared_by, {"report": (SettledReport,)}, (*path, "prepared_by"))
    entries = tuple(_entry(reading, rules, entry, (*path, "entry", entry.index - 1)) for entry in moment.entry)
    return attrs.evolve(moment, entry=entries)


def _over_limit(reading: Reading, rules: RuleSet, moment: Moment, path: FieldPath) -> None:
    """Parts balance through an account that is named; the vouchers of single payments are never cut."""
    if moment.clearing is not None:
        _role(reading, rules, moment.clearing, (*path, "clearing"))
    if moment.over_limit == "hold":
        return
    if moment.name in _PER_PAYMENT:
        zh = f"{words.moment(moment.name).zh}按笔生成凭证, 不能分单"
        en = f"{moment.name} makes a voucher per payment and is never cut"
        reading.refuse((*path, "over_limit"), refused("RULES_OVER_LIMIT", zh, en))
    elif moment.clearing is None:
        hint = Text(
            '例: clearing = "clearing", 并在 [accounts] 中给出该科目',
            'for example clearing = "clearing", with that account in [accounts]',
        )
        zh, en = "分单须指定过渡科目 clearing", "parts need a clearing account: the key `clearing`"
        reading.refuse((*path, "over_limit"), refused("RULES_OVER_LIMIT", zh, en, hint))


def _entry(reading: Reading, rules: RuleSet, entry: Entry, path: FieldPath) -> Entry:
    known = entry_roots(entry.each)
    amount = read_path(entry.amount, known)
    if isinstance(amount, Problem):
        hint = amount.hint
        if any(sign in entry.amount for sign in "+-*/("):
            hint = Text("规则只选择, 不计算; 金额由系统算好", "rules choose, the core calculates")
        reading.refuse((*path, "amount"), attrs.evolve(amount, hint=hint))
    elif not is_amount(amount, known):
        zh, en = f"{entry.amount!r} 不是金额", f"{entry.amount!r} is not an amount"
        reading.refuse((*path, "amount"), refused("RULES_NAME", zh, en))
    _account(reading, rules, entry, path)
    for key in ("clears", "opens"):
        text = getattr(entry, key)
        if text is not None and text not in rules.moments:
            _path(reading, text, known, (*path, key))
    for at, text in enumerate(entry.settlement):
        _path(reading, text, known, (*path, "settlement", at))
    if entry.summary is not None:
        _template(reading, entry.summary, known, (*path, "summary"))
    if entry.merge_lines and entry.each in _PERSONAL:
        zh, en = f"{entry.each} 按人逐条, 不能合并", f"{entry.each} stay one line per person and are never merged"
        reading.refuse((*path, "merge_lines"), refused("RULES_MERGE", zh, en))
    return _condition(reading, entry, known, path)


def _account(reading: Reading, rules: RuleSet, entry: Entry, path: FieldPath) -> None:
    """Roles and tables that the account refers to exist."""
    if not isinstance(entry.account, str):
        for kind, role in entry.account.items():
            if kind not in ("employee", "supplier"):
                hint = did_you_mean(kind, ("employee", "supplier"))
                reading.refuse(
                    (*path, "account", kind),
                    refused("RULES_NAME", f"未知身份 {kind!r}", f"unknown kind {kind!r}", hint),
                )
            _role(reading, rules, role, (*path, "account", kind))
        return
    form, colon, name = entry.account.partition(":")
    if form == "tax" and colon:
        pending = [f"{name}_pending"] if rules.tax.timing == "on_confirmation" else []
        for role in (name, *pending):
            _role(reading, rules, role, (*path, "account"))
    elif form == "table" and colon:
        _table(reading, rules, name, entry, (*path, "account"))
    else:
        _role(reading, rules, entry.account, (*path, "account"))


def _role(reading: Reading, rules: RuleSet, role: str, path: FieldPath) -> None:
    if role not in rules.accounts:
        zh, en = f"[accounts] 没有角色 {role!r}", f"[accounts] has no role {role!r}"
        reading.refuse(path, refused("RULES_ROLE", zh, en, did_you_mean(role, rules.accounts)))


def _table(reading: Reading, rules: RuleSet, name: str, entry: Entry, path: FieldPath) -> None:
    """The table exists, gives accounts, and its keys are facts of the entry's items or of the report."""
    table = rules.tables.get(name)
    if table is None:
        zh, en = f"[tables] 没有 {name!r}", f"[tables] has no {name!r}"
        reading.refuse(path, refused("RULES_TABLE", zh, en, did_you_mean(name, rules.tables)))
        return
    if table.unreadable:
        return
    if "account" not in table.results:
        reading.refuse(path, refused("RULES_TABLE", f"{table.path} 缺少列 →account", f"{table.path} lacks →account"))
    known = {member for classes in entry_roots(entry.each).values() for cls in classes for member in members(cls)}
    for key in table.keys:
        if key not in known:
            zh, en = f"{table.path} 的条件列 {key!r} 不是事实", f"key {key!r} of {table.path} is no fact"
            reading.refuse(path, refused("RULES_TABLE", zh, en, did_you_mean(key, known)))


def _path(reading: Reading, text: str, known: Roots, path: FieldPath) -> None:
    found = read_path(text, known)
    if isinstance(found, Problem):
        reading.refuse(path, found)


def _template(reading: Reading, text: str, known: Roots, path: FieldPath) -> None:
    for problem in SummaryTemplate(text).problems(known):
        reading.refuse(path, problem)


def _condition(reading: Reading, entry: Entry, known: Roots, path: FieldPath) -> Entry:
    if entry.when is None:
        return entry
    scope = Scope.of(None, **known)
    try:
        line = reading.places.line((*path, "when"))
        compiled = compile_expression(entry.when, scope, filename=str(reading.places.file), line=line)
    except ExpressionError as error:
        for problem in error.problems:
            reading.refuse((*path, "when"), problem)
        return entry
    return attrs.evolve(entry, holds=lambda names: bool(compiled(**names)))
