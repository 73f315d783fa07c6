"""A certification as pytest runs it: items, their verdicts, the report at the end."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from dougong.model.problems import DougongError
from dougong.plugins import find_entry
from dougong_sdk.conformance import checks as checks  # noqa: PLC0414 - registers the rules
from dougong_sdk.conformance.lab import Lab, Wire
from dougong_sdk.conformance.rules import RULES, Rule, Violation
from dougong_sdk.conformance.show import summary_lines, write_html
from dougong_sdk.conformance.subject import exemptions
from dougong_sdk.conformance.verdicts import Certificate, Verdict, Verdicts
from dougong_sdk.sandbox import SandboxError

__all__ = ["Certification", "RuleItem", "RulesFile"]

_PROPERTY = "dougong"
_SEED = 0
_EMPTY = re.compile(r", \w+=(?:None|\(\)|\{\}|'')")
#: Rules that are tried although no connection can be opened, the sandbox does not start, or nothing can be booked.
_FIRST = ("CONTRACT-001", "CONTRACT-004", "MASTER-001")


@attrs.define(eq=False)  # a plugin of pytest is hashed
class Certification:
    """One certification in one process of pytest; with xdist the first process only gathers.

    :param name: of the connector.
    """

    name: str
    config: pytest.Config
    found: dict[str, list[Mapping[str, Any]]] = attrs.field(factory=lambda: defaultdict(list))
    started: float = attrs.field(factory=time.monotonic)
    _lab: Lab | None = None
    _folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def lab(self) -> Lab:
        """The lab of this process, opened at first use."""
        if self._lab is None:
            self._folder = tempfile.TemporaryDirectory(prefix="dougong-", ignore_cleanup_errors=True)
            self._lab = Lab(self.name, Path(self._folder.name), wire=_wire(self.config))
        return self._lab

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """What is asked for makes sense.

        :raises pytest.UsageError: no such connector, or exemptions that cannot be read.
        """
        try:
            _wire(self.config)
            exempt = exemptions(find_entry(self.name))
        except (DougongError, ValueError) as error:
            raise pytest.UsageError(str(error)) from error
        if unknown := sorted(set(exempt) - set(RULES)):
            raise pytest.UsageError(f"conformance.toml: no rules {', '.join(unknown)}")

    def pytest_unconfigure(self) -> None:
        """End the sandbox and throw the projects away."""
        if self._lab is not None:
            self._lab.__exit__(None, None, None)
        if self._folder is not None:
            self._folder.cleanup()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what items found, wherever they ran."""
        told = dict(report.user_properties).get(_PROPERTY)
        if isinstance(told, dict) and (report.when == "call" or report.failed):
            reason = _reason(report) if report.outcome != "passed" else ""
            reason = reason.removeprefix(f"{told['cell']}: ")
            self.found[told["rule"]].append({**told, "outcome": report.outcome, "reason": told["reason"] or reason})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The level, and a line for each rule that is not simply kept; the files are written."""
        if hasattr(self.config, "workerinput"):
            return
        out = self.config.getoption("--conformance-out")
        path = Path(out or "conformance.json")
        if not self.found:
            if path.exists():
                terminalreporter.line(f"no rule was tried; {path} is of an earlier run")
            return
        certificate = self.certificate()
        stays = not (out or certificate.whole or self._is_cut_short()) and _is_whole(path)
        if not stays:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(certificate.to_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
            write_html(certificate, path.with_suffix(".html"))
        terminalreporter.section(f"{self.name}: {certificate.title}", sep="=")
        for line in summary_lines(certificate):
            terminalreporter.line(line)
        earlier = f"{path} is of an earlier run of all rules, and stays as it is (--conformance-out FILE for this one)"
        terminalreporter.line(earlier if stays else f"{path} · {path.with_suffix('.html')}")

    def _is_cut_short(self) -> bool:
        """Whether all rules were wanted, and nothing but the first ones could be tried."""
        option = self.config.option
        return not (option.keyword or option.markexpr or option.deselect) and set(self.found) <= set(_FIRST)

    def certificate(self) -> Certificate:
        """What all items found together."""
        told = [one for cells in self.found.values() for one in cells]
        return Certificate(
            connector=self.name,
            version=told[0]["version"],
            without=tuple(next((one["without"] for one in told if one["without"]), ())),
            verdicts=tuple(_verdict(rule, self.found[rule.id]) for rule in RULES.values() if self.found.get(rule.id)),
            documents=sum(one["documents"] for one in told),
            lost=sum(one["lost"] for one in told),
            doubled=sum(one["doubled"] for one in told),
            seconds=time.monotonic() - self.started,
            seed=_SEED,
            whole=all(len(self.found.get(rule.id, ())) >= max([1, *self._cells(rule.id)]) for rule in RULES.values()),
        )

    def _cells(self, rule: str) -> Iterable[int]:
        return {one["cells"] for one in self.found.get(rule, ())}


class RulesFile(pytest.File):
    """All rules of the connector that `--connector` names."""

    def collect(self) -> Iterator[RuleItem]:
        """An item per rule and way; of a rule that does not apply, or is let off, one that says so."""
        lab = self._certification().lab
        try:
            subject = lab.subject
        except (DougongError, SandboxError, Violation) as error:  # nothing else can be tried; one of these says why
            for id in _says_why(lab, error):
                yield RuleItem.make(self, RULES[id], "", 1, None)
            return
        exempt = exemptions(lab.entry)
        for rule in [RULES["WIRE-001"]] if lab.wire else RULES.values():
            reason, verdict = rule.needs(subject), Verdicts.NOT_APPLICABLE
            if not reason and rule.id in exempt:
                reason, verdict = exempt[rule.id], Verdicts.EXEMPT
            cells = [""] if reason else list(rule.cells(subject))
            for cell in cells:
                yield RuleItem.make(self, rule, cell, len(cells), (verdict, reason) if reason else None)

    def _certification(self) -> Certification:
        plugin = self.config.pluginmanager.get_plugin("dougong-certification")
        if not isinstance(plugin, Certification):
            raise TypeError("certification is not under way")
        return plugin


class RuleItem(pytest.Item):
    """One rule, tried in one way."""

    rule: Rule
    cell: str
    cells: int
    off: tuple[Verdicts, str] | None

    @classmethod
    def make(cls, parent: RulesFile, rule: Rule, cell: str, cells: int, off: tuple[Verdicts, str] | None) -> RuleItem:
        """An item of a rule; `off`: why it is not tried."""
        item = cls.from_parent(parent, name=f"{rule.id}[{cell}]" if cell else rule.id)
        item.rule, item.cell, item.cells, item.off = rule, cell, cells, off
        return item

    def runtest(self) -> None:
        """Try it, and keep what was found where a report finds it, in whichever process it ran."""
        lab = self.parent._certification().lab if isinstance(self.parent, RulesFile) else None  # noqa: SLF001
        if lab is None:
            raise TypeError("certification is not under way")
        before = (lab.documents, lab.lost, lab.doubled)
        told = {
            "rule": self.rule.id,
            "cell": self.cell,
            "cells": self.cells,
            "version": lab.entry.version,
            "without": [] if self.rule.id in _FIRST else list(lab.subject.without),
            "verdict": self.off[0].value if self.off else "",
            "reason": self.off[1] if self.off else "",
        }
        self.user_properties.append((_PROPERTY, told))
        try:
            if self.off:
                pytest.skip(f"{self.off[0].value}: {self.off[1]}")
            _check(self.rule, lab, self.cell)
        finally:
            after = (lab.documents, lab.lost, lab.doubled)
            told |= zip(
                ("documents", "lost", "doubled"), (a - b for a, b in zip(after, before, strict=True)), strict=True
            )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Of a rule that is not kept: what it demands, what was seen, what to do. Other errors as pytest shows them."""
        if not isinstance(excinfo.value, (Violation, DougongError)):
            return super().repr_failure(excinfo, style)
        rule = self.rule
        return "\n".join(
            [
                f"{rule.id} ({rule.level}) {rule.title.en}",
                f"{'':{len(rule.id)}} {rule.title.zh}",
                f"seen  {self.cell + ': ' if self.cell else ''}{_without_empty(str(excinfo.value))}",
                f"why   {rule.why.en}",
                f"      {rule.why.zh}",
                f"do    {rule.todo.en}",
                f"      {rule.todo.zh}",
            ]
        )

    def reportinfo(self) -> tuple[Path, None, str]:
        """Shown as its rule."""
        return self.path, None, f"{self.name} {self.rule.title.en}"


