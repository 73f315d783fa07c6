"""What a call over the wire may end with instead of an answer, sorted by what the caller should do.

That is all that a caller can use of an error::

    RestError
    ├── NotSent              proof that nothing reached the ERP's work: do it again later         → NotDone
    │   ├── Unreachable      refused, no such name, no route, TLS handshake failed, too late before the first byte
    │   └── LoginRefused     the ERP does not let us in, and nothing was done: a person must act
    ├── Unclear              bytes have left and no readable answer came back: never send again, ask   → Unknown
    │   ├── TimedOut         the deadline passed after the first byte
    │   ├── ConnectionLost   reset or closed, also on a connection kept alive, also half-way through the answer
    │   ├── BadStatus        an HTTP status that was not expected, with `retry_after`; the work may be done
    │   └── BadAnswer        too large, truncated, not JSON or XML, HTML, compressed although we asked for plain
    └── Fault                SOAP: the ERP has answered, and says no; what that proves is in its code and detail,
                             which the connector reads. Unread, it proves nothing                      → Unknown

A status is proof only where the ERP's documentation says so, and then the connector says so by reading it: even a 429
or a 503 may come from something between us and an ERP that has done its work. `outcome_of` turns an error into an
`Outcome`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from dougong.model.outcomes import NotDone, Rejected, Unknown
from dougong.model.problems import DougongError, Problem
from dougong_sdk.refusals import Refused, outcome_of_class

__all__ = [
    "BadAnswer",
    "BadStatus",
    "ConnectionLost",
    "Fault",
    "LoginRefused",
    "NotSent",
    "RestError",
    "TimedOut",
    "Unclear",
    "Unreachable",
    "outcome_of",
]


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


class Fault(RestError):
    """A SOAP fault: a readable answer by which the ERP says no.

    :ivar fault_code: its code without prefix, e.g. `Server` (SOAP 1.1) or `Receiver` (SOAP 1.2).
    :ivar subcodes: SOAP 1.2: the codes below it, outermost first, without prefixes.
    :ivar text: the ERP's words, secrets blotted out.
    :ivar detail: the element with the ERP's own members (of lxml), or `None`; may hold what no log should show.

    .. versionadded:: 0.1
    """

    code = "SOAP_FAULT"

    def __init__(self, fault_code: str, text: str, *, subcodes: tuple[str, ...] = (), detail: Any = None) -> None:
        said = f"{fault_code}: {text}"
        super().__init__(f"ERP 返回 SOAP 错误 {said}", f"the ERP answers with a SOAP fault, {said}")
        self.fault_code, self.subcodes, self.text, self.detail = fault_code, subcodes, text, detail


def outcome_of(error: RestError | Refused) -> Rejected | NotDone | Unknown:
    """What `push` and `complete` answer when a call failed or was refused: `NotDone` only with proof.

    A `Fault` that the connector has not read is no proof.

    .. versionadded:: 0.1
    """
    if isinstance(error, Refused):
        return outcome_of_class(error.kind, error.problems)
    reason = "; ".join(map(str, error.problems))
    if isinstance(error, NotSent):
        return NotDone(reason, after=error.retry_after)
    return Unknown(reason, ask_after=error.retry_after)
