"""What runs in the processes that are killed: the product as `dougong push` runs it."""

from __future__ import annotations

import json
from pathlib import Path

#: Labels that a push to Kingdee passes; the others are passed by the fake ERPs of tests/contract alone.
KINGDEE_LABELS = (
    "accepted",
    "opened",
    "prepared",
    "answered",
    "outcome",
    "step_answered",
    "step_outcome",
    "asked",
    "resolved",
    "feedback_due",
    "feedback_sent",
    "feedback_done",
)

#: Passed only where the rules merge vouchers.
MERGING_LABELS = ("merged", "dissolved")

SECRETS = {"KD_SECRET": "0123456789abcdef0123456789abcdef", "KD_AUDIT": "fedcba9876543210fedcba9876543210"}


def push(folder: Path, files: list[Path], most_failures: int) -> None:
    """`dougong push FILE…`: accept, then work here until these deliveries rest."""
    from dougong.flow import Project, read_files, take_in, work, working

    working._MOST_FAILURES = most_failures
    with Project(folder) as project:
        read = read_files(project, files)
        assert not read.bad, read.bad
        accepted = take_in(project, read)
        work(project, only=[item.document_id for item in accepted if item.document_id])


def cancel(folder: Path, number: str) -> None:
    """`dougong cancel NUMBER`: of a merged voucher the part of that document alone."""
    from dougong.cli import main

    main(["--project", str(folder), "cancel", number, "--reason", "test"])


def write_reports(path: Path, reports: list[dict]) -> Path:
    path.write_text(json.dumps(reports, ensure_ascii=False), encoding="utf-8")
    return path


def set_up(folder: Path, codes: list[tuple[str, str, str]]) -> None:
    """What a project needs before its first push: codes, and the ERP's master data."""
    from dougong.flow import Project
    from dougong.flow.working import refresh_master_data
    from dougong.ledger import reference

    with Project(folder) as project:
        rows = [(table, "kingdee", ours, theirs, "", "", "") for table, ours, theirs in codes]
        project.ledger.write(lambda tx: reference.replace_codes(tx, rows, actor="test"))
        assert refresh_master_data(project, ["kingdee"]) == []
