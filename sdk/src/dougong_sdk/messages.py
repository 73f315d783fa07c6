"""A request before it leaves, an answer once it is there, and what a way into an ERP does with the two."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import attrs
import httpx

from dougong.formats import json_text
from dougong.hookspecs import Deadline
from dougong.model.problems import DougongError
from dougong_sdk.answers import Headers
from dougong_sdk.errors import BadAnswer, BadStatus

__all__ = ["MAX_ANSWER", "Answer", "Auth", "Refusal", "Request"]

#: Bytes of the longest answer that is read; more is refused while reading.
MAX_ANSWER = 32 * 1024 * 1024
#: Seconds by which two clocks may differ before a refusal mentions it.
_CLOCKS_AGREE = 60


@attrs.frozen
class Request:
    """A request before it leaves. Neither headers, body nor query are shown in its `repr`: they hold secrets.

    :param url: the whole address. :param headers: without `Host` and `Content-Length`.

    .. versionadded:: 0.1
    """

    method: str
    url: httpx.URL = attrs.field(repr=lambda url: f"{url.scheme}://{url.netloc.decode()}{url.path}")
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=lambda body: f"<{len(body)} bytes>")

    def with_headers(self, more: Mapping[str, str]) -> Request:
        """The same request with more headers."""
        return attrs.evolve(self, headers={**self.headers, **more})


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
        if self.is_page:
            raise BadAnswer("应答是网页而不是 JSON", "the answer is a web page, not JSON")
        try:
            return json_text.loads(self.content, limit=MAX_ANSWER)
        except DougongError as error:
            problem = error.problems[0]
            raise BadAnswer(f"应答不可读: {problem.message.zh}", f"unreadable answer: {problem.message.en}") from error

    @property
    def is_page(self) -> bool:
        """Whether it calls itself a web page: what login pages and proxies send in place of the ERP."""
        return "html" in self.headers.get("content-type", "")

    def clock_note(self) -> tuple[str, str]:
        """What to add to a refusal, in Chinese and English, if our clock and the ERP's differ; empty if they agree.

        Signatures and assertions are refused for that alone, and an ERP seldom says so.
        """
        theirs = _moment(self.headers.get("date", ""))
        ahead = round(time.time() - theirs) if theirs is not None else 0
        if abs(ahead) <= _CLOCKS_AGREE:
            return "", ""
        return f"; 本机时钟比对方快 {ahead} 秒, 请校时", f"; our clock is {ahead} s ahead of its clock: set it right"


@attrs.frozen
class Refusal:
    """That an answer refuses us, not what we asked for.

    :param proof: it comes from the ERP itself, before any work: even a call with an effect was not done.
    :param renewable: what it refused has been forgotten, and asking again shows something new.
    :param reason: why, in the ERP's own words, where it says so; they are shown without our secrets.

    .. versionadded:: 0.1
    """

    proof: bool = False
    renewable: bool = False
    reason: str = ""


class Auth(Protocol):
    """A way into an ERP, as `RestSession(auth=…)` takes it; threads may share one.

    The ways of the field are in `dougong_sdk.auth`. A product with a way of its own writes these three methods.

    .. versionadded:: 0.1
    """

    def authorize(self, request: Request, deadline: Deadline) -> Request:
        """The request together with what lets it in: headers, a parameter of its address, or all of it encrypted.

        :raises LoginRefused: the ERP refuses the login that has to come first.
        :raises NotSent: that login could not be made.
        """

    def refused(self, request: Request, answer: Answer) -> Refusal | None:
        """Look at the answer to a request that was let out by `authorize`; forget what is stale.

        :returns: `None` unless the answer refuses us.
        """

    def secrets(self) -> Iterable[str]:
        """Texts that no message may show: passwords, keys, the tokens of late."""


def _seconds(retry_after: str) -> float | None:
    """The seconds of a `Retry-After`, given as a number or as an HTTP date; `None` for anything else."""
    if re.fullmatch(r"[0-9]{1,6}", retry_after):
        return float(retry_after)
    moment = _moment(retry_after)
    return None if moment is None else max(0.0, moment - time.time())


def _moment(http_date: str) -> float | None:
    try:
        return parsedate_to_datetime(http_date).timestamp()
    except ValueError:
        return None
