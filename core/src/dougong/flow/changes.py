"""What happens to vouchers when their document changes or is taken back (posting-rules.md §4, `[changes]`)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

import attrs

from dougong.accounting import Derivation, Draft
from dougong.clock import epoch_ms
from dougong.flow import corrections
from dougong.flow.change_messages import for_a_person, waits_for
from dougong.flow.dependents import MONEY, came_back, dependents
from dougong.flow.deriving import Deriver
from dougong.flow.pieces import in_pieces
from dougong.flow.waits import waiting_for
from dougong.ledger import audit, covering, deliveries, documents, reversals, sets
from dougong.ledger.deliveries import NewDelivery
from dougong.ledger.reversals import CORRECTIONS
from dougong.ledger.rows import FOREVER, DeliveryRow, DocumentRow
from dougong.ledger.statements import Tx
from dougong.ledger.states import UNSENT, DeliveryState
from dougong.model.documents import SourceRef
from dougong.model.identity import Coverage
from dougong.model.postings import Stage
from dougong.model.problems import Problem

__all__ = ["Reaction", "Verdict", "complements", "how", "judge", "react", "still_waits", "take_back"]

_GONE = frozenset({DeliveryState.CANCELLED, DeliveryState.REVERSED})
_BUSY = frozenset({DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.UNKNOWN, DeliveryState.INCOMPLETE})


@attrs.frozen
class Reaction:
    """What keeps a document from being opened as it now is.

    :param problems: it is held with these; nothing when it may be opened.
    :param withdrawn: it was taken back, and what was booked of it is being reversed.
    :param returned: drafts of money that came back; they are opened all the same, and the document waits for them.
    """

    problems: tuple[Problem, ...] = ()
    withdrawn: bool = False
    returned: tuple[Draft, ...] = ()


@attrs.frozen
class Verdict:
    """What a document's present content asks of what was booked before; nothing is changed by asking.

    :param problems: it is held with these.
    :param wrong: what was booked of other content, to be corrected as the rules say (`how`); with what is taken back,
        the differences that complement it.
    :param needless: reversals on their way that nobody needs any more.
    :param returned: drafts of money that came back of what was paid; they are booked whatever becomes of the change.
    """

    problems: tuple[Problem, ...] = ()
    wrong: tuple[DeliveryRow, ...] = ()
    needless: tuple[DeliveryRow, ...] = ()
    returned: tuple[Draft, ...] = ()


def judge(tx: Tx, ref: SourceRef, number: str, fingerprint: str, derivation: Derivation, deriver: Deriver) -> Verdict:
    """Compare what a document says now with what is in the ERP of it.

    :param number: the document's. :param fingerprint: of its money, as accepting counts it.
    """
    taken_back = derivation.not_due is not None
    live = documents.live_deliveries_of(tx, ref)
    sent = [one for one in live if one.state not in UNSENT and one.moment not in CORRECTIONS]
    money = [one for one in sent if one.moment in MONEY]
    if money and came_back(tx, ref, number, money):
        sent = [one for one in sent if one not in money]  # it stands for nothing: what was paid is as if it never was
    other = [one for one in sent if taken_back or fingerprint != covering.content_shown(tx, one.id, ref)]
    if not other:
        wanted = [one for one in live if not covering.is_given_up(tx, one.id, ref)]
        needless, pending = _on_their_way(documents.deliveries_of(tx, ref), live, wanted)
        until = "known" if any(one.state in _BUSY for one in pending) else "done"
        return Verdict((waits_for(number, pending, until=until),) if pending else (), needless=tuple(needless))
    added = list({extra.id: extra for one in other for extra in complements(one, live)}.values())
    unsure = [extra for extra in added if extra.state is DeliveryState.PARKED or _is_taken_back(extra, live)]
    if unsure or any(not _by_policy(one, taken_back, deriver) for one in other):
        going = [(one.id, ref) for one in other]
        standing = [on for one in other for on in dependents(tx, one, [ref], going).staying]
        if coming := [one for one in live if _comes_back(one)]:
            return Verdict((waits_for(number, coming, until="booked"),))
        returned = tuple(draft for draft in derivation.bookable if _may_come_back(tx, ref, draft))
        return Verdict((for_a_person(number, [*other, *unsure, *standing], taken_back),), returned=returned)
    wrong = [problem for draft in derivation.drafts if draft.moment == "accrual" for problem in draft.problems]
    if wrong and not taken_back:  # the old voucher stays until the new one can be made
        return Verdict(tuple(wrong))
    busy = [one for one in (*other, *added) if one.state in _BUSY and not _is_draft(tx, one, deriver)]
    if busy:
        return Verdict((waits_for(number, busy),))
    if any(_is_taken_back(one, live) for one in other):
        return Verdict((for_a_person(number, other, taken_back),))
    gone = [one for one in other if how(tx, ref, one, derivation, deriver) != "difference"]
    with_them = {extra.id: extra for one in gone for extra in complements(one, live)}
    return Verdict(wrong=(*other, *with_them.values()))


def react(tx: Tx, row: DocumentRow, derivation: Derivation, deriver: Deriver) -> Reaction:
    """Bring what is in the ERP in line with what a document says now, or say why that needs a person or time."""
    verdict = judge(tx, row.ref, row.number, row.fingerprint, derivation, deriver)
    for one in verdict.needless:
        deliveries.move(tx, one, DeliveryState.CANCELLED, event="superseded", due_at=FOREVER, reason="superseded")
    if verdict.problems or not verdict.wrong:
        return Reaction(verdict.problems, returned=verdict.returned)
    pending = [made for one in verdict.wrong for made in _correct(tx, row, one, derivation, deriver)]
    if derivation.not_due is not None:
        return Reaction(withdrawn=True)
    return Reaction((waits_for(row.number, pending),) if pending else ())


def _may_come_back(tx: Tx, ref: SourceRef, draft: Draft) -> bool:
    """Whether a draft books money that came back of a payment that stands, and nothing has booked it yet."""
    if draft.moment != "payment_returned" or draft.owner != "dougong":
        return False
    live = deliveries.live_for(tx, Coverage(ref, draft.entity, draft.book, draft.moment, draft.part).key)
    return live is None and not waiting_for(tx, ref, draft).held(draft)


def _comes_back(one: DeliveryRow) -> bool:
    """Whether it books money that came back and is on its way to the books."""
    return one.moment == "payment_returned" and one.state not in _GONE | {DeliveryState.DELIVERED, DeliveryState.PARKED}


def _on_their_way(
    every: Sequence[DeliveryRow], live: Sequence[DeliveryRow], wanted: Sequence[DeliveryRow]
) -> tuple[list[DeliveryRow], list[DeliveryRow]]:
    """The document is as it was booked: a reversal that was not sent yet is needless, another one is waited for.

    Of a voucher and its differences nothing is needless any more once one of them is gone.

    :param every: deliveries of the document, :param live: those that stand for it, :param wanted: those of them that
        no person has given up.
    """
    originals = {one.id: one for one in wanted if one.moment != "reversal"}
    pending = [one for one in originals.values() if one.target_stage is Stage.VOID]
    needless: list[DeliveryRow] = []
    places: dict[tuple[str, str], list[DeliveryRow]] = {}
    for one in live:
        original = originals.get(one.reverses_id or 0)
        if original is not None and one.state is not DeliveryState.DELIVERED:
            places.setdefault(_place(original), []).append(one)
    for place, reversing in places.items():
        begun = _begun([one for one in every if _place(one) == place], originals)
        (pending if begun or any(one.state not in UNSENT for one in reversing) else needless).extend(reversing)
    return needless, pending


def _begun(place: Sequence[DeliveryRow], live: Container[int]) -> bool:
    """Whether an accrual, or a difference that complements it, is taken back already, and the rest follows."""
    first = min((one.id for one in place if one.moment == "accrual" and one.id in live), default=None)
    if first is None:
        return True
    return any(one.moment == "difference" and one.id > first and one.state is DeliveryState.REVERSED for one in place)


def _place(row: DeliveryRow) -> tuple[str, str]:
    return (row.entity, row.book)


def _place_of(draft: Draft) -> tuple[str, str]:
    return (draft.entity, draft.book)


def _is_taken_back(one: DeliveryRow, live: Sequence[DeliveryRow]) -> bool:
    """Whether the ledger says that it was reversed and yet that it stands: nobody's routine."""
    return any(other.reverses_id == one.id and other.state is DeliveryState.DELIVERED for other in live)


