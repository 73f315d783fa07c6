"""A session over HTTP: what leaves, what is read, and what each failure proves; servers are sockets on loopback."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from decimal import Decimal
from email.utils import format_datetime

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dougong.hookspecs import Deadline
from dougong.model.outcomes import NotDone, Unknown
from dougong.model.problems import DougongError
from dougong_sdk.rest import (
    Answer,
    BadAnswer,
    BadStatus,
    ConnectionLost,
    LoginRefused,
    NotSent,
    RestSession,
    TimedOut,
    Unreachable,
    outcome_of,
)
from dougong_sdk.transport import LeanTransport


class Server:
    """Accepts connections one after another; `script(number, connection, request)` answers the n-th request of all."""

    def __init__(self, script, wrap=lambda connection: connection):
        self.script, self.wrap = script, wrap
        self.requests, self.connections, self.errors = [], 0, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(raw,), daemon=True).start()

    def serve(self, raw):
        try:
            with raw, self.wrap(raw) as connection:
                connection.settimeout(10)
                while request := read_request(connection):
                    self.requests.append(request)
                    if self.script(len(self.requests), connection, request) == "close":
                        return
        except OSError as error:
            self.errors.append(error)

    def close(self):
        self.listener.close()


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(v) for k, _, v in (h.partition(b":") for h in head.split(b"\r\n")) if k.lower() == b"content-length"
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(body=b"{}", status=b"200 OK", headers=b"Content-Type: application/json\r\n"):
    return b"HTTP/1.1 " + status + b"\r\n" + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def says(data):
    return lambda number, connection, request: connection.sendall(data)


@pytest.fixture
def serve():
    made = []

    def make(script, **more):
        made.append(Server(script, **more))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def session_to():
    made = []

    def make(server, scheme="http", **more):
        made.append(RestSession(f"{scheme}://127.0.0.1:{server.port}/k3cloud/", **more))
        return made[-1]

    yield make
    for session in made:
        session.close()


def within(seconds=5.0):
    return Deadline.after(seconds)


def test_bytes_leave_as_they_are_and_numbers_come_exactly(serve, session_to):
    server = serve(says(answer('{"a":0.10,"b":12345678901234567890.01,"c":"中"}'.encode())))
    got = session_to(server).post("Save", '{"x":1.10,"文":"摘要"}'.encode(), deadline=within(), headers={"X-Key": "1"})
    assert got.json() == {"a": Decimal("0.10"), "b": Decimal("12345678901234567890.01"), "c": "中"}
    assert str(got.json()["a"]) == "0.10"
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == '{"x":1.10,"文":"摘要"}'.encode()
    assert head.startswith(b"POST /k3cloud/Save HTTP/1.1\r\n")
    assert b"accept-encoding: identity" in head.lower()
    assert f"host: 127.0.0.1:{server.port}".encode() in head.lower()


def test_a_connection_is_kept_alive_and_chunks_are_joined(serve, session_to):
    chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n'
    server = serve(says(chunked))
    session = session_to(server)
    assert [session.post("x", b"", deadline=within()).json() for _ in range(3)] == [{"a": 1}] * 3
    assert server.connections == 1


def test_several_threads_may_share_a_transport(serve):
    server = serve(lambda number, connection, request: connection.sendall(answer(request.partition(b"\r\n\r\n")[2])))
    session = RestSession(f"http://127.0.0.1:{server.port}/")
    wrong = []

    def work(name):
        for turn in range(20):
            body = f'"{name}-{turn}"'.encode()
            if session.post("x", body, deadline=within()).content != body:
                wrong.append(body)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.close()
    assert wrong == []
    assert server.connections <= 8


def test_a_connection_that_the_server_closed_is_not_used_again(serve, session_to):
    closed = threading.Event()

    def script(number, connection, request):
        connection.sendall(answer())
        if number == 1:
            connection.shutdown(socket.SHUT_RDWR)
            closed.set()
            return "close"
        return None

    server = serve(script)
    session = session_to(server)
    session.post("x", b"", deadline=within())
    assert closed.wait(5)
    session.post("x", b"", deadline=within())
    assert server.connections == 2


def test_an_answer_too_many_is_never_taken_for_the_next_one(serve, session_to):
    twice = answer(b'"first"') * 2
    server = serve(lambda n, c, r: c.sendall(twice if n == 1 else answer(b'"second"')))
    session = session_to(server)
    assert session.post("x", b"", deadline=within()).json() == "first"
    assert session.post("x", b"", deadline=within()).json() == "second"
    assert server.connections == 2


def test_a_connection_that_idled_too_long_is_not_used_again(serve, session_to, monkeypatch):
    server = serve(says(answer()))
    session = session_to(server)
    session.post("x", b"", deadline=within())
    monkeypatch.setattr("dougong_sdk.transport.KEEP_ALIVE", 0.0)
    session.post("x", b"", deadline=within())
    assert server.connections == 2


@pytest.mark.parametrize("part", ["head", "body", "silence"])
def test_the_deadline_is_for_the_whole_call_however_slowly_bytes_drip(serve, session_to, part):
    released = threading.Event()
    data = answer(b'{"a":"' + b"x" * 50 + b'"}')
    start = {"head": 0, "body": data.index(b"\r\n\r\n") + 4, "silence": len(data)}[part]

    def script(number, connection, request):
        connection.sendall(data[:start] if part != "silence" else b"")
        for byte in data[start:]:
            connection.sendall(bytes([byte]))
            if released.wait(0.05):
                return "close"
        released.wait(10)
        return "close"

    started = time.monotonic()
    with pytest.raises(TimedOut):
        session_to(serve(script)).post("x", b"", deadline=within(0.3))
    assert time.monotonic() - started < 1.0
    released.set()


def test_the_deadline_also_ends_a_call_whose_bytes_nobody_reads():
    blocked = socket.create_server(("127.0.0.1", 0))
    try:
        session = RestSession(f"http://127.0.0.1:{blocked.getsockname()[1]}/")
        started = time.monotonic()
        with pytest.raises(TimedOut):
            session.post("x", b"x" * 50_000_000, deadline=within(0.3))
        assert time.monotonic() - started < 1.5
        session.close()
    finally:
        blocked.close()


def cut(number, connection, request):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    return "close"


def after(data):
    def script(number, connection, request):
        connection.sendall(data)
        return "close"

    return script


UNCLEAR = {
    "reset": (cut, ConnectionLost),
    "closed": (lambda n, c, r: "close", ConnectionLost),
    "half a head": (after(b"HTTP/1.1 201 Created\r\nLoc"), BadAnswer),
    "half a body": (after(answer(b"x" * 100)[:-50]), BadAnswer),
    "half a chunk": (after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"), BadAnswer),
    "not http": (after(b"SMTP ready\r\n\r\n"), BadAnswer),
    "too large": (says(answer(b"x" * 5000)), BadAnswer),
    "endless": (after(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000), BadAnswer),
    "compressed": (says(answer(b"x", headers=b"Content-Encoding: gzip\r\n")), BadAnswer),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_once_bytes_have_left_a_failure_proves_nothing(serve, session_to, name):
    script, kind = UNCLEAR[name]
    server = serve(script)
    with pytest.raises(kind) as caught:
        session_to(server, max_answer=4096).post("x", b"{}", deadline=within())
    assert isinstance(outcome_of(caught.value), Unknown)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "transport", [LeanTransport, lambda: httpx.HTTPTransport(trust_env=False)], ids=["ours", "httpx"]
)
@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "http://no.such.name.invalid/"])
def test_what_was_never_reached_proves_that_nothing_was_sent(address, transport):
    session = RestSession(address, transport=transport())
    with pytest.raises(Unreachable) as caught:
        session.post("x", b"{}", deadline=within())
    session.close()
    assert isinstance(outcome_of(caught.value), NotDone)


def test_a_name_that_cannot_even_be_asked_for_is_not_reached():
    with pytest.raises(Unreachable):
        RestSession(f"http://{'a' * 70}.invalid/").post("x", b"{}", deadline=within())


def test_a_deadline_that_has_passed_sends_nothing(serve, session_to):
    server = serve(says(answer()))
    with pytest.raises(NotSent):
        session_to(server).post("x", b"{}", deadline=within(-1))
    assert server.requests == []


def test_httpx_own_transport_is_held_to_the_deadline_too(serve, session_to):
    released = threading.Event()

    def script(number, connection, request):
        connection.sendall(answer(b"x" * 100)[:-90])
        while not released.wait(0.05):
            connection.sendall(b"x")

    started = time.monotonic()
    with pytest.raises(TimedOut):
        session_to(serve(script), transport=httpx.HTTPTransport(trust_env=False)).post("x", b"", deadline=within(0.3))
    assert time.monotonic() - started < 1.5
    released.set()


def test_httpx_client_runs_over_our_transport(serve):
    server = serve(says(answer(b'{"a":1}')))
    with httpx.Client(transport=LeanTransport(), trust_env=False) as client:
        assert client.get(f"http://127.0.0.1:{server.port}/x", headers={"content-length": "0"}).json() == {"a": 1}


@pytest.mark.parametrize("status", [302, 401, 429, 500, 503])
def test_an_unexpected_status_is_an_answer_until_somebody_expects_another(serve, session_to, status):
    reply = answer(status=b"%d X" % status, headers=b"Retry-After: 7\r\nLocation: /elsewhere\r\n")
    got = session_to(serve(says(reply))).post("x", b"", deadline=within())
    assert got.status == status
    with pytest.raises(BadStatus) as caught:
        got.expect(200)
    assert outcome_of(caught.value).ask_after == 7
    assert got.expect(status) is got


def test_retry_after_may_be_a_date():
    def after(text):
        with pytest.raises(BadStatus) as caught:
            Answer(503, httpx.Headers({"retry-after": text}), b"").expect(200)
        return caught.value.retry_after

    assert 50 < after(format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60), usegmt=True)) <= 60
    assert after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert after("soon") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b'{"a":1,"a":2}', b"NaN", b"[" * 300 + b"]" * 300, b"1e400", b"response_error:x"],
    ids=repr,
)
def test_json_is_read_strictly(content):
    with pytest.raises(BadAnswer):
        Answer(200, httpx.Headers({"content-type": "application/json"}), content).json()


def test_a_web_page_is_no_answer_even_if_it_is_json():
    with pytest.raises(BadAnswer):
        Answer(200, httpx.Headers({"content-type": "text/html; charset=utf-8"}), b"{}").json()


@pytest.mark.parametrize(
    "address",
    [
        "ftp://erp/",
        "erp.example",
        "http://user:secret77@erp/",
        "http://erp/?token=secret77",
        "http:///x",
        "http://erp:x/",
    ],
)
def test_addresses_that_cannot_be_used_are_refused_without_being_quoted(address):
    with pytest.raises(DougongError) as caught:
        RestSession(address)
    assert caught.value.problems[0].path == "base_url"
    assert "secret77" not in str(caught.value)


def test_secrets_are_in_no_text(serve, session_to):
    session = session_to(serve(cut), secrets=["s3cret", "", "s3cret-long"])
    with pytest.raises(ConnectionLost) as caught:
        session.post("x?token=s3cret", b"s3cret", deadline=within(), headers={"Authorization": "s3cret"})
    shown = f"{caught.value} {caught.value!r} {session!r} {Answer(200, httpx.Headers({'k': 's3cret'}), b's3cret')!r}"
    assert "s3cret" not in shown
    assert session.redact("a s3cret-long b s3cret c") == "a *** b *** c"


def test_a_line_break_in_a_header_is_refused_before_anything_is_sent(serve, session_to):
    server = serve(says(answer()))
    with pytest.raises(NotSent):
        session_to(server).post("x", b"", deadline=within(), headers={"X": "1\r\nX-Evil: 2"})
    assert server.connections == 0


def test_errors_say_what_to_do_in_both_languages():
    for error in (Unreachable("未连接", "not reached"), LoginRefused("拒绝", "refused")):
        (problem,) = error.problems
        assert problem.hint.zh
        assert problem.hint.en


def self_signed(name: x509.GeneralName) -> str:
    """A certificate that signs itself and is its own authority, with its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return (made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)).decode()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """`server.pem` is for 127.0.0.1, `stranger.pem` for somebody else."""
    folder = tmp_path_factory.mktemp("tls")
    (folder / "server.pem").write_text(self_signed(x509.IPAddress(ipaddress.ip_address("127.0.0.1"))))
    (folder / "stranger.pem").write_text(self_signed(x509.DNSName("no.one")))
    return folder


