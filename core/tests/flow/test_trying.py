"""What would become of what waits: derived and mapped again, nothing asked, nothing written."""

from __future__ import annotations

import io
import json
import sys

import flow_erp
import pytest
from flow_documents import report

from dougong.cli import main

ROW = "table,fee_type,department_kind,project_kind,→account,valid_from\n"
TRAINING = "expense_account,培训费,管理,*,6602.02,2020-01-01\n"


@pytest.fixture
def command(shop, monkeypatch):
    """`dougong … --json` in the shop's project: its status and rows."""

    def call(*arguments):
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", out)
            status = main([*map(str, arguments), "--lang", "en", "--json", "--project", str(shop.folder)])
        out.flush()
        return status, [json.loads(line) for line in out.buffer.getvalue().decode().splitlines()]

    return call


@pytest.fixture
def sheet(tmp_path):
    def make(*rows: str):
        path = tmp_path / "sheet.csv"
        path.write_text(ROW + "".join(rows), "utf-8")
        return path

    return make


def add_row(shop):
    with (shop.folder / "tables/expense_account.csv").open("a", encoding="utf-8") as file:
        file.write("培训费,管理,*,6602.02,2020-01-01,,\n")


def test_a_dry_retry_says_what_would_be_free_and_what_not(shop, command):
    shop.push(report("R1", fee_type="培训费"), report("R2", fee_type="会议费"))
    before = shop.states()
    add_row(shop)
    status, rows = command("retry", "--where", "code=ACCOUNT_NOT_DETERMINED", "--dry-run", "--reason", "x")
    assert status == 0
    would = [(row["documents"], row["would"][0]["state"], row["would"][0]["amount"]) for row in rows]
    assert would == [(["R1"], "ready", "300.00"), (["R2"], "held", None)]
    assert rows[1]["would"][0]["problems"][0]["code"] == "ACCOUNT_NOT_DETERMINED"
    assert shop.states() == before


def test_documents_held_for_themselves_are_chosen_by_their_code_too(shop, command):
    config = shop.folder / "dougong.toml"
    whole = config.read_text("utf-8")
    config.write_text(whole.replace('"A01"\nbook', '"B01"\nbook'), "utf-8")
    assert [state[1:] for state in shop.push(report("R1"))] == [("held", "ROUTE_MISSING")]
    where = ("retry", "--where", "code=ROUTE_MISSING", "--reason", "x")
    assert [row["would"][0]["state"] for row in command(*where, "--dry-run")[1]] == ["held"]
    config.write_text(whole, "utf-8")
    assert [row["would"][0]["state"] for row in command(*where, "--dry-run")[1]] == ["ready"]
    assert command(*where, "--where", "book=A01")[1] == []
    assert [row["state"] for row in command(*where)[1]] == ["accepted"]


def test_a_dry_import_says_what_it_would_free(shop, command, sheet):
    shop.push(report("R1", fee_type="培训费"), report("R2", fee_type="会议费"))
    before = shop.states()
    _, rows = command("tables", "import", sheet(TRAINING), "--dry-run")
    impact = [(row["impact"], row["documents"], row["amount"]) for row in rows if "impact" in row]
    assert impact == [("freed", ["R1"], "300.00")]
    assert shop.states() == before
    assert command("tables", "import", sheet(TRAINING))[0] == 0
    assert shop.push() == [("R1", "delivered"), ("R2", "held", "ACCOUNT_NOT_DETERMINED")]


def test_a_dry_import_says_which_vouchers_it_would_change(shop, command, sheet):
    flow_erp.DOWN.add("6602.02")
    shop.push(report("R1"))
    row = "expense_account,差旅费,管理,*,6601.02,2020-01-01\n"
    _, rows = command("tables", "import", sheet(row), "--dry-run")
    (changed,) = [one for one in rows if one.get("impact") == "changed"]
    assert changed["documents"] == ["R1"]
    assert changed["lines"] == [
        {"before": "D 6602.02 300.00 department=D01", "after": "D 6601.02 300.00 department=D01"}
    ]


def test_a_dry_import_says_what_it_would_hold(shop, command, sheet):
    flow_erp.DOWN.add("6602.02")
    shop.push(report("R1"))
    row = "expense_account,差旅费,管理,*,9999,2020-01-01\n"
    _, rows = command("tables", "import", sheet(row), "--dry-run")
    assert [(one["impact"], one["problems"][0]["code"]) for one in rows if "impact" in one] == [
        ("held", "ACCOUNT_UNKNOWN")
    ]


def test_what_is_in_the_erp_is_not_tried(shop, command, sheet):
    shop.push(report("R1"))
    row = "expense_account,差旅费,管理,*,6601.02,2020-01-01\n"
    assert [one for one in command("tables", "import", sheet(row), "--dry-run")[1] if "impact" in one] == []
