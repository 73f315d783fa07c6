"""Writes the lists within reference pages that follow from the code: `python docs/reference/lists.py`; a test compares.

A list stands between `<!-- list NAME -->` and `<!-- end -->`; the text around it is written by people.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from dougong import crashpoints
from dougong.accounting import casefile, rulefile
from dougong.accounting.reader import public_fields
from dougong.formats.schemas import document_schema
from dougong.ledger.states import TRANSITIONS, DeliveryState
from dougong.model.settled import FACTS, SINGULAR
from dougong_sdk.conformance import checks  # noqa: F401 - registers the rules
from dougong_sdk.conformance.rules import RULES
from dougong_sdk.sandbox.faults import FAULTS

HERE = Path(__file__).parent
_MARK = re.compile(r"(<!-- list (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
#: What a key takes, by its type.
_NAMES = {"date": "date", "bool": "true or false", "int": "whole number", "Decimal": "amount as text", "Stage": "stage"}
_SECTIONS: Mapping[str, type[Any]] = {
    "[rules]": rulefile.Head,
    "[tax]": rulefile.TaxPolicy,
    "[currency]": rulefile.CurrencyPolicy,
    "[rounding]": rulefile.RoundingPolicy,
    "[dates]": rulefile.DatePolicy,
    "[summary]": rulefile.SummaryPolicy,
    "[changes]": rulefile.ChangePolicy,
    "[moments.NAME]": rulefile.Moment,
    "[[moments.NAME.entry]]": rulefile.Entry,
    "a case": casefile.Case,
    "[[voucher]] of a case": casefile.CaseVoucher,
    "lines of a case": casefile.CaseLine,
    "[accounts] of a case": casefile.CaseAccount,
}


def page(text: str) -> str:
    """A page with its lists made anew."""
    return _MARK.sub(lambda match: f"{match[1]}\n{LISTS[match[2]]()}\n{match[3]}", text)


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines)


def transitions() -> str:
    """State → states that may follow, without staying where it is."""
    rows = (
        (
            f"`{state}`",
            ", ".join(f"`{after}`" for after in DeliveryState if after in TRANSITIONS[state] - {state}) or "–",
        )
        for state in DeliveryState
    )
    return _table(("from", "to"), rows)


def crash_points() -> str:
    """Label → what has just become true."""
    return _table(
        ("label", "what has just become true"), ((f"`{name}`", text) for name, text in crashpoints.LABELS.items())
    )


def fault_kinds() -> str:
    """What can go wrong by script, and what a client sees."""
    return _table(("`fault`", "what a client sees"), ((f"`{name}`", text) for name, text in FAULTS.items()))


def members(name: str) -> str:
    """Members of a class of the canonical document, from its JSON Schema."""
    schema = document_schema()["$defs"][name]
    rows = (
        (
            f"`{member}`",
            _kind(about),
            "yes" if member in schema["required"] else "",
            _words(about),
        )
        for member, about in schema["properties"].items()
        if member != "extensions"
    )
    return _table(("member", "value", "required", "meaning"), rows)


def _words(about: Mapping[str, Any]) -> str:
    return str(about.get("description", "")).replace("`", "")


def _kind(about: Mapping[str, Any]) -> str:
    """What a member takes, in a word or two."""
    if "anyOf" in about:
        return " or ".join(
            _kind(item) for item in about["anyOf"] if item not in ({"type": "null"}, {"enum": ["", None]})
        )
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return "ISO 4217" if name == "Currency" else f"[{name}](#{name.lower()})"
    if "enum" in about:
        return ", ".join(f"`{item}`" for item in about["enum"] if item is not None)
    kind = about.get("type")
    if kind == "array" or (isinstance(kind, list) and "array" in kind):
        return f"list of {_kind(about['items'])}"
    if "format" in about:
        return {"date": "date", "date-time": "instant with zone"}[about["format"]]
    if "pattern" in about:
        return "amount"
    names = {"string": "text", "boolean": "true or false", "object": "object"}
    return names[kind[0] if isinstance(kind, list) else kind]


def keys(section: str) -> str:
    """Keys of a section of a rules file or a case."""
    cls = _SECTIONS[section]
    hints = get_type_hints(cls)
    rows = (
        (f"`{name}`", _choice(hints[name]), _default(field.default), field.metadata.get("help", ""))
        for name, field in public_fields(cls).items()
        if name != "entry"
    )
    return _table(("key", "value", "default", "meaning"), rows)


def _choice(hint: Any) -> str:
    """What a key takes, in a word or two."""
    arguments = [item for item in get_args(hint) if item is not type(None)]
    match get_origin(hint):
        case None:
            return "table" if attrs.has(hint) else _NAMES.get(getattr(hint, "__name__", ""), "text")
        case origin if origin is tuple:
            return f"list of {_choice(arguments[0])}"
        case origin if origin is Literal:
            return ", ".join(f"`{item}`" for item in arguments)
        case origin if origin in (Union, UnionType):
            return " or ".join(_choice(item) for item in arguments)
    return "table"


def _default(value: Any) -> str:
    if value is attrs.NOTHING:
        return "**required**"
    if value in (None, (), "") or isinstance(value, attrs.Factory):
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value)
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def facts() -> str:
    """What entries run over: collection, the name of one item, its attributes."""
    rows = (
        (
            f"`{name}`",
            f"`{SINGULAR[name]}`",
            ", ".join(f"`{field.name}`" for field in attrs.fields(cls) if field.name != "entity"),
            _first_words(cls),
        )
        for name, cls in FACTS.items()
    )
    return _table(("`each`", "item", "attributes", "what it is"), rows)


_MEMBERS = [name for name in document_schema()["$defs"] if name not in ("Currency", "Entry", "EventsOnly")]


def _first_words(cls: type[Any]) -> str:
    """The first paragraph of a docstring, without markup and where the fact comes from."""
    text = " ".join(str(cls.__doc__).split("\n\n")[0].replace("`", "").split())
    return re.sub(r" \([\w-]+\.md §[^)]*\)", "", text)


def certification_rules(language: str) -> str:
    """Rules by area: level, what is demanded, why, what to do."""
    heads = {"en": ("rule", "level", "demand", "why", "what to do"), "zh": ("规则", "级别", "要求", "原因", "怎么办")}
    rows = (
        (f"`{one.id}`", one.level.value, *(getattr(text, language) for text in (one.title, one.why, one.todo)))
        for one in RULES.values()
    )
    return _table(heads[language], rows)


LISTS: dict[str, Callable[[], str]] = {
    "transitions": transitions,
    "crash points": crash_points,
    "facts": facts,
    "faults": fault_kinds,
    "rules of certification": partial(certification_rules, "en"),
    "rules of certification (zh)": partial(certification_rules, "zh"),
    **{f"members of {name}": partial(members, name) for name in _MEMBERS},
    **{f"keys of {section}": partial(keys, section) for section in _SECTIONS},
}

CERTIFICATION = ("certification.md", "certification.zh-CN.md")
#: Pages that hold lists.
PAGES = ("states.md", "crash-points.md", "documents.md", "rules.md", "cases.md", "sandbox.md", *CERTIFICATION)


if __name__ == "__main__":
    for name in PAGES:
        path = HERE / name
        path.write_text(page(path.read_text("utf-8")), "utf-8")
