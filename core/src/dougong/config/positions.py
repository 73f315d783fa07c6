"""Where each key of a TOML text stands, so that an error can name the line.

tomllib gives values without places and tomlkit keeps places to itself; TOML's lexical structure is small enough to
be scanned.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping

import attrs

__all__ = ["Path", "key_lines", "path_text"]

#: Keys and array positions from the top of the file: `("routes", 0, "entity")`.
Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""(?P<skip>[ \t\r]+|\#[^\n]*)
    |(?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    |(?P<mark>[\[\]{}=,.\n])
    |(?P<bare>[^\s\[\]{}=,.\#"']+)""",
    re.VERBOSE | re.DOTALL,
)


def key_lines(text: str) -> Mapping[Path, int]:
    """The 1-based line of every key, table and array element.

    :param text: TOML that has been read without error; anything else gives fewer or wrong lines, never an exception.
    """
    scanner = _Scanner(list(_tokens(text)))
    scanner.document()
    return scanner.lines


def path_text(path: Path) -> str:
    """The path as people write it: `routes[0].entity`."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
    return out


@attrs.frozen
class _Token:
    """A string or bare word (`mark` empty) or a punctuation mark, with its line."""

    line: int
    text: str
    mark: str = ""


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        found = match.group()
        if match.lastgroup == "mark":
            yield _Token(line, found, found)
        elif match.lastgroup == "bare":
            yield _Token(line, found)
        elif match.lastgroup == "string":
            yield _Token(line, _unquoted(found))
        line += found.count("\n")


def _unquoted(string: str) -> str:
    """What a quoted key says; strings that are values are of no interest."""
    if string.startswith('"') and "\\" in string:
        try:
            return str(tomllib.loads(f"key = {string}")["key"])
        except tomllib.TOMLDecodeError:
            return string
    return string[1:-1]


@attrs.define
class _Scanner:
    """A reader of statements; `at` is the next token."""

    tokens: list[_Token]
    at: int = 0
    lines: dict[Path, int] = attrs.field(factory=dict)
    counts: dict[Path, int] = attrs.field(factory=dict)

    def document(self) -> None:
        """Read table headers and assignments until the end."""
        table: Path = ()
        while (token := self.peek()) is not None:
            if token.mark == "[":
                table = self.header()
            elif token.mark:
                self.at += 1
            else:
                self.assignment(table)

    def peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, mark: str) -> bool:
        """Step over `mark` if it comes next."""
        token = self.peek()
        if token is None or token.mark != mark:
            return False
        self.at += 1
        return True

    def key(self, start: Path) -> Path:
        """Read a dotted key below `start` and note its line; names that stand for arrays get their last element."""
        path = start
        while (token := self.peek()) is not None and not token.mark:
            path = (*path, token.text)
            self.lines.setdefault(path, token.line)
            self.at += 1
            if not self.take("."):
                break
            path = self.last_of(path)
        return path

    def last_of(self, path: Path) -> Path:
        return (*path, self.counts[path] - 1) if path in self.counts else path

    def header(self) -> Path:
        """Read `[table]` or `[[array of tables]]`."""
        first = self.tokens[self.at]
        self.at += 1
        array = self.take("[")
        path = self.key(())
        if array:
            self.counts[path] = self.counts.get(path, 0) + 1
            path = self.last_of(path)
            self.lines[path] = first.line
            self.take("]")
        self.take("]")
        return path

    def assignment(self, table: Path) -> None:
        path = self.key(table)
        if self.take("="):
            self.value(path)

    def value(self, path: Path) -> None:
        if self.take("["):
            self.array(path)
        elif self.take("{"):
            self.inline_table(path)
        else:
            while (token := self.peek()) is not None and token.mark in ("", "."):
                self.at += 1

    def array(self, path: Path) -> None:
        position = 0
        while (token := self.peek()) is not None and not self.take("]"):
            if token.mark in ("\n", ","):
                self.at += 1
                continue
            before = self.at
            self.lines[*path, position] = token.line
            self.value((*path, position))
            self.at = max(self.at, before + 1)
            position += 1

    def inline_table(self, path: Path) -> None:
        while (token := self.peek()) is not None and not self.take("}"):
            if token.mark:
                self.at += 1
            else:
                self.assignment(path)
