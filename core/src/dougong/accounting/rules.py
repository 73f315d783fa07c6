"""Rules files: read, checked against model and tables, compiled once (posting-rules.md §4–5)."""

from __future__ import annotations

import hashlib
import json
import zoneinfo
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from dougong.accounting import checks
from dougong.accounting.reader import FieldPath, Reading, RulesError, parse, read_text, refused
from dougong.accounting.rulefile import (
    ChangePolicy,
    CurrencyPolicy,
    DatePolicy,
    Head,
    Moment,
    RoundingPolicy,
    RuleSet,
    SummaryPolicy,
    TaxPolicy,
)
from dougong.accounting.table_checks import check_tables
from dougong.model.money import is_currency
from dougong.model.problems import DougongError, Text
from dougong.tables.decisions import DecisionTable

if TYPE_CHECKING:
    from dougong.tables.files import Table

__all__ = ["MOMENT_NAMES", "SECTIONS", "RuleSet", "RulesError", "load_rules", "read_rules"]

#: Sections with a class of their own.
SECTIONS: Mapping[str, type[Any]] = {
    "rules": Head,
    "tax": TaxPolicy,
    "currency": CurrencyPolicy,
    "rounding": RoundingPolicy,
    "dates": DatePolicy,
    "summary": SummaryPolicy,
    "changes": ChangePolicy,
}
#: Sections that are plain tables of names.
_OPEN = ("accounts", "tables", "dimensions", "moments")
#: Moment → the event that opens it unless the file says another.
MOMENT_NAMES: Mapping[str, str] = {
    "accrual": "approved",
    "payment": "paid",
    "payment_returned": "payment_returned",
    "loan": "paid",
    "repayment": "repaid",
    "tax_confirmed": "tax_confirmed",
    "red_invoice": "red_invoice",
    "provision": "period_end",
}
#: What a mirroring moment never takes from the other one.
_OWN = ("on", "after", "date", "mirrors", "merge")
_NEEDS = "account_needs"
#: Reads a table file: (path, name) → table. `tables.files.read_own_table` is one.
TableReader = Callable[[Path, str], "Table"]


def load_rules(path: Path, read_table: TableReader, *, root: Path | None = None) -> RuleSet:
    """The rules of a file with their tables.

    :param path: `PROJECT/rules/NAME.toml`.
    :param read_table: reads a CSV or XLSX file; gets its path, and its name for messages.
    :param root: folder that `[tables]` counts from; the project, that is the folder above `rules/`, unless said.
    :returns: the rules; what is wrong with rows of their tables is among their `problems`.
    :raises RulesError: with every problem: TOML, unknown keys ("did you mean"), floats, names, expressions, each with
        file, key and line; tables that cannot be read at all are in it too.

    .. versionadded:: 0.1
    """
    base = root if root is not None else path.parent.parent
    shown = path.relative_to(base) if path.is_relative_to(base) else path
    return read_rules(read_text(path), shown, lambda _, relative: read_table(base / relative, relative))


def read_rules(text: str, path: Path, table: Callable[[str, str], Table]) -> RuleSet:
    """The rules in `text`.

    :param path: the file as people name it, for messages and explanations.
    :param table: reads the table of a name and a relative path.
    :raises RulesError: as `load_rules`.
    """
    data, places = parse(text, path)
    reading = Reading(places)
    reading.unknown(data, (*SECTIONS, *_OPEN), ())
    sections: dict[str, Any] = {
        name: reading.section(cls, data.get(name, {}), (name,)) for name, cls in SECTIONS.items()
    }
    accounts = reading.value(data.get("accounts", {}), Mapping[str, str], ("accounts",))
    files = reading.value(data.get("tables", {}), Mapping[str, str], ("tables",))
    dimensions = reading.value(data.get("dimensions", {}), Mapping[str, tuple[str, ...]], ("dimensions",))
    moments = _moments(reading, data.get("moments", {}))
    reading.finish()
    tables, digest = _tables(reading, files, table, text)
    needs = tables.pop(_NEEDS, None)
    _check_needs(reading, needs)
    reading.finish()
    rules = RuleSet(
        accounts=accounts,
        tables=tables,
        dimensions=dimensions,
        moments=moments,
        needs=needs,
        path=str(path),
        fingerprint=digest,
        **sections,
    )
    _check_head(reading, rules.rules)
    checks.check_names(reading, rules)
    checks.check_limits(reading, rules)
    checks.check_order(reading, rules)
    rules = check_tables(reading, rules)
    compiled = {name: checks.compile_moment(reading, rules, moment) for name, moment in moments.items()}
    reading.finish()
    return attrs.evolve(rules, moments=compiled)


