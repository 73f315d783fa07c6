"""Plain JSON to model classes and back: one cattrs converter, every fault of a document at once, each with its path.

Two strictnesses, by class: what others write (the canonical document and its parts) is checked as input; what the
ledger wrote itself (bookings, facts, postings) is only read exactly. Members of any type (`extensions`, `why`) hold
plain JSON in documents and exact values (`dougong.formats.exact`) elsewhere.
"""

from __future__ import annotations

import collections.abc
import datetime as dt
import typing
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from dougong.formats import exact, scalars
from dougong.formats.text import did_you_mean, identifier, sentence, wrong_type
from dougong.model import documents
from dougong.model.money import plain
from dougong.model.problems import InputError, Problem

__all__ = ["ANYTHING", "choices", "converter", "is_document_class", "members"]

Reader = Callable[[Any], Any]
Hook = Callable[[Any, Any], Any]

#: The type of a member that may hold any names and values.
ANYTHING = collections.abc.Mapping[str, Any]
#: Members of documents that are written for people.
_SENTENCES = frozenset({"reason", "buyer", "seller", "submitter_name"})


@cache
def converter() -> Converter:
    """The project's converter: built once, safe to share between threads.

    `structure(data, cls)` raises `InputError` with every problem and its path (`lines[3].amount`); `unstructure(value)`
    gives plain JSON with exact strings, members in the order of the class, what is empty or as by default left out.

    .. versionadded:: 0.1
    """
    conv = Converter(omit_if_default=True, unstruct_collection_overrides={tuple: list})
    strict = Converter()
    for target, text, number in ((conv, scalars.string, scalars.exact_decimal), (strict, identifier, scalars.amount)):
        _read_scalars(target, text, number)
        target.register_structure_hook_factory(_is_homogeneous, partial(_hook, _tuple_reader))
        target.register_structure_hook_factory(_is_mapping, partial(_hook, _mapping_reader))
        target.register_structure_hook_factory(_is_optional, partial(_hook, _optional_reader))
        target.register_structure_hook_factory(_is_literal, partial(_hook, _literal_reader))
        target.register_structure_hook_factory(attrs.has, partial(_hook, _class_reader))
    conv.register_structure_hook_factory(is_document_class, strict.get_structure_hook)
    conv.register_unstructure_hook(Decimal, plain)
    conv.register_unstructure_hook(dt.date, dt.date.isoformat)
    conv.register_unstructure_hook(dt.datetime, scalars.write_instant)
    conv.register_unstructure_hook(StrEnum, str)
    conv.register_unstructure_hook_func(_is_set, sorted)
    conv.register_unstructure_hook_factory(attrs.has, _class_writer)
    return conv


def is_document_class(cls: Any) -> bool:
    """Whether a class is part of the canonical document, and so written by others."""
    return isinstance(cls, type) and cls.__module__ == documents.__name__


def choices(cls: type, name: str) -> tuple[str, ...]:
    """The only words that a member of a document takes; empty when its type says everything."""
    words = {(documents.Document, "state"): documents.STATES, (documents.Event, "type"): documents.EVENT_TYPES}
    return words.get((cls, name), ())


@cache
def members(cls: type[attrs.AttrsInstance]) -> tuple[attrs.Attribute[Any], ...]:
    """The members of a model class in their order, with types resolved."""
    return tuple(attrs.fields(attrs.resolve_types(cls)))


def _read_scalars(conv: Converter, text: Reader, number: Reader) -> None:
    readers: dict[Any, Reader] = {
        str: text,
        Decimal: number,
        dt.date: scalars.date,
        dt.datetime: scalars.instant,
        dt.date | dt.datetime: scalars.day_or_instant,
        bool: scalars.flag,
        int: scalars.whole,
    }
    for kind, reader in readers.items():
        conv.register_structure_hook(kind, partial(_ignoring_type, reader))
    conv.register_structure_hook_func(_is_enum, _enum)


def _ignoring_type(reader: Reader, value: Any, _: Any) -> Any:
    return reader(value)


def _enum(value: Any, cls: type[StrEnum]) -> StrEnum:
    return cls(scalars.one_of(tuple(item.value for item in cls))(value))


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def _is_set(kind: Any) -> bool:
    return get_origin(kind) is frozenset


def _is_homogeneous(kind: Any) -> bool:
    return _is_set(kind) or (get_origin(kind) is tuple and get_args(kind)[1:] == (...,))


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) is collections.abc.Mapping


def _is_literal(kind: Any) -> bool:
    return get_origin(kind) is Literal


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) in (typing.Union, UnionType) and NoneType in get_args(kind)


def _hook(make: Callable[[Any, Converter], Reader], kind: Any, conv: Converter) -> Hook:
    """A reader in the form that cattrs calls, which names the type once more."""
    return partial(_ignoring_type, make(kind, conv))


def _bound(kind: Any, conv: Converter) -> Reader:
    """The reader of a type, as direct as it can be had."""
    hook = conv.get_structure_hook(kind)
    if isinstance(hook, partial) and hook.func is _ignoring_type:
        reader: Reader = hook.args[0]
        return reader
    return lambda value: hook(value, kind)


