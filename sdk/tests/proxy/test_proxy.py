"""Each fault of the proxy, before a server that knows nothing of it, as our session and as httpx see it."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading

import httpx
import pytest

from dougong.hookspecs import Deadline
from dougong.model.problems import DougongError
from dougong_sdk.proxy import FAULTS, Proxy
from dougong_sdk.rest import BadAnswer, ConnectionLost, NotSent, RestSession, TimedOut, Unclear, Unreachable
from dougong_sdk.sandbox.tls import make_tls

#: Fault → its members, what our session raises, what httpx raises, and whether the server has done the work.
BREAKING = {
    # httpx sends the body by itself: a reset that this meets is swallowed, and then reads like an end
    "reset_before_work": ({}, ConnectionLost, (httpx.ReadError, httpx.RemoteProtocolError), False),
    "reset_after_work": ({}, ConnectionLost, httpx.ReadError, True),
    "drop_answer": ({}, ConnectionLost, httpx.RemoteProtocolError, True),
    "truncate": ({"size": 150}, BadAnswer, httpx.RemoteProtocolError, True),
    "drip": ({"size": 10, "seconds": 0.05}, TimedOut, None, True),
    "delay": ({"seconds": 5}, TimedOut, httpx.ReadTimeout, True),
}


def test_every_kind_is_tried():
    assert set(BREAKING) == set(FAULTS)


def test_without_a_script_all_passes_over_one_connection(proxy, server, post):
    large = b"x" * 1_000_000
    for body in (b"{}", large, b""):
        assert len(post(body).json()["number"]) == 200
    assert server.work == [b"{}", large, b""]
    assert (proxy.connections, proxy.requests, proxy.struck) == (1, 3, [])


@pytest.mark.parametrize("kind", BREAKING)
def test_our_session_tells_what_each_fault_proves(proxy, server, post, kind):
    members, error, _, done = BREAKING[kind]
    proxy.fault(kind, nth=1, **members)
    with pytest.raises(error) as caught:
        post(b"one", seconds=0.3 if error is TimedOut else 5.0)
    assert isinstance(caught.value, Unclear)
    assert post(b"two").status == 200
    assert server.work == ([b"one", b"two"] if done else [b"two"])
    assert proxy.struck == [kind]


@pytest.mark.parametrize("kind", [kind for kind, (_, _, error, _) in BREAKING.items() if error])
def test_httpx_alone_sees_the_same(proxy, server, client, kind):
    members, _, error, done = BREAKING[kind]
    proxy.fault(kind, nth=1, **members)
    with pytest.raises(error):
        client.post("/x", content=b"one", timeout=0.3 if kind == "delay" else 5)
    assert client.post("/x", content=b"two").status_code == 200
    assert server.work == ([b"one", b"two"] if done else [b"two"])


@pytest.mark.parametrize("kind", [kind for kind in BREAKING if kind != "delay"])
def test_a_session_over_httpx_own_transport_claims_no_proof_either(proxy, kind):
    members, error, _, _ = BREAKING[kind]
    proxy.fault(kind, **members)
    session = RestSession(proxy.url, transport=httpx.HTTPTransport(trust_env=False))
    with pytest.raises(Unclear):
        session.post("x", b"{}", deadline=Deadline.after(0.3 if error is TimedOut else 5.0))
    session.close()


@pytest.mark.parametrize("size", [0, 5, 60, 300])
def test_exactly_so_many_bytes_of_an_answer_pass(proxy, size):
    proxy.fault("truncate", size=size)
    assert len(raw(proxy, request(b"{}"))) == size


def test_a_slow_answer_in_time_is_whole(proxy, post):
    proxy.fault("drip", size=50, seconds=0.001, nth=1)
    proxy.fault("delay", seconds=0.01)
    assert post().json() == post().json()
    assert proxy.struck == ["drip", "delay"]


def test_a_server_that_is_down_refuses_and_comes_back(proxy, server, post):
    post(b"before")
    proxy.refuse()
    with pytest.raises(Unreachable) as caught:
        post(b"meanwhile")
    assert isinstance(caught.value, NotSent)
    proxy.accept()
    post(b"after")
    assert server.work == [b"before", b"after"]


def test_what_lies_behind_may_be_down_itself(proxy_to):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    session = RestSession(proxy_to("127.0.0.1", port).url)
    with pytest.raises((ConnectionLost, Unreachable)):  # the second, where the reset is faster than the first byte
        session.post("x", b"{}", deadline=Deadline.after(5))
    session.close()


def test_the_nth_of_those_that_match_goes_wrong(proxy, server, post):
    proxy.fault("drop_answer", match=b"B2", nth=2)
    for body in (b"B1", b"B2", b"B1"):
        post(body)
    with pytest.raises(ConnectionLost):
        post(b"again B2")
    post(b"B2")
    assert len(server.work) == 5


def test_the_script_can_be_cleared(proxy, post):
    proxy.fault("drop_answer")
    with pytest.raises(ConnectionLost):
        post()
    proxy.clear()
    assert post().status == 200


def test_a_pattern_in_two_pieces_is_seen_before_the_server_has_it_whole(proxy, server):
    proxy.fault("reset_before_work", match=b"secret word")
    whole = request(b"a secret word")
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
        client.sendall(whole[:-6])
        while proxy.requests == 0:  # the first piece is on its way before the second is sent
            threading.Event().wait(0.001)
        client.sendall(whole[-6:])
        with pytest.raises(ConnectionResetError):
            client.recv(10)
    assert server.work == []


def test_under_tls_bytes_are_counted_and_no_certificate_is_needed(server, proxy_to, tmp_path):
    identity = make_tls(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    proxy = proxy_to("127.0.0.1", server.server_port)
    session = RestSession(f"https://127.0.0.1:{proxy.port}/", ca_file=identity.ca)
    for kind, (members, error, _, done) in BREAKING.items():
        server.work.clear()
        session.post("x", b"warm", deadline=Deadline.after(5))  # the handshake lies behind
        proxy.fault(kind, nth=1, **members)
        with pytest.raises(Unclear):
            session.post("x", b"one", deadline=Deadline.after(0.3 if error is TimedOut else 5.0))
        assert server.work == ([b"warm", b"one"] if done else [b"warm"])
    session.close()
    assert proxy.struck == list(BREAKING)


@pytest.mark.parametrize(
    ("kind", "members", "path"),
    [
        ("explode", {}, "kind"),
        ("truncate", {}, "size"),
        ("drip", {"size": 0, "seconds": 1}, "size"),
        ("delay", {"seconds": -1}, "seconds"),
        ("drop_answer", {"size": 3}, "size"),
        ("drop_answer", {"nth": 0}, "nth"),
        ("drop_answer", {"match": "Save"}, "match"),
    ],
)
def test_a_line_that_means_nothing_is_refused(proxy, kind, members, path):
    with pytest.raises(DougongError) as caught:
        proxy.fault(kind, **members)
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("PROXY_FAULT_INVALID", path)


def test_nothing_is_left_behind(server):
    before = threading.active_count()
    with Proxy("127.0.0.1", server.server_port) as proxy:
        client = socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
        client.sendall(request(b"{}"))
        assert client.recv(10)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
    client.close()
    assert threading.active_count() <= before + 1  # the server's own, for the connection that it had


def request(body):
    return b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def raw(proxy, data):
    """What comes until the connection is closed."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
        client.sendall(data)
        return b"".join(iter(lambda: client.recv(65536), b""))


