"""Background jobs: done when they are due or when a test says so, and forgotten like everything in a memory."""

from __future__ import annotations

import pytest

from dougong_sdk.sandbox import Sandbox, SandboxError
from dougong_sdk.sandbox.jobs import hand_on_jobs


@pytest.fixture
def later(launch_sandbox, toy_name, connect):
    """A sandbox whose jobs take an hour, and what is asked of it."""
    toy = launch_sandbox(toy_name, settings={"work_seconds": "3600"})
    return toy, connect(toy)


def test_what_is_due_is_done_before_anybody_looks(toy, connect):
    connect(toy).ask("later", {"text": "soon"})
    assert [note["text"] for note in toy.postings()] == ["soon"]


def test_a_job_waits_until_it_is_finished_by_order(later):
    toy, client = later
    client.ask("later", {"text": "a"})
    client.ask("later", {"text": "b"})
    assert toy.postings() == []
    assert toy.hand("finish_jobs") == {"jobs": 2}
    assert [note["text"] for note in toy.postings()] == ["a", "b"]
    assert toy.hand("finish_jobs") == {"jobs": 0}


def test_a_forgotten_job_does_nothing_more_and_leaves_what_it_did(later):
    toy, client = later
    client.ask("later", {"text": "done"})
    toy.hand("finish_jobs")
    client.ask("later", {"text": "never"})
    assert toy.hand("forget_jobs") == {"jobs": 2}
    assert toy.hand("finish_jobs") == {"jobs": 0}
    assert [note["text"] for note in toy.postings()] == ["done"]


def test_reset_forgets_them(later):
    toy, client = later
    client.ask("later", {"text": "a"})
    toy.reset()
    assert toy.hand("finish_jobs") == {"jobs": 0}


def test_an_erp_without_jobs_says_so():
    class Prompt(Sandbox):
        title = "Prompt ERP"

    with pytest.raises(SandboxError, match="no background jobs"):
        hand_on_jobs(Prompt, "finish_jobs")
