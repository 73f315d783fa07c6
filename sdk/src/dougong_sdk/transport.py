"""The default wire under a REST session: HTTP/1.1 over plain sockets, as an `httpx.BaseTransport`.

Why not httpx's own: its connection pool costs four to five times what the rest of a call costs, and its time limits
are per read, so that a server which drips a byte a second holds a call for ever. Here every socket operation gets
only what is left of one deadline (`dougong_sdk.sockets`), and every failure says whether the first byte had left.
Answers are read by `dougong_sdk.answers`. `exchange` does without httpx's objects for request and answer, which cost
as much again; `handle_request` is the same call in httpx's words.

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
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import attrs
import httpx

from dougong.hookspecs import Deadline
from dougong_sdk.answers import Headers, WireAnswer
from dougong_sdk.sockets import Reader, Wire, connect, left

__all__ = [
    "DEADLINE",
    "KEEP_ALIVE",
    "Exchange",
    "LeanTransport",
    "Maker",
    "Origin",
    "Through",
    "new_transport",
    "tls_context",
    "transports_through",
]

#: Key in `request.extensions` under which a `Deadline` for the whole call travels.
DEADLINE = "dougong.deadline"
#: Seconds after which an idle connection is not used again; below the shortest keep-alive of common servers (5 s).
KEEP_ALIVE = 4.0

_DEFAULT_SECONDS = 60.0
_CHUNK = 65536
#: What a server sends that does not take our certificate (RFC 8446 §6.2), in OpenSSL's words.
_CERTIFICATE_ALERTS = frozenset(
    {
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV1_ALERT_DECRYPT_ERROR",  # its signature is not by the authority that it names
        "TLSV1_ALERT_UNKNOWN_CA",
    }
)


@lru_cache(maxsize=32)
def tls_context(ca_file: Path | None = None, certificate: Path | None = None, password: str = "") -> ssl.SSLContext:
    """A verifying TLS client context (TLS 1.2 or later); verification cannot be turned off.

    :param ca_file: PEM with the authorities to trust, instead of the system's.
    :param certificate: PEM with a client certificate and its key.
    :param password: of an encrypted key.
    :raises OSError: a file is missing or unreadable, or the password is wrong.

    .. versionadded:: 0.1
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if certificate:
        # Always a password, or OpenSSL would ask for one at the terminal and wait.
        context.load_cert_chain(str(certificate), password=password)
    return context


