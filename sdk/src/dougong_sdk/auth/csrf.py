"""A token against forged requests, as SAP's OData services want it with every call that changes something."""

from __future__ import annotations

from collections.abc import Iterable

from dougong.hookspecs import Deadline
from dougong_sdk.auth.tokens import Token, TokenCache
from dougong_sdk.errors import BadAnswer, LoginRefused
from dougong_sdk.messages import Answer, Refusal, Request
from dougong_sdk.rest import RestSession

__all__ = ["CsrfToken"]

_HEADER = "X-CSRF-Token"
_FREE = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfToken:
    """Fetches a CSRF token with its cookies and shows both with every call that is no GET.

    The ERP refuses one that is stale with 403 and `X-CSRF-Token: Required`, before it looks at the call: that is
    proof, and the call is made once more with a new one. It goes on top of the login, which it does not replace:
    `Together(login, CsrfToken(RestSession(address, auth=login), "service/"))`.

    :param session: what fetches it; lets itself in.
    :param path: of the service or another resource that may be read.

    .. versionadded:: 0.1
    """

    def __init__(self, session: RestSession, path: str) -> None:
        self._session, self._path = session, path
        # A token is good only with the cookies of its session, so a line break joins the two into one value.
        self._pairs = TokenCache(self._fetch)

    def __repr__(self) -> str:
        return f"<CsrfToken {self._path}>"

    def authorize(self, request: Request, deadline: Deadline) -> Request:
        """With token and cookies, unless it only reads."""
        if request.method in _FREE:
            return request
        token, _, cookies = self._pairs.get(deadline).partition("\n")
        cookies = "; ".join(filter(None, [request.headers.get("Cookie", ""), cookies]))
        return request.with_headers({_HEADER: token, **({"Cookie": cookies} if cookies else {})})

    def refused(self, request: Request, answer: Answer) -> Refusal | None:
        """Forgets the token after 403 with `Required`; any other 403 is about rights, not about the token.

        After a refused login (401) it is forgotten, too: it was good for that login's session.
        """
        if answer.status == 401:
            self._pairs.forget(self._pairs.held() or "")
            return None
        if answer.status != 403 or answer.headers.get(_HEADER, "").lower() != "required":
            return None
        held = self._pairs.held()
        if held and held.partition("\n")[0] == request.headers.get(_HEADER):
            self._pairs.forget(held)
        return Refusal(proof=True, renewable=True)

    def secrets(self) -> Iterable[str]:
        """Tokens and cookies of late."""
        return [part for pair in self._pairs.secrets() for part in pair.split("\n")]

    def _fetch(self, deadline: Deadline) -> Token:
        """Some services answer an error here and still give a token, so the token counts, not the status."""
        answer = self._session.send("GET", self._path, deadline=deadline, headers={_HEADER: "Fetch"})
        token = answer.headers.get(_HEADER, "")
        if answer.status in (401, 403) and not token:
            raise LoginRefused(
                f"未取得 CSRF 令牌: {self._path} 应答 HTTP {answer.status}",
                f"no CSRF token: {self._path} answers HTTP {answer.status}",
            )
        if not token or token.lower() == "required":
            answer.expect(200)
            raise BadAnswer("应答中没有 CSRF 令牌", "there is no CSRF token in the answer")
        cookies = [cookie.partition(";")[0].strip() for cookie in answer.headers.get_list("set-cookie")]
        return Token("\n".join((token, "; ".join(cookies))))
