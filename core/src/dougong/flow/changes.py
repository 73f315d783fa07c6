"""What happens to vouchers when their document changes or is taken back (posting-rules.md §4, `[changes]`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from dougong.accounting import Derivation
from dougong.clock import epoch_ms
from dougong.flow import corrections
from dougong.flow.deriving import Deriver
from dougong.flow.pieces import in_pieces
from dougong.ledger import audit, deliveries, documents
from dougong.ledger.deliveries import NewDelivery
from dougong.ledger.reversals import CORRECTIONS
from dougong.ledger.rows import FOREVER, DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import GIVEN_UP, UNSENT, DeliveryState
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage
from dougong.model.postings import Stage
from dougong.model.problems import Problem

__all__ = ["WAITS", "Reaction", "Verdict", "complements", "how", "judge", "react", "still_waits", "take_back"]

#: Code of what a document waits for before its new content can be booked.
WAITS = "WAITS_FOR"
_GONE = frozenset({DeliveryState.CANCELLED, DeliveryState.REVERSED})
_BUSY = frozenset({DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.UNKNOWN, DeliveryState.INCOMPLETE})


@attrs.frozen
class Reaction:
    """What keeps a document from being opened as it now is.

    :param problems: it is held with these; nothing when it may be opened.
    :param withdrawn: it was taken back, and what was booked of it is being reversed.
    """

    problems: tuple[Problem, ...] = ()
    withdrawn: bool = False


@attrs.frozen
class Verdict:
    """What a document's present content asks of what was booked before; nothing is changed by asking.

    :param problems: it is held with these.
    :param wrong: what was booked of other content, to be corrected as the rules say (`how`).
    :param needless: reversals on their way that nobody needs any more.
    """

    problems: tuple[Problem, ...] = ()
    wrong: tuple[DeliveryRow, ...] = ()
    needless: tuple[DeliveryRow, ...] = ()


def judge(tx: Tx, ref: SourceRef, number: str, fingerprint: str, derivation: Derivation, deriver: Deriver) -> Verdict:
    """Compare what a document says now with what is in the ERP of it.

    :param number: the document's. :param fingerprint: of its money, as accepting counts it.
    """
    taken_back = derivation.not_due is not None
    live = documents.live_deliveries_of(tx, ref)
    sent = [one for one in live if one.state not in UNSENT and one.moment not in CORRECTIONS]
    money = [one for one in sent if one.moment in corrections.MONEY]
    if money and corrections.came_back(tx, ref, number, money):
        sent = [one for one in sent if one not in money]  # it stands for nothing: what was paid is as if it never was
    other = [one for one in sent if taken_back or fingerprint not in documents.covered_fingerprints(tx, one.id)]
    if not other:
        needless, pending = _on_their_way(sent, live)
        return Verdict((_waits(number, pending, until="known"),) if pending else (), needless=tuple(needless))
    if any(not _by_policy(one, taken_back, deriver) for one in other):
        return Verdict((_for_a_person(number, other, taken_back),))
    wrong = [problem for draft in derivation.drafts if draft.moment == "accrual" for problem in draft.problems]
    if wrong and not taken_back:  # the old voucher stays until the new one can be made
        return Verdict(tuple(wrong))
    added = [extra for one in other for extra in complements(one, live)]
    busy = [one for one in (*other, *added) if one.state in _BUSY and not _is_draft(one, deriver)]
    if busy:
        return Verdict((_waits(number, busy),))
    if any(_is_taken_back(one, live) for one in other):
        return Verdict((_for_a_person(number, other, taken_back),))
    if added and (taken_back or any(deriver.inputs.rules[one.book].changes.change == "red_and_new" for one in other)):
        return Verdict((_for_a_person(number, [*other, *added], taken_back),))  # one red voucher takes back one voucher
    return Verdict(wrong=tuple(other))


def react(tx: Tx, row: DocumentRow, derivation: Derivation, deriver: Deriver) -> Reaction:
    """Bring what is in the ERP in line with what a document says now, or say why that needs a person or time."""
    verdict = judge(tx, row.ref, row.number, row.fingerprint, derivation, deriver)
    for one in verdict.needless:
        deliveries.move(tx, one, DeliveryState.CANCELLED, event="superseded", due_at=FOREVER, reason="superseded")
    if verdict.problems or not verdict.wrong:
        return Reaction(verdict.problems)
    pending = [made for one in verdict.wrong for made in _correct(tx, row, one, derivation, deriver)]
    if derivation.not_due is not None:
        return Reaction(withdrawn=True)
    return Reaction((_waits(row.number, pending),) if pending else ())


def _on_their_way(
    sent: Sequence[DeliveryRow], live: Sequence[DeliveryRow]
) -> tuple[list[DeliveryRow], list[DeliveryRow]]:
    """The document is as it was booked: a reversal that was not sent yet is needless, another one is waited for."""
    pending = [one for one in sent if one.target_stage is Stage.VOID]
    ours = {one.id for one in sent if one.reason != GIVEN_UP}
    reversals = [
        one
        for one in live
        if one.moment == "reversal" and one.reverses_id in ours and one.state is not DeliveryState.DELIVERED
    ]
    needless = [one for one in reversals if one.state in UNSENT]
    return needless, pending + [one for one in reversals if one.state not in UNSENT]


def _is_taken_back(one: DeliveryRow, live: Sequence[DeliveryRow]) -> bool:
    """Whether the ledger says that it was reversed and yet that it stands: nobody's routine."""
    return any(other.reverses_id == one.id and other.state is DeliveryState.DELIVERED for other in live)


