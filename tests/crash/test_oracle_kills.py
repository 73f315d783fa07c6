"""SIGKILL at every crash point of the way to Oracle, with 200 vouchers in one file of which one is bad."""

from __future__ import annotations

import re
import shutil
from collections import Counter

import pytest
from push_jobs import write_reports

from dougong_sdk.conformance.processes import KILLED
from dougong_sdk.sandbox import launch

pytestmark = pytest.mark.crash

MANY = 200
BAD = 77
#: Labels that a push to Oracle passes; the last two only when the answer to the import was lost.
LABELS = (
    "accepted",
    "opened",
    pytest.param("prepared", marks=pytest.mark.long),
    "answered",
    "outcome",
    "confirmed",
    "feedback_due",
    "feedback_sent",
    "feedback_done",
    pytest.param("asked", marks=pytest.mark.long),
    pytest.param("resolved", marks=pytest.mark.long),
)


@pytest.fixture(scope="session")
def pod():
    with launch("oracle-fusion") as running:
        yield running


@pytest.fixture(scope="session")
def oracle_template(pod, tmp_path_factory):
    """What `init` makes, and a code for somebody whom Oracle does not know."""
    from dougong.cli import main

    folder = tmp_path_factory.mktemp("oracle") / "template"
    assert main(["init", str(folder), "--sandbox", f"oracle-fusion={pod.url}"]) == 0
    config = folder / "dougong.toml"
    text = config.read_text("utf-8").replace("= 2.0 ", "= 0.2 ")
    config.write_text(re.sub(r"import_seconds\s*= .*", "import_seconds = 1.0", text), "utf-8")
    codes = folder / "codes" / "oracle-fusion.csv"
    with codes.open("a", encoding="utf-8") as rows:
        rows.write("employee,oracle-fusion,E009,99999,,\n")
    assert main(["--project", str(folder), "codes", "import", str(codes)]) == 0
    return folder


@pytest.fixture
def oracle(make_product, oracle_template, pod, tmp_path):
    pod.clear_faults()
    pod.reset()
    return make_product(shutil.copytree(oracle_template, tmp_path / "project"), pod)


@pytest.mark.parametrize("label", LABELS)
def test_killed_twice_of_two_hundred_the_bad_one_alone_is_rejected(oracle, pod, report_of, label):
    bad = {"submitter": "E009", "payees": [{"kind": "employee", "code": "E009", "amount": "318.00"}]}
    reports = [report_of(number, **(bad if number == BAD else {})) for number in range(1, MANY + 1)]
    file = write_reports(oracle.folder / "many.json", reports)
    if label in ("asked", "resolved"):
        pod.fault("reset_after_work", operation="import", count=1)

    assert oracle.push(file, crash=label) == KILLED, f"never reached {label}: {oracle.log}"
    oracle.push(file, crash=label)  # killed again where recovery passes it
    oracle.completes(file)

    rows = oracle.deliveries()
    assert Counter(row["state"] for row in rows) == {"delivered": MANY - 1, "rejected": 1}, oracle.log
    (refused,) = (row for row in rows if row["state"] == "rejected")
    assert (refused["documents"], refused["problems"][0]["code"]) == ([f"B2611{BAD:04}"], "ORACLE_EF04")
    assert sorted(one["reference"] for one in pod.postings(deleted=True)) == sorted(
        row["reference"] for row in rows if row is not refused
    )
    assert oracle.audit_is_clean()
