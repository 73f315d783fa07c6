"""摘要: a template of names, with parts that are never cut (posting-rules.md §4)."""

from __future__ import annotations

import contextlib
import functools
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from dougong.accounting import refusals
from dougong.accounting.paths import NamePath, Roots, read_path
from dougong.config.errors import did_you_mean
from dougong.expressions import fit
from dougong.model.operations import Limits
from dougong.model.problems import Problem, Text
from dougong.model.settled import SettledReport

__all__ = ["SHORT_NAMES", "Summary", "SummaryTemplate", "unknown_parts"]

#: Names that a template may use without saying where they come from.
SHORT_NAMES = ("submitter", "fee_type", "reason", "number", "department", "period")


@attrs.frozen
class Summary:
    """A text that fits.

    :param note: characters that the ERP refuses were replaced.
    """

    text: str
    note: Problem | None = None
    problem: Problem | None = None


@attrs.frozen
class SummaryTemplate:
    """A template such as `{submitter}报{fee_type} {reason} {number}`."""

    text: str

    @property
    def names(self) -> list[str]:
        """The names between its braces. :raises ValueError: braces do not pair."""
        return [name for _, name in _parts(self.text) if name is not None]

    def problems(self, known: Roots) -> Iterator[Problem]:
        """What `check` finds: braces that do not pair, names that do not exist."""
        try:
            names = self.names
        except ValueError as error:
            yield Problem("RULES_TEMPLATE", Text(f"模板有误: {error}", f"the template is wrong: {error}"))
            return
        for name in names:
            if "." in name:
                found = read_path(name, known)
                if isinstance(found, Problem):
                    yield found
            elif name not in SHORT_NAMES:
                zh, en = f"模板没有 {{{name}}}", f"a template has no {{{name}}}"
                yield Problem("RULES_TEMPLATE", Text(zh, en), hint=did_you_mean(name, SHORT_NAMES))

    def render(
        self, names: Mapping[str, Any], keep: tuple[str, ...], limits: Limits, prefix: str = "", suffix: str = ""
    ) -> Summary:
        """The text for one line; `prefix` and `suffix` are protected like the parts named in `keep`.

        :param names: `item`, its singular, `report`, `period`.
        """
        out, protected = prefix, [prefix, suffix]
        for literal, name in _parts(self.text):
            value = _clean(_value(name, names)) if name else ""
            out += literal + value
            if name and not _called(name).isdisjoint(keep):
                protected.append(value)
        text = " ".join(f"{out} {suffix}".split())
        clean = text.translate({ord(character): " " for character in limits.forbidden}) if limits.forbidden else text
        note = refusals.characters_replaced(text, limits.forbidden) if clean != text else None
        fitted = fit(clean, limits.max_summary, protected)
        if fitted is None:
            return Summary("", note, refusals.summary_too_long(clean, limits.max_summary))
        return Summary(fitted.strip(), note)


def unknown_parts(keep: Sequence[str], texts: Iterable[str]) -> Iterator[tuple[int, Problem]]:
    """What `check` finds in `keep`: a part that no template can have would be cut like any other.

    :param texts: the templates of the rules; one with braces that do not pair is told elsewhere.
    :returns: position in `keep` and problem.
    """
    known = set(SHORT_NAMES)
    for text in texts:
        with contextlib.suppress(ValueError):
            known.update(*map(_called, SummaryTemplate(text).names))
    for at, part in enumerate(keep):
        if part not in known:
            zh, en = f"没有一个摘要模板有 {{{part}}}", f"no summary has a part {{{part}}}"
            yield at, Problem("RULES_TEMPLATE", Text(zh, en), hint=did_you_mean(part, known))


def _called(name: str) -> set[str]:
    """What `keep` may call a name: `advance.number` by itself, or together with every other `number`."""
    return {name, name.rpartition(".")[2]}


@functools.cache
def _parts(text: str) -> tuple[tuple[str, str | None], ...]:
    """A template as literal texts, each followed by a name. :raises ValueError: braces do not pair."""
    return tuple((literal, name) for literal, name, _, _ in string.Formatter().parse(text))


def _clean(value: object) -> str:
    """One line of printable text, whatever the source had."""
    text = "" if value is None else str(value)
    if text.isprintable():
        return " ".join(text.split())
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _value(name: str, names: Mapping[str, Any]) -> object:
    if "." in name:
        return NamePath.of(name).value(names)
    report: SettledReport = names["report"]
    match name:
        case "period":
            return names.get("period")
        case "submitter":
            return report.submitter_name or report.submitter
        case "fee_type":
            own = getattr(names["item"], "fee_type", None)
            return own or "、".join(dict.fromkeys(one.fee_type for one in report.slices))
        case "reason":
            return getattr(names["item"], "reason", None) or report.reason
        case _:
            return getattr(report, name)
