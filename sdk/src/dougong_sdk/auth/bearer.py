"""A token that a login gives out: shown with every request, renewed when it ends or is refused."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from dougong.hookspecs import Deadline
from dougong_sdk.auth.headers import Refuses, status_401
from dougong_sdk.auth.tokens import TokenCache
from dougong_sdk.messages import Answer, Refusal, Request

__all__ = ["Bearer"]


class Bearer:
    """Shows a token (RFC 6750), by default as `Authorization: Bearer …`.

    :param tokens: where it comes from, e.g. `TokenCache(TokenEndpoint(…).client_credentials())`.
    :param header: name of the header; empty = none.
    :param prefix: what stands before the token in the header.
    :param parameter: name of a parameter of the address that takes the token, where an ERP wants it there.
    :param refuses: which answers refuse the token: an ERP that says so in its own words, under status 200, has a
        function of its own here.

    .. versionadded:: 0.1
    """

    def __init__(
        self,
        tokens: TokenCache,
        *,
        header: str = "Authorization",
        prefix: str = "Bearer ",
        parameter: str = "",
        refuses: Refuses = status_401,
    ) -> None:
        self._tokens, self._refuses = tokens, refuses
        self._header, self._prefix, self._parameter = header, prefix, parameter

    def __repr__(self) -> str:
        return f"<Bearer {self._parameter or self._header}>"

    def authorize(self, request: Request, deadline: Deadline) -> Request:
        """With a token that is good now."""
        token = self._tokens.get(deadline)
        if self._parameter:
            request = attrs.evolve(request, url=request.url.copy_merge_params({self._parameter: token}))
        return request.with_headers({self._header: self._prefix + token}) if self._header else request

    def refused(self, request: Request, answer: Answer) -> Refusal | None:
        """Forgets the token that the request has shown; one that another thread has renewed already stays."""
        refusal = self._refuses(answer)
        if refusal is None:
            return None
        held = self._tokens.held()
        if held and held == self._shown(request):
            self._tokens.forget(held)
        return attrs.evolve(refusal, renewable=True)

    def _shown(self, request: Request) -> str:
        if self._parameter:
            return str(request.url.params.get(self._parameter, ""))
        return request.headers.get(self._header, "").removeprefix(self._prefix)

    def secrets(self) -> Iterable[str]:
        """The tokens of late."""
        return self._tokens.secrets()