def complements(one: DeliveryRow, live: Sequence[DeliveryRow]) -> list[DeliveryRow]:
    """Differences that were sent to complement a delivery: they are taken back with it, each by its own reversal."""
    later = [other for other in live if other.moment == "difference" and other.id > one.id]
    return [other for other in later if _place(other) == _place(one) and other.state not in UNSENT]


def _by_policy(one: DeliveryRow, taken_back: bool, deriver: Deriver) -> bool:
    """Whether the rules say what to do; money that has moved, and what a person has to look at, is nobody's routine."""
    rules = deriver.inputs.rules.get(one.book)
    if rules is None or one.moment != "accrual" or one.state is DeliveryState.PARKED:
        return False
    return (rules.changes.withdraw if taken_back else rules.changes.change) != "hold"


def _is_draft(tx: Tx, one: DeliveryRow, deriver: Deriver) -> bool:
    """Whether it is a mere draft in the ERP that the rules want deleted, and the connector can.

    Not one that a red voucher takes back in part: that would be left without it.
    """
    if reversals.is_partly_taken_back(tx, one.id):
        return False
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
        yield from take_back(tx, [row], one, deriver)
    else:
        _complement(tx, row, one, derivation, deriver)


def how(tx: Tx, ref: SourceRef, one: DeliveryRow, derivation: Derivation, deriver: Deriver) -> str:
    """How a wrong delivery is corrected: `void` (a mere draft is deleted), `reversal`, or `difference`.

    A voucher in parts has no difference to another one, part by part; nor has one that is being taken back, or that
    the document does not ask for any more.
    """
    if _is_draft(tx, one, deriver):
        return "void"
    goes = one.moment == "difference" or reversals.reversal_of(tx, one.id, ref) is not None
    goes = goes or not any(
        (draft.moment, *_place_of(draft)) == (one.moment, *_place(one)) for draft in derivation.drafts
    )
    red = goes or derivation.not_due is not None or deriver.inputs.rules[one.book].changes.change == "red_and_new"
    return "reversal" if red or in_pieces(tx, one, ref, derivation) else "difference"


