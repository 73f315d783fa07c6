"""The little HTTP that an emulated ERP sees and speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from urllib.parse import parse_qs

from attrs import field, frozen

__all__ = ["Outgoing", "Request", "Response"]


@frozen
class Request:
    """One request as it came over the wire.

    :param method: upper case.
    :param path: decoded path, without the query.
    :param raw_path: the path as it was sent, still percent-encoded; what signatures are made over.
    :param query: the raw query string.
    :param headers: by lower-case name; of a repeated header the last.
    :param body: the raw body.

    .. versionadded:: 0.1
    """

    method: str
    path: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, equals, value in pairs if equals}

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The query by name; of a repeated parameter the last."""
        return {key: values[-1] for key, values in parse_qs(self.query, keep_blank_values=True).items()}

    @cached_property
    def form(self) -> dict[str, str]:
        """The body read as ``application/x-www-form-urlencoded``."""
        return {key: values[-1] for key, values in parse_qs(self.body.decode("utf-8"), keep_blank_values=True).items()}


@frozen
class Response:
    """One answer.

    :param body: the bytes.
    :param status: HTTP status.
    :param content_type: value of ``Content-Type``.
    :param headers: further headers as pairs, so that ``Set-Cookie`` may repeat.

    .. versionadded:: 0.1
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: Sequence[tuple[str, str]] = ()


@frozen
class Outgoing:
    """One message that the ERP pushes by itself (confirmation, event, finished job).

    :param body: the bytes.
    :param content_type: value of ``Content-Type``.
    :param headers: further headers, e.g. a signature.
    :param method: ``POST``, or ``GET`` for a request that tries the address.
    :param path: below the address of the target, e.g. ``/confirm``. :param query: the raw query string.

    .. versionadded:: 0.1
    """

    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(factory=dict)
    method: str = "POST"
    path: str = ""
    query: str = ""
