"""What an expression may speak of: names with their kinds, and functions."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from dougong.expressions.errors import refused
from dougong.expressions.kinds import Kind, kind_of, union
from dougong.model.problems import Text

__all__ = ["Function", "Parameter", "Scope"]


#: Default of a parameter that has none.
REQUIRED: Any = type("Required", (), {})()


@attrs.frozen
class Parameter:
    """One argument of a function.

    :param kinds: what it may be; one fitting kind is enough.
    :param default: value when it is left out; `REQUIRED` = it must be given.
    :param literal: it must be written as a literal, so that `check` can verify it before anything runs.
    :param verify: of a literal: says what is wrong with it, or `None`.
    """

    name: str
    kinds: tuple[Kind, ...]
    default: Any = REQUIRED
    literal: bool = False
    verify: Callable[[Any], Text | None] | None = None

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is REQUIRED


@attrs.frozen
class Function:
    """A function of the language: total, or raising `ExpressionError`.

    :param implementation: takes the arguments in the order of `parameters`, then `context`.
    :param result: kind of the result from the kinds of the arguments.
    :param passes_none: `None` as first argument gives `None`; otherwise `None` there is an error that names it.
    :param aggregate: takes one list, or one generator as its only argument.
    :param context: names that the surrounding generated code supplies (a mapping's codes and date).
    :param says: one sentence for the reference page.

    .. versionadded:: 0.1
    """

    name: str
    implementation: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    result: Callable[[Sequence[Kind]], Kind]
    says: Text
    passes_none: bool = True
    aggregate: bool = False
    context: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """`summary(text, max, keep=None)`, as people write it."""
        shown = [p.name if p.required else f"{p.name}={p.default!r}" for p in self.parameters]
        return f"{self.name}({', '.join(shown)})"


def _standard() -> Mapping[str, Function]:
    from dougong.expressions.functions import STANDARD

    return STANDARD


@attrs.frozen
class Scope:
    """Names that an expression may use, and the functions that it may call.

    :param names: name → kind of the value that stands for it when the expression runs.
    :param functions: name → function; the standard ones unless said.

    .. versionadded:: 0.1
    """

    names: Mapping[str, Kind]
    functions: Mapping[str, Function] = attrs.field(factory=_standard)

    def __attrs_post_init__(self) -> None:
        for name in self.names:
            self.check_name(name)

    @classmethod
    def of(cls, functions: Mapping[str, Function] | None = None, /, **names: type | tuple[type, ...] | Kind) -> Scope:
        """A scope from classes: `Scope.of(item=Slice)`.

        Several classes mean that the value may be of any of them: an attribute must then belong to at least one, and
        objects without it give `None`.
        """
        kinds = {}
        for name, what in names.items():
            if isinstance(what, Kind):
                kinds[name] = what
            else:
                kinds[name] = union(map(kind_of, what if isinstance(what, tuple) else (what,)))
        return cls(kinds) if functions is None else cls(kinds, functions)

    def check_name(self, name: str) -> None:
        """Refuse what cannot be the name of a value.

        :raises ExpressionError: no identifier, a keyword, an underscore in front, or the name of a function.
        """
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_") or name == "null":
            raise refused(f"{name!r} 不能用作名称", f"{name!r} cannot be a name", code="EXPRESSION_NAME")
        if name in self.functions:
            raise refused(f"{name!r} 是函数名", f"{name!r} is a function", code="EXPRESSION_NAME")

    def with_name(self, name: str, kind: Kind) -> Scope:
        """The scope with one more name.

        :raises ExpressionError: the name cannot be one, or is taken.
        """
        self.check_name(name)
        if name in self.names:
            raise refused(f"名称 {name!r} 已被使用", f"the name {name!r} is taken", code="EXPRESSION_NAME")
        return Scope({**self.names, name: kind}, self.functions)
