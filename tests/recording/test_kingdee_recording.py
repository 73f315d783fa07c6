"""Pushes to Kingdee's sandbox are recorded without secrets and people, and play back without a sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dougong.model.problems import DougongError
from dougong_sdk.recording import Schema, record, replay

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "documents"
#: Where nobody listens.
NOWHERE = "http://127.0.0.1:9/k3cloud/"

#: What the project knows, as `init` wrote it for the sandbox.
CREDENTIALS = {
    "app_id": "210001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
    "app_secret": "0123456789abcdef0123456789abcdef",
    "password": "Demo@123",
    "auditor app_id": "210002_GBkaGxwdHh8gISIjJCUmJygpKissLS4v",
    "auditor app_secret": "fedcba9876543210fedcba9876543210",
    "auditor password": "Audit@123",
}
#: What a report's text quotes, and the ERP in its answers.
QUOTED = {
    "card": "6222021234567890128",
    "card in groups": "6217 0012 3456 7890 122",
    "credit card": "4111-1111-1111-1111",
    "id card": "11010519491231002X",
    "iban": "DE89370400440532013000",
    "e-mail": "zhang.san@example.com",
    "password in text": "Geheim#2026",
    "token in text": "eyJhbGciOi.J9.abc",
    "given": "欧阳修文",
}
#: What the ERP tells of its employees, in rows without names; it stands in texts of vouchers, too.
EMPLOYEES = ("张三", "李四", "王五", "赵六", "孙七")
PLANTED = (*CREDENTIALS.values(), *QUOTED.values(), *EMPLOYEES)


def report(customer, number):
    """A report whose reason says too much."""
    content = json.loads((DOCUMENTS / "trip.json").read_text("utf-8"))
    q = QUOTED
    for invoice in content["invoices"]:
        invoice["number"] += number[1:]  # nobody claims an invoice twice
    content |= {"id": number, "number": number, "advances": []}
    content["reason"] = (
        f"代{q['given']} {q['card']},{q['card in groups']},{q['credit card']},{q['id card']},{q['iban']},{q['e-mail']},"
        f"password: {q['password in text']} token={q['token in text']}"
    )
    content["payees"] = [{"kind": "employee", "code": "E001", "amount": "2208.00", "account": q["card"]}]
    return customer.file(f"{number}.json", content)


def prepare(customer, login):
    """A customer who logs in so, and whose vouchers are audited by the second credential."""
    secrets = customer.folder / "secrets"
    for name, credential in (("kingdee_password", "password"), ("kingdee_auditor_password", "auditor password")):
        (secrets / name).write_text(CREDENTIALS[credential], "utf-8")
    customer.change("dougong.toml", 'target_stage = "submitted"', 'target_stage = "audited"')
    customer.change("dougong.toml", "kingdee.settings]\n", f'kingdee.settings]\nlogin = "{login}"\n')
    for name in ("", "auditor_"):
        given = f'app_secret = {{ file = "secrets/kingdee_{name}app_secret" }}\n'
        customer.change("dougong.toml", given, f'{given}password = {{ file = "secrets/kingdee_{name}password" }}\n')


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "recording"


@pytest.fixture(params=["signature", "app_secret", "password"])
def recorded(request, customer, folder):
    """What two reports became while the exchange with the sandbox was recorded."""
    prepare(customer, request.param)
    with record(folder, secrets=[QUOTED["given"]], schema=Schema.shipped("dougong_kingdee")):
        pushed = customer.push(report(customer, "B1"), report(customer, "B2"), source=None)
    assert pushed.states == {"B1": "delivered", "B2": "delivered"}, pushed
    assert {row["stage"] for row in pushed.rows} == {"audited"}
    return request.param, pushed


def test_nothing_planted_is_recorded_and_the_replay_delivers_the_same(
    recorded, folder, erp, make_customer, tmp_path, leaks
):
    login, pushed = recorded
    assert len(PLANTED) == 20
    assert QUOTED["card"] in json.dumps(erp.requests())  # it has been sent
    assert leaks(folder, PLANTED) == []
    text = "\n".join(path.read_text("utf-8") for path in folder.iterdir())
    for row in pushed.rows:  # what identifies a voucher stays
        assert row["reference"] in text
        assert row["erp_id"] in text

    erp.reset()
    other = make_customer(tmp_path / "other")
    other.change("dougong.toml", erp.url, NOWHERE)
    prepare(other, login)
    with replay(folder) as playing:
        again = other.push(report(other, "B1"), report(other, "B2"), source=None)
    assert again == pushed
    assert playing.left == []
    assert erp.postings() == []


@pytest.mark.parametrize("recorded", ["signature"], indirect=True)
def test_another_voucher_is_not_taken_for_the_recorded_one(recorded, folder, make_customer, tmp_path):
    other = make_customer(tmp_path / "other")
    prepare(other, "signature")
    path = report(other, "B1")
    path.write_text(path.read_text("utf-8").replace("2026-11-10", "2026-11-11"), "utf-8")
    with pytest.raises(DougongError, match=r"REPLAY_UNEXPECTED.*Save.*next"), replay(folder):
        other.push(path, source=None)
