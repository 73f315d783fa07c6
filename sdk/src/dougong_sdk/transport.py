"""The default wire under a REST session: HTTP/1.1 over plain sockets, as an `httpx.BaseTransport`.

Why not httpx's own: its connection pool costs four to five times what the rest of a call costs, and its time limits
are per read, so that a server which drips a byte a second holds a call for ever. Here every socket operation gets
only what is left of one deadline, and every failure says whether the first byte had left. Parsing answers is
`http.client`'s business.

What a failure proves is in its class, for this transport as for httpx's own:

* `ConnectError`, `ConnectTimeout`: the server was never reached, or the connection was gone before the first byte:
  nothing was sent.
* any other `TransportError`: something may have arrived.

A kept-alive connection that the server has closed in the meantime is the classic trap: the request goes into the
void, the reset comes back, and nobody knows. Three measures keep it rare: a connection that idled longer than
`KEEP_ALIVE` is not used again, one that is readable although nothing was asked (closed, or an answer too many) is
thrown away, and where even then the write itself fails before its first byte, that is proof. What remains (the server
closes while our bytes are on their way) is an unknown outcome and is reported as one; nothing is ever repeated here.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

import httpx

from dougong.hookspecs import Deadline

__all__ = ["DEADLINE", "KEEP_ALIVE", "LeanTransport", "tls_context"]

#: Key in `request.extensions` under which a `Deadline` for the whole call travels.
DEADLINE = "dougong.deadline"
#: Seconds after which an idle connection is not used again; below the shortest keep-alive of common servers (5 s).
KEEP_ALIVE = 4.0

_DEFAULT_SECONDS = 60.0
_CHUNK = 65536


@lru_cache(maxsize=32)
def tls_context(ca_file: Path | None = None, certificate: Path | None = None) -> ssl.SSLContext:
    """A verifying TLS client context (TLS 1.2 or later); verification cannot be turned off.

    :param ca_file: PEM with the authorities to trust, instead of the system's.
    :param certificate: PEM with a client certificate and its key.
    :raises OSError: a file is missing or unreadable.

    .. versionadded:: 0.1
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if certificate:
        context.load_cert_chain(str(certificate))
    return context


class LeanTransport(httpx.BaseTransport):
    """HTTP/1.1 over keep-alive connections, one for each call that is under way; threads may share it.

    Also usable under an `httpx.Client(transport=LeanTransport())`.

    :param tls: context for `https`; by default the system's authorities.

    .. versionadded:: 0.1
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._idle: dict[tuple[bytes, bytes, int], list[_Connection]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of the answer; iterating it reads the body under the same deadline.

        :raises httpx.TransportError: see the module's docstring for what each class proves.
        """
        deadline = request.extensions.get(DEADLINE) or Deadline.after(_seconds(request))
        data = _head(request) + request.read()
        url = request.url
        origin = (url.raw_scheme, url.raw_host, url.port or (443 if url.scheme == "https" else 80))
        connection = self._take(origin, deadline)
        try:
            connection.send(data, deadline)
            answer = connection.answer(request.method)
        except BaseException:
            connection.close()
            raise
        return httpx.Response(
            answer.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.getheaders()],
            stream=_Body(self, origin, connection, answer),
            request=request,
        )

    def _take(self, origin: tuple[bytes, bytes, int], deadline: Deadline) -> _Connection:
        idle = self._idle.get(origin, [])
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread was quicker
                break
            if connection.usable():
                return connection
            connection.close()
        return _Connection.open(origin, self._tls, deadline)

    def give_back(self, origin: tuple[bytes, bytes, int], connection: _Connection) -> None:
        """Keep a connection whose answer was read to its end."""
        connection.idle_since = time.monotonic()
        self._idle.setdefault(origin, []).append(connection)

    def close(self) -> None:
        """Close every idle connection."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()


def _seconds(request: httpx.Request) -> float:
    """The longest of httpx's own per-step limits, for callers that come through an `httpx.Client`."""
    limits = [limit for limit in request.extensions.get("timeout", {}).values() if limit is not None]
    return max(limits, default=_DEFAULT_SECONDS)


def _head(request: httpx.Request) -> bytes:
    """Request line and headers. A line break inside one would smuggle a second request, so it is refused."""
    pairs = b"\r\n".join(name + b": " + value for name, value in request.headers.raw)
    head = request.method.encode("ascii") + b" " + request.url.raw_path + b" HTTP/1.1\r\n" + pairs
    if head.count(b"\n") != len(request.headers.raw) or head.count(b"\r") != len(request.headers.raw):
        raise httpx.UnsupportedProtocol("a header contains a line break", request=request)
    return head + b"\r\n\r\n"


