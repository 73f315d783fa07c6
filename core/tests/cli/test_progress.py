"""The lines that say how far a push is, and why it does not get on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dougong.cli import progress
from dougong.flow import Progress, Trouble
from dougong.model.problems import Problem

DOWN = Trouble("erp", Problem.of("ERP_UNREACHABLE", "连不上", "cannot reach it"), 12.4)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is moved."""
    made = SimpleNamespace(now=100.0)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_the_cause_is_said_at_once_and_once(clock, capsys):
    with progress.progress() as tell:
        tell(Progress(1, 3, DOWN))
        tell(Progress(1, 3, DOWN))
        assert capsys.readouterr().err == "erp: ERP_UNREACHABLE: cannot reach it\n"
        clock.now += 5
        tell(Progress(1, 3, DOWN))
        assert capsys.readouterr().err == "1 of 3 at rest (5 s) · erp: next try in 12 s\n"
        clock.now += 5
        tell(Progress(3, 3))
        assert capsys.readouterr().err == "3 of 3 at rest (10 s)\n"


def test_on_a_terminal_it_stands_above_the_bar(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with progress.progress() as tell:
        tell(Progress(1, 3, DOWN))
    shown = capsys.readouterr().err
    assert shown.count("ERP_UNREACHABLE: cannot reach it") == 1
    assert "next try in 12 s" in shown
