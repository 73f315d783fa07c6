"""`POST /v1/documents`: one canonical document, or its events, accepted before the answer leaves."""

from __future__ import annotations

import logging

from sqlalchemy import select

from dougong import formats, intake
from dougong.flow import Project
from dougong.intake import Accepted
from dougong.ledger import schema
from dougong.ledger.states import DocumentState
from dougong.model.outcomes import Reply
from dougong.model.problems import InputError, Problem
from dougong.model.sources import EventsOnly, SourceDocument
from dougong.server.replies import plain, told

__all__ = ["take_document"]

_LOG = logging.getLogger("dougong.server")
#: Seconds after which other content of a document in work may come again, and anything after trouble of ours.
_AGAIN = "5"
_ACTOR = "http"
_STATUS = {"new": 201, "revised": 201, "in_work": 409, "stale": 409}


def take_document(project: Project, body: bytes, language: str) -> Reply:
    """Accept what a request brings; returns after the commit.

    :param body: one document in canonical form, or events of one. :param language: of the problems, `zh` or `en`.
    """
    try:
        item = _only_one(body)
    except InputError as error:
        return told(422, error.problems, language)
    try:
        (accepted,) = intake.accept(project.ledger, [item], actor=_ACTOR, wait=True)
        revision, state = _standing(project, accepted)
    except project.ledger.unwell:
        _LOG.exception("the ledger cannot be written; a document was not accepted")
        return plain(503, {"Retry-After": _AGAIN})
    again = {"Retry-After": _AGAIN} if accepted.outcome == "in_work" else {}
    status = _STATUS.get(accepted.outcome, 200)
    return told(
        status,
        accepted.problems,
        language,
        document=accepted.number,
        revision=revision,
        state=state,
        headers=again,
    )


def _only_one(body: bytes) -> SourceDocument | EventsOnly:
    """:raises InputError: it cannot be read, or is not one."""
    entries = formats.read_canonical(body)
    if len(entries) == 1:
        return entries[0]
    raise InputError(
        Problem.of(
            "DOCUMENT_NOT_ONE",
            f"一次请求只能有一张单据, 实有 {len(entries)} 张",
            f"a request holds one document, this one has {len(entries)}",
            hint_zh="请逐张发送",
            hint_en="send them one by one",
        )
    )


def _standing(project: Project, accepted: Accepted) -> tuple[int | None, str]:
    """Revision and state of the document; events of one that has not come are held until it does."""
    if accepted.document_id is None:
        return None, DocumentState.HELD.value
    table = schema.document
    query = select(table.c.revision, table.c.state).where(table.c.id == accepted.document_id)
    with project.ledger.read() as connection:
        row = connection.execute(query).one()
    return (row.revision if row.revision > 0 else None), row.state
