"""Secrets and bank accounts that were planted come out nowhere: not on a screen, not in a log, not in an error kept."""

from __future__ import annotations

import json
import sqlite3

import pytest

#: A payee's bank card, as the expense side knows it.
CARD = "6222021234567890123"
#: A wrong secret of the right shape, so that a login fails with it.
WRONG = "fedcba9876543210fedcba9876543210"


@pytest.fixture
def secrets(customer):
    """Every secret that lies in the project's folder."""
    found = [path.read_text("utf-8").strip() for path in sorted((customer.folder / "secrets").iterdir())]
    assert found
    return found


def columns_with(folder, text: str) -> set[tuple[str, str]]:
    """Tables and columns of the ledger in which a text stands."""
    database = sqlite3.connect(folder / "ledger.db")
    found = set()
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        rows = database.execute(f"SELECT * FROM {table}")  # the name comes from the database itself
        names = [column[0] for column in rows.description]
        for row in rows:
            cells = (cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in row)
            found |= {(table, name) for name, cell in zip(names, cells, strict=True) if text in cell}
    database.close()
    return found


def written(folder) -> bytes:
    """Every file of the project but configuration and secrets: ledger with its journal, log, whatever else there is."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "secrets")
    return b"\n".join(path.read_bytes() for path in files)


def looked_at(customer, number: str, path) -> str:
    """What the commands say of one document, for programs and for people with every detail."""
    told = []
    for command in (["push", str(path)], ["status"], ["show", "D1"], ["trace", number], ["plan", str(path)], ["check"]):
        for form in ("--json", "--debug"):
            ran = customer.dougong(*command, form)
            told += [ran.out, ran.err]
    return "\n".join(told)


#: What goes wrong → how the report then stands.
TROUBLES = {
    "none": "delivered",
    "held": "held",
    "refused": "rejected",
    "broken_answer": "delivered",
    "login": "ready",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_nothing_is_told_whatever_happens(customer, erp, good, secrets, trouble):
    report = good("B1")
    report["payees"][0]["account"] = CARD
    payment = {"id": "p1", "payee": "E001", "amount": "100.00", "currency": "CNY", "account": CARD}
    report["events"].append({"id": "e2", "type": "paid", "on": "2026-11-19T10:00:00+08:00", "payments": [payment]})
    if trouble == "held":
        report["lines"][0]["fee_type"] = "培训费"
    elif trouble == "refused":
        erp.fault("business_error", operation="Save", code="3")
    elif trouble == "broken_answer":
        erp.fault("truncate", operation="Submit", count=1)
    elif trouble == "login":
        (customer.folder / "secrets" / "kingdee_app_secret").write_text(WRONG, "utf-8")
        secrets.append(WRONG)
    path = customer.file("report.json", report)
    told = looked_at(customer, "B1", path)
    erp.clear_faults()
    assert customer.dougong("status", "--json").printed[0]["state"] == TROUBLES[trouble]
    assert "B1" in told
    assert [canary for canary in (*secrets, CARD) if canary in told] == []
    assert [secret for secret in secrets if secret.encode() in written(customer.folder)] == []
    assert columns_with(customer.folder, CARD) == {("document", "canonical"), ("document", "raw"), ("event", "fact")}
    log = customer.folder / "dougong.log"
    assert not log.exists() or CARD not in log.read_text("utf-8")


SPOILT = {
    "account_as_a_number": lambda payee: payee.update(account=int(CARD)),
    "account_of_another_type": lambda payee: payee.update(account=[CARD]),
    "payee_without_amount": lambda payee: payee.pop("amount"),
    "payee_of_a_kind_that_is_none": lambda payee: payee.update(kind="bank"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_errors_about_a_payee_do_not_show_the_account(customer, good, case):
    report = good("B1")
    report["payees"][0]["account"] = CARD
    SPOILT[case](report["payees"][0])
    ran = customer.dougong("push", "--debug", str(customer.file("report.json", report)))
    assert ran.status == 1
    assert "payees[0]." in ran.err
    assert CARD not in ran.out + ran.err
    assert columns_with(customer.folder, CARD) == set()
    assert CARD.encode() not in written(customer.folder)


def test_personal_data_of_the_source_is_not_kept_at_all(customer, example):
    flow, payees = json.loads(example("travel-B26110001")), json.loads(example("payees"))
    flow["value"]["form"] |= {"u_银行卡号": CARD, "u_备注": f"卡 {CARD}", "description": f"请付 {CARD}"}
    payees["items"][0] |= {"cardNo": CARD, "certificateNo": "110101199001011234"}
    pushed = customer.push(customer.file("flow.json", flow), customer.file("payees.json", payees))
    assert pushed.states == {"B26110001": "held"}
    for canary in (CARD, "110101199001011234"):
        assert columns_with(customer.folder, canary) == set()
        assert canary.encode() not in written(customer.folder)
        assert canary not in looked_at(customer, "B26110001", customer.inbox / "flow.json")
