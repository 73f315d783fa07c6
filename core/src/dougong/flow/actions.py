"""What a person does: retry, resolve, cancel. Audited with actor and reason; nothing unknown is simply retried."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import attrs

from dougong.clock import epoch_ms
from dougong.crashpoints import crashpoint
from dougong.flow.dissolving import dissolve
from dougong.flow.project import Project
from dougong.flow.sets import cancelled_alone, is_left_over
from dougong.ledger import attempts, covering, deliveries, documents, postings, reversals
from dougong.ledger.rows import FOREVER, DeliveryRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import FINAL, GIVEN_UP, DeliveryState, DocumentState
from dougong.model import words
from dougong.model.documents import SourceRef
from dougong.model.messages import ItemId, Wanted
from dougong.model.money import plain
from dougong.model.operations import Ambiguity
from dougong.model.outcomes import Absent, CannotTell, Found
from dougong.model.postings import Facts, Posting
from dougong.model.problems import DougongError, Problem, Text

__all__ = [
    "ActionError",
    "act",
    "cancel",
    "check_cancel",
    "check_resolve",
    "check_retry",
    "give_up",
    "prove_absent",
    "refuse",
    "resolve_absent",
    "resolve_delivered",
    "retry",
    "retry_documents",
]

_RETRIED = frozenset({DeliveryState.HELD, DeliveryState.REJECTED, DeliveryState.READY, DeliveryState.BLOCKED})
_RESOLVED = frozenset({DeliveryState.PARKED, DeliveryState.UNKNOWN, DeliveryState.WAITING})
_MAY_BE_THERE = frozenset({DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.WAITING})
_MAY_BE_IN_ERP = ("可能已在 ERP 中, 请先 resolve", "it may be in the ERP; resolve it first")


class ActionError(DougongError):
    """The action does not fit the delivery's state."""


def act(project: Project, ids: Sequence[int], do: Callable[[Tx, DeliveryRow], DeliveryRow]) -> list[DeliveryRow]:
    """Do something to deliveries in one transaction: to all of them, or to none."""
    return project.ledger.write(lambda tx: [do(tx, deliveries.by_id(tx, id_)) for id_ in ids])


def refuse(row: DeliveryRow, zh: str, en: str) -> ActionError:
    """Why an action does not fit a delivery."""
    return ActionError(
        Problem.of(
            "ACTION_REFUSED",
            f"{row.name} ({words.state(row.state).zh}): {zh}",
            f"{row.name} is {row.state}: {en}",
            delivery=row.name,
        )
    )


def retry(project: Project, ids: Sequence[int], *, actor: str, reason: str) -> list[DeliveryRow]:
    """Derive again what is held or rejected; make due what waits for its next try. There is no retry of unknown.

    :raises ActionError: `ACTION_REFUSED`.
    """

    def do(tx: Tx, row: DeliveryRow) -> DeliveryRow:
        detail = {"reason": reason}
        check_retry(row)
        if row.state in _RETRIED:
            deliveries.free_rest(tx, row, event="retry", detail=detail)
            row = deliveries.by_id(tx, row.id)
            return deliveries.move(
                tx, row, DeliveryState.READY, event="retry", actor=actor, detail=detail, due_at=epoch_ms(), failures=0
            )
        return deliveries.move(
            tx,
            row,
            DeliveryState.INCOMPLETE,
            event="retry",
            actor=actor,
            detail=detail,
            due_at=epoch_ms(),
            failures=0,
            problems="[]",
            reason="",
        )

    return act(project, ids, do)


def check_retry(row: DeliveryRow) -> None:
    """Whether a delivery may be retried, by its state.

    :raises ActionError: `ACTION_REFUSED`.
    """
    if row.state in _RESOLVED:
        raise refuse(row, "结果未知, 不能重试; 请用 resolve", "its outcome is not known; use resolve instead")
    if row.state not in _RETRIED | {DeliveryState.INCOMPLETE}:
        raise refuse(row, "没有可重试的内容", "there is nothing to retry")


def retry_documents(project: Project, ids: Sequence[int], *, actor: str, reason: str) -> None:
    """Open documents again that are held for themselves: the next run derives them anew.

    :param ids: document rows; those that are not held are left alone.
    """

    def do(tx: Tx) -> None:
        for id_ in ids:
            row = documents.by_id(tx, id_)
            if row.state is DocumentState.HELD:
                documents.change(
                    tx, row, event="retry", actor=actor, detail={"reason": reason}, state=DocumentState.ACCEPTED
                )

    project.ledger.write(do)


