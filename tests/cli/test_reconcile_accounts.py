"""`reconcile --by account` against the Kingdee sandbox's balances."""

from __future__ import annotations

import json
import shutil
import signal
from decimal import Decimal

import pytest

from dougong.tables.files import read_table

KEYS = {
    *("kind", "period", "book", "account", "dimensions", "document", "ours", "theirs", "difference", "in_transit"),
    *("not_ours", "verdict", "action"),
}
NOVEMBER = ("reconcile", "--by", "account", "--period", "2026-11")


@pytest.fixture
def report(tmp_path):
    """A report of 100.00 in canonical form."""
    line = {"id": "1", "fee_type": "差旅费", "gross": "100.00", "expense_date": "2026-11-12"}
    told = {
        "source": "oa",
        "tenant": "T",
        "type": "expense",
        "id": "R1",
        "number": "R1",
        "state": "approved",
        "updated_at": "2026-11-18T10:00:00+08:00",
        "entity": "A01",
        "submitter": "E002",
        "department": "D01",
        "currency": "CNY",
        "lines": [line],
        "payees": [{"kind": "employee", "code": "E002", "amount": "100.00"}],
        "events": [{"id": "a1", "type": "approved", "on": "2026-11-18"}],
    }
    path = tmp_path / "report.json"
    path.write_text(json.dumps([told], ensure_ascii=False), "utf-8")
    return path


def compared(project, *, status):
    result = project.json(*NOVEMBER)
    assert (result.status, result.err) == (status, "")
    return {row["account"]: row for row in result.rows}


def test_equal(pushed):
    rows = compared(pushed, status=0)
    assert all(set(row) >= KEYS and row["kind"] == "account" for row in rows.values())
    assert {row["verdict"] for row in rows.values()} == {"matched"}
    assert (rows["1221.01"]["ours"], rows["1221.01"]["theirs"]) == ("-2000.00", "-2000.00")
    assert (rows["2221.01.01"]["ours"], rows["2221.01.01"]["book"]) == ("180.00", "A01")
    out = pushed("reconcile", "--by", "account").out
    assert "2026-10" in out
    assert "in transit" not in out
    assert rows["1221.01"]["account_name"]
    assert rows["1221.01"]["account_name"] in out


def test_a_voucher_that_a_person_has_edited(pushed, sandbox):
    (row,) = (row for row in pushed.json("status", "B26110002").rows if row["moment"] == "accrual")
    lines = next(one for one in sandbox.postings() if one["id"] == row["erp_id"])["lines"]
    (cost,) = (at for at, line in enumerate(lines) if line["account"] == "6602.02")
    sandbox.hand("edit", id=row["erp_id"], set={"lines": {str(cost): {"account": "6602.05"}}})
    rows = compared(pushed, status=2)
    found = {account: row["difference"] for account, row in rows.items() if row["verdict"] == "amount"}
    assert found == {"6602.02": "-300.00", "6602.05": "300.00"}
    assert f"{row['erp_number']} (B26110002)" in rows["6602.05"]["action"]
    assert f"dougong show {row['delivery']}" in rows["6602.05"]["action"]
    assert "  6602.02, 6602.05: " in pushed(*NOVEMBER).out
    assert {one["state"] for one in pushed.json("status", "B26110002").rows} == {"delivered"}, "nothing is noted"


def test_a_voucher_of_somebody_else(pushed, report, dougong, made, tmp_path):
    own = compared(pushed, status=0)
    other = shutil.copytree(made, tmp_path / "other")
    assert dougong("push", report, "--project", other).status == 0  # another ledger's voucher in the same book
    rows = compared(pushed, status=0)
    assert (rows["6602.02"]["not_ours"], rows["6602.02"]["difference"]) == ("100.00", "0.00")
    assert rows["6602.02"]["ours"] == own["6602.02"]["ours"]
    assert Decimal(rows["6602.02"]["theirs"]) == Decimal(own["6602.02"]["theirs"]) + 100
    assert "not ours" in pushed(*NOVEMBER).out


def test_what_is_on_its_way(project, report, dougong):
    died = dougong("push", report, "--project", project.folder, DOUGONG_CRASH="prepared")
    assert died.status == -signal.SIGKILL
    rows = compared(project, status=2)
    assert {account: (row["verdict"], row["in_transit"], row["difference"]) for account, row in rows.items()} == {
        "2241.01": ("missing", "-100.00", "0.00"),
        "6602.02": ("missing", "100.00", "0.00"),
    }
    assert "dougong run" in rows["2241.01"]["action"]
    assert "in transit" in project(*NOVEMBER).out
    project("run")
    assert {row["verdict"] for row in compared(project, status=0).values()} == {"matched"}


def test_files(pushed, tmp_path):
    for suffix in ("csv", "xlsx", "jsonl"):
        file = tmp_path / f"accounts.{suffix}"
        assert pushed(*NOVEMBER, "--out", file).status == 0
        if suffix != "jsonl":
            cells = [row.cells for row in read_table(file).rows]
            assert {one["verdict"] for one in cells} == {"matched"}
            assert {one["book"] for one in cells} == {"A01"}
            assert "2241.01" in {one["account"] for one in cells}


def test_without_the_report_the_connection_says_what_is_wrong(pushed):
    file = pushed.folder / "dougong.toml"
    text = file.read_text("utf-8")
    head = "[connections.kingdee.settings]\n"
    marked = text.replace(head, f'{head}balance_report = "NONE"\n')
    assert marked != text
    file.write_text(marked, "utf-8")
    result = pushed(*NOVEMBER)
    assert (result.status, result.out) == (1, "")
    assert "kingdee, period 2026-11 cannot be compared" in result.err