@attrs.frozen
class Origin:
    """Where a connection leads. :param scheme: `http` or `https`. :param host: in ASCII, as DNS has it."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: httpx.URL) -> Origin:
        """The origin of an address."""
        return cls(url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80))


class LeanTransport(httpx.BaseTransport):
    """HTTP/1.1 over keep-alive connections, one for each call that is under way; threads may share it.

    Also usable under an `httpx.Client(transport=LeanTransport())`.

    :param tls: context for `https`; by default the system's authorities.

    .. versionadded:: 0.1
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._idle: dict[Origin, list[_Connection]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of the answer; iterating it reads the body under the same deadline.

        :raises httpx.TransportError: see the module's docstring for what each class proves.
        """
        deadline = request.extensions.get(DEADLINE) or Deadline.after(_seconds(request))
        url = request.url
        line = request.method.encode("ascii") + b" " + url.raw_path + b" HTTP/1.1"
        answer = self.exchange(Origin.of(url), line, request.headers.raw, request.read(), deadline)
        return httpx.Response(
            answer.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.pairs()],
            stream=answer,
            request=request,
        )

    def exchange(
        self, origin: Origin, line: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes, deadline: Deadline
    ) -> Exchange:
        """Send a request of bytes and read the head of the answer.

        :param line: request line without its end. :param headers: all of them, `Host` and `Content-Length` included.
        :returns: iterate it for the body, then close it.
        :raises httpx.TransportError: see the module's docstring for what each class proves.
        """
        data = _head(line, headers) + body
        connection = self._take(origin, deadline)
        try:
            connection.send(data, deadline)
            answer = connection.answer(line.partition(b" ")[0].decode("ascii"))
        except BaseException:
            connection.close()
            raise
        return Exchange(self, origin, connection, answer)

    def _take(self, origin: Origin, deadline: Deadline) -> _Connection:
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

    def give_back(self, origin: Origin, connection: _Connection) -> None:
        """Keep a connection whose answer was read to its end."""
        connection.rest()
        self._idle.setdefault(origin, []).append(connection)

    def close(self) -> None:
        """Close every idle connection."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()


#: Makes the transport that a session would have.
Maker = Callable[[], httpx.BaseTransport]
#: Makes the one that it gets, from what makes its own and from the texts that it must not show.
Through = Callable[[Maker, Sequence[str]], httpx.BaseTransport]

_through: list[Through] = []


def new_transport(make: Maker, secrets: Sequence[str] = ()) -> httpx.BaseTransport:
    """The transport of a session that was given none: its own, or what `transports_through` puts in its place.

    .. versionadded:: 0.1
    """
    return _through[-1](make, secrets) if _through else make()


@contextmanager
def transports_through(through: Through) -> Iterator[None]:
    """In this block, in this process and those that it forks, new sessions get what `through` makes.

    .. versionadded:: 0.1
    """
    _through.append(through)
    try:
        yield
    finally:
        _through.remove(through)


def _seconds(request: httpx.Request) -> float:
    """The longest of httpx's own per-step limits, for callers that come through an `httpx.Client`."""
    limits = [limit for limit in request.extensions.get("timeout", {}).values() if limit is not None]
    return max(limits, default=_DEFAULT_SECONDS)


def _head(line: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Request line and headers. A line break inside one would smuggle a second request, so it is refused."""
    lines = [line, *[name + b": " + value for name, value in headers]]
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
        raise httpx.UnsupportedProtocol("a header contains a line break")
    return head + b"\r\n\r\n"


class _Connection:
    """A socket, a buffered reader over it, and the deadline of the call that is using it."""

    def __init__(self, sock: socket.socket) -> None:
        self._idle_since = time.monotonic()
        self._wire = Wire(sock)
        self._reader = Reader(self._wire)

    @classmethod
    def open(cls, origin: Origin, tls: ssl.SSLContext | None, deadline: Deadline) -> _Connection:
        """Connect, and shake hands for https. Nothing of a request is sent here: every failure is a `ConnectError`."""
        where = f"{origin.host}:{origin.port}"
        try:
            sock = connect(origin.host, origin.port, deadline)
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"no connection to {where} in time") from error
        except (OSError, UnicodeError) as error:  # the second: a name that no name server can be asked for
            reason = getattr(error, "strerror", None) or error
            raise httpx.ConnectError(f"no connection to {where}: {reason}") from error
        if origin.scheme != "https":
            return cls(sock)
        try:
            sock.settimeout(left(deadline))
            return cls((tls or tls_context()).wrap_socket(sock, server_hostname=origin.host))
        except TimeoutError as error:
            sock.close()
            raise httpx.ConnectTimeout(f"no TLS handshake with {where} in time") from error
        except OSError as error:
            sock.close()
            reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
            raise httpx.ConnectError(f"no TLS with {where}: {reason}") from error

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Write all bytes before the deadline; a failure before the first byte is a `ConnectError`: proof."""
        self._wire.deadline = deadline
        view, sent = memoryview(data), 0
        try:
            while sent < len(view):
                sent += self._wire.send(view[sent:])
        except TimeoutError as error:
            raise (httpx.WriteTimeout if sent else httpx.ConnectTimeout)("request not sent in time") from error
        except OSError as error:
            raise (httpx.WriteError if sent else httpx.ConnectError)(
                f"connection lost while sending: {error}"
            ) from error

    def answer(self, method: str) -> WireAnswer:
        """Read status line and headers.

        In TLS 1.3 the server judges our certificate after our handshake is over, so that its alert comes here. Until
        then it hands nothing on: proof that nothing was done.
        """
        answer = WireAnswer(self._reader, method)
        try:
            with _reading():
                answer.begin()
        except httpx.ReadError as error:
            reason = getattr(error.__cause__, "reason", None) or ""
            if reason in _CERTIFICATE_ALERTS:
                raise httpx.ConnectError(f"the server refuses our certificate: {reason}") from error
            raise
        return answer

    def rest(self) -> None:
        """Nothing is outstanding from now on."""
        self._idle_since = time.monotonic()
        self._wire.deadline = None

    def usable(self) -> bool:
        """Whether the next request may go over this connection: not idle for long, nothing to read, not closed."""
        if time.monotonic() - self._idle_since >= KEEP_ALIVE:
            return False
        return not self._reader.peek(1) and not self._wire.surplus()

    def close(self) -> None:
        """Close the socket."""
        self._wire.close()


class Exchange(httpx.SyncByteStream):
    """An answer under way: status and headers are there, iterating reads the body.

    Closing it gives the connection back when the body was read to its end, and closes the connection otherwise.

    .. versionadded:: 0.1
    """

    def __init__(self, owner: LeanTransport, origin: Origin, connection: _Connection, answer: WireAnswer) -> None:
        self.status = answer.status
        self.headers: Headers = answer.head
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
        if self._whole:
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
