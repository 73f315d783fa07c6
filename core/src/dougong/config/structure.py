"""TOML values into frozen classes: cattrs with strict leaves, and its errors as problems with a path."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

import attrs
from cattrs import Converter, override
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn
from cattrs.literals import is_literal

from dougong.config import positions
from dougong.config.errors import did_you_mean
from dougong.config.secrets import KINDS, SecretRef
from dougong.model.problems import DougongError, Problem

__all__ = ["WrongValue", "converter", "file_fields", "problems_of"]

_PLAIN = {str: ("文本", "text"), int: ("整数", "a whole number"), bool: ("true 或 false", "true or false")}
_DATES = {dt.date: ("日期", "a date"), dt.datetime: ("时间", "a date with time"), dt.time: ("时刻", "a time of day")}


#: An amount as text: no exponent, no thousands separator.
_AMOUNT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,10})?", re.ASCII)


class WrongValue(ValueError):
    """A value that cannot be what its key wants; carries the problem, whose path cattrs knows."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def file_fields(cls: type[Any]) -> Iterator[attrs.Attribute[Any]]:
    """The fields of a class that stand in the file (`metadata={"file": False}` marks the others)."""
    return (field for field in attrs.fields(cls) if field.init and field.metadata.get("file", True))


def converter(folder: Path) -> Converter:
    """A converter that takes TOML's own types and coerces nothing.

    :param folder: what relative `Path` values start from.
    """
    made = Converter(detailed_validation=True, forbid_extra_keys=True)
    for kind, words in {**_PLAIN, **_DATES}.items():
        made.register_structure_hook(kind, functools.partial(_exactly, kind=kind, words=words))
    made.register_structure_hook(float, lambda value, _: float(_number(value)))
    made.register_structure_hook(Decimal, lambda value, _: _exact(value))
    made.register_structure_hook(Path, lambda value, _: folder / _exactly(value, Path, kind=str, words=_PLAIN[str]))
    made.register_structure_hook(SecretRef, lambda value, _: _secret(value))
    made.register_structure_hook_func(is_literal, _choice)
    made.register_structure_hook_func(lambda t: isinstance(t, type) and issubclass(t, Enum), _enum)
    made.register_structure_hook_func(_is_sequence, lambda value, t: _sequence(value, t, made))
    made.register_structure_hook_func(_is_mapping, lambda value, t: _mapping(value, t, made))
    made.register_structure_hook_factory(attrs.has, lambda cls: _class(cls, made))
    return made


def _class(cls: type[Any], made: Converter) -> Callable[[Any, Any], Any]:
    kept = {field.name for field in file_fields(cls)}
    left = {field.name: override(omit=True) for field in attrs.fields(cls) if field.name not in kept}
    inner = make_dict_structure_fn(cls, made, _cattrs_forbid_extra_keys=True, **left)  # type: ignore[arg-type]

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            raise _wrong_type(value, "表 (table)", "a table")
        return inner(value, cls)

    return structure


def _exactly(value: Any, _: Any, *, kind: type, words: tuple[str, str]) -> Any:
    if type(value) is not kind:
        raise _wrong_type(value, *words)
    return value


def _number(value: Any) -> Decimal:
    if type(value) not in (int, Decimal) or not Decimal(value).is_finite():
        raise _wrong_type(value, "数字", "a number")
    return Decimal(value)


def _exact(value: Any) -> Decimal:
    """A number, or an amount as text, as documents write it."""
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        return Decimal(value)
    return _number(value)


def _choice(value: Any, kind: Any) -> Any:
    for item in get_args(kind):
        if item == value and isinstance(item, bool) == isinstance(value, bool):
            return item  # the member itself where the choice is among those of an enum
    raise _not_one_of(value, [str(item) for item in get_args(kind)])


def _enum(value: Any, kind: type[Enum]) -> Enum:
    try:
        return kind(value)
    except ValueError:
        raise _not_one_of(value, [str(item.value) for item in kind]) from None


