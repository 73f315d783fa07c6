"""Puts pseudonyms where secrets, persons and bank accounts stand: the same one for the same value, everywhere.

A pseudonym is a keyed hash. The key is made for one recording, is in no file and ends with the process, so that nobody
can try out all phone numbers afterwards; forked processes have it too and make the same pseudonyms.
"""

from __future__ import annotations

import hmac
import re
import secrets as random
from bisect import insort
from collections.abc import Iterable
from functools import lru_cache

from dougong_sdk.recording.numbers import hide_numbers, looks_like_account
from dougong_sdk.recording.schema import Kind, Schema
from dougong_sdk.recording.spelling import any_spelling, usual_spellings

__all__ = ["PSEUDONYM", "Hider"]

PSEUDONYM = re.compile(r"hidden-[a-p]{16}")
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")  # no digit: a pseudonym is never taken for a number

#: Shorter secrets would hide half of everything.
_SHORTEST_GIVEN, _SHORTEST_LEARNED, _SHORTEST_NUMBER = 4, 6, 8
_SHORTEST_NAME = 2

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
#: `password = x`, `"token":"x"`, `Authorization: Bearer x` in running text.
_PAIR = re.compile(
    r"""(?<![\w-])(?P<name>[\w-]{2,40})"""
    r"""(?P<between>\\?["']?\s*[:=：]\s*(?:\\?["'])?(?:(?:bearer|basic)\s+)?)"""
    r"""(?P<value>(?<=["'])(?:[^"'\\]|\\[^"'])+(?=\\?["'])|[^\s"'\\,;&<>}\]]+)""",
    re.IGNORECASE,
)
#: Where a text may hold another one in disguise: escaped, or in base64.
_DISGUISED = re.compile(r"[%\\&]|[A-Za-z0-9+/_-]{12,}")


class Hider:
    """Hides what is known, and learns what else has to be hidden from the names under which values stand.

    :param schema: names. :param known: texts that are hidden wherever they stand.

    .. versionadded:: 0.1
    """

    def __init__(self, schema: Schema, known: Iterable[str] = ()) -> None:
        self.schema = schema
        self._key = random.token_bytes(32)
        # longest first: what is a part of another one leaves nothing of it behind
        self._known: list[str] = []
        self._persons: list[str] = []
        self._spellings: dict[str, tuple[str, ...]] = {}
        self.know(known)

    def know(self, known: Iterable[str]) -> None:
        """Hide these texts from now on, in any spelling."""
        for value in known:
            if len(value) >= _SHORTEST_GIVEN and value not in self._known and not PSEUDONYM.search(value):
                insort(self._known, value, key=_longest_first)

    def leaf(self, kind: Kind, value: str) -> str:
        """A value as it may be written, standing under a name of this kind."""
        if not value.strip() or not kind or (kind == "account" and not looks_like_account(value)):
            return self.text(value)
        self._learn(kind, value.strip())
        return self.pseudonym(value)

    def text(self, text: str) -> str:
        """A text with everything hidden that can be told without a name."""
        for value in self._known:
            text = any_spelling(value).sub(lambda _, value=value: self.pseudonym(value), text)  # type: ignore[misc]
        disguised = _DISGUISED.search(text)
        for value in self._persons:  # there may be thousands
            if value in text or (disguised and any(spelt in text for spelt in self._spellings[value])):
                text = _alone(value).sub(lambda _, value=value: self.pseudonym(value), text)  # type: ignore[misc]
        text = _PAIR.sub(self._pair, text)
        text = hide_numbers(text, self.pseudonym)
        return _EMAIL.sub(lambda match: self.pseudonym(match[0]), text)

    def pseudonym(self, value: str) -> str:
        """The pseudonym of a value; a pseudonym stays what it is."""
        if PSEUDONYM.fullmatch(value.strip()):
            return value
        return "hidden-" + hmac.digest(self._key, value.strip().encode(), "sha256").hex()[:16].translate(_LETTERS)

    def _pair(self, match: re.Match[str]) -> str:
        kind = self.schema.kind(match["name"])
        return match["name"] + match["between"] + (self.leaf(kind, match["value"]) if kind else match["value"])

    def _learn(self, kind: Kind, value: str) -> None:
        """The value is to be hidden elsewhere, too, unless it is so short that it may mean anything there."""
        if PSEUDONYM.search(value) or (value.isdigit() and len(value) < _SHORTEST_NUMBER):
            return
        if kind == "secret":
            if len(value) >= _SHORTEST_LEARNED:
                self.know([value])
        elif len(value) >= (_SHORTEST_GIVEN if value.isascii() else _SHORTEST_NAME) and value not in self._spellings:
            self._spellings[value] = usual_spellings(value)
            insort(self._persons, value, key=_longest_first)


def _longest_first(value: str) -> int:
    return -len(value)


@lru_cache(maxsize=1024)
def _alone(value: str) -> re.Pattern[str]:
    """A value that is no part of a longer word or number; letters of other scripts have no words."""
    before = "(?<![A-Za-z0-9])" if value[0].isascii() and value[0].isalnum() else ""
    after = "(?![A-Za-z0-9])" if value[-1].isascii() and value[-1].isalnum() else ""
    return re.compile(f"{before}(?:{any_spelling(value).pattern}){after}")