def _tuple_reader(kind: Any, conv: Converter) -> Reader:
    make, item = get_origin(kind), _bound(get_args(kind)[0], conv)

    def read(data: Any) -> Any:
        if not isinstance(data, (list, tuple)):
            raise wrong_type(data, "数组", "an array")
        values, problems = [], []
        for index, value in enumerate(data):
            try:
                values.append(item(value))
            except InputError as error:
                problems += [problem.at(f"[{index}]") for problem in error.problems]
        if problems:
            raise InputError(problems)
        return make(values)

    return read


def _mapping_reader(kind: Any, conv: Converter) -> Reader:
    of = get_args(kind)[1]
    item: Reader = (lambda value: value) if of is Any else _bound(of, conv)

    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            raise wrong_type(data, "对象", "an object")
        values, problems = {}, []
        for name, value in data.items():
            try:
                values[name] = item(value)
            except InputError as error:
                problems += [problem.at(name) for problem in error.problems]
        if problems:
            raise InputError(problems)
        return values

    return read


def _optional_reader(kind: Any, conv: Converter) -> Reader:
    read = _bound(_present(kind), conv)
    return lambda value: None if value is None else read(value)


def _present(kind: Any) -> Any:
    """The type of a member when it is there."""
    rest = [item for item in get_args(kind) if item is not NoneType]
    if not _is_optional(kind):
        return kind
    return rest[0] if len(rest) == 1 else typing.Union[tuple(rest)]  # noqa: UP007 - made at run time


def _literal_reader(kind: Any, _: Converter) -> Reader:
    return scalars.one_of(get_args(kind))


def _class_reader(cls: type[attrs.AttrsInstance], conv: Converter) -> Reader:
    """Reads an object member by member; collects what is wrong with any of them before it gives up."""
    fields = {field.name: field for field in members(cls)}
    readers = {name: _member_reader(cls, field, conv) for name, field in fields.items()}
    required = [name for name, field in fields.items() if field.default is attrs.NOTHING]
    open_ended = is_document_class(cls) and "extensions" in fields

    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            raise wrong_type(data, "对象", "an object")
        values: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, value in data.items():
            reader = readers.get(name)
            if reader is None:
                unknown[name] = value
            elif value is not None:
                try:
                    values[name] = reader(value)
                except InputError as error:
                    problems += [problem.at(name) for problem in error.problems]
        problems += [_missing(name) for name in required if data.get(name) is None]
        if unknown and open_ended:
            kept = values.get("extensions", {})
            problems += [_twice(name) for name in unknown if name in kept]
            values["extensions"] = {**kept, **unknown}
        elif unknown:
            problems += [_unknown(name, fields) for name in unknown]
        if problems:
            raise InputError(problems)
        return cls(**values)

    return read


def _member_reader(cls: type, field: attrs.Attribute[Any], conv: Converter) -> Reader:
    """The reader of a member that is there: null is the class's business."""
    reader = _bound(_present(field.type), conv)
    if not is_document_class(cls):
        return (lambda value: exact.read(scalars.mapping(value))) if field.type == ANYTHING else reader
    reader = _named_reader(cls, field.name) or reader
    if field.type == str | None:
        return lambda value: reader(value) if value != "" else None  # sources write an empty text for nothing
    return _not_empty(reader) if field.type is str and field.name in documents.IDENTITY else reader


def _named_reader(cls: type, name: str) -> Reader | None:
    """The reader of a member of a document that its type does not tell."""
    if words := choices(cls, name):
        return scalars.one_of(words)
    if name == "currency":
        return scalars.currency
    return sentence if name in _SENTENCES else None


def _not_empty(reader: Reader) -> Reader:
    def read(value: Any) -> Any:
        text = reader(value)
        if not text.strip():
            raise InputError(
                Problem.of("MEMBER_MISSING", "不能为空", "must not be empty", hint_zh="请填写", hint_en="fill it in")
            )
        return text

    return read


def _missing(name: str) -> Problem:
    return Problem.of(
        "MEMBER_MISSING",
        f"缺少必填项 {name}",
        f"required member {name} is missing",
        path=name,
        hint_zh="请补上; 全部成员见 dougong schema document",
        hint_en="add it; `dougong schema document` lists all members",
    )


def _twice(name: str) -> Problem:
    zh, en = f"{name[:60]!r} 在 extensions 内外各出现一次", f"{name[:60]!r} stands inside and outside of extensions"
    return Problem.of("MEMBER_TWICE", zh, en, path=name[:60])


def _unknown(name: str, known: collections.abc.Iterable[str]) -> Problem:
    hint_zh, hint_en = did_you_mean(name, known)
    zh, en = f"未知的成员 {name[:60]!r}", f"unknown member {name[:60]!r}"
    return Problem.of("MEMBER_UNKNOWN", zh, en, path=name[:60], hint_zh=hint_zh, hint_en=hint_en)


def _class_writer(cls: type[attrs.AttrsInstance], conv: Converter) -> Callable[[Any], Any]:
    keep = dict if is_document_class(cls) else exact.write
    anything = [field.name for field in members(cls) if field.type == ANYTHING]
    overrides: dict[str, Any] = {name: override(unstruct_hook=keep) for name in anything}
    return make_dict_unstructure_fn(cls, conv, _cattrs_omit_if_default=True, **overrides)