def complements(one: DeliveryRow, live: Sequence[DeliveryRow]) -> list[DeliveryRow]:
    """Differences that were sent to complement a delivery: to take it back alone would leave them in the books."""
    place = ("difference", one.entity, one.book)
    return [other for other in live if (other.moment, other.entity, other.book) == place and other.state not in UNSENT]


def _by_policy(one: DeliveryRow, taken_back: bool, deriver: Deriver) -> bool:
    """Whether the rules say what to do; money that has moved, and what a person has to look at, is nobody's routine."""
    rules = deriver.inputs.rules.get(one.book)
    if rules is None or one.moment != "accrual" or one.state is DeliveryState.PARKED:
        return False
    return (rules.changes.withdraw if taken_back else rules.changes.change) != "hold"


def _is_draft(one: DeliveryRow, deriver: Deriver) -> bool:
    """Whether it is a mere draft in the ERP that the rules want deleted, and the connector can."""
    known = one.stage == Stage.DRAFT.value and one.state in (DeliveryState.DELIVERED, DeliveryState.INCOMPLETE)
    policy = deriver.inputs.rules[one.book].changes.draft
    return known and policy != "red" and deriver.project.door(one.connection).supports("complete")


def _correct(
    tx: Tx, row: DocumentRow, one: DeliveryRow, derivation: Derivation, deriver: Deriver
) -> Iterable[DeliveryRow]:
    """Void, reverse or complement one delivery; yields what has to be done before the new content is booked."""
    way = how(tx, row.ref, one, derivation, deriver)
    if way == "void":
        voiding = deliveries.move(
            tx, one, DeliveryState.INCOMPLETE, event="void", target_stage=Stage.VOID, due_at=epoch_ms(), failures=0
        )
        yield voiding
    elif way == "reversal":
        yield take_back(tx, [row], one, deriver)
    else:
        _complement(tx, row, one, derivation, deriver)


def how(tx: Tx, ref: SourceRef, one: DeliveryRow, derivation: Derivation, deriver: Deriver) -> str:
    """How a wrong delivery is corrected: `void` (a mere draft is deleted), `reversal`, or `difference`.

    A voucher in parts has no difference to another one, part by part.
    """
    if _is_draft(one, deriver):
        return "void"
    red = derivation.not_due is not None or deriver.inputs.rules[one.book].changes.change == "red_and_new"
    return "reversal" if red or in_pieces(tx, one, ref, derivation) else "difference"


