"""What a session says and hears is recorded without secrets and persons, and plays back without a server."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from contextlib import suppress
from decimal import Decimal
from urllib.parse import quote

import httpx
import pytest

from dougong.model.problems import DougongError
from dougong_sdk.recording import Schema, record, replay
from dougong_sdk.rest import ConnectionLost, RestSession, TimedOut, Unreachable

CARD = "6222021234567890128"  # Luhn
PERSON = "11010519491231002X"  # GB 11643
IBAN = "DE89370400440532013000"
PLANTED = {
    "given secret": "s3cret/with+signs %",
    "session secret": "app-secret-0123456789",
    "bearer": "eyJhbGciOi.J9.abcdefgh",
    "basic password": "pa:ss&word",
    "cookie sent": "session-cookie-77aa",
    "cookie set": "fresh-cookie-88bb",
    "header token": "x-token-99cc",
    "signature": "c2lnbmF0dXJlLW9mLTE=",
    "query token": "query token/1",
    "nested password": "Geheim#2026",
    "text in json in text": "deep-secret-4711",
    "xml password": "xml&secret<1>",
    "form field": "form=secret&2",
    "phone": "13812345678",
    "account by name": "3100 0228 8999 0000 123",
    "name": "欧阳修文",
    "card by check digit": CARD,
    "id card": PERSON,
    "iban": IBAN,
    "e-mail": "zhang.san@example.com",
    "ticket by schema": "ticket-5566778899",
}
SCHEMA = Schema(secrets=["TicketValue"], volatile=["sentAt"])

#: What has to stay: references, amounts, voucher numbers, accounts of the general ledger, ids that count up.
KEPT = ["DG8K2M4N6P8R0T2V4X6Z", "记-44", "12345678.90", "6602.01", "1732400000123456789", "0000476000"]


def conversation(session, server, soon):
    """Calls with everything planted, and what came back."""
    p = PLANTED
    basic = base64.b64encode(f"ann:{p['basic password']}".encode()).decode()
    login = {"parameters": {"Password": p["nested password"], "TicketValue": p["ticket by schema"]}}
    inner = json.dumps({"appSecret": p["text in json in text"], "n": 1})
    voucher = {
        "ref": KEPT[0],
        "total": 1,
        "lines": [{"account": KEPT[3], "text": f"{p['name']}报销 {CARD}"}, {"account": KEPT[5]}],
        "payee": {"account": p["account by name"], "PayeeName": p["name"], "mobile_phone": int(p["phone"])},
        "note": f"卡{' '.join(re.findall('.{1,4}', CARD))}, 身份证{PERSON}, {IBAN}, {p['e-mail']}",
        "inner": inner,
        "sentAt": str(threading.get_ident()),
        "url": f"https://erp/?token={quote(p['query token'], safe='')}&x=1",
        "spelt": f"{quote(p['given secret'], safe='')} {base64.b64encode(b'xx' + p['given secret'].encode()).decode()}",
    }
    answer = {
        "KDSessionId": p["cookie set"],
        "number": KEPT[1],
        "amount": Decimal(KEPT[2]),
        "id": int(KEPT[4]),
        "message": f"password: {p['nested password']}, key {p['session secret']}",
        "fields": [{"name": "password", "value": p["nested password"]}],
    }
    xml = (
        f'<e:Envelope xmlns:e="x"><wsse:Password Type="t">{"xml&amp;secret&lt;1&gt;"}</wsse:Password>'
        f'<p name="token" value="{p["header token"]}"/><ref>{KEPT[0]}</ref>'
        f"<银行账号><![CDATA[{p['account by name']}]]></银行账号></e:Envelope>"
    )
    server.says(json_bytes(answer), ("Set-Cookie", f"sid={p['cookie set']}; path=/; HttpOnly"))
    server.says(xml.encode(), media_type="text/xml")
    server.says(b"ok=1&access_token=" + quote(p["form field"]).encode(), media_type="application/x-www-form-urlencoded")
    server.says(f"令牌 {p['bearer']} 与 {p['session secret']}".encode("gb18030"), media_type="text/plain; charset=gbk")
    calls = [
        ("login", json.dumps(login).encode(), "application/json", {"Authorization": f"Basic {basic}"}),
        (
            f"save?token={quote(p['query token'], safe='')}&ref={KEPT[0]}",
            json.dumps(voucher).encode(),  # \u escapes on the wire
            "application/json",
            {
                "Authorization": f"Bearer {p['bearer']}",
                "Cookie": f"lang=zh; sid={p['cookie sent']}",
                "X-Acme-Token": p["header token"],
                "X-Api-Signature": p["signature"],
            },
        ),
        ("form", f"password={quote(p['form field'])}&amount=1.10".encode(), "application/x-www-form-urlencoded", {}),
        ("soap", xml.encode(), "text/xml; charset=utf-8", {}),
    ]
    heard = []
    for path, body, media_type, headers in calls:
        got = session.send("POST", path, body=body, deadline=soon(), headers=headers, media_type=media_type)
        heard.append(got)
    return heard


def json_bytes(value):
    from dougong.formats import json_text

    return json_text.dumps(value, numbers=True).encode()


@pytest.fixture
def recorded(server, session, soon, folder):
    with record(folder, secrets=[PLANTED["given secret"]], schema=SCHEMA):
        heard = conversation(session(secrets=[PLANTED["session secret"]]), server, soon)
    assert server.script == []
    return heard


def test_nothing_planted_is_in_any_file_in_any_encoding(recorded, folder, leaks):
    assert len(list(folder.glob("[0-9]*.json"))) == 4
    assert leaks(folder, PLANTED.values()) == []


def test_the_search_finds_what_is_there(server, tmp_path, leaks):
    for name, value in PLANTED.items():
        (tmp_path / "x").write_text(f'{{"a": "{base64.b64encode(f"ab{value}".encode()).decode()}"}}', "utf-8")
        assert leaks(tmp_path, [value]) == [("x", value)], name


def test_what_says_nothing_of_anybody_stays(recorded, folder):
    text = "\n".join(path.read_text("utf-8") for path in folder.iterdir())
    assert [kept for kept in KEPT if kept not in text] == []


def test_a_file_can_be_read_by_a_person(recorded, folder):
    told = json.loads((folder / "0001.json").read_text("utf-8"))
    assert told["request"]["line"] == "POST /api/login"
    assert told["answer"]["status"] == 200
    assert told["answer"]["body"]["json"]["number"] == "记-44"
    (cookie,) = [line for line in told["answer"]["headers"] if line.lower().startswith("set-cookie")]
    hidden = told["answer"]["body"]["json"]["KDSessionId"]
    assert cookie.partition(": ")[2] == f"sid={hidden}; path=/; HttpOnly"  # the same value, the same pseudonym


def test_it_plays_back_without_a_server(recorded, folder, server, session, soon):
    server.shutdown()
    server.server_close()
    with replay(folder) as playing:
        heard = conversation(session(port=9), server, soon)
    assert playing.left == []
    assert [got.status for got in heard] == [got.status for got in recorded]
    assert heard[0].json()["amount"] == Decimal("12345678.90")
    assert heard[0].json().keys() == recorded[0].json().keys()
    assert heard[0].headers["set-cookie"].startswith("sid=hidden-")
    assert heard[1].text().count("<") == recorded[1].text().count("<")
    assert heard[3].content.decode("gb18030").startswith("令牌 hidden-")


def test_a_secret_that_is_learned_late_is_hidden_in_what_was_written_early(server, session, soon, folder, leaks):
    server.says(b'{"text": "about later-secret-1 and 13912345678"}')
    server.says(b'{"token": "later-secret-1", "phone": "13912345678"}')
    with record(folder):
        made = session()
        for path in ("a", "b"):
            made.post(path, b"{}", deadline=soon())
    assert leaks(folder, ["later-secret-1", "13912345678"]) == []


def test_another_recording_has_other_pseudonyms(server, session, soon, tmp_path):
    tokens = []
    for name in ("one", "two"):
        server.says(b'{"token": "the-same-token"}')
        with record(tmp_path / name):
            session().post("a", b"{}", deadline=soon())
        told = json.loads((tmp_path / name / "0001.json").read_text("utf-8"))
        tokens.append(told["answer"]["body"]["json"]["token"])
    assert tokens[0] != tokens[1]


def test_failures_are_recorded_and_play_back(folder, soon, session):
    class Failing(httpx.BaseTransport):
        def handle_request(self, request):
            if request.url.path.endswith("late"):
                raise httpx.ReadTimeout("late")
            if request.url.path.endswith("half"):
                return httpx.Response(200, stream=Half())
            raise httpx.ConnectError("refused")

    class Half(httpx.SyncByteStream):
        def __iter__(self):
            yield b'{"a":'
            raise httpx.ReadError("gone")

    errors = {"late": TimedOut, "half": ConnectionLost, "away": Unreachable}
    with record(folder) as recorder:
        made = RestSession("http://erp/api/", transport=recorder.transport(Failing, ()))
        for path, error in errors.items():
            with pytest.raises(error):
                made.post(path, b"{}", deadline=soon())
    with replay(folder):
        made = session()
        for path, error in errors.items():
            with pytest.raises(error):
                made.post(path, b"{}", deadline=soon())


def test_repeated_requests_are_answered_in_order(server, session, soon, folder):
    for number in range(3):
        server.says(b'{"n":%d}' % number)
    with record(folder):
        made = session()
        for _ in range(3):
            made.post("poll", b"{}", deadline=soon())
    with replay(folder):
        made = session()
        assert [made.post("poll", b"{}", deadline=soon()).json()["n"] for _ in range(3)] == [0, 1, 2]


def test_an_unexpected_request_is_named_with_what_comes_next(server, session, soon, folder):
    for _ in range(2):
        server.says(b"{}")
    with record(folder):
        made = session()
        made.post("save", b'{"a":{"b":[1,2]}}', deadline=soon())
        made.post("audit?id=7", b"{}", deadline=soon())
    with pytest.raises(DougongError, match="REPLAY_UNEXPECTED") as caught, replay(folder):
        session().post("save?token=secret-token-7", b'{"a":{"b":[1,3]}}', deadline=soon())
    text = str(caught.value)
    assert "POST /api/save?token=hidden-" in text
    assert "secret-token-7" not in text
    words = r"0001 differs in its body a\.b\[1\].*next: 0001 POST /api/save"
    with pytest.raises(DougongError, match=words) as caught, replay(folder):
        session().post("save", b'{"a":{"b":[1,3]}}', deadline=soon())
    assert "0001 的 body a.b[1] 不同" in caught.value.problems[0].message.zh
    with pytest.raises(DougongError, match="query id"), replay(folder):
        session().post("audit?id=8", b"{}", deadline=soon())


def test_an_unexpected_request_that_somebody_took_for_a_lost_one_comes_out_at_the_end(server, session, soon, folder):
    server.says(b"{}")
    with record(folder):
        session().post("save", b"{}", deadline=soon())
    playing = replay(folder)
    with playing:
        session().post("save", b"{}", deadline=soon())
    playing = replay(folder)
    playing.__enter__()
    made = session()
    made.post("save", b"{}", deadline=soon())
    with suppress(DougongError):
        made.post("save", b"{}", deadline=soon())
    with pytest.raises(DougongError, match="used up"):
        playing.__exit__(None, None, None)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_records_into_the_same_folder_with_the_same_pseudonyms(server, session, soon, folder):
    for _ in range(2):
        server.says(b'{"token": "the-same-token"}')
    with record(folder):
        session().post("a", b"{}", deadline=soon())
        child = os.fork()
        if child == 0:
            try:
                session().post("a", b"{}", deadline=soon())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    told = [json.loads((folder / f"000{n}.json").read_text("utf-8")) for n in (1, 2)]
    assert told[0]["answer"]["body"] == told[1]["answer"]["body"]


def test_threads_record_side_by_side(server, session, soon, folder):
    for _ in range(20):
        server.says(b"{}")
    with record(folder):
        made = session()
        threads = [threading.Thread(target=lambda n=n: made.post(f"x{n}", b"{}", deadline=soon())) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with replay(folder) as playing:
        assert len(playing.left) == 20
        for number in range(20):
            session().post(f"x{number}", b"{}", deadline=soon())


def test_after_the_block_nothing_is_recorded_and_sessions_are_as_before(server, session, soon, folder):
    for _ in range(2):
        server.says(b"{}")
    with record(folder):
        made = session()
    made.post("x", b"{}", deadline=soon())
    session().post("x", b"{}", deadline=soon())
    assert [path.name for path in folder.iterdir()] == ["schema.json"]


def test_a_session_with_a_transport_of_its_own_is_left_alone(folder, soon):
    own = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    with record(folder):
        RestSession("http://erp/", transport=own).post("x", b"{}", deadline=soon())
    assert [path.name for path in folder.iterdir()] == ["schema.json"]


def test_a_replay_needs_no_certificate_of_the_real_server(server, session, soon, folder, tmp_path):
    server.says(b"{}")
    with record(folder):
        session().post("x", b"{}", deadline=soon())
    with replay(folder):
        made = RestSession("https://erp.example.com/api/", ca_file=tmp_path / "missing.pem")
        assert made.post("x", b"{}", deadline=soon()).status == 200


@pytest.mark.parametrize("content", [b"[]", b'{"request": {}}', b"{"])
def test_a_file_that_is_no_exchange_is_named(server, session, soon, folder, content):
    server.says(b"{}")
    with record(folder):
        session().post("x", b"{}", deadline=soon())
    (folder / "0001.json").write_bytes(content)
    with pytest.raises(DougongError, match=r"RECORDING_INVALID.*0001\.json"), replay(folder):
        pass


def test_a_folder_that_is_none_or_in_use_is_refused(folder, tmp_path):
    with pytest.raises(DougongError, match="RECORDING_INVALID"), replay(tmp_path / "missing"):
        pass
    with record(folder):
        pass
    with pytest.raises(DougongError, match="no recorded exchange"), replay(folder):
        pass
    with pytest.raises(DougongError, match="not empty"), record(folder):
        pass


def test_names_come_from_a_file(server, session, soon, folder, tmp_path, leaks):
    names = tmp_path / "recording.toml"
    names.write_text('secrets = ["F_ACME_*"]\npersonal = ["FCONTACT"]\nkeep = ["password"]\n', "utf-8")
    server.says('{"FAcme_Key":"acme-key-1","FContact":"司马光","password":"policy-strong"}'.encode())
    with record(folder, schema=names):
        session().post("x", "司马光".encode(), deadline=soon())
    assert leaks(folder, ["acme-key-1", "司马光"]) == []
    assert "policy-strong" in (folder / "0001.json").read_text("utf-8")


@pytest.mark.parametrize("content", ["secret = []", "secrets = 'x'", "secrets = [1]", "["])
def test_a_wrong_file_of_names_is_refused(folder, tmp_path, content):
    names = tmp_path / "recording.toml"
    names.write_text(content, "utf-8")
    with pytest.raises(DougongError, match=r"RECORDING_INVALID.*recording\.toml"), record(folder, schema=names):
        pass
