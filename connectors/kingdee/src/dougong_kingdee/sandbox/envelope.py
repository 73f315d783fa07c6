"""The answer around every operation of DynamicFormService (kingdee.md §3): HTTP 200, and the truth inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from dougong_sdk.sandbox import Response
from dougong_sdk.sandbox.exact_json import dumps

__all__ = ["SESSION_LOST", "Entity", "KingdeeError", "Problem", "json_response", "nested", "operation_result", "status"]

SESSION_LOST = "会话信息已丢失，请重新登录"

MESSAGES = {
    1: SESSION_LOST,
    2: "当前用户没有此操作的权限",
    3: "操作标识不能为空",
    4: "系统发生异常",
    5: "业务对象标识不能为空",
    6: "数据库操作失败",
    7: "许可不足",
    8: "参数错误",
    9: "字段或值不存在",
    10: "数据在系统中不存在",
    11: "数据校验未通过",
    12: "当前状态不允许此操作",
    13: "使用业务单据与其他用户的业务操作冲突，请稍候再使用",
    14: "调用次数超过限制",
    15: "禁止管理员登录",
}
"""A text for each MsgCode; the wording of 1, 10 and 13 was seen on real systems, the rest is ours."""


@frozen
class Problem:
    """One entry of ``Errors``: what is wrong with which document of the request (``dindex``, from 0)."""

    message: str
    field: str | None = None
    dindex: int = 0


class KingdeeError(Exception):
    """An operation is refused.

    :param msg_code: the MsgCode of kingdee.md §3.
    :param problems: what is wrong; a plain text is one problem without a field.
    """

    def __init__(self, msg_code: int, *problems: Problem | str) -> None:
        super().__init__(msg_code, *problems)
        self.msg_code = msg_code
        self.problems = [Problem(p) if isinstance(p, str) else p for p in problems] or [Problem(MESSAGES[msg_code])]


@frozen
class Entity:
    """One entry of ``SuccessEntitys``."""

    id: int
    number: str
    dindex: int

    def as_json(self) -> dict[str, Any]:
        """As it stands in the answer."""
        return {"Id": self.id, "Number": self.number, "DIndex": self.dindex}


def status(msg_code: int = 0, problems: Sequence[Problem] = (), entities: Sequence[Entity] = ()) -> dict[str, Any]:
    """The ``ResponseStatus`` object."""
    return {
        "ErrorCode": 500 if problems else 0,
        "IsSuccess": not problems,
        "Errors": [{"FieldName": p.field, "Message": p.message, "DIndex": p.dindex} for p in problems],
        "SuccessEntitys": [entity.as_json() for entity in entities],
        "SuccessMessages": [],
        "MsgCode": msg_code,
    }


def operation_result(response_status: Mapping[str, Any] | None, **more: Any) -> dict[str, Any]:
    """The whole answer of an operation."""
    return {"Result": {"ResponseStatus": response_status, **more}}


def nested(answer: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    """How ExecuteBillQuery wraps a failure."""
    return [[answer]]


def json_response(value: Any, *, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """Compact JSON with HTTP 200."""
    return Response(dumps(value).encode(), headers=headers)
