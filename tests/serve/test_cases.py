"""The acceptance cases of documents and callbacks, by their numbers, against the running process."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from serve_kit import BEFORE, SECRET, report, until


@pytest.fixture
def waiting(site):
    """A process whose ERP has taken R1 and not told of it; and what it has to tell."""
    one = site("hooked")
    running = one.start()
    assert running.send(report())[0] == 201
    one.waits()
    (outgoing,) = one.erp.all("outgoing")
    return one, running, outgoing["body"].encode()


def states(one):
    return [(row["state"], row["stage"]) for row in one.rows()]


def test_case_9_same_id_other_amount(waiting):
    one, running, _ = waiting
    before = one.rows()

    status, body, headers = running.call(
        "POST",
        "/v1/documents",
        json.dumps(report(amount="900.00", day=19)).encode(),
        Authorization="Bearer token-of-the-source",
    )

    assert (status, headers["Retry-After"]) == (409, "5")
    assert json.loads(body)["revision"] == 1
    assert one.rows() == before
    assert "refused_in_work" in json.dumps(one.trace("R1"), default=str)


def test_case_21_signature_wrong_missing_empty_one_bit(waiting):
    one, running, body = waiting
    flipped = bytes([body[0] ^ 1]) + body[1:]
    from serve_erps import signature

    good = signature(SECRET, "wh1", now := int(time.time()), body)
    refused = [
        running.told(body, secret="wrong"),
        running.told(body, **{"webhook-signature": ""}),
        running.told(body, **{"webhook-signature": good[:-4] + "AAA="}),
        running.told(flipped, at=now, **{"webhook-signature": good}),
        running.call("POST", "/v1/callbacks/erp/told", body)[0],
    ]
    assert refused == [401] * 5
    assert states(one) == [("waiting", None)]
    assert one.inbox() == []


@pytest.mark.parametrize("minutes", [-6, 6])
def test_case_22_six_minutes_off(waiting, minutes):
    one, running, body = waiting
    assert running.told(body, at=int(time.time()) + 60 * minutes) == 401
    assert (states(one), one.inbox()) == ([("waiting", None)], [])


def test_case_23_a_hundred_times_at_once(waiting):
    one, running, body = waiting
    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(lambda number: running.told(body, id_=f"wh{number}"), range(100)))
    assert answers == [202] * 100
    one.rest()
    assert len(one.inbox()) == 1
    (shown,) = one.show("R1")
    assert [entry["event"] for entry in shown["audit"]].count("confirmed") == 1
    assert len(one.erp.all("posting")) == 1


def test_case_24_a_proxy_that_writes_the_body_anew(waiting):
    from serve_erps import signature

    one, running, body = waiting
    again = json.dumps(json.loads(body), separators=(",", ":")).encode()
    assert again != body
    now = int(time.time())
    for _ in range(5):
        assert running.told(again, at=now, **{"webhook-signature": signature(SECRET, "wh1", now, body)}) == 401
    assert states(one) == [("waiting", None)]
    until(lambda: "callbacks of erp in a row were refused" in running.log)


def test_case_25_both_secrets_while_they_change(waiting):
    one, running, body = waiting
    assert running.told(body, secret=BEFORE) == 202
    one.rest()
    assert running.terminate() == 0
    config = one.folder / "dougong.toml"
    text = config.read_text("utf-8").replace('secret_before = { env = "ERP_SECRET_BEFORE" }\n', "")
    config.write_text(text, "utf-8")
    running = one.start()
    assert (running.told(body, secret=BEFORE), running.told(body)) == (401, 202)


def test_case_26_endless_and_slow_bodies(waiting):
    one, running, body = waiting
    address = urlsplit(running.url).netloc.split(":")
    head = b"POST /v1/callbacks/erp/told HTTP/1.1\r\nHost: x\r\n"

    def answer(after, *parts, pause=0.0):
        """The status line that comes while these parts are sent, or after them."""
        with contextlib.closing(socket.create_connection(address, timeout=60)) as way:
            way.sendall(head + after + b"\r\n\r\n")
            way.settimeout(pause)
            for part in parts:
                with contextlib.suppress(BlockingIOError, TimeoutError):
                    return way.recv(200).split(b" ")[1]
                try:
                    way.setblocking(True)
                    way.sendall(part)
                except OSError:
                    return b"closed"
                way.settimeout(pause)
            way.settimeout(60)
            return way.recv(200).split(b" ")[1]

    assert answer(b"Content-Length: 1073741824") == b"413"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    before = memory(running)
    assert answer(b"Transfer-Encoding: chunked", *[chunk] * 16384) in (b"413", b"closed")
    assert memory(running) - before < 64 * 1024
    assert answer(b"Content-Length: 100", *[b"x"] * 100, pause=0.2) == b"408"
    assert running.told(body) == 202
    one.rest()


def memory(running):
    """Resident memory in KiB."""
    lines = Path(f"/proc/{running.process.pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_case_27_refused_after_it_was_booked(waiting):
    one, running, body = waiting
    assert running.told(body) == 202
    one.rest()
    (item,) = (outcome["item"] for outcome in json.loads(body)["outcomes"])
    asked = one.erp.calls("find")

    assert running.told({"id": "late", "outcomes": [{"item": item}]}) == 202

    def events():
        (shown,) = one.show("R1")
        return [entry["event"] for entry in shown["audit"]]

    until(lambda: events()[-2:] == ["told_otherwise", "confirmed_again"])
    assert states(one) == [("delivered", "submitted")]
    assert one.erp.calls("find") > asked
    assert one.rows()[0]["problems"] == []


def test_case_27_and_it_is_gone_indeed(waiting):
    one, running, body = waiting
    assert running.told(body) == 202
    one.rest()
    (item,) = (outcome["item"] for outcome in json.loads(body)["outcomes"])
    with one.erp.transaction() as tx:
        tx.execute("DELETE FROM posting")

    assert running.told({"id": "late", "outcomes": [{"item": item}]}) == 202

    one.rest("parked")
    assert one.rows()[0]["reason"] == "deleted_in_erp"


def test_case_28_it_never_calls(site):
    one = site("hooked", "poll_after = 0.1")
    running = one.start()
    assert running.send(report())[0] == 201
    one.rest()
    assert one.inbox() == []


def test_case_29_of_a_document_that_nobody_knows(waiting):
    one, running, body = waiting
    strange = json.loads(body) | {"id": "strange"}
    strange["outcomes"][0]["item"] = "99.0"
    assert running.told(strange) == 202
    (kept,) = one.inbox()
    assert (kept["message_id"], kept["handled_at"] is not None) == ("strange", True)
    assert states(one) == [("waiting", None)]
