"""The envelope around every answer: HTTP 200, and inside whether it worked (kingdee.md §3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from dougong.model.outcomes import NotDone, Rejected, Unknown
from dougong.model.problems import DougongError, Problem, Text
from dougong_sdk.refusals import ErrorDictionary, outcome_of_class
from dougong_sdk.rest import BadAnswer

__all__ = ["NO_FIELD", "Failure", "KingdeeRefused", "Reply", "outcome_of_failure", "position_of", "read_reply"]

#: How a message names a line of the voucher, from 1 (kingdee.md §3).
_LINE = re.compile(r"第([1-9]\d*)行分录")
#: MsgCode for a field or a code that this data centre does not have.
NO_FIELD = 9


@attrs.frozen
class Failure:
    """A `ResponseStatus` that says no.

    :param msg_code: `MsgCode`; `None` where an older server gives none.
    :param errors: (field, message) of each error; the field may be empty.
    :param positions: for each error, which document of the request it concerns, from 0; -1 = not told.
    """

    msg_code: int | None
    errors: tuple[tuple[str, str], ...]
    positions: tuple[int, ...] = ()

    def of_document(self, position: int) -> Failure | None:
        """What was refused about one document of several; `None` = nothing."""
        errors = tuple(error for error, at in zip(self.errors, self.positions, strict=True) if at == position)
        return Failure(self.msg_code, errors, (position,) * len(errors)) if errors else None

    @property
    def kind(self) -> str:
        """The class of errors.toml. What it does not know and what names no field of ours is `unknown`."""
        entry = _errors().entry(self.msg_code, *(message for _, message in self.errors))
        if entry:
            return entry.kind
        return "refused" if any(field for field, _ in self.errors) else "unknown"

    def problems(self) -> tuple[Problem, ...]:
        """One problem per error, with the dictionary's hint."""
        errors = self.errors or (("", f"MsgCode {self.msg_code}"),)
        return tuple(_errors().problem(self.msg_code, message, _path(field, message)) for field, message in errors)


class KingdeeRefused(DougongError):
    """A reading call was refused. :ivar failure: what the ERP said."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.problems())
        self.failure = failure


@attrs.frozen
class Reply:
    """A complete answer of an operation.

    :param result: the member `Result`.
    :param entities: `SuccessEntitys`; a call with several documents may have some beside a failure.
    :param failure: `None` when the ERP says that it worked.
    """

    result: Mapping[str, Any]
    entities: tuple[Mapping[str, Any], ...] = ()
    failure: Failure | None = None


def read_reply(answer: Any) -> Reply:
    """Read the envelope, also nested in two brackets as ExecuteBillQuery wraps failures.

    :raises BadAnswer: it is no envelope: neither success nor refusal can be told from it.
    """
    while isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    result = answer.get("Result") if isinstance(answer, dict) else None
    if not isinstance(result, dict):
        raise BadAnswer("应答没有 Result", "the answer has no Result")
    status = result.get("ResponseStatus")
    if status is None and isinstance(result.get("Result"), dict):  # View, when it has nothing to complain about
        return Reply(result)
    if not isinstance(status, dict) or not isinstance(status.get("IsSuccess"), bool):
        raise BadAnswer("应答没有 ResponseStatus", "the answer has no ResponseStatus")
    entities = tuple(e for e in status.get("SuccessEntitys") or () if isinstance(e, dict))
    return Reply(result, entities, None if status["IsSuccess"] else _failure(status))


def _failure(status: Mapping[str, Any]) -> Failure:
    code = status.get("MsgCode")
    errors = [e for e in status.get("Errors") or () if isinstance(e, dict)]
    return Failure(
        code if isinstance(code, int) else None,
        tuple((str(e.get("FieldName") or ""), str(e.get("Message") or "")) for e in errors),
        tuple(position_of(e) for e in errors),
    )


def position_of(member: Mapping[str, Any]) -> int:
    """`DIndex`: which document of the request an error or a success is about; -1 where it is not told."""
    position = member.get("DIndex")
    return position if isinstance(position, int) and not isinstance(position, bool) else -1


def _path(field: str, message: str) -> str:
    """Where in the payload: `FEntity[2].FDetailID`. Which line it is the ERP tells in its message alone."""
    line = _LINE.search(message)
    if line is None:
        return field
    return f"FEntity[{int(line.group(1)) - 1}]" + (f".{field}" if field else "")


def outcome_of_failure(failure: Failure) -> Rejected | NotDone | Unknown:
    """What `push` and `complete` answer. Who is not let in has sent nothing: it goes out when the login is mended."""
    return outcome_of_class(failure.kind, failure.problems())


def _errors() -> ErrorDictionary:
    return ErrorDictionary.of("dougong_kingdee", Text("金蝶", "Kingdee"))
