"""A case beside what the rules make of it: voucher by voucher, line by line, what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import attrs

from dougong.accounting.casefile import Case, CaseLine, CaseVoucher
from dougong.model.bookings import Voucher, VoucherLine
from dougong.model.money import plain
from dougong.model.problems import Problem

__all__ = ["ComparedLine", "ComparedVoucher", "Difference", "Got", "compare", "fact_text", "line_facts"]

_A = TypeVar("_A")
_B = TypeVar("_B")
#: What tells one voucher of a case from another.
_IDENTITY = ("document", "moment", "entity", "book", "part")
_HEAD = ("date", "period", "voucher_type", "attachments", "prepared_by")


@attrs.frozen
class Got:
    """What came out of a document: a voucher, or what holds it.

    :param moment: empty (as entity and book) where the document as a whole is held.
    """

    documents: tuple[str, ...]
    moment: str = ""
    entity: str = ""
    book: str = ""
    part: str = ""
    voucher: Voucher | None = None
    problems: tuple[Problem, ...] = ()


@attrs.frozen
class Difference:
    """One fact that differs.

    :param voucher: what people call the voucher. :param line: what the line is; empty = the voucher's head.
    :param field: `voucher` or `line` where the whole of it is missing or one too many.
    """

    voucher: str
    line: str
    field: str
    expected: str
    got: str


@attrs.frozen
class ComparedLine:
    """A line as expected and as made; one of them is missing where there is none like it.

    :param fields: (name, expected, got) of what differs.
    """

    expected: CaseLine | None
    got: VoucherLine | None
    fields: tuple[tuple[str, str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether both are there and agree in all that the case says."""
        return self.expected is not None and self.got is not None and not self.fields


