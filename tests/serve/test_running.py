"""A real process: documents in, callbacks in, killed, stopped, two at once."""

from __future__ import annotations

import json
import signal

import pytest
from serve_kit import report, until

NUMBERS = tuple(f"R{number}" for number in range(1, 11))


def booked(site):
    return sorted(row["document"] for row in site.erp.all("posting"))


@pytest.mark.parametrize("shape", ["confirming", "calling"])
def test_from_push_to_confirmation(site, courier, shape):
    one = site(shape)
    running = one.start()
    courier(one, running)

    for number in ("R1", "R2", "R3"):
        assert running.send(report(number))[0] == 201

    one.rest(count=3)
    assert booked(one) == ["R1", "R2", "R3"]
    until(lambda: all(row["acknowledged"] for row in one.erp.all("outgoing")))
    assert running.terminate() == 0, running.log
    assert one.audited() == []


@pytest.mark.crash
@pytest.mark.parametrize("shape", ["confirming", "calling"])
@pytest.mark.parametrize("label", ["callback_stored", "confirmed"])
def test_killed_in_a_callback(site, courier, shape, label):
    one = site(shape)
    running = one.start(crash=label)
    assert running.send(report())[0] == 201
    one.waits()
    way = courier(one, running)
    assert running.died(), running.log

    way["to"] = one.start()

    one.rest()
    assert booked(one) == ["R1"]
    assert one.audited() == []


@pytest.mark.crash
@pytest.mark.parametrize("label", ["accepted", "prepared", "answered", "outcome"])
def test_killed_on_the_way(site, courier, label):
    """The caller gets no answer, or one; either way the document is there once it was accepted."""
    one = site("confirming")
    running = one.start(crash=label)
    way = courier(one, running)
    running.try_to_send(report())
    assert running.died(), running.log

    way["to"] = one.start()

    assert way["to"].send(report())[0] == 200
    one.rest()
    assert booked(one) == ["R1"]
    assert one.audited() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop(site, courier, number):
    one = site("confirming")
    running = one.start()
    way = courier(one, running)
    for name in NUMBERS:
        assert running.send(report(name))[0] == 201

    assert running.terminate(number) == 0, running.log

    assert {row["state"] for row in one.rows()} <= {"accepted", "ready", "waiting", "unknown", "delivered"}, running.log
    way["to"] = one.start()
    one.rest(count=len(NUMBERS))
    assert booked(one) == sorted(NUMBERS)


def test_two_on_one_ledger(site, courier):
    one = site("confirming")
    first, second = one.start(), one.start()
    courier(one, second)

    for name in NUMBERS:
        assert {first.send(report(name))[0], second.send(report(name))[0]} == {201, 200}

    one.rest(count=len(NUMBERS))
    assert booked(one) == sorted(NUMBERS)
    assert one.audited() == []


def test_a_worker_does_the_same_without_http(site, tmp_path):
    from dougong import formats, intake
    from dougong.ledger.store import Ledger

    one = site("hooked", "poll_after = 0.05")
    working = one.start("worker")
    with Ledger(one.folder / "ledger.db") as ledger:
        intake.accept(ledger, formats.read_canonical(json.dumps(report()).encode()))

    one.rest()
    assert booked(one) == ["R1"]
    assert working.terminate() == 0, working.log


def test_new_rules_and_rows_count_without_a_restart(site, courier):
    one = site("confirming")
    running = one.start()
    courier(one, running)
    strange = report("R1", lines=[{"id": "1", "fee_type": "新费用", "gross": "300.00", "expense_date": "2026-11-12"}])
    assert running.send(strange)[0] == 201
    held = until(lambda: [row for row in one.rows() if row["state"] == "held"])
    assert [problem["code"] for problem in held[0]["problems"]] == ["ACCOUNT_NOT_DETERMINED"]
    rows = one.folder / "tables" / "expense_account.csv"
    text = rows.read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("差旅费,管理"))

    rows.write_text(text.rstrip("\n") + "\n" + line.replace("差旅费", "新费用") + "\n", "utf-8")

    one.rest()
    assert booked(one) == ["R1"]


def test_without_a_token_nobody_else_is_listened_to(site):
    one = site()
    config = one.folder / "dougong.toml"
    config.write_text(config.read_text("utf-8").replace('token = { env = "DOUGONG_TOKEN" }\n', ""), "utf-8")
    refused = one.run("serve", "--host", "0.0.0.0")
    assert refused.end() == 1
    assert "SERVER_WITHOUT_TOKEN server.token" in refused.log


def test_a_connection_that_cannot_be_used_stops_no_other(site, courier):
    one = site("confirming")
    config = one.folder / "dougong.toml"
    route = '[[routes]]\nentity = "B01"\nbook = "B01"\nconnection = "gone"\n'
    text = config.read_text("utf-8") + f'\n[connections.gone]\nconnector = "nowhere"\n{route}'
    config.write_text(text, "utf-8")
    running = one.start()
    courier(one, running)
    assert running.send(report())[0] == 201
    one.rest()
    assert "nowhere" in running.log
