"""What a person asks for once more, or asks to be taken back: repost and reverse, each with actor and reason."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from dougong.flow.actions import act, prove_absent, refuse
from dougong.flow.changes import complements, take_back
from dougong.flow.dependents import builds_on_it, dependents
from dougong.flow.deriving import Deriver
from dougong.flow.inputs import load_inputs
from dougong.flow.project import Project
from dougong.ledger import deliveries, documents
from dougong.ledger.reversals import CORRECTIONS
from dougong.ledger.rows import FOREVER, DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import GIVEN_UP, UNSENT, DeliveryState, DocumentState, ParkReason

__all__ = ["repost", "reverse"]

_THERE = frozenset({DeliveryState.DELIVERED, DeliveryState.PARKED})
#: Reason of a delivery that another incarnation has taken the place of.
_REPOSTED = "reposted"


def repost(project: Project, id_: int, *, actor: str, reason: str) -> DeliveryRow:
    """Book again what a person has deleted in the ERP: under a new reference, once its absence is proved.

    An ERP that remembers references would answer with the deleted voucher; so the incarnation rises by one.

    :returns: the delivery that is given up; the next run makes its successor.
    :raises ActionError: `ACTION_REFUSED`: it is not in a state to be gone, the ERP still has it or cannot tell, or it
        corrects another voucher.
    """
    proved = prove_absent(project, id_, _THERE)
    if proved.state is DeliveryState.DELIVERED and not project.door(proved.connection).supports("find"):
        raise refuse(
            proved, "此 ERP 无法查询, 不能证明已删除", "this ERP cannot be searched, so nothing proves it gone"
        )

    def do(tx: Tx, row: DeliveryRow) -> DeliveryRow:
        _repostable(row)
        if row.version != proved.version:
            raise refuse(row, "状态刚刚改变, 请重新查看", "it has changed just now; look at it again")
        if row.state is DeliveryState.DELIVERED:
            gone = ParkReason.DELETED_IN_ERP.value
            row = deliveries.move(tx, row, DeliveryState.PARKED, event="deleted", actor=actor, reason=gone)
        covered = documents.covered_by(tx, row.id)
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
            latest = documents.latest(tx, document.ref)
            if latest is not None and _may_go_on(latest):
                documents.change(tx, latest, event="repost", actor=actor, state=DocumentState.ACCEPTED)
        return given_up

    return act(project, [id_], do)[0]


def _may_go_on(latest: DocumentRow) -> bool:
    """Whether a document can be looked at anew: not one that was held when it came, for what it is itself."""
    return latest.state is not DocumentState.HELD or bool(latest.inputs)


def _repostable(row: DeliveryRow) -> None:
    if row.moment in CORRECTIONS:
        raise refuse(row, "红冲与补差凭证不能重新入账", "a reversal or difference is not booked again")
    if row.state not in _THERE:
        raise refuse(row, "只有已送达或被删除的凭证才能重新入账", "only what was delivered and is gone can be reposted")
    if row.state is DeliveryState.PARKED and row.reason != ParkReason.DELETED_IN_ERP:
        raise refuse(row, "请先用 resolve 处理", "resolve it first")


@attrs.frozen
class _Taken:
    """A delivery that is taken back. :param documents: whose part in it, in their newest revisions."""

    row: DeliveryRow
    documents: tuple[DocumentRow, ...]


def reverse(project: Project, ids: Sequence[int], *, actor: str, reason: str) -> list[DeliveryRow]:
    """Take back what is in the ERP by red vouchers; the same content is not booked again by itself.

    The differences that complement a voucher go with it, each by a red voucher of its own.

    :returns: the reversals, which the next run sends.
    :raises ActionError: `ACTION_REFUSED`: it is not delivered, corrects another voucher itself, or others stand on it.
    """
    deriver = Deriver(project, load_inputs(project))

    def do(tx: Tx) -> list[DeliveryRow]:
        rows = [deliveries.by_id(tx, id_) for id_ in dict.fromkeys(ids)]
        taken = [one for row in rows for one in _taken(tx, row)]
        going = [one.row.id for one in taken]
        for one in taken:
            _stands_alone(tx, one, going)
        for row in [unsent for one in taken for unsent in _unsent_differences(tx, one)]:
            deliveries.move(
                tx, row, DeliveryState.CANCELLED, event="reverse", actor=actor, due_at=FOREVER, reason=GIVEN_UP
            )
        return [_take_back(tx, one, deriver, actor, reason) for one in taken]

    return project.ledger.write(do)


def _taken(tx: Tx, row: DeliveryRow) -> list[_Taken]:
    """A delivery and the differences that complement it."""
    if row.moment == "difference":
        zh, en = (
            "补差凭证随其补充的凭证一起红冲, 请指明后者",
            "it goes with the voucher that it complements; name that one",
        )
        raise refuse(row, zh, en)
    if row.moment in CORRECTIONS:
        raise refuse(row, "红冲凭证不能再红冲", "a reversal is not reversed")
    newest = [documents.latest(tx, one.ref) or one for one in documents.covered_by(tx, row.id)]
    added = [(extra, one) for one in newest for extra in complements(row, documents.live_deliveries_of(tx, one.ref))]
    taken = [_Taken(row, tuple(newest)), *(_Taken(extra, (one,)) for extra, one in added)]
    for one in taken:
        if one.row.state is not DeliveryState.DELIVERED:
            raise refuse(one.row, "只有已送达的凭证才能红冲", "only what is delivered can be reversed")
    return taken


def _unsent_differences(tx: Tx, one: _Taken) -> list[DeliveryRow]:
    """What would complement a voucher that will not be there."""
    live = [other for document in one.documents for other in documents.live_deliveries_of(tx, document.ref)]
    place = ("difference", one.row.entity, one.row.book)
    return [other for other in live if (other.moment, other.entity, other.book) == place and other.state in UNSENT]


def _take_back(tx: Tx, one: _Taken, deriver: Deriver, actor: str, reason: str) -> DeliveryRow:
    detail = {"reason": reason}
    marked = deliveries.move(
        tx, one.row, DeliveryState.DELIVERED, event="reverse", actor=actor, detail=detail, reason=GIVEN_UP
    )
    return take_back(tx, one.documents, marked, deriver, actor=actor)


def _stands_alone(tx: Tx, one: _Taken, going: Sequence[int]) -> None:
    """Refuse what would leave half of a booking behind: what stands on it.

    :param going: ids of what is reversed together.
    """
    staying = dependents(tx, one.row, [document.ref for document in one.documents], going).staying
    if staying:
        why, together = builds_on_it(one.row, staying), " ".join(each.name for each in (one.row, *staying))
        zh = f"{why.zh}; 请一并红冲: reverse {together}"
        raise refuse(one.row, zh, f"{why.en}; reverse them together: `reverse {together}`")
