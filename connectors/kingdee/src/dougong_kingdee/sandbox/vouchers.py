"""GL_VOUCHER: saving, the stages of its life, viewing (kingdee.md §4, §5, §6.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

from attrs import define, evolve, field

from dougong_sdk.sandbox import Record, Settings, Store
from dougong_sdk.sandbox.exact_json import dumps

from .basedata import BaseData
from .body import truth
from .envelope import Entity, KingdeeError, Problem, operation_result, status
from .fields import Form, voucher_form
from .model import Model, new_voucher
from .rules import check, check_references, complete_amounts

__all__ = ["Vouchers"]

FIRST_ID = 100001
_ZONE = timezone(timedelta(hours=8))  # the server's clock shows Beijing time
_EDITABLE = ("Z", "A", "D")

_MOVES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "Submit": ("B", _EDITABLE, "只有暂存、创建、重新审核状态的单据才能提交"),
    "CancelAssign": ("D", ("B",), "只有审核中的单据才能撤销"),
    "Audit": ("C", ("B",), "只有审核中的单据才能审核"),
    "UnAudit": ("D", ("C",), "只有已审核的单据才能反审核"),
}
"""Operation → status after, statuses before, what is said otherwise."""

_WORKFLOW = {"1": "Audit", "2": "CancelAssign", "3": "CancelAssign"}
"""ApprovalType of WorkflowAudit: pass, reject, terminate."""


@define
class Vouchers:
    """All vouchers of the data centre; ``user`` is the caller, who is written down as maker or auditor."""

    store: Store
    settings: Settings
    data: BaseData
    form: Form = field(init=False)
    _ids_by_number: dict[str, str] | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.form = voucher_form(self.data, self.all)

    # reading

    def all(self) -> Iterable[Record]:
        """Every voucher that is not deleted."""
        return self.store.all("voucher").values()

    def get(self, identity: Any) -> Record | None:
        """One voucher by its id."""
        return self.store.get("voucher", str(identity))

    def by_number(self, number: str) -> Record | None:
        """One voucher by its FBillNo."""
        if self._ids_by_number is None:
            self._ids_by_number = {voucher["bill_no"]: key for key, voucher in self.store.all("voucher").items()}
        found = self.store.get("voucher", self._ids_by_number.get(number, ""))
        return found if found is not None and found["bill_no"] == number else None

    def selected(self, data: Mapping[str, Any]) -> list[tuple[str, Record | None]]:
        """What ``Ids`` (or ``Id``) and ``Numbers`` (or ``Number``) name, in order.

        :raises KingdeeError: MsgCode 8 if both are empty.
        """
        given = {key.lower(): value for key, value in data.items()}
        ids = _texts(given.get("ids")) or _texts(given.get("id"))
        numbers = _texts(given.get("numbers")) or _texts(given.get("number"))
        if not ids and not numbers:
            raise KingdeeError(8, "参数 Ids 与 Numbers 不能同时为空")
        return [(i, self.get(i)) for i in ids if i != "0"] + [(n, self.by_number(n)) for n in numbers]

    # writing

    def save(self, data: Mapping[str, Any], user: str, *, draft: bool = False, batch: bool = False) -> dict[str, Any]:
        """Save, BatchSave and Draft: each document by itself; its problems carry its position."""
        options = {key.lower(): value for key, value in data.items()}
        models = options.get("model")
        documents = models if batch else [models]
        if not isinstance(documents, list) or not documents or not all(isinstance(m, Mapping) for m in documents):
            raise KingdeeError(8, "参数 Model 必须是对象的数组" if batch else "参数 Model 必须是对象")
        results = _Results()
        saved: list[Record] = []
        for position, raw in enumerate(documents):
            with results.document(position):
                voucher = self._save_one(raw, options, user, draft=draft)
                results.done(voucher, position)
                saved.append(voucher)
        returned = [self._returned(voucher, options.get("needreturnfields")) for voucher in saved]
        if batch:
            return operation_result(results.status(), NeedReturnData=returned)
        identity = {"Id": saved[0]["id"], "Number": saved[0]["bill_no"]} if saved else {"Id": "", "Number": ""}
        return operation_result(results.status(), **identity, NeedReturnData=returned or [{}])

    def _save_one(self, raw: Mapping[str, Any], options: Mapping[str, Any], user: str, *, draft: bool) -> Record:
        only = frozenset(str(key).upper() for key in options.get("needupdatefields") or [])
        model = Model(raw, self.data, truth(options.get("numbersearch"), True), only)
        if truth(options.get("validaterepeatjson")):
            self._refuse_repeated(raw)
        old = self._old(model)
        voucher = model.head_of(old or new_voucher(self.store.next_number("voucher", FIRST_ID), user, _now()))
        voucher["lines"] = model.lines_of(
            voucher,
            lambda: self.store.next_number("entry", FIRST_ID),
            delete_missing=truth(options.get("isdeleteentry"), True),
        )
        voucher = complete_amounts({**voucher, "modified": _now()}, self.data)
        if old is not None and _series(voucher) != _series(old) and voucher["group_no"] == old["group_no"]:
            voucher["group_no"] = 0  # it moves to another book, group or period and is numbered there
        self._check_number(voucher)
        check_references(voucher, self.data)
        if not draft and truth(options.get("validateflag"), True):
            check(voucher, self.data, self.settings["rate_tolerance"])
        voucher["status"] = "Z" if draft else "A" if voucher["status"] == "Z" else voucher["status"]
        self.put(self._numbered(voucher))
        if truth(options.get("isautosubmitandaudit")):
            for operation in ("Submit", "Audit"):
                voucher = self._move(operation, voucher, user)
        return self.store.all("voucher")[str(voucher["id"])]

    def _refuse_repeated(self, raw: Mapping[str, Any]) -> None:
        """ValidateRepeatJson: a packet that came before, byte for byte, is refused."""
        packet = hashlib.sha256(dumps(raw).encode()).hexdigest()
        if self.store.get("packet", packet):
            raise KingdeeError(11, "数据包重复提交")
        self.store.put("packet", packet, {"at": _now()})

    def _old(self, model: Model) -> Record | None:
        """The voucher that this Save overwrites."""
        if not model.identity:
            return None
        old = self.get(model.identity)
        if old is None:
            raise KingdeeError(10, Problem("数据在系统中不存在", "FVOUCHERID"))
        if old["status"] not in _EDITABLE:
            raise KingdeeError(12, Problem("单据已提交或已审核，不能保存", "FDocumentStatus"))
        return old

    def _check_number(self, voucher: Record) -> None:
        other = self.by_number(voucher["bill_no"]) if voucher["bill_no"] else None
        if other is not None and other["id"] != voucher["id"]:
            raise KingdeeError(11, Problem(f"单据编号“{voucher['bill_no']}”已存在", "FBillNo"))
        if voucher["group_no"] < 0 or voucher["attachments"] < 0:
            raise KingdeeError(11, Problem("凭证号与附件数不能为负数", "FVOUCHERGROUPNO"))
        twin = next((v for v in self._same_series(voucher) if v["group_no"] == voucher["group_no"]), None)
        if voucher["group_no"] and twin is not None:
            raise KingdeeError(11, Problem(f"凭证号 {voucher['group_no']} 已存在", "FVOUCHERGROUPNO"))

    def _numbered(self, voucher: Record) -> Record:
        """With FBillNo and, once book, date and group are known, the number in its group."""
        voucher = {**voucher, "bill_no": voucher["bill_no"] or f"PZ{voucher['id']:08}"}
        if not voucher["group_no"] and voucher["group"] and voucher["date"] and voucher["book"]:
            counter = self.store.get("series", _series(voucher)) or {"last": 0}
            voucher["group_no"] = counter["last"] + 1
        return voucher

    def _same_series(self, voucher: Record) -> Iterable[Record]:
        counter = self.store.get("series", _series(voucher))
        if counter is None or not voucher["group_no"] or voucher["group_no"] > counter["last"]:
            return ()
        wanted = _series(voucher)
        return (other for other in self.all() if _series(other) == wanted and other["id"] != voucher["id"])

    def put(self, voucher: Record) -> None:
        """Write a voucher down as it is, without any rule: for Save after its checks, and for a person's hand."""
        series = _series(voucher)
        last = (self.store.get("series", series) or {"last": 0})["last"]
        if voucher["group_no"] > last:
            self.store.put("series", series, {"last": voucher["group_no"]})
        self.store.put("voucher", str(voucher["id"]), voucher)
        if self._ids_by_number is not None:
            self._ids_by_number[voucher["bill_no"]] = str(voucher["id"])

    def remove(self, voucher: Record) -> None:
        """Delete a voucher without any rule; its number is free again if it was the last one."""
        key, series = str(voucher["id"]), _series(voucher)
        self.store.remove("voucher", key)
        self.store.put("deleted", key, voucher)
        last = max((other["group_no"] for other in self.all() if _series(other) == series), default=0)
        self.store.put("series", series, {"last": last})

    # stages

    def change_all(self, operation: str, data: Mapping[str, Any], user: str) -> dict[str, Any]:
        """Submit, CancelAssign, Audit, UnAudit, Delete, Cancel, UnCancel on each voucher that is named."""
        results = _Results()
        for position, (name, voucher) in enumerate(self.selected(data)):
            with results.document(position):
                if voucher is None:
                    raise KingdeeError(10, f"编码或内码为“{name}”的数据在系统中不存在")
                results.done(self._change(operation, voucher, user), position)
        return operation_result(results.status())

    def workflow_audit(self, data: Mapping[str, Any], user: str) -> dict[str, Any]:
        """Approve, reject or terminate in the workflow."""
        given = {key.lower(): value for key, value in data.items()}
        operation = _WORKFLOW.get(str(given.get("approvaltype", "")))
        if operation is None:
            raise KingdeeError(8, "参数 ApprovalType 必须为 1（通过）、2（驳回）或 3（终止）")
        return self.change_all(operation, data, str(given.get("username") or user))

    def _change(self, operation: str, voucher: Record, user: str) -> Record:
        if operation == "Delete":
            self._need(voucher, _EDITABLE, "只有暂存、创建、重新审核状态的单据才能删除")
            self.remove(voucher)
            return voucher
        if operation in ("Cancel", "UnCancel"):
            self._need(voucher, _EDITABLE, "已提交或已审核的凭证不能作废")
            voucher = {**voucher, "invalid": operation == "Cancel", "modified": _now()}
            self.put(voucher)
            return voucher
        return self._move(operation, voucher, user)

    def _move(self, operation: str, voucher: Record, user: str) -> Record:
        after, before, refusal = _MOVES[operation]
        self._need(voucher, before, refusal)
        if voucher["invalid"]:
            raise KingdeeError(12, "凭证已作废")
        if operation == "Submit":
            check(voucher, self.data, self.settings["rate_tolerance"])
        if operation == "Audit" and voucher["creator"] == user and not self.settings["same_user_may_audit"]:
            raise KingdeeError(11, "审核人与制单人不能为同一人")
        self._need_open_period(operation, voucher)
        auditor = {"Audit": user, "UnAudit": None}.get(operation, voucher["auditor"])
        voucher = {**voucher, "status": after, "auditor": auditor, "modified": _now()}
        self.put(voucher)
        return voucher

    def _need(self, voucher: Record, statuses: tuple[str, ...], refusal: str) -> None:
        if voucher["status"] not in statuses:
            raise KingdeeError(12, Problem(f"{refusal}（{voucher['bill_no']} 当前状态 {voucher['status']}）", None))

    def _need_open_period(self, operation: str, voucher: Record) -> None:
        period = f"{voucher['year']:04}-{voucher['period']:02}"
        if operation in ("Audit", "UnAudit") and not self.data.period_is_open(voucher["book"], period):
            raise KingdeeError(12, f"账簿（{voucher['book']}）的期间（{voucher['year']}.{voucher['period']}）已结账")

    # answers

    def _returned(self, voucher: Record, wanted: Any) -> dict[str, Any]:
        """The fields of NeedReturnFields; those of the entry once per line."""
        head: dict[str, Any] = {}
        lines: list[dict[str, Any]] = [{} for _ in voucher["lines"]]
        for key in _texts(wanted):
            column = self.form.column(key)
            if not column.entry:
                head[key] = column.get(voucher, None)
                continue
            for line, target in zip(voucher["lines"], lines, strict=True):
                target[key] = column.get(voucher, line)
        return {**head, "FEntity": lines} if any(lines) else head