def cancel(
    project: Project,
    ids: Sequence[int],
    *,
    actor: str,
    reason: str,
    only: Mapping[int, Collection[str]] | None = None,
) -> list[DeliveryRow]:
    """Give up what is not in the ERP; its coverage is free again.

    :param only: delivery → numbers of documents: of one that books for several, their part alone is given up. It is
        dissolved; the others go on by themselves, or together anew.
    :returns: what was given up: the deliveries, or those that members of a dissolved one have got of their own.
    :raises ActionError: it is or may be in the ERP; what is parked is looked for there first. Or the rest of its set
        would go on without it.
    """
    proved = {id_: prove_absent(project, id_, frozenset({DeliveryState.PARKED})) for id_ in ids}

    def do(tx: Tx) -> list[DeliveryRow]:
        rows = [deliveries.by_id(tx, id_) for id_ in proved]
        for row in rows:
            _still(row, proved[row.id])
            if attempts.load_open(tx, row.id) is not None:
                raise refuse(row, *_MAY_BE_IN_ERP)
            check_cancel(row)
        parts = [one for row in rows for one in _part(tx, row, (only or {}).get(row.id, ()), actor, reason)]
        return [_give_up(tx, one, ids, actor, reason) for one in parts]

    given_up = project.ledger.write(do)
    if any(row.id not in ids for row in given_up):
        crashpoint("dissolved")
    return given_up


def _part(tx: Tx, row: DeliveryRow, numbers: Collection[str], actor: str, reason: str) -> list[DeliveryRow]:
    """The deliveries that book for some documents alone: the others of it do not end with them.

    :param numbers: none = all.
    """
    standing = covering.standing_in(tx, row.id)
    wanted = [document.ref for document in standing if document.number in numbers]
    if not numbers or len(wanted) == len(standing):
        return [row]
    if not wanted:
        listed = ", ".join(numbers)
        raise refuse(row, f"其中没有 {listed} 的内容", f"it books nothing of {listed}")
    detail = {"reason": reason, "without": [one.number for one in standing if one.ref in wanted]}
    alone = dissolve(tx, row, inputs=row.inputs, actor=actor, detail=detail)
    return [one for ref, one in alone if ref in wanted]


def _give_up(tx: Tx, row: DeliveryRow, ids: Sequence[int], actor: str, reason: str) -> DeliveryRow:
    leaves_set: dict[str, Any] = {}
    for document in covering.standing_in(tx, row.id):
        if is_left_over(tx, row, document.ref):
            leaves_set = {"set_id": None}
        if (why := cancelled_alone(tx, row, document.ref, ids)) is not None:
            raise refuse(row, why.zh, why.en)
        covering.give_up(tx, row.id, document.ref)
        if row.reverses_id is not None:  # what it would have taken back stays, and is wanted
            covering.give_up(tx, row.reverses_id, document.ref, given_up=False)
    return deliveries.move(
        tx,
        row,
        DeliveryState.CANCELLED,
        event="cancel",
        actor=actor,
        detail={"reason": reason},
        due_at=FOREVER,
        reason=GIVEN_UP,
        **leaves_set,
    )


def check_cancel(row: DeliveryRow) -> None:
    """Whether a delivery may be given up, by its state.

    :raises ActionError: `ACTION_REFUSED`.
    """
    if row.state in (DeliveryState.DELIVERED, DeliveryState.INCOMPLETE):
        raise refuse(row, "已在 ERP 中", "it is in the ERP")
    if row.state in FINAL:
        raise refuse(row, "已结束, 没有可放弃的内容", "it has ended, there is nothing to give up")
    if row.state in _MAY_BE_THERE:
        raise refuse(row, *_MAY_BE_IN_ERP)


def give_up(
    project: Project, ids: Sequence[int], missed: Sequence[SourceRef] = (), *, actor: str, reason: str
) -> list[int]:
    """Give up documents that are held and have no delivery; the same content is not opened again, other content is.

    :param ids: document rows; those that are not held are left alone.
    :param missed: documents of which only events were told.
    :returns: document rows that stand for all of them.
    """

    def do(tx: Tx) -> list[int]:
        rows = [documents.by_id(tx, id_) for id_ in ids] + [documents.miss(tx, ref) for ref in missed]
        for row in rows:
            if row.state in (DocumentState.HELD, DocumentState.SUPERSEDED):
                state = DocumentState.WITHDRAWN
                documents.change(tx, row, event="cancel", actor=actor, detail={"reason": reason}, state=state)
        return [row.id for row in rows]

    return project.ledger.write(do)


