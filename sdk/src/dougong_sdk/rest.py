"""Sessions over HTTP for connectors: one deadline, capped answers, exact numbers, hidden secrets, known proofs.

Errors are sorted by what the caller should do, because that is all that a caller can use of them::

    RestError
    ├── NotSent              proof that nothing reached the ERP's work: do it again later         → NotDone
    │   ├── Unreachable      refused, no such name, no route, TLS handshake failed, too late before the first byte
    │   └── LoginRefused     the login that had to come first was refused: a person must act; nothing else was sent
    └── Unclear              bytes have left and no readable answer came back: never send again, ask   → Unknown
        ├── TimedOut         the deadline passed after the first byte
        ├── ConnectionLost   reset or closed, also on a connection kept alive, also half-way through the answer
        ├── BadStatus        an HTTP status that was not expected, with `retry_after`; the work may be done
        └── BadAnswer        too large, truncated, not JSON, HTML, compressed although we asked for plain

A status is proof only where the ERP's documentation says so, and then the connector says so by reading it: even a 429
or a 503 may come from something between us and an ERP that has done its work. `outcome_of` turns an error into an
`Outcome`.

The wire is an `httpx.BaseTransport`; by default `dougong_sdk.transport.LeanTransport`, since httpx's own pool is the
dearest part of a call. Sessions build `httpx.Request` themselves and skip `httpx.Client`, which would follow
environment variables, redirects and cookies that a money-moving client must not follow. Proxies and `.netrc` are
therefore never read from the environment.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, ClassVar, cast

import attrs
import httpx

from dougong.formats import json_text
from dougong.hookspecs import Deadline
from dougong.model.outcomes import NotDone, Unknown
from dougong.model.problems import DougongError, Problem
from dougong_sdk.answers import Headers
from dougong_sdk.transport import DEADLINE, Exchange, LeanTransport, Origin, new_transport, tls_context

__all__ = [
    "MAX_ANSWER",
    "Answer",
    "BadAnswer",
    "BadStatus",
    "ConnectionLost",
    "Headers",
    "LoginRefused",
    "NotSent",
    "RestError",
    "RestSession",
    "TimedOut",
    "Unclear",
    "Unreachable",
    "outcome_of",
]

#: Bytes of the longest answer that is read; more is refused while reading.
MAX_ANSWER = 32 * 1024 * 1024


class RestError(DougongError):
    """A call over HTTP that did not end with an answer; its class says what to do (module docstring).

    :param zh: what happened, in Chinese. :param en: in English. Neither contains a body, a header or a secret.

    .. versionadded:: 0.1
    """

    code: ClassVar[str] = "HTTP_FAILED"
    hint: ClassVar[tuple[str, str]] = ("", "")

    def __init__(self, zh: str, en: str, *, retry_after: float | None = None) -> None:
        super().__init__(Problem.of(self.code, zh, en, hint_zh=self.hint[0], hint_en=self.hint[1]))
        self.retry_after = retry_after


class NotSent(RestError):
    """Nothing was sent: the call may be made again."""

    code = "HTTP_NOT_SENT"


class Unreachable(NotSent):
    """The ERP could not be reached, or not in time for the first byte."""

    code = "ERP_UNREACHABLE"
    hint = ("请检查地址、网络与证书", "check address, network and certificate")


class LoginRefused(NotSent):
    """The ERP did not let us in; the call itself was not made."""

    code = "LOGIN_REFUSED"
    hint = ("请检查连接的账号、密钥与授权", "check the connection's user, secrets and authorisation")


class Unclear(RestError):
    """It may or may not have been done: ask the ERP."""

    code = "HTTP_UNCLEAR"


class TimedOut(Unclear):
    """No complete answer before the deadline."""

    code = "HTTP_TIMED_OUT"


class ConnectionLost(Unclear):
    """The connection broke after bytes had left."""

    code = "HTTP_CONNECTION_LOST"


class BadStatus(Unclear):
    """An HTTP status that the caller did not expect. :ivar status: the number."""

    code = "HTTP_STATUS"

    def __init__(self, status: int, *, retry_after: float | None = None) -> None:
        super().__init__(f"HTTP 状态 {status}", f"HTTP status {status}", retry_after=retry_after)
        self.status = status


class BadAnswer(Unclear):
    """An answer that cannot be read or trusted."""

    code = "HTTP_BAD_ANSWER"


def outcome_of(error: RestError) -> NotDone | Unknown:
    """What `push` and `complete` answer when a call failed: `NotDone` only with proof.

    .. versionadded:: 0.1
    """
    reason = "; ".join(f"{problem.code}: {problem.message.en}" for problem in error.problems)
    if isinstance(error, NotSent):
        return NotDone(reason, after=error.retry_after)
    return Unknown(reason, ask_after=error.retry_after)


@attrs.frozen
class Answer:
    """A complete answer of any status; the body is not shown in its `repr`.

    :param content: the body's bytes, not decoded.

    .. versionadded:: 0.1
    """

    status: int
    headers: Headers | httpx.Headers = attrs.field(repr=False)
    content: bytes = attrs.field(repr=lambda content: f"<{len(content)} bytes>")

    def expect(self, *statuses: int) -> Answer:
        """The answer itself when its status is one of `statuses`.

        :raises BadStatus: otherwise, with the seconds of `Retry-After` when it is given.
        """
        if self.status in statuses:
            return self
        raise BadStatus(self.status, retry_after=_seconds(self.headers.get("retry-after", "")))

    def text(self) -> str:
        """The body as UTF-8 text (a byte order mark is dropped).

        :raises BadAnswer: it is not UTF-8.
        """
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadAnswer("应答不是 UTF-8", "the answer is not UTF-8") from None

    def json(self) -> Any:
        """The body as JSON, read strictly: fractions are `Decimal`, no duplicate keys, no NaN, bounded depth.

        :raises BadAnswer: it is HTML, or not such JSON.
        """
        if "html" in self.headers.get("content-type", ""):
            raise BadAnswer("应答是网页而不是 JSON", "the answer is a web page, not JSON")
        try:
            return json_text.loads(self.content, limit=MAX_ANSWER)
        except DougongError as error:
            problem = error.problems[0]
            raise BadAnswer(f"应答不可读: {problem.message.zh}", f"unreadable answer: {problem.message.en}") from error


class RestSession:
    """A client of one ERP for one thread at a time: address, trust, limits. Logging in is the connector's.

    :param base_url: `http(s)://host/path/`; paths of calls are relative to it. Credentials in it are refused.
    :param ca_file: PEM with the authorities to trust, instead of the system's.
    :param certificate: PEM with a client certificate and its key.
    :param transport: another `httpx.BaseTransport`, for tests or by choice; it is closed with the session. By default
        the one of `dougong_sdk.transport.new_transport`.
    :param max_answer: bytes of the longest answer.
    :param secrets: texts that `redact` blots out.
    :raises DougongError: `SETTINGS_INVALID` for an address or certificate that cannot be used.

    .. versionadded:: 0.1
    """

    def __init__(
        self,
        base_url: str,
        *,
        ca_file: Path | None = None,
        certificate: Path | None = None,
        transport: httpx.BaseTransport | None = None,
        max_answer: int = MAX_ANSWER,
        secrets: Iterable[str] = (),
    ) -> None:
        self._base = _base(base_url)
        self._max_answer = max_answer
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._transport = transport or new_transport(
            lambda: LeanTransport(tls=_trust(ca_file, certificate)), self._secrets
        )
        self._origin = Origin.of(self._base)
        self._urls: dict[str, httpx.URL] = {}

    def __repr__(self) -> str:
        return f"<RestSession {self._base}>"

    def url(self, path: str) -> httpx.URL:
        """The whole address of a path."""
        if path not in self._urls:
            self._urls[path] = self._base.join(path)
        return self._urls[path]

    def post(self, path: str, body: bytes, *, deadline: Deadline, headers: Mapping[str, str] | None = None) -> Answer:
        """`send` with POST and a JSON body."""
        return self.send("POST", path, body=body, deadline=deadline, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        deadline: Deadline,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_type: str = "application/json; charset=utf-8",
    ) -> Answer:
        """Make one call, once, and read its whole answer before the deadline.

        :param body: leaves exactly as it is.
        :returns: the answer, of any status: `Answer.expect` sorts it.
        :raises NotSent: nothing has left. :raises Unclear: anything else.
        """
        pairs = [
            (b"Host", self._base.netloc),
            *_raw({"Accept-Encoding": "identity", "Content-Type": media_type, **(headers or {})}),
            *([(b"Content-Length", b"%d" % len(body))] if body or method not in ("GET", "HEAD") else []),
        ]
        try:
            answer = self._exchange(method, self.url(path), pairs, body, deadline)
            return Answer(answer.status, answer.headers, self._read(answer, deadline))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise Unreachable(f"未能连接 {self._where}: {error}", f"cannot reach {self._where}: {error}") from error
        except httpx.TimeoutException as error:
            raise TimedOut(f"{self._where} 未在时限内应答", f"{self._where} did not answer in time") from error
        except httpx.NetworkError as error:
            raise ConnectionLost(f"与 {self._where} 的连接中断", f"connection to {self._where} lost") from error
        except httpx.TransportError as error:
            raise BadAnswer(f"{self._where} 的应答有误: {error}", f"bad answer from {self._where}: {error}") from error

    def _exchange(
        self, method: str, url: httpx.URL, headers: list[tuple[bytes, bytes]], body: bytes, deadline: Deadline
    ) -> Exchange | _HttpxAnswer:
        """Over our transport in bytes; over any other one in httpx's words."""
        if isinstance(self._transport, LeanTransport):
            line = b"%s %s HTTP/1.1" % (method.encode("ascii"), url.raw_path)
            return self._transport.exchange(self._origin, line, headers, body, deadline)
        limits = dict.fromkeys(("connect", "read", "write", "pool"), deadline.remaining())
        request = httpx.Request(
            method, url, headers=headers, content=body, extensions={DEADLINE: deadline, "timeout": limits}
        )
        return _HttpxAnswer(self._transport.handle_request(request))

    def _read(self, answer: Exchange | _HttpxAnswer, deadline: Deadline) -> bytes:
        """The body, as it is on the wire, capped, within the deadline whatever the transport's own limits are."""
        content = bytearray()
        try:
            if answer.headers.get("content-encoding", "") not in ("", "identity"):
                raise BadAnswer("应答被压缩, 而我们未要求压缩", "the answer is compressed although we asked for plain")
            for chunk in answer:
                content += chunk
                if len(content) > self._max_answer:
                    raise BadAnswer(f"应答超过 {self._max_answer} 字节", f"the answer exceeds {self._max_answer} bytes")
                if not deadline.remaining():
                    raise TimedOut(f"{self._where} 未在时限内应答", f"{self._where} did not answer in time")
        finally:
            answer.close()
        return bytes(content)

    @property
    def _where(self) -> str:
        return f"{self._base.scheme}://{self._base.netloc.decode()}"

    def redact(self, text: str) -> str:
        """`text` with every secret of this session blotted out: for what an ERP says, which may quote what we sent."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


class _HttpxAnswer:
    """The answer of another transport, in the shape of ours."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = Headers(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        )
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return iter(cast("httpx.SyncByteStream", self._response.stream))

    def close(self) -> None:
        self._response.close()


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as bytes. :raises Unreachable: one is not ASCII; nothing was sent."""
    try:
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    except UnicodeEncodeError:
        raise Unreachable("请求头含非 ASCII 字符, 未发送", "a header is not ASCII; nothing was sent") from None


def _seconds(retry_after: str) -> float | None:
    """The seconds of a `Retry-After`, given as a number or as an HTTP date; `None` for anything else."""
    if re.fullmatch(r"[0-9]{1,6}", retry_after):
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())


def _base(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address if address.endswith("/") else f"{address}/")
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
        raise DougongError(
            Problem.of(
                "SETTINGS_INVALID",
                "连接地址必须是 http(s)://主机/路径/ 且不含用户名、密码或参数",
                "the address must be http(s)://host/path/ without user, password or query",
                path="base_url",
            )
        )
    return url


def _trust(ca_file: Path | None, certificate: Path | None) -> Any:
    if not ca_file and not certificate:
        return None
    try:
        return tls_context(ca_file, certificate)
    except OSError as error:
        raise DougongError(
            Problem.of(
                "SETTINGS_INVALID",
                f"证书文件不可用: {ca_file or ''} {certificate or ''} ({error.strerror or error})",
                f"certificate file cannot be used: {ca_file or ''} {certificate or ''} ({error.strerror or error})",
                path="ca_file" if ca_file else "certificate",
            )
        ) from error