def _moments(reading: Reading, data: Any) -> dict[str, Moment]:
    """All moments, those of later versions included; entries know their position and line."""
    out = {}
    bodies = reading.table(data, ("moments",))
    for name, body in bodies.items():
        path: FieldPath = ("moments", name)
        reading.unknown({name: body}, MOMENT_NAMES, ("moments",))
        told = reading.table(body, path)
        table = {"on": MOMENT_NAMES.get(name, ""), **_mirrored(bodies, told), **told}
        moment = reading.section(Moment, table, path, name=name)
        if moment is not None:
            at_home: FieldPath = path if "entry" in told else ("moments", str(moment.mirrors))
            entries = (
                attrs.evolve(entry, index=at + 1, line=reading.places.line((*at_home, "entry", at)))
                for at, entry in enumerate(moment.entry)
            )
            out[name] = attrs.evolve(moment, entry=tuple(entries))
    return out


def _mirrored(bodies: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a moment has from the one that it mirrors: all that it does not say itself, but for when it happens."""
    other = bodies.get(str(told.get("mirrors")))
    return {key: value for key, value in other.items() if key not in _OWN} if isinstance(other, dict) else {}


def _tables(
    reading: Reading, files: Mapping[str, str], read: Callable[[str, str], Table], text: str
) -> tuple[dict[str, DecisionTable], str]:
    """The tables that the file names, and the fingerprint over text and contents."""
    out: dict[str, DecisionTable] = {}
    digest = hashlib.sha256(text.encode())
    for name, relative in files.items():
        if name == _NEEDS and relative == "erp":
            continue
        try:
            table = read(name, relative)
            out[name] = DecisionTable.from_table(table, name, relative)
        except FileNotFoundError:
            hint = Text("dougong init 会写出样例表", "dougong init writes example tables")
            problem = refused("RULES_TABLE", f"找不到表 {relative}", f"table {relative} does not exist", hint)
            reading.refuse(("tables", name), problem)
        except DougongError as error:  # it holds those who ask it, and stops nobody else
            out[name] = DecisionTable(name, relative, (), (), (), unreadable=error.problems)
            digest.update(json.dumps([name, [str(problem) for problem in error.problems]]).encode())
        else:
            content = [name, list(table.header), [[row.number, dict(row.cells)] for row in table.rows]]
            digest.update(json.dumps(content, ensure_ascii=False).encode())
    return out, digest.hexdigest()


def _check_needs(reading: Reading, table: DecisionTable | None) -> None:
    """The columns of a table of what accounts take: `account,→dimensions,→currencies,→cash`."""
    if table is not None and not table.unreadable and (table.keys != ("account",) or "dimensions" not in table.results):
        zh, en = f"{table.path} 应有列 account,→dimensions", f"{table.path} needs the columns account,→dimensions"
        reading.refuse(("tables", _NEEDS), refused("RULES_TABLE", zh, en))


def _check_head(reading: Reading, head: Head) -> None:
    """Zone and currency exist."""
    try:
        zoneinfo.ZoneInfo(head.zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        hint = Text("例: Asia/Shanghai", "for example Asia/Shanghai")
        reading.refuse(
            ("rules", "zone"), refused("RULES_ZONE", f"未知时区 {head.zone!r}", f"unknown zone {head.zone!r}", hint)
        )
    if not is_currency(head.currency):
        zh, en = f"未知币种 {head.currency!r}", f"unknown currency {head.currency!r}"
        reading.refuse(("rules", "currency"), refused("CURRENCY_UNKNOWN", zh, en))
