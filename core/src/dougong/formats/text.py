"""Which text a document may carry: names without invisible characters, sentences that every store holds.

reliability.md §9; what an ERP's code page cannot write is the connector's question.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from dougong.model.problems import InputError, Problem

__all__ = ["MAX_IDENTIFIER", "MAX_TEXT", "did_you_mean", "identifier", "sentence", "type_name", "wrong_type"]

#: Characters of a code, number or name; and of a sentence.
MAX_IDENTIFIER = 255
MAX_TEXT = 10_000

#: Not in a sentence: controls except tab and line ends, halves of a surrogate pair, what XML cannot hold.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: Not in an identifier: every control and line end, and what is invisible or turns the direction of writing.
_NOT_IDENTIFIER = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\uffff\U000e0000-\U000e007f]"
)


#: Bank accounts and cards have at least so many digits.
_SHORTEST_ACCOUNT = 12


def identifier(value: object) -> str:
    """A code, number or id: visible characters in normal form C.

    :raises InputError: `TYPE_INVALID`, `TEXT_INVALID`.
    """
    if isinstance(value, str) and len(value) <= MAX_IDENTIFIER and value.isascii() and value.isprintable():
        return value  # nearly all of them
    text = _string(value)
    if len(text) > MAX_IDENTIFIER:
        raise InputError(_too_long(text, MAX_IDENTIFIER))
    _refuse(_NOT_IDENTIFIER.search(text))
    return unicodedata.normalize("NFC", text)


def sentence(value: object) -> str:
    """A text for people, in normal form C; line ends and tabs are part of it.

    :raises InputError: `TYPE_INVALID`, `TEXT_INVALID`.
    """
    text = _string(value)
    if len(text) > MAX_TEXT:
        raise InputError(_too_long(text, MAX_TEXT))
    _refuse(_NOT_TEXT.search(text))
    return unicodedata.normalize("NFC", text)


def did_you_mean(wrong: str, known: Iterable[str]) -> tuple[str, str]:
    """A hint in Chinese and English: the likeliest of `known`, else all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(wrong, names, n=1, cutoff=0.6)
    if close:
        return f"是否应为 {close[0]!r}?", f"did you mean {close[0]!r}?"
    return f"可用: {', '.join(names)}", f"known: {', '.join(names)}"


def type_name(value: object) -> tuple[str, str]:
    """What JSON calls the type of a value, in Chinese and English."""
    if value is None:
        return "null", "null"
    if isinstance(value, bool):
        return "布尔值", "true or false"
    if isinstance(value, str):
        return "字符串", "a string"
    if isinstance(value, dict):
        return "对象", "an object"
    if isinstance(value, list):
        return "数组", "an array"
    return "数字", "a number"


def wrong_type(value: object, wanted_zh: str, wanted_en: str, *, hint: tuple[str, str] = ("", "")) -> InputError:
    """The error for a value of another type than the member takes."""
    zh, en = type_name(value)
    problem = Problem.of(
        "TYPE_INVALID",
        f"应为{wanted_zh}, 实际是{zh}",
        f"must be {wanted_en}, not {en}",
        hint_zh=hint[0] or f"请写成{wanted_zh}",
        hint_en=hint[1] or f"write {wanted_en} there",
    )
    return InputError(problem)


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    hint = ("", "")
    if type_name(value)[1] == "a number":
        # A long number may be a bank account, which no message may show.
        shown = value if len(str(value)) < _SHORTEST_ACCOUNT else "…"
        hint = (f'请写成字符串: "{shown}"', f'write it as a string: "{shown}"')
    raise wrong_type(value, "字符串", "a string", hint=hint)


def _refuse(found: re.Match[str] | None) -> None:
    if found:
        name = f"U+{ord(found[0]):04X}"
        raise InputError(
            Problem.of(
                "TEXT_INVALID",
                f"第 {found.start() + 1} 个字符 {name} 不可见或为控制字符",
                f"character {found.start() + 1} is {name}, a control or invisible character",
                hint_zh="请删除该字符",
                hint_en="remove it",
                character=name,
            )
        )


def _too_long(text: str, limit: int) -> Problem:
    return Problem.of(
        "TEXT_INVALID",
        f"{len(text)} 个字符, 上限为 {limit}",
        f"{len(text)} characters, more than the {limit} that are taken",
        hint_zh="请缩短",
        hint_en="make it shorter",
    )
