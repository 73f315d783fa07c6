"""An unmodified public client against the sandbox: `@rytass/erp-oracle-fusion` imports a journal and looks at it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

CLIENT = "@rytass/erp-oracle-fusion@0.2.0"
LEDGER = "300000046975971"
SEGMENTS = ("entity", "account", "department", "employee", "supplier", "project", "bank", "company")


def line(debit, credit, **segments):
    """A row of GL_INTERFACE, by the names that the client gives its columns."""
    held = {"entity": "101", **segments}
    return {
        "STATUS": "NEW",
        "LEDGER_ID": LEDGER,
        "ACCOUNTING_DATE": "2026/11/24",
        "JOURNAL_SOURCE": "Spreadsheet",
        "JOURNAL_CATEGORY": "Adjustment",
        "CURRENCY_CODE": "CNY",
        "DATE_CREATED": "2026/11/24",
        "ACTUAL_FLAG": "A",
        **{f"SEGMENT{at}": held.get(name, "0") for at, name in enumerate(SEGMENTS, 1)},
        "ENTERED_DR": debit,
        "ENTERED_CR": credit,
        "REFERENCE1": "THEIRS-1",
        "REFERENCE4": "THEIRS-1",
        "REFERENCE10": '上海出差, "hotel"',
        "GROUP_ID": "77",
        "PERIOD_NAME": "Nov-26",
    }


@pytest.fixture
def imported(sandbox, npm_package):
    """What the client tells of a journal that it has imported, waited for and looked up."""

    def run(account):
        rows = [line("120.00", "", account=account, department="1002")]
        rows.append(line("", "120.00", account="2241010000", employee="90001"))
        values = {"rows": rows, "ledgerId": LEDGER, "source": "Spreadsheet", "groupId": "77"}
        script = Path(__file__).with_name("import.mjs")
        pod = sandbox.url.rstrip("/")
        command = ["node", script, npm_package(CLIENT), pod, "DOUGONG_INT", "Dougong-Fusion-2026"]
        done = subprocess.run(
            command, input=json.dumps(values), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_a_journal(sandbox, imported):
    told = imported("6601020000")
    assert told["status"] == {"rawStatus": "SUCCEEDED", "state": "SUCCEEDED", "isTerminal": True}
    assert [batch["BatchName"].split()[0] for batch in told["batches"]] == ["THEIRS-1"]
    (journal,) = sandbox.postings()
    assert [(one["account"], one["side"], one["base_amount"]) for one in journal["lines"]] == [
        ("6601020000", "D", "120.00"),
        ("2241010000", "C", "120.00"),
    ]
    assert journal["lines"][0]["summary"] == '上海出差, "hotel"'


def test_a_refused_journal_is_told_in_the_log_that_the_client_fetches(sandbox, imported):
    told = imported("6601999999")
    assert "EF04" in told["log"]
    assert "invalid account combination" in told["log"]
    assert (told["batches"], sandbox.postings()) == ([], [])
