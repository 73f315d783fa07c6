"""The tables (contract.md §6). Portable on purpose: text, integers, bytes; instants are milliseconds since 1970 UTC.

`live` and `open` are nullable uniques: at most one live delivery per coverage, at most one open attempt per delivery,
on SQLite, PostgreSQL and MySQL alike. JSON columns are text that core itself reads strictly.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from dougong.ledger.states import MOVING, DeliveryState

__all__ = [
    "artifact",
    "attempt",
    "attempt_item",
    "audit",
    "code",
    "correlation",
    "coverage",
    "delivery",
    "dependency",
    "document",
    "event",
    "inbox",
    "invoice_claim",
    "lane",
    "loan_movement",
    "master",
    "metadata",
    "outbox",
    "posting",
    "setting",
    "untold",
]

metadata = MetaData()

#: Deliveries of which a source may have to be told: with an outcome, and changed since they were looked at. One text
#: for index and query, since SQLite uses a partial index only where the query repeats its condition; `NOT IN`, since
#: by a list of states it would rather read all deliveries that stand in them.
_NOTHING_TO_TELL = sorted({*MOVING, DeliveryState.BLOCKED, DeliveryState.CANCELLED})
untold = text("told < version AND state NOT IN ({})".format(", ".join(f"'{state}'" for state in _NOTHING_TO_TELL)))

#: SQLite gives row ids to INTEGER keys only; elsewhere they are big.
_Id = BigInteger().with_variant(Integer, "sqlite")
_NAME = String(190)


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


artifact = Table(
    "artifact",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("text", Text, nullable=False),
)

document = Table(
    "document",
    metadata,
    _id(),
    Column("connection", _NAME, nullable=False),  # the source connection that read it; empty for canonical input
    Column("source", _NAME, nullable=False),
    Column("tenant", _NAME, nullable=False),
    Column("type", String(32), nullable=False),
    Column("source_id", _NAME, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("number", _NAME, nullable=False),
    Column("state", String(16), nullable=False),
    Column("source_state", String(32), nullable=False),
    Column("source_time", BigInteger),
    Column("turned_at", BigInteger),  # source's time of what brought this content, took it back or approved it again
    Column("canonical", Text, nullable=False),
    Column("raw", LargeBinary),
    Column("problems", Text, nullable=False),
    Column("inputs", String(64), nullable=False),  # what it was last derived with
    Column("version", Integer, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("audit_hash", String(64), nullable=False),
    UniqueConstraint("source", "tenant", "type", "source_id", "revision"),
    Index("document_number", "number"),
    Index("document_state", "state"),
)

event = Table(
    "event",
    metadata,
    _id(),
    Column("source", _NAME, nullable=False),
    Column("tenant", _NAME, nullable=False),
    Column("type", String(32), nullable=False),
    Column("source_id", _NAME, nullable=False),
    Column("event_id", _NAME, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("fact", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("source", "tenant", "type", "source_id", "event_id"),
)

delivery = Table(
    "delivery",
    metadata,
    _id(),
    Column("connection", _NAME, nullable=False),
    Column("target_type", _NAME, nullable=False),
    Column("verb", String(16), nullable=False),
    Column("entity", _NAME, nullable=False),
    Column("book", _NAME, nullable=False),
    Column("moment", String(32), nullable=False),
    Column("part", _NAME, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("reference", _NAME, nullable=False),
    Column("target_stage", String(16), nullable=False),
    Column("set_id", _NAME),
    Column("merge_key", _NAME),  # what it is merged by, until it is
    Column("group_id", _NAME),  # names a merged delivery
    Column("state", String(16), nullable=False),
    Column("stage", String(16)),
    Column("due_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("lease_owner", _NAME, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("problems", Text, nullable=False),
    Column("waits_for", Text, nullable=False),
    Column("inputs", String(64), nullable=False),
    Column("documents", Text, nullable=False),  # numbers, for lists; coverage holds the truth
    Column("revision", Integer, nullable=False),
    Column("period", String(16)),
    Column("currency", String(3)),
    Column("total", String(40)),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("reverses_id", _Id, ForeignKey("delivery.id")),
    Column("approved", String(64)),  # content that a second person has approved; other content is not approved
    Column("asked_at", BigInteger),  # business clock when a person asked for it; else its documents tell the day
    Column("created_at", BigInteger, nullable=False),
    Column("audit_hash", String(64), nullable=False),
    Column("told", Integer, nullable=False),  # version that feedback has looked at; no fact of the delivery itself
    UniqueConstraint("connection", "reference"),
    Index("delivery_due", "state", "connection", "due_at"),
    Index("delivery_untold", "id", sqlite_where=untold, postgresql_where=untold),
)

coverage = Table(
    "coverage",
    metadata,
    Column("delivery_id", _Id, ForeignKey("delivery.id"), primary_key=True),
    Column("document_id", _Id, ForeignKey("document.id"), primary_key=True),
    Column("coverage_key", String(64), primary_key=True),
    Column("live", String(64), unique=True),
    Column("given_up", Integer, nullable=False, server_default="0"),  # by a person: this content is not booked again
    Index("coverage_document", "document_id"),
    Index("coverage_key_index", "coverage_key"),
)

dependency = Table(
    "dependency",
    metadata,
    Column("delivery_id", _Id, ForeignKey("delivery.id"), primary_key=True),
    Column("on_delivery_id", _Id, ForeignKey("delivery.id"), primary_key=True),
    Index("dependency_on", "on_delivery_id"),
)

attempt = Table(
    "attempt",
    metadata,
    _id(),
    Column("connection", _NAME, nullable=False),
    Column("operation", _NAME, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("message", Text, nullable=False),  # media type, headers, operation of the frozen message
    Column("body", LargeBinary, nullable=False),
    Column("body_key", String(64)),  # names the key when bodies are encrypted
    Column("body_hash", String(64), nullable=False),
    Column("artifacts", Text, nullable=False),
    Column("connector_version", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("prepared_at", BigInteger, nullable=False),
    Column("first_sent_at", BigInteger),
    Column("last_sent_at", BigInteger),
    Column("sends", Integer, nullable=False),
    Column("absences", Integer, nullable=False),
    UniqueConstraint("connection", "request_id"),
)

attempt_item = Table(
    "attempt_item",
    metadata,
    Column("attempt_id", _Id, ForeignKey("attempt.id"), primary_key=True),
    Column("delivery_id", _Id, ForeignKey("delivery.id"), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("reference_as_sent", _NAME, nullable=False),
    Column("facts", Text, nullable=False),
    Column("booking", Text, nullable=False),
    Column("outcome", String(16)),
    Column("open", Integer),
    UniqueConstraint("delivery_id", "open"),
)

correlation = Table(
    "correlation",
    metadata,
    Column("connection", _NAME, primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("value", _NAME, primary_key=True),
    Column("attempt_id", _Id, ForeignKey("attempt.id"), nullable=False),
    Index("correlation_attempt", "attempt_id"),
)

posting = Table(
    "posting",
    metadata,
    _id(),
    Column("delivery_id", _Id, ForeignKey("delivery.id"), nullable=False, unique=True),
    Column("connection", _NAME, nullable=False),
    Column("erp_key", _NAME, nullable=False),
    Column("erp_number", _NAME),
    Column("stage", String(16), nullable=False),
    Column("company", _NAME),
    Column("book", _NAME),
    Column("date", String(10)),
    Column("period", String(16)),
    Column("currency", String(3)),
    Column("total", String(40)),
    UniqueConstraint("connection", "erp_key"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("connection", _NAME, primary_key=True),
    Column("message_id", _NAME, primary_key=True),
    Column("raw", LargeBinary, nullable=False),
    Column("request", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("handled_at", BigInteger),
    Column("problems", Text, nullable=False, server_default="[]"),  # why it, or a document in it, could not be read
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("document_id", _Id, ForeignKey("document.id"), nullable=False),
    Column("subject", _NAME, nullable=False),  # moment and set (or delivery): what is told later replaces what was told
    Column("kind", String(32), nullable=False),
    Column("content", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("problems", Text, nullable=False),  # why it was not taken yet
    UniqueConstraint("document_id", "kind", "content_hash"),
    Index("outbox_due", "state", "due_at"),
)

code = Table(
    "code",
    metadata,
    _id(),
    Column("table_name", _NAME, nullable=False),
    Column("scope", _NAME, nullable=False),
    Column("ours", _NAME, nullable=False),
    Column("theirs", _NAME, nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("valid_to", String(10), nullable=False),
    Column("note", Text, nullable=False),
    UniqueConstraint("table_name", "scope", "ours", "valid_from"),
)

invoice_claim = Table(
    "invoice_claim",
    metadata,
    Column("source", _NAME, primary_key=True),
    Column("tenant", _NAME, primary_key=True),
    Column("type", String(32), primary_key=True),  # of the document that claims
    Column("source_id", _NAME, primary_key=True),
    Column("invoice", _NAME, primary_key=True),
    Column("number", _NAME, nullable=False),  # of the document, for people
    Column("share", String(40), nullable=False),
    Index("invoice_claim_invoice", "source", "tenant", "invoice"),
)

loan_movement = Table(
    "loan_movement",
    metadata,
    Column("delivery_id", _Id, ForeignKey("delivery.id"), primary_key=True),
    Column("loan", _NAME, primary_key=True),
    Column("source", _NAME, nullable=False),
    Column("tenant", _NAME, nullable=False),
    Column("type", String(32), primary_key=True),  # of the document that lends or clears
    Column("source_id", _NAME, primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("amount", String(40), nullable=False),
    Column("base", String(40), nullable=False),
    Index("loan_movement_loan", "source", "tenant", "loan"),
)

master = Table(
    "master",
    metadata,
    Column("connection", _NAME, primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("source_id", _NAME, primary_key=True),
    Column("code", _NAME, nullable=False),
    Column("name", Text, nullable=False),
    Column("active", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

lane = Table(
    "lane",
    metadata,
    Column("connection", _NAME, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("open_until", BigInteger, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("value", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    Column("subject", _NAME, nullable=False),  # delivery:17, document:4, project
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", _NAME, nullable=False),
    Column("event", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("subject", "version"),
)
