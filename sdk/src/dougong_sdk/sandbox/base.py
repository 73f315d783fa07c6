"""The class behind every emulated ERP."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .credentials import Credentials
from .errors import SandboxError
from .messages import Outgoing, Request, Response
from .seed import Seed, empty_seed, merge_seed
from .settings import Setting, Settings
from .store import Store

if TYPE_CHECKING:
    from .jobs import Jobs

__all__ = ["Sandbox"]


class Sandbox(ABC):
    """An emulated ERP: subclass it, say what a request means, and ``dougong sandbox NAME`` serves it.

    A subclass gives routes, authentication, envelope, stages and rules; server, persistent ledger, faults, request
    log and the whole ``/_sandbox`` plane come from here. All methods run on one thread, one request at a time, so
    that a subclass needs no locks; they must not wait.

    :param store: the ledger; whatever must survive belongs in it.
    :param settings: the effective settings.
    :param seed: master data laid over :meth:`default_seed`.

    .. versionadded:: 0.1
    """

    name: ClassVar[str]
    """Entry-point name in ``dougong.sandboxes``."""
    title: ClassVar[str]
    """What is emulated, for people."""
    settings_declared: ClassVar[Sequence[Setting]] = ()
    """Product keys of ``--set`` besides the common ones."""
    base_path: ClassVar[str] = "/"
    """Path that a client's base address ends with."""
    ledger_kinds: ClassVar[Sequence[str]] = ()
    """Kinds of records that ``POST /_sandbox/reset`` clears."""
    page_setting: ClassVar[str] = ""
    """Key of ``--set`` with the most rows of one page: a small value shows whether a client reads every page."""
    pushes: ClassVar[Sequence[str]] = ()
    """Kinds of messages that :meth:`compose` knows: ``confirmation``, ``event``, ``job``."""
    greets: ClassVar[bool] = False
    """Whether it tries an address with a request of its own before it pushes there (:meth:`greeting`)."""
    jobs: Jobs | None = None
    """Its background jobs, where it has any."""

    def __init__(self, store: Store, settings: Settings, seed: Mapping[str, Any] | None = None) -> None:
        self.store = store
        self.settings = settings
        self.credentials = Credentials()
        self.seed: Seed = merge_seed(merge_seed(empty_seed(), self.default_seed()), seed or {})
        self._secret: re.Pattern[str] | None = None
        for record in store.all("seed").values():
            self.seed = merge_seed(self.seed, record["patch"])
        self.seed_changed()

    # what a subclass must say

    @abstractmethod
    def operation(self, request: Request) -> str:
        """Name of the operation that a request asks for; faults and the request log go by it."""

    @abstractmethod
    def handle(self, request: Request) -> Response:
        """Do the work and answer. Committed before the answer leaves; undone if this raises."""

    @abstractmethod
    def postings(self, *, deleted: bool = False) -> list[dict[str, Any]]:
        """What the ERP holds, in the shape of interfaces.md §4."""

    @abstractmethod
    def hand(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a person does in the ERP's own screens; returns the posting (or period) as it now is.

        :raises SandboxError: for an unknown action or posting.
        """

    @abstractmethod
    def business_error(self, request: Request, code: str) -> Response:
        """The ERP's own envelope around one of its error codes."""

    # what a subclass may say

    def business_error_of(self, request: Request, code: str, match: str) -> Response:
        """The same about those vouchers of a request that hold a text; by default about the whole request.

        .. versionadded:: 0.1
        """
        return self.business_error(request, code)

    def default_seed(self) -> Mapping[str, Any]:
        """Master data and credentials of a sandbox that nobody has configured."""
        return {}

    def seed_changed(self) -> None:  # noqa: B027 - most sandboxes derive something, none must
        """Called after the seed was set or merged, to rebuild what is derived from it."""

    def operations(self) -> Collection[str]:
        """Every name that :meth:`operation` gives to a path that is served; empty: any name may be asked for."""
        return ()

    def expire_sessions(self) -> None:  # noqa: B027 - an ERP with basic authentication has none
        """Forget every session and token."""

    def endpoints(self) -> Mapping[str, str]:
        """Paths that a client may need, for ``/_sandbox/config``."""
        return {"base": self.base_path}

    def public_keys(self) -> Mapping[str, str]:
        """Public keys of the ERP in PEM, for clients that check its signatures."""
        return {}

    def compose(self, kind: str, *, forge: bool) -> Sequence[Outgoing]:
        """The messages that this ERP would now push to a target of ``kind``; forged ones fail a signature check.

        :raises SandboxError: where the product pushes nothing by itself.
        """
        raise SandboxError(
            f"{self.title} 不会主动推送, 只能查询", f"{self.title} pushes nothing by itself: it is asked", status=409
        )

    def stripped(self, message: Outgoing) -> Outgoing:
        """A message without the credential that stands in its body, where one does.

        Headers and query are left out anyway.

        .. versionadded:: 0.1
        """
        return message

    def greeting(self, *, forge: bool) -> Sequence[Outgoing]:
        """With what this ERP tries an address before it pushes there; empty where it does not.

        .. versionadded:: 0.1
        """
        return ()

    def acknowledges(self, message: Outgoing, answer: Response) -> bool:
        """Whether an answer says, in this ERP's own way, that a message has been taken; else it pushes it again.

        .. versionadded:: 0.1
        """
        return 200 <= answer.status < 300

    def shortened(self, response: Response) -> Response:
        """An answer that tells of several vouchers, without its last one; any other as it is.

        .. versionadded:: 0.1
        """
        raise SandboxError(
            f"{self.title} 的应答不逐张说明凭证",
            f"{self.title} answers about one voucher at a time",
            status=409,
        )

    def error_codes(self) -> Sequence[str]:
        """Every code that this ERP may answer, in its own words; a connector has to know what each means.

        .. versionadded:: 0.1
        """
        return ()

    def loggable(self, request: Request, operation: str) -> str:
        """Body of a request for the log, without secrets."""
        return self.redact(self.readable(request))

    def readable(self, request: Request) -> str:
        """Body of a request as text, and what it holds where it is packed: faults look for their ``match`` in it.

        .. versionadded:: 0.1
        """
        return request.body.decode("utf-8", "replace")

    # what every sandbox does

    def merge_seed(self, patch: Mapping[str, Any]) -> None:
        """Lay master data over the seed, now and after every restart.

        :raises SandboxError: if the product cannot read it; then the seed stays as it was.
        """
        before, self.seed = self.seed, merge_seed(self.seed, patch)
        self._secret = None
        try:
            self.seed_changed()
        except (LookupError, TypeError, ValueError) as error:
            self.seed = before
            self.seed_changed()
            raise SandboxError(f"种子有误: {error!r}", f"something is wrong in the seed: {error!r}") from error
        self.store.put("seed", str(self.store.next_number("seed")), {"patch": dict(patch)})

    def reset(self) -> None:
        """Forget the ledger; the seed stays."""
        self.store.clear(*self.ledger_kinds, "target", "job")
        self.expire_sessions()

    def secrets(self) -> list[str]:
        """Every value that must not be shown anywhere."""
        of_seed = (row.get(key) for row in self.seed["credentials"] for key in ("secret", "password"))
        return [*self.settings.secrets(), *(str(value) for value in of_seed if value)]

    def redact(self, text: str) -> str:
        """``text`` with every known secret replaced by stars."""
        if self._secret is None:
            self._secret = re.compile("|".join(map(re.escape, self.secrets())) or "(?!)")
        return self._secret.sub("***", text)

    def config(self) -> dict[str, Any]:
        """Effective settings, seed, endpoints and public keys, without secrets."""
        hidden = {"secret", "password"}
        shown = [{k: "***" if k in hidden else v for k, v in row.items()} for row in self.seed["credentials"]]
        return {
            "name": self.name,
            "title": self.title,
            "settings": self.settings.shown(),
            "seed": {**self.seed, "credentials": shown},
            "endpoints": dict(self.endpoints()),
            "public_keys": dict(self.public_keys()),
            "error_codes": list(self.error_codes()),
            "has_jobs": self.jobs is not None,
        }
