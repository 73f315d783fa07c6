"""A moment's entries over settled facts: the lines of a voucher, or why there are none (posting-rules.md §4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

from dougong.accounting import refusals
from dougong.accounting.accounts import Chosen, choose
from dougong.accounting.dimensions import fill
from dougong.accounting.paths import NamePath
from dougong.accounting.rulefile import Entry, Moment, RuleSet
from dougong.accounting.summary import Summary, SummaryTemplate
from dougong.model.bookings import LineTax, Original, VoucherLine
from dougong.model.masterdata import AccountNeeds
from dougong.model.money import round_to, scale_of
from dougong.model.operations import Limits
from dougong.model.problems import Problem
from dougong.model.settled import SINGULAR, Amount, Fact, SettledReport, Tax
from dougong.tables.decisions import TableError

__all__ = ["Lines", "Place", "line_key", "make_lines", "merged"]

#: What somebody owes or is owed stays a line of its own in merged vouchers, also where the account takes no employee.
_OF_PERSONS = ("advances", "payees", "due_back")


@attrs.frozen
class Place:
    """Where and when a voucher is made.

    :param needs: what an account of the book takes, `None` = not known; it may raise `TableError`.
    :param prefix: before every summary, when a closed period moved the date.
    :param cost_role: account role that costs take in place of their own account, when they are another year's.
    """

    rules: RuleSet
    moment: Moment
    entity: str
    book: str
    posting: dt.date
    period: str
    limits: Limits
    needs: Callable[[str], AccountNeeds | None]
    prefix: str = ""
    cost_role: str | None = None

    def unknown(self, account: str, where: str) -> Problem:
        """That nobody has said what an account takes, whose business it was to say it."""
        return refusals.account_unknown(account, self.book, where, by_table=self.rules.needs is not None)


@attrs.define
class Lines:
    """Lines in the order of the rules, with what is wrong and what is worth knowing."""

    lines: list[VoucherLine] = attrs.field(factory=list)
    problems: list[Problem] = attrs.field(factory=list)
    notes: list[Problem] = attrs.field(factory=list)


def make_lines(report: SettledReport, place: Place) -> Lines:
    """Every line of the voucher; all problems are collected, not only the first."""
    out = Lines()
    own = report if place.entity == report.entity else attrs.evolve(report, department=None)
    for entry in place.moment.entry:
        made = [line for fact in _facts(entry, report, own, place) if (line := _line(entry, fact, own, place, out))]
        out.lines += merged(made) if entry.merge_lines else made
    out.lines = [attrs.evolve(line, number=at + 1) for at, line in enumerate(out.lines)]
    return out


def _names(entry: Entry, fact: Fact, report: SettledReport, place: Place) -> dict[str, Any]:
    return {"item": fact, SINGULAR[entry.each]: fact, "report": report, "moment": place.moment}


def _facts(entry: Entry, report: SettledReport, own: SettledReport, place: Place) -> Iterator[Fact]:
    """The facts that the entry makes lines of."""
    for fact in report.facts(entry.each, place.entity):
        if entry.holds is None or entry.holds(_names(entry, fact, own, place)):
            yield fact


def _line(entry: Entry, fact: Fact, report: SettledReport, place: Place, out: Lines) -> VoucherLine | None:
    """The line of one fact; `None` for a zero amount and for a line that cannot be made."""
    names = _names(entry, fact, report, place)
    amount: Amount = _read(entry.amount, names)
    if not amount.base:
        return None
    if place.moment.mirrors:
        amount = attrs.evolve(amount, base=amount.base.copy_negate(), doc=amount.doc.copy_negate())
    where = _where(entry, fact)
    try:
        chosen = _account(entry, fact, report, place, where, amount.base)
        needs = place.needs(chosen.account) if isinstance(chosen, Chosen) else None
    except TableError as error:
        out.problems += error.problems
        return None
    if not isinstance(chosen, Chosen):
        out.problems += chosen
        return None
    if needs is None:
        out.problems.append(place.unknown(chosen.account, where))
        return None
    filled = fill(needs, chosen.account, place.rules, names, where)
    original, remark = _currency(amount, needs, place)
    summary = _summary(entry, names, place, remark)
    out.problems += [*filled.problems, *([summary.problem] if summary.problem else [])]
    if summary.note is not None and summary.note not in out.notes:
        out.notes.append(summary.note)
    if filled.problems or summary.problem:
        return None
    side, base = _side(entry, amount.base, place)
    if original is not None and base != amount.base:
        original = attrs.evolve(original, amount=original.amount.copy_negate())
    return VoucherLine(
        number=0,
        side=side,
        account=chosen.account,
        amount=round_to(base, scale_of(place.rules.rules.currency)),  # 33 is written 33.00, as the ERP shows it
        summary=summary.text,
        dimensions=filled.dimensions,
        original=original,
        tax=LineTax(fact.rate, fact.base.base, fact.codes.get("tax_code")) if isinstance(fact, Tax) else None,
        clears=_text(entry.clears, names, place.rules),
        opens=_text(entry.opens, names, place.rules),
        cash_flow=filled.cash_flow,
        settlement=_settlement(entry, 0, names),
        settlement_number=_settlement(entry, 1, names),
        coordination=getattr(fact, "coordination", None),
        sources=_sources(fact),
        merges=entry.merge_lines is not False and entry.each not in _OF_PERSONS,
        note=place.prefix,
        why=_why(entry, fact, place, chosen, where),
    )


def _account(
    entry: Entry, fact: Fact, report: SettledReport, place: Place, where: str, amount: Decimal
) -> Chosen | tuple[Problem, ...]:
    """The entry's account; costs of another year take the account for those."""
    if place.cost_role is not None and entry.each == "slices":
        return Chosen(place.rules.accounts[place.cost_role], place.cost_role)
    return choose(entry, fact, report, place.rules, place.posting, where, amount)


