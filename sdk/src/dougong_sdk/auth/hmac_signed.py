"""Requests that prove themselves by an HMAC over their parts, as API gateways want it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from string import Formatter
from typing import Literal
from urllib.parse import urlencode

import httpx

from dougong.hookspecs import Deadline
from dougong_sdk.auth.headers import Credentials, Refuses, status_401
from dougong_sdk.messages import Answer, Refusal, Request

__all__ = ["HmacSigned"]


class HmacSigned:
    r"""Signs every request. What is signed and where the signature goes are templates with these fields.

    ==================== ==================================================================================
    `{method}`           in capitals
    `{host}` `{path}`    `{path}` as it is sent, percent-encoded
    `{query}`            as it is sent; `{sorted_query}` by name, encoded anew
    `{body}`             the body itself; `{body_sha256}` in hexadecimal, `{body_sha256_base64}`,
                         `{body_md5_base64}`
    `{timestamp}`        seconds since 1970; `{timestamp_ms}` milliseconds; `{utc}` 2026-11-20T08:00:00Z;
                         `{date}` as HTTP writes it
    `{nonce}`            another one for each request
    `{key}`              `key` itself
    `{header[NAME]}`     a header that is there already, by its exact name; empty where it is not
    `{signature}`        in headers only
    ==================== ==================================================================================

    :param key: public name of the secret. :param secret: what signs; never sent.
    :param text: template of what is signed, e.g. `"{method}\n{path}\n{timestamp}\n{nonce}\n{body_sha256}"`.
    :param headers: templates of what is added, e.g. `{"X-Signature": "{signature}", "X-Timestamp": "{timestamp}"}`.
    :param digest: name of a hash; gateways in use want `sha256`, older ones `sha1`.
    :param encoding: of the signature.
    :param refuses: which answers refuse us; signing again would show the same secret, so nothing is repeated.
    :param pause: seconds during which a secret that was refused, with proof, signs nothing.
    :param clock: seconds since 1970.
    :raises ValueError: a template names a field that does not exist; no such digest or encoding.

    .. versionadded:: 0.1
    """

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        text: str,
        headers: Mapping[str, str],
        digest: str = "sha256",
        encoding: Literal["base64", "hex"] = "base64",
        refuses: Refuses = status_401,
        pause: float = 30.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key, self._secret, self._text, self._headers = key, secret, text, dict(headers)
        self._digest, self._encoding, self._clock = digest, encoding, clock
        self._credentials = Credentials(refuses, pause)
        hashlib.new(digest)
        if encoding not in ("base64", "hex"):
            raise ValueError(f"a signature is written in base64 or hex, not in {encoding}")
        _check(text, _FIELDS)
        for template in self._headers.values():
            _check(template, {*_FIELDS, "signature"})

    def __repr__(self) -> str:
        return f"<HmacSigned {self._key}>"

    def authorize(self, request: Request, deadline: Deadline) -> Request:
        """Signed. :raises LoginRefused: what this secret signed was refused just now."""
        self._credentials.check()
        fields = {**_parts(request, self._clock()), "key": self._key, "header": defaultdict(str, request.headers)}
        # a body need not be text: surrogates carry its bytes through the template unchanged
        text = self._text.format_map(fields).encode("utf-8", "surrogateescape")
        mac = hmac.digest(self._secret.encode(), text, self._digest)
        fields["signature"] = mac.hex() if self._encoding == "hex" else base64.b64encode(mac).decode()
        return request.with_headers({name: value.format_map(fields) for name, value in self._headers.items()})

    def refused(self, request: Request, answer: Answer) -> Refusal | None:
        """As `refuses` says."""
        return self._credentials.refused(answer)

    def secrets(self) -> Iterable[str]:
        """The secret."""
        return [self._secret]


def _parts(request: Request, now: float) -> dict[str, object]:
    url, body = request.url, request.body
    path, _, query = url.raw_path.decode("ascii").partition("?")
    return {
        "method": request.method,
        "host": url.netloc.decode("ascii"),
        "path": path,
        "query": query,
        "sorted_query": urlencode(sorted(url.params.multi_items())),
        "body": body.decode("utf-8", "surrogateescape"),
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "body_sha256_base64": base64.b64encode(hashlib.sha256(body).digest()).decode(),
        "body_md5_base64": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),
        "timestamp": int(now),
        "timestamp_ms": int(now * 1000),
        "utc": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "date": formatdate(now, usegmt=True),
        "nonce": uuid.uuid4().hex,
    }


_FIELDS = {*_parts(Request("GET", httpx.URL("http://host/")), 0.0), "key", "header"}


def _check(template: str, fields: Container[str]) -> None:
    """:raises ValueError: a field is unknown; better when the connector starts than when a voucher is due."""
    for _, name, _, _ in Formatter().parse(template):
        if name is not None and name.partition("[")[0] not in fields:
            raise ValueError(f"no field {{{name}}} to sign")
