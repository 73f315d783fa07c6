from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dougong_sdk.sandbox import SandboxError, find_sandbox, installed_sandboxes, launch
from dougong_sdk.sandbox.__main__ import main


def test_ledger_and_port_survive_sigkill(tmp_path, launch_sandbox, toy_name, connect):
    toy = launch_sandbox(toy_name, ledger=tmp_path / "ledger.db")
    url, client = toy.url, connect(toy)
    client.note("before", amount=1.25)
    toy.seed({"credentials": [{"kind": "basic", "user": "late", "password": "comer"}]})
    toy.kill()
    with pytest.raises(ConnectionRefusedError):
        connect(toy)
    toy.restart()
    assert toy.url == url
    assert [(note["text"], note["amount"]) for note in toy.postings()] == [("before", "1.25")]
    again = connect(toy, login=False)
    assert again.ask("login", {"user": "late", "password": "comer"})[0] == 200
    again.token = ""
    client = connect(toy)
    client.note("after")
    assert [note["id"] for note in toy.postings()] == ["1", "2"]


def test_a_seed_file_and_settings_reach_it(tmp_path, launch_sandbox, toy_name):
    seed = tmp_path / "seed.json"
    seed.write_text('{"books": [{"code": "B9"}]}', "utf-8")
    toy = launch_sandbox(toy_name, seed=seed, settings={"user": "zoe"})
    assert toy.config()["seed"]["books"] == [{"code": "B9"}]
    assert toy.config()["settings"]["user"] == "zoe"


def test_a_wrong_setting_stops_the_start_with_its_reason(toy_name):
    with pytest.raises(SandboxError, match="token_seconds"):
        launch(toy_name, settings={"token_second": "1"})


def test_a_port_in_use_is_said(toy_name):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SandboxError, match="cannot listen"):
        launch(toy_name, port=taken.getsockname()[1])


def test_it_ends_when_its_starter_is_gone(tmp_path, toy_name):
    command = [sys.executable, "-m", "dougong_sdk.sandbox", toy_name, "--json", "--follow-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert json.loads(process.stdout.readline())["url"].endswith("/toy/")
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_it_ends_on_sigterm(launch_sandbox, toy_name):
    toy = launch_sandbox(toy_name)
    assert os.kill(toy.pid, 0) is None
    toy.stop()
    assert toy.pid is None


def test_tls_with_an_authority_of_its_own(tmp_path, launch_sandbox, toy_name):
    toy = launch_sandbox(toy_name, ledger=tmp_path / "ledger.db", settings={"tls": "1"})
    assert toy.url.startswith("https://127.0.0.1:")
    ca = toy.ca.read_bytes()
    assert toy.postings() == []
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(toy.admin + "/config", context=ssl.create_default_context(), timeout=5)
    toy.restart()
    assert toy.ca.read_bytes() == ca
    assert toy.postings() == []


def test_a_client_certificate_is_demanded_in_the_handshake(tmp_path, launch_sandbox, toy_name):
    from dougong_sdk.sandbox.tls import make_client_certificate

    identity = make_client_certificate(tmp_path / "client", "maker")
    settings = {"tls": "1", "client_ca": str(identity.ca)}
    toy = launch_sandbox(toy_name, ledger=tmp_path / "ledger.db", settings=settings)
    parts = urlsplit(toy.url)
    anonymous = ssl.create_default_context(cafile=str(toy.ca))
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        _first_byte(parts, anonymous)
    known = ssl.create_default_context(cafile=str(toy.ca))
    known.load_cert_chain(identity.certificate, identity.key)
    assert _first_byte(parts, known) == b"H"


def _first_byte(parts, context):
    with (
        socket.create_connection((parts.hostname, parts.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
    ):
        secure.sendall(b"GET /_sandbox/config HTTP/1.1\r\nHost: x\r\n\r\n")
        return secure.recv(1)


def test_help_lists_every_key(capsys, monkeypatch, toy_name):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))  # where the toy is
    assert main([toy_name, "--help-set", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"user", "password", "latency", "tls", "same_user_may_audit"} <= {row["key"] for row in rows}


def test_an_unknown_sandbox_names_the_installed_ones(capsys):
    assert main(["nosuch"]) == 1
    assert "no sandbox nosuch installed" in capsys.readouterr().err
    with pytest.raises(SandboxError):
        find_sandbox("json:loads")
    with pytest.raises(SandboxError, match="cannot import"):
        find_sandbox("no.such.module:X")
    assert isinstance(installed_sandboxes(), dict)