@attrs.frozen
class ComparedVoucher:
    """A voucher as expected and as made.

    :param head: (name, expected, got) of what differs in its head. :param lines: every line of either.
    """

    expected: CaseVoucher | None
    got: Got | None
    head: tuple[tuple[str, str, str], ...] = ()
    lines: tuple[ComparedLine, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        there = self.expected is not None and self.got is not None
        return there and not self.head and all(line.ok for line in self.lines)

    @property
    def name(self) -> str:
        """Document, moment and book, as far as they are known."""
        one = self.got
        if one is not None:
            return " ".join(filter(None, (", ".join(one.documents), one.moment, one.book, _after_first(one.part))))
        said = self.expected or CaseVoucher()
        return " ".join(filter(None, (said.document, said.moment, said.book, _after_first(said.part)))) or "voucher"

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Everything that differs, head first."""
        if self.expected is None or self.got is None:
            return (Difference(self.name, "", "voucher", _there(self.expected), _there(self.got)),)
        found = [Difference(self.name, "", *field) for field in self.head]
        for line in self.lines:
            if line.expected is None or line.got is None:
                sides = _line_text(line.expected), _line_text(line.got)
                found.append(Difference(self.name, sides[0] or sides[1], "line", *sides))
            found += [Difference(self.name, _line_text(line.expected), *field) for field in line.fields]
        return tuple(found)


def compare(case: Case, got: Sequence[Got]) -> tuple[ComparedVoucher, ...]:
    """Every voucher of the case and of the rules, those that are meant to be the same side by side.

    .. versionadded:: 0.1
    """
    pairs, missing, extra = _pair(case.voucher, got, _voucher_distance)
    found = [_voucher(expected, one) for expected, one in pairs]
    found += [ComparedVoucher(expected, None) for expected in missing]
    return (*found, *(ComparedVoucher(None, one) for one in extra))


def line_facts(line: CaseLine | VoucherLine) -> dict[str, Any]:
    """What is compared of a line; of an expected one only what the case says."""
    if isinstance(line, CaseLine):
        return {name: value for name, value in attrs.asdict(line, recurse=False).items() if value is not None}
    original, tax = line.original, line.tax
    return {
        "side": line.side,
        "account": line.account,
        "amount": line.amount,
        "dimensions": line.dimensions,
        "summary": line.summary,
        "currency": original.currency if original else None,
        "original": original.amount if original else None,
        "rate": original.rate if original else None,
        "tax_code": tax.code if tax else None,
        "tax_rate": tax.rate if tax else None,
        "tax_base": tax.base if tax else None,
        "clears": line.clears,
        "opens": line.opens,
        "cash_flow": line.cash_flow,
    }


def _voucher(expected: CaseVoucher, got: Got) -> ComparedVoucher:
    held = tuple(sorted({problem.code for problem in got.problems}))
    if expected.held or held:
        same = tuple(sorted(set(expected.held))) == held
        head = () if same else (("held", ", ".join(expected.held), ", ".join(held)),)
        return ComparedVoucher(expected, got, head)
    voucher = got.voucher
    assert voucher is not None  # noqa: S101 - there is one where nothing holds it
    facts = {name: getattr(voucher, "posting_date" if name == "date" else name) for name in _HEAD}
    said = {name: value for name in _HEAD if (value := getattr(expected, name)) is not None}
    return ComparedVoucher(expected, got, _differing(said, facts), _lines(expected, voucher))


def _lines(expected: CaseVoucher, voucher: Voucher) -> tuple[ComparedLine, ...]:
    if expected.lines is None:
        return ()
    pairs, missing, extra = _pair(expected.lines, voucher.lines, _line_distance)
    found = [ComparedLine(said, made, _differing(line_facts(said), line_facts(made))) for said, made in pairs]
    found += [ComparedLine(said, None) for said in missing]
    return (*found, *(ComparedLine(None, made) for made in extra))


def _voucher_distance(expected: CaseVoucher, got: Got) -> int | None:
    """How much differs; `None` where the case says that another voucher is meant."""
    for name in _IDENTITY:
        said = getattr(expected, name)
        if said is not None and said not in (got.documents if name == "document" else (getattr(got, name),)):
            return None
    return len(_voucher(expected, got).differences)


def _line_distance(expected: CaseLine, got: VoucherLine) -> int | None:
    """How much differs; `None` where it is another line: neither account nor amount is the same."""
    if expected.side != got.side or (expected.account != got.account and expected.amount != got.amount):
        return None
    return len(_differing(line_facts(expected), line_facts(got)))


def _pair(wanted: Sequence[_A], found: Sequence[_B], distance: Any) -> tuple[list[tuple[_A, _B]], list[_A], list[_B]]:
    """The nearest to the nearest, in the order of what was wanted; then what is left of either."""
    near = ((distance(a, b), i, j) for i, a in enumerate(wanted) for j, b in enumerate(found))
    taken: dict[int, int] = {}
    for _, i, j in sorted(each for each in near if each[0] is not None):
        if i not in taken and j not in taken.values():
            taken[i] = j
    pairs = [(wanted[i], found[taken[i]]) for i in sorted(taken)]
    missing = [one for i, one in enumerate(wanted) if i not in taken]
    return pairs, missing, [one for j, one in enumerate(found) if j not in taken.values()]


def _differing(said: Mapping[str, Any], made: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """(name, expected, got) of what differs among the facts that are said; an empty text means none."""
    return tuple(
        (name, fact_text(value), fact_text(made[name]))
        for name, value in said.items()
        if _stated(value) != _stated(made[name])
    )


def _stated(value: Any) -> Any:
    return None if value in ("", {}) else value


def fact_text(value: Any) -> str:
    """A fact as people write it."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return " ".join(f"{name}={item}" for name, item in sorted(value.items()))
    return "" if value is None else str(value)


def _line_text(line: CaseLine | VoucherLine | None) -> str:
    if line is None:
        return ""
    return " ".join(_words(line_facts(line)))


def _words(facts: Mapping[str, Any]) -> Iterator[str]:
    yield from (facts["side"], facts["account"], plain(facts["amount"]))
    if facts.get("dimensions"):
        yield fact_text(facts["dimensions"])


def _there(one: CaseVoucher | Got | None) -> str:
    if one is None:
        return ""
    held: Iterable[str] = one.held if isinstance(one, CaseVoucher) else [problem.code for problem in one.problems]
    return ", ".join(held) or "voucher"


def _after_first(part: str | None) -> str:
    return "" if part in (None, "1") else str(part)