class _Results:
    """What became of each document of a call."""

    def __init__(self) -> None:
        self._entities: list[Entity] = []
        self._problems: list[Problem] = []
        self._msg_code = 0

    @contextmanager
    def document(self, position: int) -> Iterator[None]:
        """A refusal inside the block concerns the document at ``position`` only."""
        try:
            yield
        except KingdeeError as error:
            self._problems += [evolve(problem, dindex=position) for problem in error.problems]
            self._msg_code = self._msg_code or error.msg_code

    def done(self, voucher: Record, position: int) -> None:
        """The document at ``position`` succeeded."""
        self._entities.append(Entity(voucher["id"], voucher["bill_no"], position))

    def status(self) -> dict[str, Any]:
        """The ResponseStatus of the whole call."""
        return status(self._msg_code, self._problems, self._entities)


def _texts(value: Any) -> list[str]:
    """``"1,2"``, ``[1, 2]`` or ``1`` as texts."""
    parts = value if isinstance(value, list) else str("" if value is None else value).split(",")
    return [text for part in parts if (text := str(part).strip())]


def _series(voucher: Mapping[str, Any]) -> str:
    """Vouchers are numbered by book, group, year and period."""
    return f"{voucher['book']}/{voucher['group']}/{voucher['year']}/{voucher['period']}"


def _now() -> str:
    return datetime.now(_ZONE).replace(tzinfo=None).isoformat(timespec="milliseconds")
