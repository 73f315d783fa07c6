"""Writes the reference pages that follow from the code: `python docs/reference/generate.py`; a test compares.

`hooks.md` is made of the hook specifications, with an example of each out of code that tests run; in `config.md` only
the tables of keys are made, the text is written.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import attrs

from dougong import config, hookspecs
from dougong.config.schema import class_schema, descriptions
from dougong.config.structure import file_fields

HERE = Path(__file__).parent

#: Sections of `dougong.toml` and the class behind each.
SECTIONS: dict[str, type[Any]] = {
    "[project]": config.Project,
    "[plugins]": config.Plugins,
    "[connections.NAME]": config.Connection,
    "[connections.NAME.approve]": config.Approve,
    "[connections.NAME.limits]": config.Limits,
    "[connections.NAME.limits.breaker]": config.Breaker,
    "[[routes]]": config.Route,
}
#: Where examples of hooks are looked for, the first one counts: title of the link, file. Tests run all of them.
EXAMPLES = (
    ("the tutorial", "docs/tutorial/write-a-connector.md"),
    ("Kingdee", "connectors/kingdee/src/dougong_kingdee/connector.py"),
    ("Hesi", "connectors/hesi/src/dougong_hesi/connector.py"),
    ("ERPs of five shapes", "tests/contract/shapes.py"),
    ("the core's own answer", "core/src/dougong/plugins/defaults.py"),
    ("tests of add-ons", "core/tests/plugins/test_addons.py"),
)
_FILE = re.compile(r"^```python src/\S+/connector\.py\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"(<!-- keys of (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
_FIELD = re.compile(r"^:(param \w+|returns|raises \w+): *", re.MULTILINE)


def hooks_page() -> str:
    """`hooks.md`: every hook with its exact signature and everything that its docstring says."""
    parts = ["# Hooks", "", _paragraphs(inspect.getdoc(hookspecs) or ""), ""]
    for spec in (hookspecs.ConnectorSpec, hookspecs.AddonSpec):
        parts += [f"## {spec.__name__}", "", _paragraphs(inspect.getdoc(spec) or ""), ""]
        for name, hook in vars(spec).items():
            if not name.startswith("_"):
                parts += _hook(name, hook)
    return "\n".join(parts).rstrip("\n") + "\n"


def signature(name: str, hook: Any) -> str:
    """The signature as an implementation sees it, annotations as they are written, on one line."""
    found = inspect.signature(hook)
    arguments = [f"{item.name}: {item.annotation}" for item in found.parameters.values() if item.name != "self"]
    return f"{name}({', '.join(arguments)}) -> {found.return_annotation}"


def _hook(name: str, hook: Any) -> list[str]:
    first = hook.dougong_spec["firstresult"]
    asked = "One answer, the connector's." if first else "Every add-on is asked, in the order of the configuration."
    return [
        f"### {name}",
        "",
        "```python",
        signature(name, hook),
        "```",
        "",
        asked,
        "",
        _paragraphs(inspect.getdoc(hook) or ""),
        "",
        *_example(name),
    ]


def _example(name: str) -> list[str]:
    """The first implementation of a hook, as it stands in a file; what nobody implements says so."""
    for title, file in EXAMPLES:
        text = (HERE.parents[1] / file).read_text("utf-8")
        source = "".join(_FILE.findall(text)) if file.endswith(".md") else text
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.name == name and _is_hook(node):
                lines = source.splitlines()[node.decorator_list[0].lineno - 1 : node.end_lineno]
                code = textwrap.dedent("\n".join(lines))
                return [f"Example, from [{title}](../../{file}):", "", "```python", code, "```", ""]
    return ["No connector implements it yet.", ""]


def _is_hook(node: ast.FunctionDef) -> bool:
    return any("hookimpl" in ast.unparse(one) for one in node.decorator_list)


def _paragraphs(text: str) -> str:
    """A docstring as Markdown: fields as a list, versions in words, code blocks fenced."""
    text = re.sub(r"\s+(?=:param \w+:)", "\n", text)
    text = re.sub(r"\.\. versionadded:: (.+)", r"Since version \1.", text)
    text = re.sub(r"::\n\n((?:    .*\n?|\n)+)", _fenced, text)
    text = _FIELD.sub(lambda match: f"- *{match[1].removeprefix('param ')}*: ", text)
    # a list needs an empty line before it, and none within
    return re.sub(r"(?<=\n)(?<!\n\n)(- \*)", r"\1", re.sub(r"([^\n])\n(?=- \*)", _list_start, text))


def _list_start(match: re.Match[str]) -> str:
    line = match.string[: match.end(1)].rpartition("\n")[2]
    return match[1] + ("\n" if line.startswith(("- *", "  ", "    ")) else "\n\n")


def _fenced(match: re.Match[str]) -> str:
    return f":\n\n```python\n{inspect.cleandoc(match[1])}\n```"


def config_page(text: str) -> str:
    """`config.md` with its tables of keys made anew."""
    return _MARK.sub(lambda match: f"{match[1]}\n{keys(SECTIONS[match[2]])}\n{match[3]}", text)


def keys(cls: type[Any]) -> str:
    """The table of one section's keys."""
    words, properties = descriptions(cls), class_schema(cls)["properties"]
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for field in file_fields(cls):
        default = "**required**" if field.default is attrs.NOTHING else _default(field.default)
        kind = _kind(properties[field.name]).replace("|", r"\|")
        rows.append(f"| `{field.name}` | {kind} | {default} | {words[field.name]} |")
    return "\n".join(rows) + "\n"


def _default(value: Any) -> str:
    if value is None or isinstance(value, attrs.Factory) or attrs.has(type(value)):  # type: ignore[arg-type]
        return ""
    shown = ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"`{shown}`" if shown else ""


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{item}`" for item in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(item) for item in schema["anyOf"])
    if "oneOf" in schema:
        return "reference"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    if schema.get("type") == "array":
        return f"array of {_kind(schema['items'])}"
    return words.get(schema.get("type", ""), "table")


if __name__ == "__main__":
    (HERE / "hooks.md").write_text(hooks_page(), "utf-8")
    page = HERE / "config.md"
    page.write_text(config_page(page.read_text("utf-8")), "utf-8")
