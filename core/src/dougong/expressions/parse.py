"""From text to Python's syntax tree: limits first, then grammar, then pipes. Nothing is resolved or run here."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from decimal import Decimal

import attrs

from dougong.expressions.errors import refused

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "MAX_NODES", "Parsed", "is_pipe", "parse"]

MAX_LENGTH = 2_000
MAX_NODES = 400
MAX_DEPTH = 60

#: Numbers as finance writes them: no exponent, no hexadecimal, no underscore, no imaginary part.
_NUMBER = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,12})?", re.ASCII)
_OPEN, _CLOSE = "(\n", "\n)"


@attrs.frozen
class Parsed:
    """A parsed expression with the text that it came from.

    :param source: the text in brackets of its own lines, as Python parsed it; positions of `root` are within it.
    """

    text: str
    source: bytes
    root: ast.expr

    def offset(self, node: ast.expr, *, end: bool = False) -> int:
        """Byte position of the start or the end of a node in `source`."""
        line, column = (node.end_lineno, node.end_col_offset) if end else (node.lineno, node.col_offset)
        lines = self.source.split(b"\n")
        return sum(len(part) + 1 for part in lines[: (line or 1) - 1]) + (column or 0)

    def segment(self, node: ast.expr) -> str:
        """The text of a node, on one line."""
        return " ".join(self.source[self.offset(node) : self.offset(node, end=True)].decode().split())

    def number(self, node: ast.Constant) -> int | Decimal:
        """The exact value of a number as written: `1.10` is a Decimal with two places.

        :raises ExpressionError: written with exponent, underscore, in hexadecimal …, or too long.
        """
        written = self.segment(node)
        if not _NUMBER.fullmatch(written):
            shown = written[:40]
            raise refused(
                f"数字 {shown} 不是普通十进制写法",
                f"{shown} is not a plain decimal number",
                hint_zh="最多 18 位整数和 12 位小数, 如 1234.50",
                hint_en="at most 18 digits before and 12 after the point, such as 1234.50",
            )
        return Decimal(written) if "." in written else int(written)


def parse(text: str) -> Parsed:
    """Parse one expression.

    :raises ExpressionError: `EXPRESSION_SYNTAX`, or `EXPRESSION_REFUSED` for what is too long, too deep, or piped
        without brackets.

    .. versionadded:: 0.1
    """
    if len(text) > MAX_LENGTH:
        raise refused(f"表达式超过 {MAX_LENGTH} 个字符", f"the expression has more than {MAX_LENGTH} characters")
    if not text.strip():
        raise refused("表达式为空", "the expression is empty", code="EXPRESSION_SYNTAX")
    source = f"{_OPEN}{text}{_CLOSE}"
    parsed = Parsed(text.strip(), source.encode("utf-8", "surrogatepass"), _python(source))
    if parsed.root.lineno < 2:  # `a) + (b`, a tuple or a bare generator: not one expression between our brackets
        raise refused("不是单个表达式", "this is not one single expression", code="EXPRESSION_SYNTAX")
    _check_size(parsed.root)
    _check_pipes(parsed)
    return parsed


def _python(source: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(source, mode="eval").body
    except (RecursionError, MemoryError):
        raise _too_deep() from None
    except SyntaxError as error:
        if "too many nested" in str(error):
            raise _too_deep() from None
        raise refused(f"语法错误: {error.msg}", f"syntax error: {error.msg}", code="EXPRESSION_SYNTAX") from None
    except ValueError as error:  # NUL characters, lone surrogates
        raise refused(f"语法错误: {error}", f"syntax error: {error}", code="EXPRESSION_SYNTAX") from None


def _too_deep() -> Exception:
    return refused(f"嵌套超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} deep")


def _check_size(root: ast.expr) -> None:
    level: list[ast.AST] = [root]
    count = depth = 0
    while level:
        count, depth = count + len(level), depth + 1
        if count > MAX_NODES:
            raise refused(f"表达式超过 {MAX_NODES} 个成分", f"the expression has more than {MAX_NODES} parts")
        if depth > MAX_DEPTH:
            raise _too_deep()
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, _COUNTED)]


_COUNTED = (ast.expr, ast.comprehension, ast.keyword)


def is_pipe(node: ast.AST) -> bool:
    """Whether a node is `value | f(…)`."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)


def _pipes(node: ast.AST, parent: ast.AST | None = None) -> Iterator[ast.BinOp]:
    """Pipes inside another expression: neither the whole, nor the left end of a longer pipe."""
    if isinstance(node, ast.BinOp) and is_pipe(node):
        chained = isinstance(parent, ast.BinOp) and is_pipe(parent) and parent.left is node
        if parent is not None and not chained:
            yield node
    for child in ast.iter_child_nodes(node):
        yield from _pipes(child, node)


def _check_pipes(parsed: Parsed) -> None:
    """A pipe binds last for people, but not for Python: inside another expression it must stand in brackets."""
    for pipe in _pipes(parsed.root):
        start, end = parsed.offset(pipe), parsed.offset(pipe, end=True)
        before, after = parsed.source[:start].rstrip(), parsed.source[end:].lstrip()
        if before.endswith(b"(") and after.startswith(b")") and len(before) > 1 and after != b")":
            continue
        first = parsed.source[len(_OPEN) : start].decode()
        part = f"{first}({parsed.segment(pipe)}){parsed.source[end : -len(_CLOSE)].decode()}".strip()
        forms = [" ".join(part.split())]
        if after == b")":  # the pipe ends the whole: most people mean the whole
            bar = parsed.source.index(b"|", parsed.offset(pipe.left, end=True))
            value = parsed.source[len(_OPEN) : bar].decode().strip()
            forms.insert(0, " ".join(f"({value}) | {parsed.segment(pipe.right)}".split()))
        raise refused(
            f"管道 {parsed.segment(pipe)} 须加括号",
            f"the pipe {parsed.segment(pipe)} needs brackets",
            hint_zh="请写成 " + " 或 ".join(forms),
            hint_en="write " + " or ".join(forms),
        )
