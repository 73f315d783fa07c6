"""What a person asks for once more, or asks to be taken back: repost and reverse, each with actor and reason."""

from __future__ import annotations

from collections.abc import Sequence

from dougong.flow import corrections
from dougong.flow.actions import act, prove_absent, refuse
from dougong.flow.changes import complements, take_back
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


def reverse(project: Project, ids: Sequence[int], *, actor: str, reason: str) -> list[DeliveryRow]:
    """Take back what is in the ERP by a red voucher; the same content is not booked again by itself.

    :returns: the reversals, which the next run sends.
    :raises ActionError: `ACTION_REFUSED`: it is not delivered, corrects another voucher itself, or others stand on it.
    """
    deriver = Deriver(project, load_inputs(project))

    def do(tx: Tx, row: DeliveryRow) -> DeliveryRow:
        if row.moment in CORRECTIONS:
            raise refuse(row, "红冲凭证不能再红冲", "a reversal is not reversed")
        if row.state is not DeliveryState.DELIVERED:
            raise refuse(row, "只有已送达的凭证才能红冲", "only what is delivered can be reversed")
        documents_ = [documents.latest(tx, one.ref) or one for one in documents.covered_by(tx, row.id)]
        for document in documents_:
            _stands_alone(tx, row, document, ids)
        detail = {"reason": reason}
        marked = deliveries.move(
            tx, row, DeliveryState.DELIVERED, event="reverse", actor=actor, detail=detail, reason=GIVEN_UP
        )
        return take_back(tx, documents_, marked, deriver, actor=actor)

    return act(project, ids, do)


def _stands_alone(tx: Tx, row: DeliveryRow, document: DocumentRow, ids: Sequence[int]) -> None:
    """Refuse what would leave half of a booking behind: its difference, or a payment of what it owes.

    :param ids: of what is reversed together.
    """
    live = documents.live_deliveries_of(tx, document.ref)
    if added := complements(row, live):
        names = ", ".join(one.name for one in added)
        zh = f"{names} 已补记差额, 只红冲此凭证会留下差额; 请在 ERP 中手工更正"
        raise refuse(row, zh, f"{names} complements it and would stay in the books; correct both in the ERP")
    if row.moment != "accrual":
        return
    paid = [
        one
        for one in live
        if one.moment in corrections.MONEY
        and (one.entity, one.book) == (row.entity, row.book)
        and one.state not in UNSENT
        and one.reason != GIVEN_UP
        and one.id not in ids
    ]
    if paid and not corrections.came_back(tx, document.ref, document.number, paid):
        names = ", ".join(one.name for one in paid)
        zh = f"{names} 记录了它的付款, 会失去对应的负债; 请一并 reverse"
        raise refuse(
            row, zh, f"{names} books money paid for it, which would lose what it settles; reverse them together"
        )
