"""Background jobs of an emulated ERP: taken now, worked on later, asked for meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import SandboxError
from .store import Record

if TYPE_CHECKING:
    from .base import Sandbox

__all__ = ["JOB_ACTIONS", "Jobs", "hand_on_jobs"]

_KIND = "job"


class Jobs:
    """Jobs in the ledger of a sandbox. A job is due ``work_seconds`` after it was taken.

    No thread works on them: what is due is done before the next request, and before anybody looks at the ledger. So
    the work of a job is never half seen, and a test that wants it now says so (``/_sandbox/hand``, ``finish_jobs``).

    :param sandbox: whose store and ``work_seconds`` count.
    :param work: does a job's work, given its content, and returns what the ERP says of it from then on.

    .. versionadded:: 0.1
    """

    def __init__(self, sandbox: Sandbox, work: Callable[[Any], Any]) -> None:
        self._sandbox, self._work = sandbox, work

    def take(self, content: Any) -> Record:
        """A new job: ``id``, ``content``, ``result`` (``None`` until it has ended)."""
        due = time.time_ns() // 1_000_000 + int(1000 * self._sandbox.settings["work_seconds"])
        job = {"id": str(self._sandbox.store.next_number(_KIND)), "content": content, "due": due, "result": None}
        self._sandbox.store.put(_KIND, job["id"], job)
        return job

    def get(self, identity: str) -> Record | None:
        """A job as it is now; ``None`` where nobody remembers it."""
        return self._sandbox.store.get(_KIND, identity)

    def all(self) -> list[Record]:
        """Every job that is remembered, oldest first."""
        return list(self._sandbox.store.all(_KIND).values())

    def work(self, *, now: bool = False) -> int:
        """Do what is due, or with ``now`` everything; returns how many jobs have ended by that."""
        time_ms = time.time_ns() // 1_000_000
        due = [job for job in self.all() if job["result"] is None and (now or job["due"] <= time_ms)]
        for job in due:
            self._sandbox.store.put(_KIND, job["id"], {**job, "result": self._work(job["content"])})
        return len(due)

    def forget(self) -> int:
        """Remember no job, done or not, as after a restart; what they have booked stays. Returns how many."""
        count = len(self.all())
        self._sandbox.store.clear(_KIND)
        return count


#: What `/_sandbox/hand` may do to jobs.
JOB_ACTIONS = ("finish_jobs", "forget_jobs")


def hand_on_jobs(sandbox: Sandbox, action: str) -> dict[str, int]:
    """Do one of `JOB_ACTIONS`; answers with the number of jobs.

    :raises SandboxError: this ERP works on everything at once.
    """
    if sandbox.jobs is None:
        raise SandboxError(f"{sandbox.title} 没有后台任务", f"{sandbox.title} has no background jobs", status=409)
    return {"jobs": sandbox.jobs.work(now=True) if action == "finish_jobs" else sandbox.jobs.forget()}
