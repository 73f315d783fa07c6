"""The customer's own cases as files: documents and circumstances, then the vouchers that they must become.

A case says as much as it cares about: what it does not say of a voucher or line is not compared. What it does not
mention at all, a whole voucher or a whole line, is a difference.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import attrs

from dougong.accounting.context import LoanFact
from dougong.accounting.reader import FieldPath, Reading, parse, read_text, refused
from dougong.accounting.schema import section_schema
from dougong.model.problems import Text

__all__ = ["Case", "CaseAccount", "CaseLine", "CaseVoucher", "case_schema", "load_case"]


def _key(help: str, default: Any = attrs.NOTHING) -> Any:
    """A key of the file: its meaning, and its default when it may be left out."""
    return attrs.field(default=default, metadata={"help": help})


@attrs.frozen
class CaseLine:
    """One line that a voucher must have; the order of lines does not count. An empty text means: none."""

    side: Literal["D", "C"] = _key("借 D | 贷 C debit or credit")
    account: str = _key("科目 account, in our codes")
    amount: Decimal = _key("本位币金额 functional amount")
    dimensions: Mapping[str, str] | None = _key("辅助核算, 全部 all dimensions of the line", None)
    summary: str | None = _key("摘要", None)
    currency: str | None = _key("原币币种 original currency", None)
    original: Decimal | None = _key("原币金额 original amount", None)
    rate: Decimal | None = _key("汇率 exchange rate", None)
    tax_code: str | None = _key("税码 tax code", None)
    tax_rate: Decimal | None = _key("税率 tax rate", None)
    tax_base: Decimal | None = _key("计税金额 tax base", None)
    clears: str | None = _key("核销 number that the line clears", None)
    opens: str | None = _key("立账 number that the line opens", None)
    cash_flow: str | None = _key("现金流量项目 cash flow item", None)


@attrs.frozen
class CaseVoucher:
    """A voucher that must come out, or why there must be none (`held`)."""

    document: str | None = _key("单据号 number of a document behind it", None)
    moment: str | None = _key("时点", None)
    entity: str | None = _key("法人实体 legal entity", None)
    book: str | None = _key("账簿", None)
    part: str | None = _key("同一时点的第几张 which of several of one moment", None)
    date: dt.date | None = _key("凭证日期", None)
    period: str | None = _key("期间, 2026-11", None)
    voucher_type: str | None = _key("凭证字", None)
    attachments: int | None = _key("附件数", None)
    prepared_by: str | None = _key("制单人", None)
    held: tuple[str, ...] = _key("挂起原因代码 codes of the problems that must hold it", ())
    lines: tuple[CaseLine, ...] | None = _key("分录, 不计次序 lines, in any order", None)


@attrs.frozen
class CaseAccount:
    """What an account takes, where neither the rules nor the ERP have told it."""

    dimensions: tuple[str, ...] = _key("必需辅助核算 dimensions that it takes", ())
    currencies: tuple[str, ...] = _key("外币核算 foreign currencies", ())
    optional: tuple[str, ...] = _key("可选辅助核算 dimensions that may be left out", ())
    cash: bool = _key("现金科目 cash account", default=False)


@attrs.frozen
class Case:
    """A case file.

    :param documents: canonical files, relative to the case. :param inline: documents written in the case itself, each
        as canonical JSON.
    :param file: the case's file.

    .. versionadded:: 0.1
    """

    name: str = _key("名称, 缺省为文件名 by default the file's name", "")
    today: dt.date | None = _key("业务日期 business day", None)
    documents: tuple[str, ...] = _key("规范格式文件 canonical files, relative to the case", ())
    closed: Mapping[str, tuple[str, ...]] = _key("账簿 → 已结期间 book → closed periods", attrs.Factory(dict))
    last_voucher: Mapping[str, dt.date] = _key("账簿 → 最后凭证日期 book → last voucher's date", attrs.Factory(dict))
    loan: tuple[LoanFact, ...] = _key("已入账的借款 loans that are posted already", ())
    accounts: Mapping[str, CaseAccount] = _key("科目 (可写 6601.*) → 要求 account → what it takes", attrs.Factory(dict))
    voucher: tuple[CaseVoucher, ...] = _key("应有的凭证 vouchers that must come out, no other", ())
    inline: tuple[Mapping[str, Any], ...] = attrs.field(default=(), metadata={"internal": True})
    file: Path = attrs.field(default=Path(), metadata={"internal": True})


def load_case(path: Path) -> Case:
    """The case of a file; its documents are not read yet.

    :raises RulesError: with file, line and key of everything that is wrong.

    .. versionadded:: 0.1
    """
    data, places = parse(read_text(path), path)
    reading = Reading(places)
    inline = tuple(_canonical(one) for one in _documents(reading, data.pop("document", [])))
    if isinstance(data.get("documents"), str):
        data["documents"] = [data["documents"]]
    case = reading.section(Case, data, (), inline=inline, file=path)
    if case is not None:
        if not case.inline and not case.documents:
            _refuse(reading, (), "没有单据", "there is no document", _NO_DOCUMENT)
        for at, voucher in enumerate(case.voucher):
            if voucher.held and voucher.lines is not None:
                words = "挂起的凭证没有分录", "what is held has no lines"
                _refuse(reading, ("voucher", at), *words, Text("held 与 lines 二选一", "give held or lines"))
    reading.finish()
    assert case is not None  # noqa: S101 - finish has raised otherwise
    return case if case.name else attrs.evolve(case, name=path.stem)


_NO_DOCUMENT = Text('写 documents = "input.jsonl" 或 [[document]]', 'write documents = "input.jsonl" or [[document]]')


def _refuse(reading: Reading, path: FieldPath, zh: str, en: str, hint: Text) -> None:
    reading.refuse(path, refused("RULES_CASE", zh, en, hint))


def _documents(reading: Reading, data: Any) -> Iterable[Mapping[str, Any]]:
    if not isinstance(data, list):
        _refuse(reading, ("document",), "应写成 [[document]]", "write [[document]]", Text("", ""))
        return []
    return [reading.table(one, ("document", at)) for at, one in enumerate(data)]


def _canonical(value: Any) -> Any:
    """TOML as canonical JSON: its dates as text; amounts are text there already."""
    if isinstance(value, dict):
        return {name: _canonical(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def case_schema() -> dict[str, Any]:
    """JSON Schema of a case file, draft 2020-12 (`dougong schema case`).

    .. versionadded:: 0.1
    """
    made = section_schema(Case)
    files = {"anyOf": [{"type": "string"}, made["properties"]["documents"]]}
    made["properties"]["documents"] = {**files, "description": made["properties"]["documents"]["description"]}
    made["properties"]["document"] = {
        "type": "array",
        "items": {"type": "object"},
        "description": "单据, 规范格式 documents in canonical form (dougong schema document)",
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Case 用例", **made}
