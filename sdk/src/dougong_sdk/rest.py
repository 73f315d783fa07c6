"""Sessions over HTTP for connectors: one deadline, capped answers, exact numbers, hidden secrets, known proofs.

What a call may end with instead of an answer is in `dougong_sdk.errors`; the names are also here, so that a connector
needs one import.

The wire is an `httpx.BaseTransport`; by default `dougong_sdk.transport.LeanTransport`, since httpx's own pool is the
dearest part of a call. Sessions build `httpx.Request` themselves and skip `httpx.Client`, which would follow
environment variables, redirects and cookies that a money-moving client must not follow. Proxies and `.netrc` are
therefore never read from the environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import httpx

from dougong.hookspecs import Deadline
from dougong.model.problems import DougongError, Problem
from dougong_sdk.answers import Headers
from dougong_sdk.errors import (
    BadAnswer,
    BadStatus,
    ConnectionLost,
    Fault,
    LoginRefused,
    NotSent,
    RestError,
    TimedOut,
    Unclear,
    Unreachable,
    outcome_of,
)
from dougong_sdk.messages import MAX_ANSWER, Answer, Auth, Refusal, Request
from dougong_sdk.transport import DEADLINE, Exchange, LeanTransport, Origin, new_transport, tls_context

__all__ = [
    "MAX_ANSWER",
    "Answer",
    "Auth",
    "BadAnswer",
    "BadStatus",
    "ConnectionLost",
    "Fault",
    "Headers",
    "LoginRefused",
    "NotSent",
    "Refusal",
    "Request",
    "RestError",
    "RestSession",
    "TimedOut",
    "Unclear",
    "Unreachable",
    "outcome_of",
]

#: Calls that have no effect by their method (RFC 9110 §9.2.1).
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Paths whose addresses are remembered; one with a reference or a page in it is asked for once.
_MOST_PATHS = 256
#: Characters of an ERP's own words that are shown.
_MOST_WORDS = 300


class RestSession:
    """A client of one ERP for one thread at a time: address, trust, limits, and a way in.

    :param base_url: `http(s)://host/path/`; paths of calls are relative to it. Credentials in it are refused.
    :param auth: the way in (`dougong_sdk.auth`); without one, letting itself in is the connector's.
    :param ca_file: PEM with the authorities to trust, instead of the system's.
    :param certificate: PEM with a client certificate and its key, for mutual TLS.
    :param certificate_password: of an encrypted key.
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
        auth: Auth | None = None,
        ca_file: Path | None = None,
        certificate: Path | None = None,
        certificate_password: str = "",
        transport: httpx.BaseTransport | None = None,
        max_answer: int = MAX_ANSWER,
        secrets: Iterable[str] = (),
    ) -> None:
        self._base = _base(base_url)
        self._auth = auth
        self._max_answer = max_answer
        self._secrets = {*secrets, certificate_password} - {""}
        known = sorted(self._secrets | set(auth.secrets() if auth else ()))
        self._transport = transport or new_transport(
            lambda: LeanTransport(tls=_trust(ca_file, certificate, certificate_password)), known
        )
        self._origin = Origin.of(self._base)
        self._urls: dict[str, httpx.URL] = {}

    def __repr__(self) -> str:
        return f"<RestSession {self._base}>"

    def url(self, path: str) -> httpx.URL:
        """The whole address of a path; also of an address, where an answer names the next page by one.

        :raises Unreachable: it leads to another host, which is not to see our credentials; nothing was sent.
        """
        known = self._urls.get(path)
        if known is not None:
            return known
        url = self._base.join(path)
        if Origin.of(url) != self._origin:
            raise Unreachable(
                f"{url.host} 不是 {self._where}: 凭据不发往其他主机",
                f"{url.host} is not {self._where}: our credentials go to no other host",
            )
        if len(self._urls) < _MOST_PATHS:
            self._urls[path] = url
        return url

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
        repeatable: bool | None = None,
    ) -> Answer:
        """Make one call and read its whole answer before the deadline.

        It is made once. Only where the answer refuses our way in, and something new can be shown, is it made once
        more: a call without effect always, one with an effect only if the refusal proves that nothing was done.

        :param body: leaves exactly as it is.
        :param repeatable: the call has no effect; by default, what its method says.
        :returns: the answer, of any status: `Answer.expect` sorts it.
        :raises LoginRefused: the ERP does not let us in, and it is certain that nothing was done.
        :raises NotSent: nothing has left. :raises Unclear: anything else.
        """
        headers = {"Accept-Encoding": "identity", "Content-Type": media_type, **(headers or {})}
        request = Request(method, self.url(path), headers, body)
        if self._auth is None:
            return self._once(request, deadline)
        repeatable = method in _READS if repeatable is None else repeatable
        answer, refusal = self._let_in(self._auth, request, deadline)
        if refusal and refusal.renewable and (refusal.proof or repeatable):
            answer, refusal = self._let_in(self._auth, request, deadline)
        if refusal and (refusal.proof or repeatable):
            raise self._refused(answer, refusal.reason)
        return answer

    def _let_in(self, auth: Auth, request: Request, deadline: Deadline) -> tuple[Answer, Refusal | None]:
        shown = auth.authorize(request, deadline)
        answer = self._once(shown, deadline)
        return answer, auth.refused(shown, answer)

    def _refused(self, answer: Answer, reason: str) -> LoginRefused:
        zh, en = answer.clock_note()
        told = f" ({self.redact(reason)[:_MOST_WORDS]})" if reason else ""
        return LoginRefused(
            f"{self._where} 拒绝我们的凭据: HTTP {answer.status}{told}{zh}",
            f"{self._where} refuses us: HTTP {answer.status}{told}{en}",
        )

    def _once(self, request: Request, deadline: Deadline) -> Answer:
        body = request.body
        pairs = [
            (b"Host", self._base.netloc),
            *_raw(request.headers),
            *([(b"Content-Length", b"%d" % len(body))] if body or request.method not in ("GET", "HEAD") else []),
        ]
        try:
            answer = self._exchange(request.method, request.url, pairs, body, deadline)
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
        """`text` without the secrets of this session and its way in: an ERP's words may quote what we sent."""
        secrets = self._secrets | set(self._auth.secrets() if self._auth else ())
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
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


def _trust(ca_file: Path | None, certificate: Path | None, password: str) -> Any:
    if not ca_file and not certificate:
        return None
    try:
        return tls_context(ca_file, certificate, password)
    except OSError as error:
        raise DougongError(
            Problem.of(
                "SETTINGS_INVALID",
                f"证书文件不可用: {ca_file or ''} {certificate or ''} ({error.strerror or error})",
                f"certificate file cannot be used: {ca_file or ''} {certificate or ''} ({error.strerror or error})",
                path="ca_file" if ca_file else "certificate",
            )
        ) from error
