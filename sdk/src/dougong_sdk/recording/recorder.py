"""Writes what passes between sessions and servers into a folder, one file for each exchange."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx

from dougong.formats import json_text
from dougong_sdk.recording.bodies import Body
from dougong_sdk.recording.exchange import NO_ANSWER, Answered, Asked, Exchange, read_folder
from dougong_sdk.recording.hiding import Hider
from dougong_sdk.recording.problems import invalid
from dougong_sdk.recording.schema import Schema
from dougong_sdk.transport import Maker, transports_through

__all__ = ["SCHEMA_FILE", "Recorder", "asked_of", "record"]

#: The names that were hidden or left uncompared, for the replay.
SCHEMA_FILE = "schema.json"


@contextmanager
def record(folder: Path, *, secrets: Iterable[str] = (), schema: Schema | Path | None = None) -> Iterator[Recorder]:
    """Record every exchange of sessions that are opened in this block, in this process and those that it forks.

    :param folder: made if needed; must not hold a recording yet.
    :param secrets: texts that are hidden wherever they stand, beside the secrets that sessions are given.
    :param schema: further names to hide or to leave uncompared, or a TOML file with them (`Schema.read`).
    :raises DougongError: `RECORDING_INVALID`.

    .. versionadded:: 0.1
    """
    names = Schema.read(schema) if isinstance(schema, Path) else schema or Schema()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise invalid(str(folder), "文件夹不为空", "the folder is not empty")
    (folder / SCHEMA_FILE).write_text(json_text.dumps(attrs.asdict(names), indent=2) + "\n", "utf-8")
    recorder = Recorder(folder, Hider(names, secrets))
    try:
        with transports_through(recorder.transport):
            yield recorder
    finally:
        recorder.finish()


class Recorder:
    """A recording under way.

    :ivar folder: where it is written.

    .. versionadded:: 0.1
    """

    def __init__(self, folder: Path, hider: Hider) -> None:
        self.folder = folder
        self._hider = hider
        self._lock = threading.Lock()
        self._open = True

    def know(self, *secrets: str) -> None:
        """Hide these texts as well, in what is recorded already, too."""
        with self._lock:
            self._hider.know(secrets)

    def transport(self, make: Maker, secrets: Sequence[str]) -> httpx.BaseTransport:
        """What a session gets instead of its transport."""
        self.know(*secrets)
        return _Recording(make(), self)

    def begin(self, request: httpx.Request) -> Path | None:
        """Note a request in a file of its own before it leaves; nothing after the end of the block."""
        if not self._open:
            return None
        path = self._reserve()
        self.note(path, asked_of(request), Answered(failure=NO_ANSWER))
        return path

    def note(self, path: Path, asked: Asked, answered: Answered) -> None:
        """Write an exchange with everything hidden."""
        with self._lock:
            Exchange(asked, answered).hidden(self._hider).write(path)

    def finish(self) -> None:
        """Record no more, and hide what was learned late in what was written early."""
        self._open = False
        with self._lock:
            for path, exchange in read_folder(self.folder):
                hidden = exchange.hidden(self._hider)
                if hidden != exchange:
                    hidden.write(path)

    def _reserve(self) -> Path:
        """The next number; the file system decides between processes."""
        number = len(list(self.folder.glob("[0-9]*.json")))
        while True:
            number += 1
            path = self.folder / f"{number:04}.json"
            try:
                path.touch(exist_ok=False)
            except FileExistsError:
                continue
            return path


def asked_of(request: httpx.Request) -> Asked:
    """A request as it is recorded and compared."""
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
    body = Body.read(request.read(), request.headers.get("content-type", ""))
    return Asked(request.method, request.url.raw_path.decode("ascii"), headers, body)


class _Recording(httpx.BaseTransport):
    """The transport that a session would have had, with somebody who takes notes."""

    def __init__(self, inner: httpx.BaseTransport, recorder: Recorder) -> None:
        self._inner, self._recorder = inner, recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = self._recorder.begin(request)
        if path is None:
            return self._inner.handle_request(request)
        try:
            response = self._inner.handle_request(request)
        except httpx.TransportError as error:
            self._recorder.note(path, asked_of(request), Answered(failure=type(error).__name__))
            raise
        stream = _Overheard(response, asked_of(request), path, self._recorder)
        return httpx.Response(response.status_code, headers=response.headers.raw, stream=stream, request=request)

    def close(self) -> None:
        self._inner.close()


class _Overheard(httpx.SyncByteStream):
    """A body that is noted when it has been read, or when nobody reads on."""

    def __init__(self, response: httpx.Response, asked: Asked, path: Path, recorder: Recorder) -> None:
        self._response, self._asked, self._path, self._recorder = response, asked, path, recorder
        self._content = bytearray()
        self._failure = NO_ANSWER

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._response.stream:  # type: ignore[union-attr]  # a transport without await has this kind
                self._content += chunk
                yield chunk
        except httpx.TransportError as error:
            self._failure = type(error).__name__
            raise
        self._failure = ""

    def close(self) -> None:
        self._response.close()
        response = self._response
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        body = Body.read(bytes(self._content), response.headers.get("content-type", ""))
        self._recorder.note(self._path, self._asked, Answered(response.status_code, headers, body, self._failure))