def tls_server(certificate, name="server", clients=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / f"{name}.pem")
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return lambda raw: context.wrap_socket(raw, server_side=True)


def test_a_given_authority_is_trusted_and_nothing_else(serve, session_to, certificate):
    server = serve(says(answer(b'{"a":1}')), wrap=tls_server(certificate))
    trusting = session_to(server, "https", ca_file=certificate / "server.pem")
    assert [trusting.post("x", b"", deadline=within()).json() for _ in range(2)] == [{"a": 1}] * 2
    for refusing in (session_to(server, "https"), session_to(server, "https", ca_file=certificate / "stranger.pem")):
        with pytest.raises(Unreachable):
            refusing.post("x", b"", deadline=within())
    assert len(server.requests) == 2


def test_a_certificate_for_another_name_is_refused(serve, session_to, certificate):
    server = serve(says(answer()), wrap=tls_server(certificate, "stranger"))
    with pytest.raises(Unreachable):
        session_to(server, "https", ca_file=certificate / "stranger.pem").post("x", b"", deadline=within())
    assert server.requests == []


def test_a_client_certificate_is_shown(serve, session_to, certificate):
    server = serve(says(answer()), wrap=tls_server(certificate, clients=certificate / "stranger.pem"))
    known = {"ca_file": certificate / "server.pem", "certificate": certificate / "stranger.pem"}
    assert session_to(server, "https", **known).post("x", b"", deadline=within()).status == 200


def test_a_missing_certificate_file_is_named(tmp_path):
    with pytest.raises(DougongError, match=r"missing\.pem"):
        RestSession("https://erp/", ca_file=tmp_path / "missing.pem")


def test_a_tls_handshake_that_hangs_ends_at_the_deadline(serve, session_to):
    silent = socket.create_server(("127.0.0.1", 0))
    session = RestSession(f"https://127.0.0.1:{silent.getsockname()[1]}/")
    with pytest.raises(Unreachable):
        session.post("x", b"", deadline=within(0.2))
    session.close()
    silent.close()


def test_an_address_that_an_answer_gives_is_followed_on_our_host_alone(serve, session_to):
    server = serve(says(answer()))
    session = session_to(server)
    assert session.post(f"http://127.0.0.1:{server.port}/next?page=2", b"", deadline=within()).status == 200
    with pytest.raises(Unreachable, match=r"evil\.example is not http"):
        session.post("http://evil.example/next", b"", deadline=within())
    assert len(server.requests) == 1


def test_addresses_that_are_asked_for_once_are_not_kept(serve, session_to):
    session = session_to(serve(says(answer())))
    for number in range(1000):
        session.url(f"vouchers?reference={number}")
    assert len(session._urls) < 300
