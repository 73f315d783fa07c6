"""One ERP that cannot be listed does not keep the others from being compared."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dougong.cli.reconciling import compared
from dougong.model.problems import DougongError, Problem


@pytest.fixture
def project():
    """Two connections; the first one's ERP answers with an error that says nothing of what to do."""

    return SimpleNamespace(targets=("broken", "good"))


def ask(connection, period):
    if connection == "broken":
        raise DougongError(Problem.of("HTTP_STATUS", "HTTP 状态 500", "HTTP status 500"))
    return [{"connection": connection, "period": period}]


def test_the_others_are_compared(project):
    found, failed = compared(project, None, "2026-11", ask)
    assert found == [{"connection": "good", "period": "2026-11"}]
    assert [(one.connection, one.period) for one in failed] == [("broken", "2026-11")]


def test_a_failure_names_connection_and_period_and_what_to_do(project):
    _, (failed,) = compared(project, None, "2026-11", ask)
    (problem,) = failed.problems
    assert problem.path == "connections.broken"
    assert problem.message.en == "broken, period 2026-11 cannot be compared: HTTP status 500"
    assert "dougong check broken" in problem.hint.en
    assert "reconcile --connection broken --period 2026-11" in problem.hint.zh


@pytest.mark.parametrize("period", ["202611", "2026-13", "2026-00", "2026-1", "２０２６-11"])
def test_what_is_no_period_is_refused(run, folder, period):
    result = run("reconcile", "--period", period, "--project", folder)
    assert (result.status, result.out) == (1, "")
    assert "YYYY-MM" in result.err