def _secret(value: Any) -> SecretRef:
    if isinstance(value, str):
        raise WrongValue(
            Problem.of(
                "SECRET_IN_PLAIN",
                "密钥不能直接写在配置里",
                "a secret must not stand in the configuration",
                hint_zh='请写引用: { env = "变量名" } 或 { file = "路径" } 或 { keyring = "服务/用户" }',
                hint_en='give a reference: { env = "VARIABLE" } or { file = "path" } or { keyring = "service/user" }',
            )
        )
    kinds = list(value) if isinstance(value, Mapping) else []
    if len(kinds) != 1 or kinds[0] not in KINDS or not isinstance(value[kinds[0]], str) or not value[kinds[0]]:
        raise WrongValue(
            Problem.of(
                "CONFIG_VALUE",
                "密钥引用须恰好是 env, file, keyring 之一",
                "a secret's reference is exactly one of env, file, keyring",
                hint_zh='例: { env = "KINGDEE_APP_SECRET" }',
                hint_en='for example { env = "KINGDEE_APP_SECRET" }',
            )
        )
    return SecretRef(**value)


def _is_sequence(kind: Any) -> bool:
    return get_origin(kind) in (tuple, list, Sequence)


def _sequence(value: Any, kind: Any, made: Converter) -> Any:
    if not isinstance(value, list):
        raise _wrong_type(value, "数组 […]", "an array […]")
    item_type = get_args(kind)[0]
    out, errors = [], []
    for index, item in enumerate(value):
        try:
            out.append(made.structure(item, item_type))
        except Exception as error:  # noqa: BLE001 - whatever it is, cattrs' way is to collect and go on
            error.add_note(IterableValidationNote(f"element {index}", index, item_type))
            errors.append(error)
    if errors:
        raise IterableValidationError("array", errors, kind)
    return out if get_origin(kind) is list else tuple(out)


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) in (dict, Mapping)


def _mapping(value: Any, kind: Any, made: Converter) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong_type(value, "表 (table)", "a table")
    item_type = get_args(kind)[1]
    out, errors = {}, []
    for key, item in value.items():
        try:
            out[key] = made.structure(item, item_type)
        except Exception as error:  # noqa: BLE001 - whatever it is, cattrs' way is to collect and go on
            error.add_note(IterableValidationNote(f"key {key}", key, item_type))
            errors.append(error)
    if errors:
        raise IterableValidationError("table", errors, kind)
    return out


def _wrong_type(value: Any, zh: str, en: str) -> WrongValue:
    got = {dict: "a table", list: "an array", str: "text", bool: "true/false"}.get(type(value), "another type")
    return WrongValue(Problem.of("CONFIG_VALUE", f"应为{zh}, 实为 {got}", f"has to be {en}, not {got}"))


def _not_one_of(value: Any, known: Sequence[str]) -> WrongValue:
    hint = did_you_mean(str(value), known)
    return WrongValue(
        Problem.of(
            "CONFIG_VALUE",
            f"{value!r} 不是 {', '.join(known)} 之一",
            f"{value!r} is none of {', '.join(known)}",
            hint_zh=hint.zh,
            hint_en=hint.en,
        )
    )


def problems_of(error: BaseException, path: positions.Path = ()) -> Iterator[tuple[positions.Path, Problem]]:
    """Every problem in an error of cattrs, each with the path that it belongs to."""
    if isinstance(error, BaseValidationError):
        for inner in error.exceptions:
            yield from problems_of(inner, path + _step(inner))
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [field.name for field in file_fields(error.cl)]
        for key in sorted(error.extra_fields):
            hint = did_you_mean(key, known)
            yield (
                (*path, key),
                Problem.of("CONFIG_KEY", "未知的键", "unknown key", hint_zh=hint.zh, hint_en=hint.en),
            )
    elif isinstance(error, WrongValue):
        yield path, error.problem
    elif isinstance(error, KeyError):
        name = path[-1] if path else ""
        missing = Problem.of(
            "CONFIG_MISSING_KEY",
            "缺少必填的键",
            "a required key is missing",
            hint_zh=f"请增加 {name} = …",
            hint_en=f"add {name} = …",
        )
        yield path, missing
    elif isinstance(error, DougongError):  # a validator's own words, with the key that it names
        for problem in error.problems:
            yield (*path, *filter(None, problem.path.split("."))), attrs.evolve(problem, path="")
    else:
        yield path, Problem.of("CONFIG_VALUE", f"值无效: {error}", f"the value is not valid: {error}")


def _step(error: BaseException) -> positions.Path:
    """What the innermost note adds to the path."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return (note.name,)
        if isinstance(note, IterableValidationNote):
            return (note.index,)
    return ()