def resolve_absent(project: Project, id_: int, *, actor: str, reason: str) -> DeliveryRow:
    """A person has looked and it is not in the ERP: it is derived again and sent under the same reference.

    Where the ERP can be searched it is asked first: what is there is not sent again on anybody's word.

    :raises ActionError: nothing about it is unknown; or the ERP has it, or cannot tell.
    """
    proved = prove_absent(project, id_, _RESOLVED)

    def do(tx: Tx, row: DeliveryRow) -> DeliveryRow:
        _still(row, proved)
        check_resolve(row)
        frozen = attempts.load_open(tx, row.id)
        if frozen is not None:
            attempts.close_items(tx, frozen.id, {row.id: "absent"})
        return deliveries.move(
            tx,
            row,
            DeliveryState.READY,
            event="resolved_absent",
            actor=actor,
            detail={"reason": reason},
            due_at=epoch_ms(),
            failures=0,
            reason="",
            problems="[]",
            stage=None,
        )

    return act(project, [id_], do)[0]


def resolve_delivered(project: Project, id_: int, erp_id: str, *, actor: str, reason: str) -> DeliveryRow:
    """A person has found it in the ERP: its id is taken on, with the stage that the ERP tells.

    :raises ActionError: nothing about it is unknown, the ERP does not know that id, or it is another delivery's.
    """
    row = project.ledger.look(lambda tx: deliveries.by_id(tx, id_))
    posting = _ask(project, row, erp_id)

    def do(tx: Tx, row: DeliveryRow) -> DeliveryRow:
        check_resolve(row)
        _not_anothers(tx, row, posting)
        frozen = attempts.load_open(tx, row.id)
        if frozen is not None:
            attempts.close_items(tx, frozen.id, {row.id: "found_by_person"})
        postings.record(tx, row, posting)
        accepted = _accepted(tx, row, posting)
        there = posting.stage.reaches(row.target_stage)
        moved = deliveries.move(
            tx,
            row,
            DeliveryState.DELIVERED if there else DeliveryState.INCOMPLETE,
            event="resolved_delivered",
            actor=actor,
            detail={"reason": reason, "erp_id": posting.erp_key, "erp_number": posting.number, **accepted},
            **_shown(row, posting),
            due_at=FOREVER if there else epoch_ms(),
            stage=posting.stage.value,
            problems="[]",
            reason="",
            failures=0,
        )
        if there:
            reversals.arrived(tx, moved)
        return moved

    return act(project, [id_], do)[0]


def check_resolve(row: DeliveryRow) -> None:
    """Whether something about a delivery is unknown, which a person can tell.

    :raises ActionError: `ACTION_REFUSED`.
    """
    if row.state not in _RESOLVED:
        raise refuse(row, "结果已知, 无需 resolve", "nothing about it is unknown")


def _not_anothers(tx: Tx, row: DeliveryRow, posting: Posting) -> None:
    owner = postings.whose(tx, row.connection, posting.erp_key)
    if owner is None or owner == row.id:
        return
    other = deliveries.by_id(tx, owner)
    theirs, ours = posting.reference or other.reference, row.reference
    what, whom = posting.number or posting.erp_key, f"{other.name} ({', '.join(other.numbers)})"
    zh = f"ERP 凭证 {what} 属于 {whom}, 其参考号为 {theirs}, 本送达的参考号为 {ours}"
    en = f"the ERP's voucher {what} belongs to {whom} and carries {theirs}; the reference of this one is {ours}"
    raise refuse(row, zh, en)


def _accepted(tx: Tx, row: DeliveryRow, posting: Posting) -> dict[str, str]:
    """A person takes the ERP's version: what differs from what was sent is what counts from now on, audited."""
    if not attempts.last_facts(tx, row.id).differences(posting):
        return {}
    lines = tuple((line.side, line.amount) for line in posting.lines)
    attempts.accept_facts(tx, row.id, Facts(posting.total, posting.currency, posting.date, posting.book, lines))
    return {} if posting.total is None else {"sent_total": row.total or "", "total": plain(posting.total)}


