"""From Hesi's ids to the customer's codes, through companion answers; code before id, and nothing guessed."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from dougong.model.masterdata import MasterRecord
from dougong.model.problems import Problem, Text
from dougong.model.sources import ReferenceData
from dougong_hesi.findings import Findings

__all__ = ["Lookup", "Overlay", "code_index", "code_index_id", "dimension_kind", "kind_names"]

#: Dimension name in Hesi (档案) → our kind; any other dimension keeps its name behind `dimension:`.
DIMENSIONS = {
    "项目": "project",
    "法人实体": "entity",
    "legalEntity": "entity",
    "供应商": "supplier",
    "客户": "customer",
    "成本中心": "cost_center",
}
#: Kind → what people call it, and which companion answer tells it (expense-side.md §1.4).
_KINDS = {
    "employee": (Text("员工", "staff"), "GET v1.1/staffs"),
    "department": (Text("部门", "department"), "GET v1/departments"),
    "fee_type": (Text("费用类型", "fee type"), "GET v1/feeTypes"),
    "payee": (Text("收款信息", "payee"), "GET v2.1/payeeInfos"),
    "payment_account": (Text("付款账户", "paying account"), "GET v1/paymentAccounts"),
    "invoice": (Text("发票", "invoice"), "POST v2/extension/INVOICE/object/…"),
}
_ITEM = (Text("档案项", "dimension item"), "GET v1/dimensions/items")
#: Kinds whose codes Hesi allows to be repeated.
_REPEATABLE = frozenset({"employee", "department"})


def dimension_kind(name: str) -> str:
    """Kind of the items of a dimension, or of a form field that holds one."""
    return DIMENSIONS.get(name, f"dimension:{name}")


def kind_names(kind: str) -> tuple[Text, str]:
    """What people call a kind, and the API call whose answer tells its records."""
    return _KINDS.get(kind, _ITEM)


def code_index(kind: str) -> str:
    """Kind of the records that tell which ids share a code."""
    return f"{kind}_code"


def code_index_id(record: MasterRecord) -> str:
    """Id of the index record of a code: codes are a tenant's own, and ids begin with the tenant."""
    return f"{record.id.partition(':')[0]}:{record.code}"


@attrs.frozen
class Overlay:
    """Reference data of this file in front of what is known already, so that one file can explain itself."""

    records: dict[tuple[str, str], MasterRecord]
    behind: ReferenceData | None = None

    @classmethod
    def of(cls, records: Iterable[MasterRecord], behind: ReferenceData | None) -> Overlay:
        """The records, later ones winning, in front of `behind`."""
        return cls({(record.kind, record.id): record for record in records}, behind)

    def get(self, kind: str, id: str) -> MasterRecord | None:
        """The record, or `None`."""
        found = self.records.get((kind, id))
        return found if found is not None or self.behind is None else self.behind.get(kind, id)


@attrs.frozen
class Lookup:
    """Explains the ids of one flow; what cannot be explained becomes a problem that says what to supply."""

    reference: ReferenceData
    findings: Findings

    def record(self, kind: str, id: str, path: str) -> MasterRecord | None:
        """The record of an id; `REFERENCE_MISSING` when no companion answer told it yet."""
        found = self.reference.get(kind, id)
        if found is None:
            self.findings.add_cause(_missing(kind, id).at(path))
        return found

    def word(self, kind: str, id: object, path: str, *, use: str = "code") -> str | None:
        """What the customer calls an id.

        :param kind: e.g. `department`.
        :param id: as the flow carries it; empty gives `None` without a problem.
        :param use: `code`, `name` or `id`.
        """
        if not isinstance(id, str) or not id:
            return None
        if use == "id":
            return id
        found = self.record(kind, id, path)
        return None if found is None else self.word_of(found, path, use=use)

    def word_of(self, record: MasterRecord, path: str, *, use: str = "code") -> str | None:
        """Code or name of a record; an empty or repeated code is a problem, the id is never taken for it."""
        word = record.code if use == "code" else record.name
        if not word:
            self.findings.add_cause(_empty(record, use, self.findings.settings).at(path))
            return None
        others = self._sharing(record) if use == "code" and record.kind in _REPEATABLE else ()
        if others:
            self.findings.add_cause(_repeated(record, others, self.findings.settings).at(path))
            return None
        return word

    def _sharing(self, record: MasterRecord) -> tuple[str, ...]:
        """Ids of other active records with the same code."""
        index = self.reference.get(code_index(record.kind), code_index_id(record))
        ids = () if index is None else index.data.get("ids", ())
        found = (self.reference.get(record.kind, other) for other in ids if other != record.id)
        return tuple(other.id for other in found if other is not None and other.active and other.code == record.code)


def _missing(kind: str, id: str) -> Problem:
    name, answer = kind_names(kind)
    return Problem.of(
        "REFERENCE_MISSING",
        f"{name.zh} {id} 没有参考数据",
        f"nothing is known of {name.en} {id}",
        hint_zh=f"请推送包含它的返回结果: {answer}",
        hint_en=f"push the answer that contains it: {answer}",
        kind=kind,
        id=id,
    )


def _empty(record: MasterRecord, use: str, settings: str) -> Problem:
    name, answer = kind_names(record.kind)
    what = "编码" if use == "code" else "名称"
    return Problem.of(
        "CODE_MISSING",
        f"{name.zh} {record.id} ({record.name}) 在合思中没有{what}",
        f"{name.en} {record.id} ({record.name}) has no {use} in Hesi",
        hint_zh=f"请在合思中补填{what}后推送返回结果 ({answer}), 或在 {settings} 改用其他标识",
        hint_en=f"fill it in there and push the answer ({answer}), or choose another word in {settings}",
        kind=record.kind,
        id=record.id,
    )


def _repeated(record: MasterRecord, others: tuple[str, ...], settings: str) -> Problem:
    name, answer = kind_names(record.kind)
    shared = ", ".join(sorted(others))
    return Problem.of(
        "CODE_REPEATED",
        f"{name.zh} {record.id} 的编码 {record.code} 与 {shared} 重复",
        f"code {record.code} of {name.en} {record.id} is also that of {shared}",
        hint_zh=f'请在合思中改为唯一编码后推送返回结果 ({answer}), 或在 {settings} 写 {record.kind} = "id"',
        hint_en=f'make it unique in Hesi and push the answer ({answer}), or set {record.kind} = "id" in {settings}',
        kind=record.kind,
        id=record.id,
        word=record.code,
    )