class _Connection:
    """A socket, a buffered reader over it, and the deadline of the call that is using it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.idle_since = 0.0
        self._wire = _Wire(sock)
        self._reader = _Reader(self._wire, _CHUNK)

    @classmethod
    def open(cls, origin: tuple[bytes, bytes, int], tls: ssl.SSLContext | None, deadline: Deadline) -> _Connection:
        """Connect, and shake hands for https. Nothing of a request is sent here: every failure is a `ConnectError`."""
        scheme, host, port = origin[0].decode(), origin[1].decode(), origin[2]
        try:
            sock = _connect(host, port, deadline)
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"no connection to {host}:{port} in time") from error
        except (OSError, UnicodeError) as error:  # the second: a name that no name server can be asked for
            reason = getattr(error, "strerror", None) or error
            raise httpx.ConnectError(f"no connection to {host}:{port}: {reason}") from error
        if scheme != "https":
            return cls(sock)
        try:
            sock.settimeout(_left(deadline))
            return cls((tls or tls_context()).wrap_socket(sock, server_hostname=host))
        except TimeoutError as error:
            sock.close()
            raise httpx.ConnectTimeout(f"no TLS handshake with {host}:{port} in time") from error
        except OSError as error:
            sock.close()
            reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
            raise httpx.ConnectError(f"no TLS with {host}:{port}: {reason}") from error

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Write all bytes before the deadline; a failure before the first byte is a `ConnectError`: proof."""
        self._wire.deadline = deadline
        view, sent = memoryview(data), 0
        try:
            while sent < len(view):
                self.sock.settimeout(_left(deadline))
                sent += self.sock.send(view[sent:])
        except TimeoutError as error:
            raise (httpx.WriteTimeout if sent else httpx.ConnectTimeout)("request not sent in time") from error
        except OSError as error:
            raise (httpx.WriteError if sent else httpx.ConnectError)(
                f"connection lost while sending: {error}"
            ) from error

    def answer(self, method: str) -> http.client.HTTPResponse:
        """Read status line and headers."""
        answer = http.client.HTTPResponse(cast("socket.socket", self), method=method)
        with _reading():
            answer.begin()
            if self._wire.ended:  # http.client takes the end of the stream for the end of the headers
                raise http.client.IncompleteRead(b"")
        return answer

    def makefile(self, mode: str) -> IO[Any]:
        """What `HTTPResponse` asks of a socket: always the one reader, so that no byte is lost between answers."""
        return cast("IO[Any]", self._reader)

    def usable(self) -> bool:
        """Whether the next request may go over this connection: not idle for long, nothing to read, not closed."""
        return time.monotonic() - self.idle_since < KEEP_ALIVE and not self.surplus()

    def surplus(self) -> bool:
        """Whether there is something to read although nothing is outstanding: end of stream, or an answer too many."""
        self._wire.deadline = None
        if self._reader.peek(1) or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return True
        if not hasattr(select, "poll"):  # Windows
            return bool(select.select([self.sock], [], [], 0)[0])
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Close the socket."""
        self.sock.close()


class _Wire(io.RawIOBase):
    """The socket as a raw stream: every read gets what is left of the deadline; without one it reads nothing."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.deadline: Deadline | None = None
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.deadline is None:
            return None
        self._sock.settimeout(_left(self.deadline))
        count = self._sock.recv_into(buffer)
        self.ended = count == 0
        return count


class _Reader(io.BufferedReader):
    """A reader that outlives the answers which are read from it: `http.client` closes its file after each."""

    def close(self) -> None:
        """Nothing: the connection closes its socket."""


class _Body(httpx.SyncByteStream):
    """The body of an answer; the connection goes back when it was read to its end, and is closed otherwise."""

    def __init__(
        self,
        owner: LeanTransport,
        origin: tuple[bytes, bytes, int],
        connection: _Connection,
        answer: http.client.HTTPResponse,
    ) -> None:
        self._owner, self._origin, self._connection, self._answer = owner, origin, connection, answer
        self._whole = False

    def __iter__(self) -> Iterator[bytes]:
        answer = self._answer
        with _reading():
            while chunk := answer.read(_CHUNK):
                yield chunk
        if answer.length:  # `read` returns short without a word when the stream ends early
            raise httpx.RemoteProtocolError(f"the answer ends {answer.length} bytes early")
        self._whole = not answer.will_close

    def close(self) -> None:
        """Give the connection back, or close it."""
        if self._whole and not self._connection.surplus():
            self._owner.give_back(self._origin, self._connection)
        else:
            self._connection.close()
        self._whole = False


class _reading:  # noqa: N801 - a context manager used like a function; a class costs a fifth of a generator
    """Turns what can go wrong while reading into httpx's words."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or not isinstance(error, OSError | http.client.HTTPException | ValueError):
            return
        if isinstance(error, TimeoutError):
            raise httpx.ReadTimeout("no complete answer in time") from error
        if isinstance(error, http.client.RemoteDisconnected | OSError):
            raise httpx.ReadError(f"connection lost before the answer was complete: {error}") from error
        raise httpx.RemoteProtocolError(f"the answer is not proper HTTP: {type(error).__name__}") from error


def _connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """The first of the host's addresses that answers before the deadline.

    Looking up a name has no limit but the system's.
    """
    last: OSError | None = None
    for family, kind, proto, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, proto)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    raise last or OSError(f"{host} has no address")


def _left(deadline: Deadline) -> float:
    """Seconds for the next socket operation. :raises TimeoutError: none are left."""
    left = deadline.remaining()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left
