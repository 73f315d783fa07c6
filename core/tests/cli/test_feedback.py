"""`feedback`: what sources were told; the same in `trace`."""

from __future__ import annotations

import pytest

from dougong.flow import Project
from dougong.flow.telling import Teller


@pytest.fixture
def tell(folder):
    """What the end of a run tells, without deriving anything anew."""

    def call():
        with Project(folder) as project, Teller(project):
            pass

    return call


@pytest.fixture
def told(folder, deliver, unmapped, tell):
    """One held delivery, told in the sink."""
    deliver("B1", problems=[unmapped()])
    tell()
    return folder


def test_nothing_yet(run, folder):
    assert "Nothing to tell" in run("feedback", "--project", folder).out
    assert run("feedback", "--project", folder, "--json").out == ""


def test_rows(run, told):
    result = run("feedback", "--project", told, "--json")
    assert result.status == 0
    (row,) = result.rows
    assert {"document", "kind", "content", "state", "attempts"} <= set(row)
    assert (row["document"], row["kind"], row["state"], row["attempts"]) == ("B1", "held", "done", 1)
    assert row["content"]["problems"][0]["code"] == "CODE_UNMAPPED"


def test_for_people(run, told):
    out = run("feedback", "--project", told).out
    assert "CODE_UNMAPPED" in out
    assert "done" in out
    assert "已告知" in run("feedback", "--project", told, "--lang", "zh").out


def test_of_one_document(run, told, deliver, tell):
    deliver("B2")
    tell()
    assert [row["document"] for row in run("feedback", "B2", "--project", told, "--json").rows] == ["B2"]
    assert run("feedback", "B9", "--project", told).status == 1


def test_trace_shows_it(run, told):
    assert run("trace", "B1", "--project", told, "--json").rows[0]["feedback"][0]["kind"] == "held"
    assert "accrual held: CODE_UNMAPPED (done)" in run("trace", "B1", "--project", told).out


def test_what_could_not_be_told_says_why(run, folder, deliver, tell):
    deliver("B1")
    (folder / "feedback.jsonl").mkdir()
    tell()
    out = run("feedback", "--project", folder).out
    assert "FEEDBACK_SINK" in out
    assert "disk space" in out
