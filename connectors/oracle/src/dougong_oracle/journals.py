"""Vouchers as rows of `GlInterface.csv`: what would be refused, and the message that imports many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dougong.hookspecs import TargetField
from dougong.model.identity import Key
from dougong.model.messages import Correlation, Item, Message
from dougong.model.postings import Facts
from dougong.model.problems import Problem
from dougong_oracle.columns import GL_COLUMNS, LONGEST
from dougong_oracle.fbdi import csv_of, parameters, zip_of
from dougong_oracle.orders import import_order, written
from dougong_oracle.settings import OracleSettings

__all__ = ["FILE", "GROUP", "REFERENCE", "TARGET", "fields", "file_message", "journal_problems"]

TARGET = "GL_INTERFACE"
#: The column that names the batch, which our reference is.
REFERENCE = "REFERENCE1"
#: Kinds of correlations: the group that a message is imported as, the file that it travels in.
GROUP, FILE = "group", "file"

_SOURCE = "USER_JE_SOURCE_NAME"
_LINES = "Lines"
_NEEDED = ("LEDGER_NAME", "LEDGER_ID", "ACCOUNTING_DATE", "USER_JE_SOURCE_NAME", "USER_JE_CATEGORY_NAME")
_LINE_NEEDED = ("CURRENCY_CODE",)
_JOB = "/oracle/apps/ess/financials/generalLedger/programs/common,JournalImportLauncher"
#: Pairs of columns that have to balance: entered always, accounted where it is told.
_PAIRS = (("ENTERED_DR", "ENTERED_CR"), ("ACCOUNTED_DR", "ACCOUNTED_CR"))


def fields() -> tuple[TargetField, ...]:
    """Every column, for all lines of a voucher at its head, or for one line below `Lines`."""
    head = (TargetField(name, "column", name in _NEEDED, LONGEST.get(name)) for name in GL_COLUMNS)
    lines = (TargetField(f"{_LINES}.{name}", "column", name in _LINE_NEEDED, LONGEST.get(name)) for name in GL_COLUMNS)
    return (*head, *lines)


_SEGMENT_HINT = {
    "hint_zh": "检查规则与字段映射, 以及设置 account_dimensions",
    "hint_en": "look at rules and mapping, and at the setting account_dimensions",
}


# -- what would be refused --------------------------------------------------------------------------------------------


def journal_problems(body: Mapping[str, Any], settings: OracleSettings) -> Iterator[Problem]:
    """Required columns, lengths, one side per line, what its account takes, one currency, balance."""
    lines: Sequence[Mapping[str, Any]] = body.get(_LINES) or ()
    yield from _cells({name: value for name, value in body.items() if name != _LINES}, "", _NEEDED)
    yield from _source(body.get(_SOURCE), settings.source)
    for at, line in enumerate(lines):
        found = (*_line(line), *_segments({**body, **line}, settings))
        yield from (problem.at(f"{_LINES}[{at}]") for problem in found)
    yield from _sums(lines)


def _source(mapped: object, imported: str) -> Iterator[Problem]:
    """Import Journals selects by its source: rows of another one are loaded, and left lying there."""
    if mapped and mapped != imported:
        yield Problem.of(
            "FIELD_INVALID",
            f"映射中的日记账来源 {mapped} 与设置 source = {imported!r} 不同, 导入不会选中这些行",
            f"the mapping says the journal source {mapped}, the setting {imported}: no row would be imported",
            path=_SOURCE,
            hint_zh="把映射中的 USER_JE_SOURCE_NAME 改为相同的来源",
            hint_en="write the same source into USER_JE_SOURCE_NAME of the mapping",
        )


def _line(line: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _cells(line, "", _LINE_NEEDED)
    sides = [name for name in _PAIRS[0] if line.get(name) is not None]
    if len(sides) != 1:
        zh, en = "每行应只有借方或贷方一个金额", "a line has one amount: a debit or a credit"
        yield Problem.of("FIELD_MISSING", zh, en, path=_PAIRS[0][0])


def _segments(row: Mapping[str, Any], settings: OracleSettings) -> Iterator[Problem]:
    """A segment that the account demands and that is unused, or the reverse."""
    values = {name: str(row.get(f"SEGMENT{at}") or "") for at, name in enumerate(settings.segments, 1)}
    account = values["account"]
    takes = ("entity", "account", *settings.dimensions_of(account))
    for at, (name, value) in enumerate(values.items(), 1):
        if settings.is_unused(value) and name in takes:
            zh, en = f"科目 {account} 需要段 {name}", f"account {account} demands the segment {name}"
            yield Problem.of("DIMENSION_MISSING", zh, en, path=f"SEGMENT{at}", **_SEGMENT_HINT)
        elif not settings.is_unused(value) and name not in takes:
            zh, en = f"科目 {account} 不用段 {name} ({value})", f"account {account} takes no segment {name} ({value})"
            yield Problem.of("DIMENSION_SURPLUS", zh, en, path=f"SEGMENT{at}", **_SEGMENT_HINT)


def _cells(row: Mapping[str, Any], path: str, needed: Iterable[str]) -> Iterator[Problem]:
    for name in needed:
        if row.get(name) in (None, ""):
            yield Problem.of("FIELD_MISSING", f"{name} 为必填项", f"{name} is required", path=path + name)
    for name, value in row.items():
        most = LONGEST.get(name)
        if most is not None and isinstance(value, str) and len(value) > most:
            zh, en = f"{name} 超过 {most} 个字符", f"{name} is longer than {most} characters"
            yield Problem.of("TEXT_TOO_LONG", zh, en, path=path + name)


def _sums(lines: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """A journal has one currency and balances in it; in functional currency, too, where that is told."""
    for debit, credit in _PAIRS:
        left = sum((_amount(line, debit) - _amount(line, credit) for line in lines), Decimal(0))
        if left:
            zh, en = f"借贷不平, 相差 {left}", f"debits and credits differ by {left}"
            yield Problem.of("NOT_BALANCED", zh, en, path=debit)
    currencies = sorted({str(line.get("CURRENCY_CODE")) for line in lines})
    if len(currencies) > 1:
        shown = ", ".join(currencies)
        zh, en = f"一张日记账只能有一种币种, 现有 {shown}", f"a journal has one currency; this one has {shown}"
        yield Problem.of("CURRENCY_MIXED", zh, en)


def _amount(line: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(line.get(name) or 0)


# -- the message ------------------------------------------------------------------------------------------------------


def file_message(items: Sequence[Item], settings: OracleSettings) -> Iterator[Message]:
    """One file per ledger, since a run of Import Journals is for one; each with a group of its own."""
    ledgers: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        ledgers[str(item.payload.body["LEDGER_ID"])].append(item)
    return (_message(group, ledger, settings) for ledger, group in ledgers.items())


def _message(items: Sequence[Item], ledger: str, settings: OracleSettings) -> Message:
    key = Key(("file", *(item.request_id.text(34) for item in items)))
    group, file = str(key.number(18)), f"{key.text(20)}.zip"
    rows = csv_of(GL_COLUMNS, (row for item in items for row in _rows(item.payload.body, group)))
    told = parameters(settings.data_access_set, settings.source, ledger, group, "N", "N", "N")
    archive = zip_of({"GlInterface.csv": rows})
    order = import_order(file, archive, settings.import_account, _JOB, told, 15, settings)
    body, media_type = written(order, settings)
    return Message(
        items=tuple(item.id for item in items),
        body=body,
        media_type=media_type,
        plain=rows,
        correlations=(Correlation(GROUP, group), Correlation(FILE, file)),
        facts={item.id: Facts(book=str(item.payload.body["LEDGER_NAME"])) for item in items},
        operation=f"{TARGET}.create",
    )


def _rows(body: Mapping[str, Any], group: str) -> Iterator[dict[str, Any]]:
    """A row per line; the batch is named by our reference, and so is the journal in it, unless the mapping names it."""
    head = {name: value for name, value in body.items() if name != _LINES}
    fixed = {"STATUS": "NEW", "ACTUAL_FLAG": "A", "GROUP_ID": group}
    named = {"DATE_CREATED": head["ACCOUNTING_DATE"], "REFERENCE4": head[REFERENCE]}
    return ({**named, **head, **line, **fixed} for line in body.get(_LINES) or ())