def _wire(config: pytest.Config) -> Wire | None:
    """What `--record` or `--replay` asks for: then that exchange is all that is made."""
    recording, replaying = config.getoption("--record"), config.getoption("--replay")
    if recording and replaying:
        raise pytest.UsageError("--record and --replay exclude each other")
    if not (recording or replaying):
        return None
    return Wire("record" if recording else "replay", Path(recording or replaying))


def _check(rule: Rule, lab: Lab, cell: str) -> None:
    """Try a rule; where the sandbox failed by itself, that is said first: the rest may follow from it."""
    try:
        rule.check(lab, cell)
    except Violation as error:
        if failed := lab.sandbox_failures():
            raise Violation(f"the sandbox itself failed: {'; '.join(failed[:3])}. Then: {error}") from error
        raise


def _says_why(lab: Lab, error: Exception) -> Sequence[str]:
    """Rules that show why the lab cannot be set up."""
    if isinstance(error, Violation):
        return ("MASTER-001",)
    if isinstance(error, SandboxError):
        return ("CONTRACT-004",)
    return ("CONTRACT-001",) if lab.has_sandbox else ("CONTRACT-001", "CONTRACT-004")


def _is_whole(path: Path) -> bool:
    """Whether a report of all rules stands there."""
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("whole") is True


def _reason(report: pytest.TestReport) -> str:
    """The line of a failure that says what was seen."""
    text = str(report.longrepr)
    seen = [line.removeprefix("seen").strip() for line in text.splitlines() if line.startswith("seen ")]
    return seen[0] if seen else text.strip().splitlines()[-1]


def _without_empty(text: str) -> str:
    """What was seen, with the members of postings and outcomes that hold something."""
    return _EMPTY.sub("", text)


def _verdict(rule: Rule, cells: list[Mapping[str, Any]]) -> Verdict:
    """Of all its ways together: one that fails is enough."""
    failed = [one for one in cells if one["outcome"] == "failed"]
    if failed:
        reasons = [f"[{one['cell']}] {one['reason']}" if one["cell"] else one["reason"] for one in failed]
        return Verdict(rule, Verdicts.FAILED, "; ".join(reasons[:3]), len(cells))
    if cells[0]["verdict"]:
        return Verdict(rule, Verdicts(cells[0]["verdict"]), cells[0]["reason"], 0)
    return Verdict(rule, Verdicts.PASSED, "", len(cells))
