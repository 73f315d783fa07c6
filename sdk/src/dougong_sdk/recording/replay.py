"""Answers from a recording, without a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from dougong.formats import json_text
from dougong.model.problems import DougongError
from dougong_sdk.recording.exchange import NO_ANSWER, Answered, Asked, Exchange, read_folder
from dougong_sdk.recording.hiding import Hider
from dougong_sdk.recording.problems import invalid, unexpected
from dougong_sdk.recording.recorder import SCHEMA_FILE, asked_of
from dougong_sdk.recording.schema import Schema
from dougong_sdk.transport import Maker, transports_through

__all__ = ["Replay", "replay"]

#: What the length of an answer was on the wire says nothing of the one that is made here.
_OF_THE_WIRE = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})


@contextmanager
def replay(folder: Path) -> Iterator[Replay]:
    """Answer every session that is opened in this block from a recording.

    A request is answered by the first exchange that is left and asks the same: method, path, query and body, without
    what is hidden and what differs each time by its name. What is asked twice is answered in the order in which it was
    recorded.

    :raises DougongError: `RECORDING_INVALID`; `REPLAY_UNEXPECTED` for a request that the recording has no answer for,
        where it is made and once more at the end of the block, should somebody have taken it for a lost connection.

    .. versionadded:: 0.1
    """
    playing = Replay(folder)
    with transports_through(playing.transport):
        yield playing
    if playing.unexpected:
        raise playing.unexpected[0]


class Replay:
    """A recording that is being played.

    :ivar unexpected: errors for requests that it had no answer for.

    .. versionadded:: 0.1
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unexpected: list[DougongError] = []
        self._schema = _schema(folder)
        self._hider = Hider(self._schema)
        self._left = list(read_folder(folder))
        self._lock = threading.Lock()
        if not self._left:
            raise invalid(str(folder), "没有录制的往来", "holds no recorded exchange")

    @property
    def left(self) -> list[str]:
        """Recorded requests that nobody has made so far: `0007 POST /api/save`."""
        return [f"{path.stem} {exchange.asked}" for path, exchange in self._left]

    def transport(self, make: Maker, secrets: Sequence[str]) -> httpx.BaseTransport:
        """What a session gets instead of its transport, which is never made: it may need files of the real one."""
        del make
        self._hider.know(secrets)
        return _Replaying(self)

    def answer(self, asked: Asked) -> Answered:
        """The recorded answer to a request. :raises DougongError: `REPLAY_UNEXPECTED`."""
        with self._lock:
            for at, (_, exchange) in enumerate(self._left):
                if exchange.asked.difference(asked, self._schema) is None:
                    return self._left.pop(at)[1].answered
            self.unexpected.append(self._explained(asked))
            raise self.unexpected[-1]

    def _explained(self, asked: Asked) -> DougongError:
        near: list[tuple[Path, Exchange]] = [one for one in self._left if one[1].asked.is_like(asked)]
        differs = ("", "")
        if near:
            path, exchange = near[0]
            place = exchange.asked.difference(asked, self._schema)
            differs = (f" ({path.stem} 的 {place} 不同)", f" ({path.stem} differs in its {place})")
        following = (self.left[0],) * 2 if self.left else ("无, 已全部用完", "nothing, all of it is used up")
        return unexpected(str(self.folder), str(asked.hidden(self._hider)), differs, (following[0], following[1]))


def _schema(folder: Path) -> Schema:
    path = folder / SCHEMA_FILE
    try:
        return Schema.of(json_text.loads(path.read_bytes()), str(path))
    except (OSError, AttributeError, DougongError) as error:
        raise invalid(str(folder), "不是录制文件夹", f"is no recording: {SCHEMA_FILE} cannot be read") from error


class _Replaying(httpx.BaseTransport):
    """A transport that leads nowhere."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answered = self._replay.answer(asked_of(request))
        if not answered.status:
            raise _failure(answered.failure)
        headers = [(name, value) for name, value in answered.headers if name.lower() not in _OF_THE_WIRE]
        stream = _Played(answered)
        return httpx.Response(answered.status, headers=headers, stream=stream, request=request)


class _Played(httpx.SyncByteStream):
    """The body, and how it ended."""

    def __init__(self, answered: Answered) -> None:
        self._answered = answered

    def __iter__(self) -> Iterator[bytes]:
        yield self._answered.body.content()
        if self._answered.failure:
            raise _failure(self._answered.failure)


def _failure(name: str) -> httpx.TransportError:
    """The error that the transport raised then. What nobody knows is a lost connection: nothing is proved."""
    kind = getattr(httpx, name, None)
    known = isinstance(kind, type) and issubclass(kind, httpx.TransportError)
    made: type[httpx.TransportError] = kind if known else getattr(httpx, NO_ANSWER)  # type: ignore[assignment]
    return made(f"as recorded: {name}")