def _shown(row: DeliveryRow, posting: Posting) -> dict[str, Any]:
    """What lists and reconciliation show of it from now on, as far as the ERP tells."""
    total = row.total if posting.total is None else plain(posting.total)
    return {"total": total, "currency": posting.currency or row.currency, "period": posting.period or row.period}


def _still(row: DeliveryRow, proved: DeliveryRow) -> None:
    """What was proved holds for the delivery as it was then: a worker may have sent it since."""
    if proved.state in _RESOLVED and row.version != proved.version:
        raise refuse(row, "状态刚刚改变, 请重新查看", "it has changed just now; look at it again")


def prove_absent(project: Project, id_: int, states: frozenset[DeliveryState]) -> DeliveryRow:
    """Search the ERP for what was sent; only what is proved absent may be given up or sent anew.

    Where the ERP cannot be searched (class E), a person's word has to do.

    :returns: the delivery for which that holds.
    """
    row = project.ledger.look(lambda tx: deliveries.by_id(tx, id_))
    wanted = project.ledger.look(lambda tx: attempts.last_wanted(tx, id_))
    if row.state not in states or wanted is None:
        return row
    door = project.door(row.connection)
    operation = door.operation(f"{row.target_type}.{row.verb}")
    if operation.safety.ambiguity is Ambiguity.E or not door.supports("find"):
        return row
    frozen = project.ledger.look(lambda tx: attempts.load_open(tx, id_))
    wait = 0 if frozen is None else (frozen.last_sent_at or 0) + int(1000 * door.settle(operation)) - epoch_ms()
    if wait > 0:  # "not found" means nothing yet
        seconds = -(-wait // 1000)
        zh, en = f"ERP 可能仍在处理, {seconds} 秒后再试", f"the ERP may be at work on it; try again in {seconds} s"
        raise refuse(row, zh, en)
    session = door.open_session(door.call())
    try:
        answers = list(door.find([wanted], session, door.call()))
    finally:
        door.close_session(session)
    there = [answer.posting for answer in answers if isinstance(answer, Found) and answer.posting.stage.stands]
    if there:
        what = _listed(there)
        zh = f"ERP 中有 {what.zh}; 请在 ERP 中删除, 或 resolve --delivered"
        raise refuse(row, zh, f"the ERP has {what.en}; delete it there, or resolve --delivered")
    if not all(isinstance(answer, (Absent, Found)) for answer in answers):
        raise refuse(row, "ERP 此刻无法确认不存在; 稍后再试", "the ERP cannot prove its absence now; try again later")
    return row


def _listed(found: Sequence[Posting]) -> Text:
    """Vouchers of the ERP with their stages."""
    names = [(posting.number or posting.erp_key, posting.stage) for posting in found]
    zh = ", ".join(f"{name} ({words.stage(stage).zh})" for name, stage in names)
    return Text(zh, ", ".join(f"{name} ({stage})" for name, stage in names))


def _several(found: Sequence[Posting]) -> tuple[str, str]:
    """One of several vouchers cannot be taken on while the others stand: the books would hold it twice."""
    what = _listed(found)
    return (
        f"ERP 中有多张凭证: {what.zh}; 请先在 ERP 中删除或作废多余的",
        f"the ERP has several: {what.en}; delete or void the surplus there first",
    )


def _ask(project: Project, row: DeliveryRow, erp_id: str) -> Posting:
    """The posting as the ERP shows it; a person's word alone would not know its stage."""
    door = project.door(row.connection)
    sent = project.ledger.look(lambda tx: attempts.last_wanted(tx, row.id))
    never = Wanted(ItemId(str(row.id)), row.reference, Facts())
    wanted = attrs.evolve(sent or never, erp_key=erp_id, facts=Facts())
    session = door.open_session(door.call())
    try:
        answers = list(door.find([wanted], session, door.call()))
    finally:
        door.close_session(session)
    found = {answer.posting.erp_key: answer.posting for answer in answers if isinstance(answer, Found)}
    live = [posting for posting in found.values() if posting.stage.stands]
    if len(live) > 1:
        raise refuse(row, *_several(live))
    for posting in found.values():
        if erp_id in (posting.erp_key, posting.number):
            return posting
    reasons = "; ".join(answer.reason for answer in answers if isinstance(answer, CannotTell))
    if reasons:
        raise refuse(row, f"ERP 无法查询 {erp_id}: {reasons}", f"the ERP cannot be asked for {erp_id}: {reasons}")
    raise refuse(row, f"ERP 中没有 {erp_id}", f"the ERP has no {erp_id}")
