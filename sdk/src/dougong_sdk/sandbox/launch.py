"""A sandbox in a process of its own, for tests and for the command line."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from . import exact_json
from .base import Sandbox
from .errors import SandboxError

__all__ = ["RunningSandbox", "launch"]

_START_TIMEOUT = 30.0  # seconds
_PLANE_TIMEOUT = 30.0  # seconds


class RunningSandbox:
    """A sandbox process and the strings to pull. Use it as a context manager; leaving it ends the process.

    .. versionadded:: 0.1
    """

    url: str
    """Base address for a client of the ERP."""
    admin: str
    """Address of the ``/_sandbox`` plane."""
    ca: Path | None
    """Certificate of its authority, where it serves TLS."""

    def __init__(self, arguments: list[str], port: int) -> None:
        self._arguments = arguments
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "dougong_sdk.sandbox", *self._arguments, "--port", str(self._port)]
        command += ["--json", "--follow-stdin"]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _end; a pipe that nobody empties would block the sandbox
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        self._process = process
        watchdog = threading.Timer(_START_TIMEOUT, process.kill)
        watchdog.start()
        line = process.stdout.readline() if process.stdout else b""
        watchdog.cancel()
        if not line:
            process.wait()
            self._errors.seek(0)
            text = self._errors.read().decode("utf-8", "replace").strip()
            self.stop()
            raise SandboxError(f"沙箱没有启动: {text}", f"the sandbox did not start: {text}")
        ready = exact_json.loads(line)
        self.url, self.admin = ready["url"], ready["admin"]
        self.ca = Path(ready["ca"]) if "ca" in ready else None
        self._port = urlsplit(self.url).port or self._port

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def stop(self) -> None:
        """End it in an orderly way."""
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """End it with SIGKILL; from now on connections are refused. :meth:`restart` brings it back."""
        self._end(subprocess.Popen.kill)

    def restart(self) -> None:
        """SIGKILL if it still runs, then the same port and ledger again. Needs a ledger file to remember anything."""
        self.kill()
        self._start()

    def _end(self, how: Any) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        how(process)
        process.wait()
        self._errors.close()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def call(self, path: str, body: Any = None, *, method: str | None = None) -> Any:
        """Ask the plane.

        :param path: below ``/_sandbox``, e.g. ``/postings?deleted=1``.
        :param body: JSON to post; ``None`` asks with GET.
        :param method: another method, e.g. ``DELETE``.
        :returns: the JSON answer, fractions as ``Decimal``.
        :raises SandboxError: if the plane says no; the text is its own.
        """
        data = None if body is None else exact_json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own process, http or https
            self.admin + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with self._opener().open(request, timeout=_PLANE_TIMEOUT) as answer:
                return exact_json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                text = error.read()
            try:
                said = exact_json.loads(text)
                raise SandboxError(said["zh"], said["en"], status=error.code) from None
            except (ValueError, KeyError, TypeError):
                raise SandboxError(str(error), text.decode("utf-8", "replace"), status=error.code) from None

    def _opener(self) -> urllib.request.OpenerDirector:
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self.ca:
            import ssl  # only a sandbox with TLS needs it

            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(self.ca))))
        return urllib.request.build_opener(*handlers)

    def postings(self, *, deleted: bool = False) -> list[dict[str, Any]]:
        """What the ERP holds; with ``deleted`` also what it held."""
        return list(self.call("/postings?deleted=1" if deleted else "/postings"))

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The request log, oldest first, optionally of one operation."""
        return [entry for entry in self.call("/requests") if operation in (None, entry["operation"])]

    def config(self) -> dict[str, Any]:
        """Effective settings, seed and endpoints."""
        return dict(self.call("/config"))

    def fault(self, fault: str, **members: Any) -> None:
        """Add a line to the fault script, e.g. ``fault("reset_after_work", operation="Save", count=1)``."""
        self.call("/faults", {"fault": fault, **members})

    def clear_faults(self) -> None:
        """Everything works again."""
        self.call("/faults", method="DELETE")

    def hand(self, action: str, **order: Any) -> dict[str, Any]:
        """Do what a person does in the ERP, e.g. ``hand("delete", id="100001")``."""
        return dict(self.call("/hand", {"action": action, **order}))

    def seed(self, patch: Mapping[str, Any]) -> None:
        """Lay master data over what there is."""
        self.call("/seed", dict(patch))

    def target(self, kind: str, url: str, **credentials: str) -> None:
        """Set where it pushes messages of a kind to."""
        self.call("/targets", {"kind": kind, "url": url, **credentials})

    def emit(self, target: str, **how: Any) -> dict[str, Any]:
        """Push now."""
        return dict(self.call("/emit", {"target": target, **how}))

    def failures(self) -> list[str]:
        """Where the emulation itself failed since the last reset: ``create: KeyError: 'typo' (sandbox.py:184)``."""
        return list(self.call("/failures"))

    def leaks(self, text: str) -> list[str]:
        """Names of the tokens, cookies and signatures of its clients that stand in a text, e.g. ``authorization``."""
        return list(self.call("/leaks", {"text": text})["held"])

    def reset(self) -> None:
        """Forget ledger, faults and log; the seed stays."""
        self.call("/reset", {})


def launch(
    sandbox: str | type[Sandbox],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ledger: Path | None = None,
    seed: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> RunningSandbox:
    """Start a sandbox in its own process; returns when it accepts connections.

    :param sandbox: entry-point name, ``module:Class``, or the class (importable by name).
    :param host: address to bind.
    :param port: TCP port; 0 takes a free one, and :meth:`RunningSandbox.restart` keeps it.
    :param ledger: file that outlives the process; ``None``: nothing is remembered.
    :param seed: JSON or TOML file, laid over the default master data.
    :param settings: ``--set`` keys and values.
    :raises SandboxError: if it does not start; the text says why.

    .. versionadded:: 0.1
    """
    name = sandbox if isinstance(sandbox, str) else f"{sandbox.__module__}:{sandbox.__qualname__}"
    arguments = [name, "--host", host]
    for flag, path in (("--ledger", ledger), ("--seed", seed)):
        if path is not None:
            arguments += [flag, str(path)]
    for key, value in (settings or {}).items():
        arguments += ["--set", f"{key}={value}"]
    return RunningSandbox(arguments, port)