def _read(text: str, names: Mapping[str, Any]) -> Any:
    return NamePath.of(text).value(names)


def _side(entry: Entry, amount: Decimal, place: Place) -> tuple[Any, Decimal]:
    """The entry's side; a red amount keeps it, unless the ERP takes no negative lines, or gains go to the credit."""
    side = "D" if entry.side == "debit" else "C"
    gain = entry.each == "differences" and place.rules.currency.gain_side == "credit"
    if amount < 0 and (gain or not place.limits.negative_lines):
        return ("C" if side == "D" else "D"), amount.copy_negate()
    return side, amount


def _currency(amount: Amount, needs: AccountNeeds, place: Place) -> tuple[Original | None, str]:
    """The original currency of a foreign line, or the remark that names it in the summary."""
    if amount.currency is None or amount.rate is None:
        return None, ""
    policy = place.rules.currency.line_currency
    if policy == "original" or (policy == "by_account" and amount.currency in needs.currencies):
        return Original(amount.currency, amount.doc, amount.rate), ""
    return None, f"{amount.currency} {amount.doc:,}"


def _summary(entry: Entry, names: Mapping[str, Any], place: Place, remark: str) -> Summary:
    policy = place.rules.summary
    template = SummaryTemplate(entry.summary or policy.text)
    return template.render({**names, "period": place.period}, policy.keep, place.limits, place.prefix, remark)


def _text(path: str | None, names: Mapping[str, Any], rules: RuleSet) -> str | None:
    """A number that a line clears or opens; what clears another moment's voucher is known by the report's number."""
    if path is None:
        return None
    value = names["report"].number if path in rules.moments else _read(path, names)
    return str(value) if value else None


def _settlement(entry: Entry, at: int, names: Mapping[str, Any]) -> str | None:
    value = _read(entry.settlement[at], names) if len(entry.settlement) > at else None
    return str(value) if value else None


def _sources(fact: Fact) -> tuple[str, ...]:
    line = getattr(fact, "line", None)
    return (line,) if line else tuple(getattr(fact, "lines", ()))


def _where(entry: Entry, fact: Fact) -> str:
    """The fact as people find it: `slices[line 3]`, `payees[E001]`, `taxes[i1]`."""
    if isinstance(fact, Tax) and fact.invoices:
        return f"{entry.each}[{', '.join(fact.invoices)}]"
    for name in ("line", "code", "loan", "payee", "supplier", "counterpart", "employee", "kind"):
        value = getattr(fact, name, None)
        if value:
            return f"{entry.each}[{value}]"
    return entry.each


def _why(entry: Entry, fact: Fact, place: Place, chosen: Chosen, where: str) -> dict[str, Any]:
    """What `rules explain` shows: fact, entry, table row."""
    why: dict[str, Any] = {
        "fact": where,
        "amount": entry.amount,
        "entry": f"{place.moment.name}.entry[{entry.index}]",
        "rules": f"{place.rules.path}:{entry.line}",
        "account": chosen.reason,
    }
    if entry.label:
        why["label"] = entry.label
    if chosen.table:
        why |= {"table": chosen.table, "row": chosen.row, "keys": dict(chosen.keys)}
    if isinstance(fact, Tax) and fact.row:
        why |= {"table": place.rules.tables["tax_use"].path, "row": fact.row}
    return why


def merged(lines: Sequence[VoucherLine]) -> list[VoucherLine]:
    """Lines of equal account, side, sign, dimensions and tax as one; opposite signs are never netted."""
    groups: dict[tuple[object, ...], list[VoucherLine]] = {}
    for line in lines:
        groups.setdefault(line_key(line), []).append(line)
    return [_one(members) for members in groups.values()]


def line_key(line: VoucherLine) -> tuple[object, ...]:
    """What lines have to agree in to be added up: account, side, sign, dimensions, tax, what they clear."""
    rate = (line.tax.rate, line.tax.code) if line.tax else None
    return (
        line.account,
        line.side,
        line.amount > 0,
        tuple(sorted(line.dimensions.items())),
        rate,
        line.clears,
        line.opens,
        line.cash_flow,
        line.coordination,
    )


def _one(members: list[VoucherLine]) -> VoucherLine:
    first = members[0]
    if len(members) == 1:
        return first
    tax = first.tax
    if tax is not None:
        tax = attrs.evolve(tax, base=sum((one.tax.base or Decimal(0) for one in members if one.tax), Decimal(0)))
    return attrs.evolve(
        first,
        amount=sum((one.amount for one in members), Decimal(0)),
        original=_one_original([one.original for one in members]),
        tax=tax,
        settlement=_shared(one.settlement for one in members),
        settlement_number=_shared(one.settlement_number for one in members),
        sources=tuple(dict.fromkeys(source for one in members for source in one.sources)),
        why={**first.why, "merged": [one.why["fact"] for one in members]},
    )


def _shared(values: Iterable[str | None]) -> str | None:
    """What all of them say; nothing where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _one_original(members: Sequence[Original | None]) -> Original | None:
    """The original amounts of merged lines; what is not all in one currency at one rate is functional currency only."""
    first = members[0]
    same = [one for one in members if one and first and (one.currency, one.rate) == (first.currency, first.rate)]
    if first is None or len(same) < len(members):
        return None
    return attrs.evolve(first, amount=sum((one.amount for one in same), Decimal(0)))
