"""What a person asks for once more, or asks to be taken back: repost and reverse, each with actor and reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import attrs

from dougong.clock import business_now
from dougong.flow.actions import act, prove_absent, refuse
from dougong.flow.changes import complements, take_back
from dougong.flow.dependents import Part, builds_on_it, dependents
from dougong.flow.deriving import Deriver
from dougong.flow.inputs import load_inputs
from dougong.flow.project import Project
from dougong.flow.sets import goes_with, is_gone, names_of, not_there_yet, reversed_alone
from dougong.ledger import covering, deliveries, documents, reversals, sets
from dougong.ledger.reversals import CORRECTIONS
from dougong.ledger.rows import FOREVER, DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import GIVEN_UP, UNSENT, DeliveryState, DocumentState, ParkReason

__all__ = ["check_repost", "check_reverse", "repost", "reverse"]

_THERE = frozenset({DeliveryState.DELIVERED, DeliveryState.PARKED})
#: Reason of a delivery that another incarnation has taken the place of.
_REPOSTED = "reposted"
_NOT_DELIVERED = ("只有已送达的凭证才能红冲", "only what is delivered can be reversed")
_NOT_A_CORRECTION = ("红冲与补差凭证不能重新入账", "a reversal or difference is not booked again")


def repost(project: Project, id_: int, *, actor: str, reason: str) -> list[DeliveryRow]:
    """Book again what a person has deleted in the ERP, once its absence is proved, or has taken back by `reverse`.

    The new voucher has a new reference: an ERP that remembers references would answer with the old one. Of a set all
    comes back that is not there: half a report is never booked.

    :returns: the deliveries that were there; the next run makes their successors.
    :raises ActionError: `ACTION_REFUSED`: it is not in a state to be gone, the ERP still has it or cannot tell, its
        reversal is not delivered, or it corrects another voucher.
    """
    missing = project.ledger.look(lambda tx: _missing(tx, deliveries.by_id(tx, id_)))
    proved = {one.id: _proved_gone(project, one.id) for one, given_up in missing if not given_up}

    def do(tx: Tx, row: DeliveryRow) -> DeliveryRow:
        if row.id == id_:
            check_repost(row)
        if row.id in proved:
            return _book_in_place(tx, row, proved[row.id], actor=actor, reason=reason)
        return _book_again(tx, row, actor=actor, reason=reason)

    return act(project, [one.id for one, _ in missing], do)


def _missing(tx: Tx, row: DeliveryRow) -> list[tuple[DeliveryRow, bool]]:
    """A delivery and what else of its set is not there, each with whether a person had it taken back.

    What was cancelled while the rest went to the ERP is booked there by hand; it comes back only with a whole set.
    """
    given_up = row.state is DeliveryState.REVERSED or bool(covering.given_up_in(tx, row.id))
    found = [(row, given_up)]
    for one in sets.of_revision(tx, row):
        taken = bool(covering.given_up_in(tx, one.id)) and (given_up or one.state is not DeliveryState.CANCELLED)
        if one.id != row.id and (taken or is_gone(one)):
            found.append((one, taken))
    return found


def _book_again(tx: Tx, row: DeliveryRow, *, actor: str, reason: str) -> DeliveryRow:
    """What a person had taken back is wanted after all."""
    taken = covering.given_up_in(tx, row.id)
    if not taken:
        zh, en = (
            "并非由 reverse 红冲, 来源的内容会自动入账",
            "no person reversed it; what its document says is booked by itself",
        )
        raise refuse(row, zh, en)
    for document in taken:
        _refuse_too_early(tx, row, document)
    for document in taken:
        covering.give_up(tx, row.id, document.ref, given_up=False)
        _look_anew(tx, document, actor=actor, detail={"reason": reason, "delivery": row.name})
    return row


def _refuse_too_early(tx: Tx, row: DeliveryRow, document: DocumentRow) -> None:
    """While its red voucher is on its way, or another voucher stands in its place, nothing is booked again."""
    back = reversals.reversal_of(tx, row.id, document.ref)
    if back is not None and back.state is not DeliveryState.DELIVERED:
        zh, en = f"其红冲 {back.name} 尚未送达", f"its reversal {back.name} is not delivered yet; `dougong run` first"
        raise refuse(row, zh, en)
    place = (row.moment, row.entity, row.book, row.part)
    for other in documents.live_deliveries_of(tx, document.ref):
        if (other.moment, other.entity, other.book, other.part) == place:
            raise refuse(row, f"已有 {other.name} 代替它", f"{other.name} has taken its place")


def _look_anew(tx: Tx, document: DocumentRow, *, actor: str, detail: dict[str, Any] | None = None) -> None:
    """The next run opens a document as it now is."""
    latest = documents.latest(tx, document.ref)
    if latest is not None and _may_go_on(latest):
        documents.change(tx, latest, event="repost", actor=actor, detail=detail, state=DocumentState.ACCEPTED)


def _proved_gone(project: Project, id_: int) -> DeliveryRow:
    proved = prove_absent(project, id_, _THERE)
    if proved.state is DeliveryState.DELIVERED and not project.door(proved.connection).supports("find"):
        raise refuse(
            proved, "此 ERP 无法查询, 不能证明已删除", "this ERP cannot be searched, so nothing proves it gone"
        )
    return proved


def _book_in_place(tx: Tx, row: DeliveryRow, proved: DeliveryRow, *, actor: str, reason: str) -> DeliveryRow:
    """Another incarnation takes the place of what is proved gone."""
    if row.version != proved.version:
        raise refuse(row, "状态刚刚改变, 请重新查看", "it has changed just now; look at it again")
    if row.state is DeliveryState.DELIVERED:
        gone = ParkReason.DELETED_IN_ERP.value
        row = deliveries.move(tx, row, DeliveryState.PARKED, event="deleted", actor=actor, reason=gone)
    covered = covering.covered_by(tx, row.id)
    given_up = deliveries.move(
        tx,
        row,
        DeliveryState.CANCELLED,
        event="repost",
        actor=actor,
        detail={"reason": reason},
        due_at=FOREVER,
        reason=_REPOSTED,
    )
    for document in covered:
        _look_anew(tx, document, actor=actor)
    return given_up


def _may_go_on(latest: DocumentRow) -> bool:
    """Whether a document can be looked at anew: not one that was held when it came, for what it is itself."""
    return latest.state is not DocumentState.HELD or bool(latest.inputs)


def check_repost(row: DeliveryRow) -> None:
    """Whether a delivery may be booked again, by what it is and its state.

    :raises ActionError: `ACTION_REFUSED`.
    """
    if row.moment in CORRECTIONS:
        raise refuse(row, *_NOT_A_CORRECTION)
    if row.state not in _THERE | {DeliveryState.REVERSED}:
        raise refuse(row, "只有已送达或被删除的凭证才能重新入账", "only what was delivered and is gone can be reposted")
    if row.state is DeliveryState.PARKED and row.reason != ParkReason.DELETED_IN_ERP:
        raise refuse(row, "请先用 resolve 处理", "resolve it first")


@attrs.frozen
class _Taken:
    """A delivery that is taken back. :param documents: whose part in it, in their newest revisions."""

    row: DeliveryRow
    documents: tuple[DocumentRow, ...]


def reverse(
    project: Project,
    ids: Sequence[int],
    *,
    actor: str,
    reason: str,
    only: Mapping[int, Collection[str]] | None = None,
) -> list[DeliveryRow]:
    """Take back what is in the ERP by red vouchers; the same content is not booked again by itself.

    The differences that complement a voucher go with it, each by a red voucher of its own.

    :param only: delivery → numbers of documents: of one that books for several, their part alone is taken back.
    :returns: the reversals, which the next run sends.
    :raises ActionError: `ACTION_REFUSED`: it is not delivered, corrects another voucher itself, others stand on it, or
        it is but a part of a set.
    """
    deriver = Deriver(project, load_inputs(project))

    def do(tx: Tx) -> list[DeliveryRow]:
        rows = [deliveries.by_id(tx, id_) for id_ in dict.fromkeys(ids)]
        taken = [one for row in rows for one in _taken(tx, row, (only or {}).get(row.id, ()))]
        going = [(one.row.id, document.ref) for one in taken for document in one.documents]
        for one in taken:
            _stands_alone(tx, one, rows, going)
        for row in [unsent for one in taken for unsent in _unsent_differences(tx, one)]:
            deliveries.move(
                tx, row, DeliveryState.CANCELLED, event="reverse", actor=actor, due_at=FOREVER, reason=GIVEN_UP
            )
        return [made for one in taken for made in _take_back(tx, one, deriver, actor, reason)]

    return project.ledger.write(do)


def check_reverse(row: DeliveryRow) -> None:
    """Whether a delivery may be reversed, by what it is and its state.

    :raises ActionError: `ACTION_REFUSED`.
    """
    if row.moment == "difference":
        zh, en = (
            "补差凭证随其补充的凭证一起红冲, 请指明后者",
            "it goes with the voucher that it complements; name that one",
        )
        raise refuse(row, zh, en)
    if row.moment in CORRECTIONS:
        raise refuse(row, "红冲凭证不能再红冲", "a reversal is not reversed")
    if row.state is not DeliveryState.DELIVERED:
        raise refuse(row, *_NOT_DELIVERED)


def _taken(tx: Tx, row: DeliveryRow, only: Collection[str]) -> list[_Taken]:
    """A delivery and the differences that complement it, as far as some documents go."""
    check_reverse(row)
    standing = [one for one in covering.standing_in(tx, row.id) if not only or one.number in only]
    if not standing:
        raise refuse(row, f"其中没有 {', '.join(only)} 的内容", f"it books nothing of {', '.join(only)}")
    newest = [documents.latest(tx, one.ref) or one for one in standing]
    added = [(extra, one) for one in newest for extra in complements(row, documents.live_deliveries_of(tx, one.ref))]
    for extra, _ in added:
        if extra.state is not DeliveryState.DELIVERED:
            raise refuse(extra, *_NOT_DELIVERED)
    return [_Taken(row, tuple(newest)), *(_Taken(extra, (one,)) for extra, one in added)]


def _unsent_differences(tx: Tx, one: _Taken) -> list[DeliveryRow]:
    """What would complement a voucher that will not be there."""
    live = [other for document in one.documents for other in documents.live_deliveries_of(tx, document.ref)]
    place = ("difference", one.row.entity, one.row.book)
    return [other for other in live if (other.moment, other.entity, other.book) == place and other.state in UNSENT]


def _take_back(tx: Tx, one: _Taken, deriver: Deriver, actor: str, reason: str) -> list[DeliveryRow]:
    detail = {"reason": reason, "documents": [document.number for document in one.documents]}
    marked = deliveries.move(tx, one.row, DeliveryState.DELIVERED, event="reverse", actor=actor, detail=detail)
    for document in one.documents:
        covering.give_up(tx, marked.id, document.ref)
    now = int(business_now().timestamp() * 1000)
    return take_back(tx, one.documents, marked, deriver, actor=actor, asked_at=now)


def _stands_alone(tx: Tx, one: _Taken, named: Sequence[DeliveryRow], going: Collection[Part]) -> None:
    """Refuse what would leave half of a booking behind: what stands on it, or the rest of its set.

    :param named: what the person wants reversed. :param going: all that is reversed together.
    """
    refs = [document.ref for document in one.documents]
    for ref in refs:
        if (before := not_there_yet(tx, one.row, ref)) is not None:
            raise refuse(one.row, before.zh, before.en)
    staying = dependents(tx, one.row, refs, going).staying
    half = next((why for ref in refs if (why := reversed_alone(tx, one.row, ref, going)) is not None), None)
    why = builds_on_it(one.row, staying) if staying else half
    if why is None:
        return
    numbers = {document.number for document in one.documents}
    shared = one.row.moment == "accrual" and any(set(each.numbers) - numbers for each in staying)
    part = "".join(f" --only {number}" for number in sorted(numbers)) if shared else ""
    together = names_of(goes_with(tx, named, going)) + part
    zh = f"{why.zh}; 请一并红冲: reverse {together}"
    raise refuse(one.row, zh, f"{why.en}; reverse them together: `reverse {together}`")
