"""`dougong.toml` as frozen classes: one project, its connections, its routes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import attrs

from dougong.config import positions
from dougong.config.errors import ConfigError, Places, did_you_mean
from dougong.config.secrets import SecretRef
from dougong.model import words
from dougong.model.documents import DocumentType
from dougong.model.postings import Stage
from dougong.model.problems import Problem

__all__ = [
    "Approve",
    "Breaker",
    "Config",
    "Connection",
    "Credential",
    "Limits",
    "Moment",
    "Plugins",
    "Project",
    "Route",
    "Server",
]

#: Why something is booked (contract.md §1).
Moment = Literal[
    "accrual",
    "payment",
    "payment_returned",
    "loan",
    "repayment",
    "tax_confirmed",
    "red_invoice",
    "provision",
    "difference",
    "reversal",
]


@attrs.frozen(kw_only=True)
class Project:
    """The project as a whole: one customer.

    :param name: for people.
    :param ledger: path of the SQLite file, relative to the project, or an SQLAlchemy URL; with a password, a reference.
    :param locale: language of texts that end in the ERP.
    :param rules: patterns of the posting rules' files, relative to the project.

    .. versionadded:: 0.1
    """

    name: str = ""
    ledger: str | SecretRef = "ledger.db"
    locale: Literal["zh", "en"] = "zh"
    rules: tuple[str, ...] = ("rules/*.toml",)


@attrs.frozen(kw_only=True)
class Plugins:
    """Which plugins are trusted; decided before anything of them is imported.

    :param allow: names of distributions; without it every installed one is allowed.

    .. versionadded:: 0.1
    """

    allow: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class Breaker:
    """When a connection is left alone for a while.

    :param failures: failed calls in a row that open it.
    :param open_seconds: seconds until the next try.

    .. versionadded:: 0.1
    """

    failures: int = 5
    open_seconds: float = 30.0


@attrs.frozen(kw_only=True)
class Limits:
    """How hard a connection may be driven.

    :param concurrency: most calls at a time (threads, one session each).
    :param rate: most calls per second; none = as fast as they are answered.
    :param batch: most items in one message, below what the connector can do.
    :param breaker: when it is left alone for a while.
    :param deadline: seconds for one call altogether, instead of the operation's own.

    .. versionadded:: 0.1
    """

    concurrency: int = 4
    rate: float | None = None
    batch: int | None = None
    breaker: Breaker = Breaker()
    deadline: float | None = None


@attrs.frozen(kw_only=True)
class Credential:
    """A credential beside the connection's own: in the file one table of plain values and references.

    :param settings: plain values, passed to the connector's settings with the table's name in front: `auditor_…`.
    :param secrets: references, passed likewise.

    .. versionadded:: 0.1
    """

    settings: Mapping[str, Any] = attrs.field(factory=dict)
    secrets: Mapping[str, SecretRef] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Approve:
    """Which vouchers are held until a second person has approved them (`dougong approve`).

    :param above: only those of more than this, in the functional currency of their book; without it every voucher.
    :param moments: only those of these moments; without it all.

    .. versionadded:: 0.1
    """

    above: Decimal | None = None
    moments: tuple[Moment, ...] | None = None

    def wants(self, moment: str, amount: Decimal) -> bool:
        """Whether a voucher of this moment and amount, functional currency, is meant."""
        return (self.moments is None or moment in self.moments) and (self.above is None or amount > self.above)


@attrs.frozen(kw_only=True)
class Connection:
    """One ERP account set or one source. A source is a connection without routes.

    :param name: the table's name in the file.
    :param connector: name of the installed connector, e.g. `kingdee`.
    :param target_stage: how far core brings a posting; `audited` and beyond need an auditor.
    :param settle: seconds after which an unanswered call is certainly over, instead of the operation's own.
    :param settings: what the connector's settings class takes.
    :param secrets: name → reference.
    :param auditor: the second credential: who audits is not who makes.
    :param callback: what a caller shows who says that it is this ERP, as far as the connector wants it.
    :param approve: which vouchers wait for a second person; without it none does.
    :param limits: how hard the connection may be driven.
    :param mappings: target type → file of its field mapping; default `mappings/NAME/TARGET.toml`.
    :param addons: names of add-ons, in the order in which they are asked.

    .. versionadded:: 0.1
    """

    name: str = attrs.field(default="", metadata={"file": False})
    connector: str
    target_stage: Literal[Stage.DRAFT, Stage.SUBMITTED, Stage.AUDITED, Stage.POSTED] = Stage.SUBMITTED
    settle: float | None = None
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    secrets: Mapping[str, SecretRef] = attrs.field(factory=dict)
    auditor: Credential | None = None
    callback: Credential | None = None
    approve: Approve | None = None
    limits: Limits = Limits()
    mappings: Mapping[str, str] = attrs.field(factory=dict)
    addons: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Route:
    """What goes where: bookings of an entity's book, of one moment or document type or of all, to one connection.

    :param entity: our legal entity.
    :param book: our account book.
    :param moment: only this moment.
    :param document: only documents of this type.
    :param connection: name of the connection.

    .. versionadded:: 0.1
    """

    entity: str
    book: str
    moment: Moment | None = None
    document: DocumentType | None = None
    connection: str

    def matches(self, moment: str, document_type: str) -> bool:
        """Whether it takes this moment of this document type."""
        return self.moment in (None, moment) and self.document in (None, document_type)

    @property
    def specificity(self) -> int:
        """How much it says beside entity and book: 0, 1 or 2."""
        return (self.moment is not None) + (self.document is not None)


@attrs.frozen(kw_only=True)
class Server:
    """The HTTP side of `dougong serve`.

    :param token: who sends documents shows it (`Authorization: Bearer`); without one only this machine is listened to.
    :param public_url: address under which others reach the server, e.g. `https://dougong.example.com`; the addresses of
        callbacks begin with it.
    :param callback_limit: most bytes of a callback.
    :param document_limit: most bytes of a document.
    :param body_seconds: most seconds that a caller may take to send one.

    .. versionadded:: 0.1
    """

    token: SecretRef | None = None
    public_url: str | None = None
    callback_limit: int = 1_048_576
    document_limit: int = 8_388_608
    body_seconds: float = 15.0


@attrs.frozen(kw_only=True)
class Config:
    """A whole `dougong.toml`.

    :param project: the project as a whole.
    :param plugins: which plugins are trusted.
    :param connections: name → connection.
    :param routes: what goes where.
    :param server: the HTTP side of `dougong serve`.
    :param folder: the project's folder.
    :param digest: SHA-256 of the text that was read: what is worked with, whatever the file says by now.
    :param places: lines of the file, for errors that are found later.

    .. versionadded:: 0.1
    """

    project: Project = Project()
    plugins: Plugins = Plugins()
    connections: Mapping[str, Connection] = attrs.field(factory=dict)
    routes: tuple[Route, ...] = ()
    server: Server = Server()
    digest: str = attrs.field(default="", metadata={"file": False})
    folder: Path = attrs.field(default=Path(), metadata={"file": False})
    places: Places = attrs.field(default=Places(Path("dougong.toml")), metadata={"file": False}, repr=False, eq=False)

    def connection(self, name: str) -> Connection:
        """The connection of that name.

        :raises ConfigError: `CONNECTION_UNKNOWN` with the nearest name.
        """
        if name not in self.connections:
            raise ConfigError(self.places.at((), connection_unknown(name, self.connections)))
        return self.connections[name]

    def books_for(self, entity: str, moment: str, document_type: str) -> tuple[str, ...]:
        """The books in which an entity books this moment of this document type, in the order of the file."""
        found = [route.book for route in self.routes if route.entity == entity and route.matches(moment, document_type)]
        return tuple(dict.fromkeys(found))

    def route(self, entity: str, book: str, moment: str, document_type: str) -> str:
        """The name of the connection for one booking; the most specific route wins.

        :raises ConfigError: `ROUTE_MISSING`.
        """
        found = [r for r in self.routes if (r.entity, r.book) == (entity, book) and r.matches(moment, document_type)]
        if not found:
            what = f"{words.document(document_type).zh}{words.moment(moment).zh}"
            raise ConfigError(
                self.places.at(
                    ("routes",),
                    Problem.of(
                        "ROUTE_MISSING",
                        f"没有为法人 {entity} 账簿 {book} 的{what}配置路由",
                        f"no route for entity {entity}, book {book}, moment {moment}, document {document_type}",
                        hint_zh=f'请增加 [[routes]] entity = "{entity}" book = "{book}" connection = "…"',
                        hint_en=f'add [[routes]] entity = "{entity}" book = "{book}" connection = "…"',
                    ),
                )
            )
        return max(found, key=lambda route: route.specificity).connection

    def mapping_path(self, connection: str, target_type: str) -> Path:
        """The file with the field mapping of a target; it need not exist (the connector then has a default)."""
        given = self.connection(connection).mappings.get(target_type)
        return self.folder / (given or f"mappings/{connection}/{target_type}.toml")

    def ledger_url(self) -> str:
        """The SQLAlchemy URL of the ledger; contains the password where there is one.

        :raises ConfigError: when a reference cannot be resolved.
        """
        ledger = self.project.ledger
        text = ledger.resolve(self.folder) if isinstance(ledger, SecretRef) else ledger
        return text if "://" in text else f"sqlite:///{(self.folder / text).as_posix()}"

    def problem(self, path: positions.Path, problem: Problem) -> Problem:
        """The problem with file, line and key of `path` in front."""
        return self.places.at(path, problem)


def connection_unknown(name: str, known: Mapping[str, Connection]) -> Problem:
    """What to say about a connection that is not configured."""
    hint = did_you_mean(name, known)
    return Problem.of(
        "CONNECTION_UNKNOWN",
        f"没有名为 {name!r} 的连接",
        f"there is no connection {name!r}",
        hint_zh=hint.zh,
        hint_en=hint.en,
    )
