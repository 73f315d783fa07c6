"""Sockets under a deadline: every operation gets only what is left of one total time limit.

A socket is made non-blocking once and waited for when there is nothing to do: setting a time limit on it before each
operation would cost more calls of the system than the operation.
"""

from __future__ import annotations

import io
import select
import socket
import ssl
from typing import Any

from dougong.hookspecs import Deadline

__all__ = ["Wire", "connect"]

_CHUNK = 65536


class Wire(io.RawIOBase):
    """A connected socket as a raw stream; what it may take is decided by `deadline`.

    Without a deadline it reads nothing: nothing is outstanding then.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._secure = isinstance(sock, ssl.SSLSocket)
        self._arrival = None if not hasattr(select, "poll") else select.poll()  # Windows has none
        if self._arrival is not None:
            self._arrival.register(sock, select.POLLIN)
        self.deadline: Deadline | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for some bytes; `None` without a deadline. :raises TimeoutError: none before the deadline."""
        if self.deadline is None:
            return None
        if not self._secure:  # TLS may have more in hand than the socket shows
            self._wait_to_read()
        while True:
            try:
                return self._sock.recv_into(buffer)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._wait_to_read()
            except ssl.SSLWantWriteError:
                self._wait_to_write()

    def send(self, data: memoryview) -> int:
        """Write some of `data`; returns how many bytes were taken. :raises TimeoutError: none before the deadline."""
        left(self.deadline)
        while True:
            try:
                return self._sock.send(data)
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._wait_to_write()
            except ssl.SSLWantReadError:
                self._wait_to_read()

    def surplus(self) -> bool:
        """Whether there is something to read although nothing is outstanding: end of stream, or an answer too many."""
        return bool((isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()) or self._arrived(0))

    def _wait_to_read(self) -> None:
        if not self._arrived(left(self.deadline)):
            raise TimeoutError("nothing to read before the deadline")

    def _arrived(self, seconds: float) -> bool:
        if self._arrival is None:
            return bool(select.select([self._sock], [], [], seconds)[0])
        return bool(self._arrival.poll(seconds * 1000))

    def _wait_to_write(self) -> None:
        if not select.select([], [self._sock], [], left(self.deadline))[1]:
            raise TimeoutError("nothing taken before the deadline")

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


class Reader(io.BufferedReader):
    """A reader that outlives the answers which are read from it: `http.client` closes its file after each."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire, _CHUNK)

    def close(self) -> None:
        """Nothing: the connection closes its socket."""


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """The first of the host's addresses that answers before the deadline.

    Looking up a name has no limit but the system's.

    :raises OSError: none does. :raises TimeoutError: not in time.
    """
    last: OSError | None = None
    for family, kind, proto, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, proto)
        try:
            sock.settimeout(left(deadline))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    raise last or OSError(f"{host} has no address")


def left(deadline: Deadline | None) -> float:
    """Seconds for the next operation. :raises TimeoutError: none are left."""
    seconds = deadline.remaining() if deadline else 0.0
    if seconds <= 0:
        raise TimeoutError("the deadline has passed")
    return seconds
