"""Which Hesi answer a file is, told by its content, never by its name (samples: see expense-side.md §1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from dougong.model.masterdata import MasterRecord
from dougong.model.problems import InputError, Problem
from dougong_hesi import companions
from dougong_hesi.invoice_records import invoice, is_invoice

__all__ = ["Answer", "split"]

Item = Mapping[str, Any]
Reader = Callable[[Item], Iterable[MasterRecord]]


@attrs.frozen
class Answer:
    """What a file holds: flows as they are, companion answers as reference data."""

    flows: tuple[Item, ...]
    records: tuple[MasterRecord, ...]


def _has(*names: str) -> Callable[[Item], bool]:
    return lambda item: all(name in item for name in names)


def _is_flow(item: Item) -> bool:
    return isinstance(item.get("form"), Mapping) and "formType" in item and "id" in item


def _is_dimension(item: Item) -> bool:
    return {"id", "name", "code"} <= item.keys() and "parentId" not in item and ":" in str(item["id"])


def _is_flow_invoices(answer: Item) -> bool:
    return bool(answer) and all(
        isinstance(found, list) and all(isinstance(entry, Mapping) and "invoiceId" in entry for entry in found)
        for found in answer.values()
    )


#: Companion answers, most telling members first; the first that fits reads the item.
_COMPANIONS: tuple[tuple[Callable[[Item], bool], Reader], ...] = (
    (_has("id", "dimensionId"), companions.dimension_item),
    (_has("flowId", "attachmentList"), companions.attachments),
    (_has("orgCode", "currInfos"), companions.currencies),
    (_has("id", "repaymentType"), companions.repayment_record),
    (_has("id", "payerNo"), companions.buyer_titles),
    (_has("id", "cardNo", "sort"), companions.payee),
    (_has("id", "detail", "sort"), companions.payment_account),
    (_has("id", "name", "defaultDepartment"), companions.employee),
    (_has("id", "remain", "flowId"), companions.loan),
    (lambda item: _has("id", "name", "parentId")(item) and ("order" in item or "form" in item), companions.department),
    (_has("id", "name", "parentId"), companions.fee_type),
    (_is_dimension, companions.dimension),
    (_is_flow_invoices, companions.flow_invoices),
)

#: Answers that carry neither documents nor reference data: what they are, in both languages.
_REFUSED: tuple[tuple[Callable[[Item], bool], str, str], ...] = (
    (_has("accessToken"), "授权结果 (访问令牌)", "a login answer (access token)"),
    (lambda item: "accessToken" in (item.get("data") or ()), "授权结果 (访问令牌)", "a login answer (access token)"),
    (_has("total", "success", "residue"), "批量审批结果", "the answer to an approval call"),
    (_has("key", "fileId"), "附件上传结果", "the answer to an attachment upload"),
    (_has("id", "key", "url"), "附件下载链接 (临时)", "temporary attachment links"),
    (_has("messageId", "messageType"), "出站消息失败日志", "the log of failed outbound messages"),
    (_has("id", "code", "errorMsg"), "支付结果回传的返回", "the answer to a payment result call"),
    (_has("action", "flowId"), "出站消息 (请按 flowId 取单据详情)", "an outbound message (fetch its flow's details)"),
    (_has("code", "msg"), "接口返回的状态或错误", "a status or error of the API"),
    (_has("code", "message"), "出站回调的返回", "the answer to an outbound callback"),
)


def split(data: Any, zone: ZoneInfo) -> Answer:
    """Sort what a file holds into flows and reference data.

    :param data: parsed JSON.
    :param zone: the tenant's, for dates of invoices.
    :raises InputError: `HESI_ANSWER_UNUSABLE` for an answer that carries neither, `HESI_ANSWER_UNKNOWN` for anything
        else, `AMOUNT_INVALID` for a companion answer with a broken amount.
    """
    flows: list[Item] = []
    records: list[MasterRecord] = []
    for path, entry in _entries(data):
        if not isinstance(entry, Mapping):
            raise InputError(_unusable(path, *_scalar(entry)))
        if _is_flow(entry):
            flows.append(entry)
        else:
            records.extend(_companion(entry, path, zone))
    return Answer(tuple(flows), tuple(records))


def _entries(data: Any) -> Iterator[tuple[str, Any]]:
    """The items of an answer, whatever envelope they are in."""
    if isinstance(data, Mapping):
        for name in ("flow", "items", "value"):
            inner = data.get(name)
            if isinstance(inner, list) or (isinstance(inner, Mapping) and name != "items"):
                yield from ((f"{name}{path}", entry) for path, entry in _entries(inner))
                return
        yield "", data["value"] if data.keys() == {"value"} else data
    elif isinstance(data, list):
        yield from ((f"[{index}]", entry) for index, entry in enumerate(data))
    else:
        yield "", data


def _companion(entry: Item, path: str, zone: ZoneInfo) -> Iterable[MasterRecord]:
    readers: Iterator[Reader] = (read for fits, read in _COMPANIONS if fits(entry))
    read = (lambda item: invoice(item, zone)) if is_invoice(entry) else next(readers, None)
    if read is None:
        refused = next(((zh, en) for fits, zh, en in _REFUSED if fits(entry)), None)
        raise InputError(_unknown(entry, path) if refused is None else _unusable(path, *refused))
    try:
        records = tuple(read(entry))
    except InputError as error:
        raise InputError(problem.at(path) for problem in error.problems) from None
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(_broken(path, repr(error))) from error
    if not all(_is_id(record.id) for record in records):
        raise InputError(_broken(path, "id"))
    return records


def _is_id(value: object) -> bool:
    """Answers are taken as they come: an id may be anything until it was looked at."""
    return isinstance(value, str) and value != ""


def _scalar(entry: object) -> tuple[str, str]:
    if isinstance(entry, bool):
        return "写回结果", "the answer to a write-back call"
    if isinstance(entry, str) and entry.startswith("http"):
        return "租户地址 (location)", "the tenant's address (location)"
    return "不含单据的返回", "an answer without documents"


def _unusable(path: str, zh: str, en: str) -> Problem:
    return Problem.of(
        "HESI_ANSWER_UNUSABLE",
        f"这是合思的{zh}, 不含单据或参考数据",
        f"this is {en} of Hesi: it holds neither documents nor reference data",
        path=path,
        hint_zh="请推送单据详情、单据列表, 或员工、部门、费用类型、档案、发票等返回",
        hint_en="push flow details or lists, or answers about staffs, departments, fee types, dimensions, invoices …",
    )


def _unknown(entry: Item, path: str) -> Problem:
    names = ", ".join(list(map(str, entry))[:6]) or "-"
    return Problem.of(
        "HESI_ANSWER_UNKNOWN",
        f"不认识的合思返回, 其字段: {names}",
        f"no Hesi answer that is known; its members: {names}",
        path=path,
        hint_zh="请原样保存接口返回, 不要改写",
        hint_en="save the API's answer as it is",
    )


def _broken(path: str, what: str) -> Problem:
    return Problem.of(
        "HESI_ANSWER_UNKNOWN",
        f"合思返回缺少字段或类型不对: {what}",
        f"a member of this Hesi answer is missing or of the wrong type: {what}",
        path=path,
        hint_zh="请原样保存接口返回, 不要改写",
        hint_en="save the API's answer as it is",
    )