# -- servers that are neither ours nor HTTP ---------------------------------------------------------------------------


def reachable(name, port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError as error:
        pytest.skip(f"no {name} on 127.0.0.1:{port}: {error}")
    return port


def redis(port, *words):
    """One command of Redis, over a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(f"{' '.join(words)}\r\n".encode())
        return client.recv(100)


def test_redis_has_counted_although_its_answer_was_dropped(proxy_to):
    port = reachable("Redis", 6379)
    proxy, key = proxy_to("127.0.0.1", port), f"dougong-proxy-{dt.datetime.now(dt.UTC).timestamp()}"
    try:
        assert redis(proxy.port, "INCR", key) == b":1\r\n"
        proxy.fault("drop_answer", match=b"INCR", nth=1)
        assert redis(proxy.port, "INCR", key) == b""
        assert redis(port, "GET", key) == b"$1\r\n2\r\n"
        proxy.fault("reset_before_work", match=b"INCR", nth=1)
        with pytest.raises(ConnectionResetError):
            redis(proxy.port, "INCR", key)
        assert redis(port, "GET", key) == b"$1\r\n2\r\n"
    finally:
        redis(port, "DEL", key)


def test_postgresql_is_broken_before_anybody_has_logged_in(proxy_to):
    port = reachable("PostgreSQL", 5432)
    proxy = proxy_to("127.0.0.1", port)
    asks_for_tls = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"

    def first_answer():
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
            client.sendall(asks_for_tls)
            return client.recv(100)

    assert first_answer() in (b"S", b"N")
    proxy.fault("drop_answer", nth=1)
    assert first_answer() == b""
    proxy.fault("reset_after_work", nth=1)
    with pytest.raises(ConnectionResetError):
        first_answer()
    assert first_answer() in (b"S", b"N")
