"""The canonical document as XML: elements named as the members, one element per item of a list, no attributes.

`extensions` holds its JSON as text, so that nothing is lost. Once the tree has become plain data, reading is the same
as for JSON; the parser refuses what no document needs: DOCTYPE, entities, deep nesting, attributes (reliability.md §9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape

import attrs

from dougong.formats.converter import ANYTHING
from dougong.formats.json_text import MAX_BYTES, MAX_DEPTH, decode, dumps, loads
from dougong.formats.shapes import Member, members_of
from dougong.formats.text import sentence
from dougong.model.documents import Document
from dougong.model.problems import InputError, Problem

__all__ = ["Element", "read_xml", "write_xml"]

#: An XML parser turns a carriage return into a line feed unless it comes as a reference.
_REFERENCES = {"\r": "&#13;"}
#: Two characters that JSON takes as they are and XML does not take at all.
_NOT_XML = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})


@attrs.define
class Element:
    """One element of a parsed file: its name, line, text and children."""

    name: str
    line: int
    text: str = ""
    children: list[Element] = attrs.field(factory=list)

    def data(self) -> dict[str, Any]:
        """Plain data of a `<document>`, as JSON would have brought it.

        :raises InputError: `XML_INVALID` when an element does not have the form that its member needs.
        """
        return _object(self, Document)


def read_xml(content: bytes, *, limit: int = MAX_BYTES) -> list[Element]:
    """The documents of an XML file: `<document>…</document>`, or `<documents>` around any number of them.

    :raises InputError: `XML_INVALID`, `XML_FORBIDDEN`, `XML_TOO_DEEP`, `INPUT_TOO_LARGE`, `ENCODING_INVALID`,
        `NOT_CANONICAL`, with line and column.

    .. versionadded:: 0.1
    """
    root = _Builder().parse(decode(content, limit=limit))
    found = root.children if root.name == "documents" else [root]
    for element in found:
        if element.name != "document":
            name = element.name[:60]
            _refuse(element.line, "NOT_CANONICAL", f"<{name}> 不是 <document>", f"<{name}> is not a <document>")
    return found


def write_xml(documents: Iterable[Mapping[str, Any]]) -> str:
    """One XML file of documents given as plain JSON (`document_to_json`).

    :raises InputError: `TEXT_INVALID` for a character that XML cannot hold.

    .. versionadded:: 0.1
    """
    lines = [line for data in documents for line in _write("document", data, "  ")]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<documents>", *lines, "</documents>", ""])


class _Builder:
    """Handlers of one parse: builds the tree and refuses on sight."""

    def __init__(self) -> None:
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        self._open: list[Element] = []
        self._root = Element("", 0)

    def parse(self, text: str) -> Element:
        try:
            self._parser.Parse(text.encode(), True)
        except expat.ExpatError as error:
            detail = expat.ErrorString(error.code)
            zh, en = f"XML 语法错误 ({detail})", f"not valid XML ({detail})"
            _refuse(error.lineno, "XML_INVALID", zh, en, column=error.offset + 1)
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if attributes:
            zh, en = f"<{name[:60]}> 不能有属性", f"<{name[:60]}> must have no attributes"
            self._forbid("XML_FORBIDDEN", zh, en)
        if len(self._open) >= MAX_DEPTH:
            self._forbid("XML_TOO_DEEP", f"嵌套超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} deep")
        element = Element(name, self._parser.CurrentLineNumber)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text

    def _doctype(self, *_: Any) -> None:
        self._forbid("XML_FORBIDDEN", "不接受 DOCTYPE 和实体声明", "DOCTYPE and entity declarations are not taken")

    def _forbid(self, code: str, zh: str, en: str) -> NoReturn:
        _refuse(self._parser.CurrentLineNumber, code, zh, en, column=self._parser.CurrentColumnNumber + 1)


def _object(element: Element, cls: type[attrs.AttrsInstance]) -> dict[str, Any]:
    if element.text.strip():
        name = element.name
        _refuse(element.line, "XML_INVALID", f"<{name}> 内不应直接有文本", f"<{name}> must hold elements, not text")
    data: dict[str, Any] = {}
    known = members_of(cls)
    for child in element.children:
        member = known.get(child.name)
        value = _anything(child) if member is None else _value(child, member)
        if member is not None and member.many:
            data.setdefault(child.name, []).append(value)
        elif child.name not in data:
            data[child.name] = value
        elif member is None:
            before = data[child.name]
            data[child.name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            zh, en = f"<{child.name}> 重复", f"<{child.name}> is given twice"
            _refuse(child.line, "XML_INVALID", zh, en)
    return data


def _value(element: Element, member: Member) -> Any:
    if attrs.has(member.kind):
        return _object(element, member.kind)
    text = _leaf(element)
    if member.kind == ANYTHING:
        return loads(text, first_line=element.line) if text.strip() else {}
    if member.kind is bool:
        return {"true": True, "false": False}.get(text, text)
    return text


def _leaf(element: Element) -> str:
    if element.children:
        zh, en = f"<{element.name}> 应只有文本", f"<{element.name}> must hold text only"
        _refuse(element.line, "XML_INVALID", zh, en)
    return element.text


def _anything(element: Element) -> Any:
    """An element that we do not know: text, or an object of its children; what repeats becomes a list."""
    if not element.children:
        return element.text
    data: dict[str, Any] = {}
    for child in element.children:
        data.setdefault(child.name, []).append(_anything(child))
    return {name: values[0] if len(values) == 1 else values for name, values in data.items()}


def _write(name: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, list):
        return [line for item in value for line in _write(name, item, indent)]
    if name == "extensions":
        text = dumps(value, numbers=True).translate(_NOT_XML)
    elif isinstance(value, dict):
        inner = [line for key, item in value.items() for line in _write(key, item, indent + "  ")]
        return [f"{indent}<{name}>", *inner, f"{indent}</{name}>"]
    elif isinstance(value, bool):
        text = "true" if value else "false"
    else:
        try:
            text = sentence(value)
        except InputError as error:
            raise InputError(problem.at(name) for problem in error.problems) from None
    return [f"{indent}<{name}>{escape(text, _REFERENCES)}</{name}>"]


#: What to do about a complaint that is not a slip.
_HINTS = {
    "XML_FORBIDDEN": ("请去掉声明, 直接写出内容", "remove the declaration and write its content out"),
    "XML_TOO_DEEP": ("请去掉多余的嵌套", "remove the nesting"),
    "NOT_CANONICAL": ("根元素应为 <documents> 或 <document>", "the root is <documents> or <document>"),
}


def _refuse(line: int, code: str, zh: str, en: str, *, column: int = 0) -> NoReturn:
    zh_place = f"第 {line} 行第 {column} 列" if column else f"第 {line} 行"
    en_place = f"line {line} column {column}" if column else f"line {line}"
    facts = {"line": str(line), **({"column": str(column)} if column else {})}
    hint_zh, hint_en = _HINTS.get(code, ("请检查该处, 或重新导出文件", "correct it there, or export the file again"))
    raise InputError(
        Problem.of(code, f"{zh_place}: {zh}", f"{en_place}: {en}", hint_zh=hint_zh, hint_en=hint_en, **facts)
    )
