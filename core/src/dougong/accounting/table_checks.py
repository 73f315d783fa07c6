"""The tables that the core itself reads: columns that they must have, words and amounts in their rows that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import attrs

from dougong.accounting.reader import Reading, refused
from dougong.accounting.rulefile import RuleSet
from dougong.accounting.tax import NO, YES
from dougong.model.money import is_currency, parse_decimal
from dougong.model.problems import InputError, Problem, Text
from dougong.tables.decision_rows import row_problem
from dougong.tables.decisions import DecisionTable

__all__ = ["check_tables"]

#: Table that the core itself reads → columns that it must have: keys, results.
_KNOWN_TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tax_use": (("fee_type", "invoice_kind"), ("deduct",)),
    "departments": (("department",), ("kind",)),
    "projects": (("project",), ("kind",)),
    "buyers": (("buyer",), ("entity",)),
    "loans": (("loan",), ("amount",)),
}
_HINT = Text("请更正此行, 再运行 dougong check", "correct that row, then run `dougong check`")
#: What is wrong with the results of a row, in rules of a functional currency.
_Look = Callable[[Mapping[str, str], str], Iterator[Text]]


def check_tables(reading: Reading, rules: RuleSet) -> RuleSet:
    """The rules with the rows that cannot be used marked in their tables; a missing column is refused."""
    tables = dict(rules.tables)
    for name, (keys, results) in _KNOWN_TABLES.items():
        if (table := rules.tables.get(name)) is None or table.unreadable:
            continue
        absent = [*(k for k in keys if k not in table.keys), *(r for r in results if r not in table.results)]
        for column in absent:
            zh, en = f"{table.path} 缺少列 {column}", f"{table.path} lacks the column {column}"
            reading.refuse(("tables", name), refused("RULES_TABLE", zh, en))
        if not absent and name in _ROWS:
            tables[name] = table.with_faults(_faults(table, _ROWS[name], rules.rules.currency))
    return attrs.evolve(rules, tables=tables)


def _faults(table: DecisionTable, look: _Look, functional: str) -> dict[int, tuple[Problem, ...]]:
    found = {row.row: tuple(look(row.values, functional)) for row in table.decisions()}
    return {
        row: tuple(row_problem("RULES_TABLE", table.path, row, said, _HINT) for said in told)
        for row, told in found.items()
        if told
    }


def _tax_use(values: Mapping[str, str], _: str) -> Iterator[Text]:
    """A word that is neither holds every report that asks for it."""
    word = values["deduct"]
    if word.lower() not in (*YES, *NO):
        yes, no = "/".join(YES), "/".join(filter(None, NO))
        yield Text(f"→deduct 是 {word!r}, 应为 {yes} 或 {no}", f"→deduct is {word!r}, neither {yes} nor {no}")


def _loan(values: Mapping[str, str], functional: str) -> Iterator[Text]:
    """An opening balance is what somebody owes; in another currency it needs what the books carry for it."""
    currency, base = values.get("currency", ""), values.get("base", "")
    for column, text in (("amount", values["amount"]), *((("base", base),) if base else ())):
        try:
            if parse_decimal(text) < 0:
                yield Text(f"→{column} 是 {text}, 借款余额不能为负", f"→{column} is {text}; no loan is negative")
        except InputError as error:
            (problem,) = error.problems
            yield Text(f"→{column}: {problem.message.zh}", f"→{column}: {problem.message.en}")
    if currency and not is_currency(currency):
        yield Text(f"未知币种 {currency!r}", f"unknown currency {currency!r}")
    elif currency not in ("", functional) and not base:
        yield Text(
            f"{currency} 借款须填 →base (账面本位币金额)", f"a loan in {currency} needs →base, its carrying amount"
        )


_ROWS: Mapping[str, _Look] = {"tax_use": _tax_use, "loans": _loan}