def take_back(
    tx: Tx,
    rows: Sequence[DocumentRow],
    one: DeliveryRow,
    deriver: Deriver,
    *,
    actor: str = audit.SYSTEM,
    asked_at: int | None = None,
) -> list[DeliveryRow]:
    """The reversals of what a delivery booked of some documents: those that are there, and one for the rest.

    :param rows: newest revisions of those documents. :param actor: who wants it.
    :param asked_at: when a person asked for it, by the business clock; its red voucher is of that day.
    """
    found: dict[int, DeliveryRow] = {}
    covers = []
    for row in rows:
        coverage = Coverage(row.ref, one.entity, one.book, "reversal", one.reference)
        known = reversals.reversal_of(tx, one.id, row.ref)
        if known is None:
            covers.append((row, coverage))
        else:
            found[known.id] = known
            covering.cover_too(tx, known.id, row.id, coverage.key)
    if not covers:
        return list(found.values())
    new = attrs.evolve(
        _correction([row for row, _ in covers], one, covers, deriver),
        verb=_verb(tx, one, [row.ref for row, _ in covers], deriver),
        reverses_id=one.id,
        asked_at=asked_at,
    )
    return [*found.values(), deliveries.create(tx, new, actor=actor)]


def _verb(tx: Tx, one: DeliveryRow, refs: Sequence[SourceRef], deriver: Deriver) -> str:
    """By the ERP's own reversal where it has one; that takes back all of a voucher, so a part of it is just booked."""
    own = any(
        (operation.target_type, operation.verb) == (one.target_type, "reverse")
        for operation in deriver.project.door(one.connection).operations
    )
    return "reverse" if own and reversals.takes_all(tx, one.id, refs) else "create"


def _complement(tx: Tx, row: DocumentRow, one: DeliveryRow, derivation: Derivation, deriver: Deriver) -> None:
    """A voucher over the difference, if there is any; with it, what is booked serves the new content too."""
    document = deriver.document(row, documents.events_of(tx, row.ref))
    if corrections.complement(deriver, tx, document, derivation, one.entity, one.book) is not None:
        coverage = Coverage(row.ref, one.entity, one.book, "difference", str(row.revision))
        set_id = sets.name_for(tx, row) if any(draft.set_id for draft in derivation.drafts) else None
        deliveries.create(tx, attrs.evolve(_correction([row], one, [(row, coverage)], deriver), set_id=set_id))
    own = Coverage(row.ref, one.entity, one.book, one.moment, one.part)
    covering.cover_too(tx, one.id, row.id, own.key)


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


def still_waits(tx: Tx, document: DocumentRow, problem: Problem) -> bool:
    """Whether what a document waits for is still on its way, or lies with a person."""
    rows = [deliveries.by_id(tx, int(name[1:])) for name in problem.facts.get("deliveries", "").split()]
    if problem.code != "WAITS_FOR":  # a person decides, until nothing that was booked stands any more
        live = {one.id for one in documents.live_deliveries_of(tx, document.ref)}
        return any(one.id in live or (document.number not in one.numbers and one.state not in _GONE) for one in rows)
    if problem.facts.get("until") == "known":
        return any(row.state in _BUSY for row in rows)
    if problem.facts.get("until") == "booked":
        return any(_comes_back(row) for row in rows)
    return any(_unfinished(row) for row in rows)


def _unfinished(row: DeliveryRow) -> bool:
    if row.moment in CORRECTIONS or row.target_stage is Stage.VOID:
        return row.state not in _GONE | {DeliveryState.DELIVERED}
    return row.state in _BUSY
