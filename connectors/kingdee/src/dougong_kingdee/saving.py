"""What became of the vouchers of one Save or BatchSave: each by itself (kingdee.md §3, §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dougong.model.messages import ItemId
from dougong.model.outcomes import Done, Outcome, Unknown
from dougong.model.postings import Posting, Stage
from dougong_kingdee.envelope import Reply, outcome_of_failure, position_of

__all__ = ["outcome_of_save", "outcomes_of_batch"]


def outcome_of_save(reply: Reply) -> Outcome:
    """Done needs the ERP's success, an id, a number and exactly one document."""
    if reply.failure:
        return outcome_of_failure(reply.failure)
    key, number = reply.result.get("Id"), reply.result.get("Number")
    if not key or not number or len(reply.entities) != 1:
        return Unknown("Kingdee reports success without id and number")
    return Done(Posting(erp_key=str(key), stage=Stage.DRAFT, number=str(number)))


def outcomes_of_batch(reply: Reply, items: Sequence[ItemId]) -> Mapping[ItemId, Outcome]:
    """One outcome per voucher: a BatchSave is no transaction, and it may report success for fewer than were sent.

    Only what names a voucher by its position counts for it; one that is named by nothing, or twice, is unknown.
    """
    if reply.failure and reply.failure.kind == "session" and not reply.entities:  # nothing was looked at
        outcome = outcome_of_failure(reply.failure)
        return dict.fromkeys(items, outcome)
    return {item: _outcome_at(position, reply) for position, item in enumerate(items)}


def _outcome_at(position: int, reply: Reply) -> Outcome:
    saved = [entity for entity in reply.entities if position_of(entity) == position]
    refused = reply.failure.of_document(position) if reply.failure else None
    if refused and not saved and refused.kind != "session":  # a session lost half way tells nothing
        return outcome_of_failure(refused)
    if refused or len(saved) != 1 or not saved[0].get("Id") or not saved[0].get("Number"):
        return Unknown(f"Kingdee does not say what became of document {position} of the batch")
    return Done(Posting(erp_key=str(saved[0]["Id"]), stage=Stage.DRAFT, number=str(saved[0]["Number"])))