def take_back(
    tx: Tx, rows: Sequence[DocumentRow], one: DeliveryRow, deriver: Deriver, *, actor: str = audit.SYSTEM
) -> DeliveryRow:
    """The reversal of what a delivery booked of some documents: made, or found.

    :param rows: newest revisions of those documents. :param actor: who wants it.
    """
    covers = [(row, Coverage(row.ref, one.entity, one.book, "reversal", one.reference)) for row in rows]
    live = deliveries.live_for(tx, covers[0][1].key)
    if live is not None:
        for row, coverage in covers:
            documents.cover_too(tx, live.id, row.id, coverage.key)
        return live
    new = attrs.evolve(_correction(rows, one, covers, deriver), reverses_id=one.id)
    return deliveries.create(tx, new, actor=actor)


def _complement(tx: Tx, row: DocumentRow, one: DeliveryRow, derivation: Derivation, deriver: Deriver) -> None:
    """A voucher over the difference, if there is any; with it, what is booked serves the new content too."""
    document = deriver.document(row, documents.events_of(tx, row.ref))
    if corrections.complement(deriver, tx, document, derivation, one.entity, one.book) is not None:
        coverage = Coverage(row.ref, one.entity, one.book, "difference", str(row.revision))
        deliveries.create(tx, _correction([row], one, [(row, coverage)], deriver))
    own = Coverage(row.ref, one.entity, one.book, one.moment, one.part)
    documents.cover_too(tx, one.id, row.id, own.key)


def _correction(
    rows: Sequence[DocumentRow],
    one: DeliveryRow,
    covers: Sequence[tuple[DocumentRow, Coverage]],
    deriver: Deriver,
) -> NewDelivery:
    return NewDelivery(
        one.connection,
        one.target_type,
        tuple((row.id, coverage) for row, coverage in covers),
        tuple(dict.fromkeys(row.number for row in rows)),
        rows[0].revision,
        one.target_stage if one.target_stage.rank >= 0 else Stage.SUBMITTED,
        DeliveryState.READY,
        deriver.inputs.hash,
        currency=one.currency,
    )


def still_waits(tx: Tx, problem: Problem) -> bool:
    """Whether what a document waits for is still on its way, or lies with a person."""
    rows = [deliveries.by_id(tx, int(name[1:])) for name in problem.facts.get("deliveries", "").split()]
    if problem.facts.get("until") == "known":
        return any(row.state in _BUSY for row in rows)
    return any(_unfinished(row) for row in rows)


def _unfinished(row: DeliveryRow) -> bool:
    if row.moment in CORRECTIONS or row.target_stage is Stage.VOID:
        return row.state not in _GONE | {DeliveryState.DELIVERED}
    return row.state in _BUSY


def _waits(number: str, pending: Sequence[DeliveryRow], *, until: str = "done") -> Problem:
    """:param until: `done`, or `known` = what becomes of them decides what is to be done."""
    names = " ".join(one.name for one in pending)
    return Problem.of(
        WAITS,
        f"{number} 的新内容等待 {names} 完成 (红冲、删除或结果确认)",
        f"the new content of {number} waits until {names} is done (reversed, deleted or its outcome known)",
        hint_zh=f"自动继续; dougong show {names.split()[0]} 查看进度",
        hint_en=f"it goes on by itself; `dougong show {names.split()[0]}` tells how far it is",
        deliveries=names,
        until=until,
    )


def _for_a_person(number: str, sent: Sequence[DeliveryRow], taken_back: bool) -> Problem:
    code = "WITHDRAWN_AFTER_POSTING" if taken_back else "CHANGED_AFTER_POSTING"
    zh, en = ("已被撤回或退回", "was withdrawn or rejected") if taken_back else ("内容已变更", "has other content now")
    names = ", ".join(f"{one.name} {one.moment} ({one.state})" for one in sent)
    return Problem.of(
        code,
        f"{number} 已送 ERP ({names}), 之后{zh}",
        f"{number} was sent to the ERP already ({names}) and {en}",
        hint_zh="请人工核对: 在 ERP 中更正, 或在来源系统恢复原内容",
        hint_en="compare: correct it in the ERP, or restore the content in the source",
        deliveries=names,
    )
