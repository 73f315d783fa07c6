"""Crash points: the places where a process may die, named, so that tests can kill it exactly there.

`DOUGONG_CRASH=label[:n]` kills the process with SIGKILL at the n-th passing of a label. Every commit point of the flow
has a label; a test lists the labels from the code and fails for one that no test reaches.
"""

from __future__ import annotations

import os
import re
import signal
import threading

__all__ = ["LABELS", "check_wanted", "crashpoint"]

#: Label → what has just become true when it is passed.
LABELS: dict[str, str] = {
    "accepted": "documents and events are committed",
    "opened": "a document's deliveries are committed",
    "merged": "a merged delivery is committed in place of its members' own; nothing was sent",
    "dissolved": "a merged delivery is undone, each member has its own again; nothing was sent",
    "prepared": "attempt, items and correlations are committed; no byte has left",
    "answered": "the ERP has answered; the outcome is not committed yet",
    "outcome": "the outcome is committed",
    "step_answered": "a completing step was answered; its outcome is not committed yet",
    "step_outcome": "the outcome of a completing step is committed",
    "asked": "the ERP was asked about an unknown outcome; the answer is not committed yet",
    "resolved": "the resolution is committed",
    "callback_stored": "a callback's raw bytes are committed; no reply has left",
    "confirmed": "news of a waiting message are committed",
    "feedback_due": "what a source is to be told is committed; nothing was told yet",
    "feedback_sent": "the source, or the sink, has it; that is not committed yet",
    "feedback_done": "that it was told is committed",
}

#: Read once: a process is told when it is started, and passes these points often.
_WANTED = os.environ.get("DOUGONG_CRASH", "")
_passed: dict[str, int] = {}
_lock = threading.Lock()


def check_wanted(wanted: str) -> None:
    """Refuse a `DOUGONG_CRASH` that no process would ever die of: a test would pass for want of a crash.

    :raises DougongError: `CRASH_POINT_UNKNOWN`.
    """
    name, colon, count = wanted.partition(":")
    if not wanted or (name in LABELS and (not colon or re.fullmatch("[1-9][0-9]*", count, re.ASCII))):
        return
    from dougong.model.problems import DougongError, Problem  # help starts without it

    known = ", ".join(LABELS)
    raise DougongError(
        Problem.of(
            "CRASH_POINT_UNKNOWN",
            f"DOUGONG_CRASH={wanted} 不是崩溃点",
            f"DOUGONG_CRASH={wanted} is no crash point",
            hint_zh=f"写成 LABEL 或 LABEL:N, LABEL 为 {known}",
            hint_en=f"write LABEL or LABEL:N with a LABEL of {known}",
        )
    )


def crashpoint(label: str) -> None:
    """Pass the crash point `label`; dies here by SIGKILL when `DOUGONG_CRASH` says so.

    :raises KeyError: for a label that is not in `LABELS`.
    """
    if not _WANTED:
        return
    LABELS[label]
    name, _, count = _WANTED.partition(":")
    if name != label:
        return
    with _lock:
        _passed[label] = _passed.get(label, 0) + 1
        due = _passed[label] == int(count or "1")
    if due:
        os.kill(os.getpid(), signal.SIGKILL)
