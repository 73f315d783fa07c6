"""Every shape in which clients send an operation's parameters (kingdee.md §1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from dougong_sdk.sandbox import Request
from dougong_sdk.sandbox.exact_json import loads

from .envelope import KingdeeError

__all__ = ["BodyRefused", "FormCall", "Parameters", "read_parameters", "truth", "whole_number"]


class BodyRefused(Exception):
    """The body is nothing that the server's JSON reader takes; answered with HTTP 500."""


@frozen
class FormCall:
    """What an operation of DynamicFormService works on."""

    form: str
    data: Mapping[str, Any]
    op_number: str = ""


@frozen
class Parameters:
    """Parameters by position or by name (names in lower case)."""

    positional: list[Any]
    named: Mapping[str, Any]

    def values(self, *names: str) -> list[str]:
        """Simple parameters in order, given by position or by name; missing ones are empty texts."""
        if self.positional:
            given = [*self.positional, *[""] * len(names)][: len(names)]
        else:
            given = [self.named.get(name.lower(), "") for name in names]
        return ["" if value is None else str(value) for value in given]

    def form_call(self) -> FormCall:
        """Form id and data of an operation with a separate form id."""
        if self.positional:
            form, *middle, data = self.positional if len(self.positional) > 1 else [*self.positional, {}]
            return FormCall(_form(form), _data(data), str(middle[0]) if middle else "")
        return FormCall(
            _form(self.named.get("formid")),
            _data(self.named.get("data", {})),
            str(self.named.get("opnumber") or ""),
        )

    def data_call(self) -> FormCall:
        """Form id (inside the data) and data of an operation with one parameter."""
        data = _data(self.positional[0] if self.positional else self.named.get("data", {}))
        form = next((value for key, value in data.items() if key.lower() == "formid"), "")
        return FormCall(str(form or "").strip(), data)


def read_parameters(request: Request) -> Parameters:
    """Read the body, whatever its Content-Type says.

    :raises BodyRefused: if it is neither a JSON object nor a form.
    """
    try:
        text = request.body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise BodyRefused("body is not UTF-8") from error
    if not text:
        return Parameters([], {})
    if text[0] not in "{[" and "=" in text:
        value: Any = request.form
    else:
        value = _json(text)
    if not isinstance(value, dict):
        raise BodyRefused("Additional text found in JSON string after finishing deserializing object.")
    named = {str(key).lower(): item for key, item in value.items()}
    positional = named.get("parameters", [])
    if isinstance(positional, str):
        positional = _json(positional)
    if not isinstance(positional, list):
        raise BodyRefused("parameters is not an array")
    return Parameters(positional, named)


def _json(text: str) -> Any:
    try:
        return loads(text)
    except ValueError as error:
        raise BodyRefused(str(error)) from error


def _form(value: Any) -> str:
    form = str(value or "").strip()
    if not form:
        raise KingdeeError(5)
    return form


def _data(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = loads(value) if value.strip() else {}
        except ValueError as error:
            raise KingdeeError(8, f"参数 data 不是合法的 JSON：{error}") from error
    if not isinstance(value, dict):
        raise KingdeeError(8, "参数 data 必须是 JSON 对象")
    return value


def truth(value: Any, default: bool = False) -> bool:
    """A boolean that may have come as a text."""
    if value is None or value == "":
        return default
    return value if isinstance(value, bool) else str(value).lower() in ("true", "1")


def whole_number(value: Any, default: int = 0) -> int:
    """A whole number that may have come as a text.

    :raises KingdeeError: MsgCode 8 for anything else.
    """
    if value is None or value == "":
        return default
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.lstrip("-").isdigit():
        raise KingdeeError(8, f"参数 {value} 不是整数")
    return int(text)
