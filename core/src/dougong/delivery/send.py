"""Sending what is ready: derive, map, check, prepare, freeze, and only then let the first byte leave."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial

from dougong.clock import epoch_ms
from dougong.crashpoints import crashpoint
from dougong.delivery.apply import apply
from dougong.delivery.complete import complete, guarded
from dougong.delivery.link import Blocked, Derive, Derived, Held, Link, PutOff, backoff_ms
from dougong.ledger import attempts, deliveries, loans
from dougong.ledger.attempts import Frozen, item_id
from dougong.ledger.rows import FOREVER, DeliveryRow, problems_text
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState
from dougong.ledger.store import Ledger
from dougong.model.bookings import Voucher
from dougong.model.identity import Key
from dougong.model.messages import Item, ItemId, Message
from dougong.model.operations import Ambiguity, Operation, Reference
from dougong.model.outcomes import AlreadyThere, Done, NotDone, Outcome, Rejected, Unknown
from dougong.model.postings import Facts
from dougong.model.problems import DougongError, Problem

__all__ = ["facts_of", "keys_of", "push_frozen", "reference_text", "rest", "send"]


def send(ledger: Ledger, rows: Sequence[DeliveryRow], link: Link, derive: Derive) -> None:
    """Send claimed deliveries of one operation, up to its batch size, and bring them to their target stage.

    :param rows: leased by the caller; on return every one of them has been moved or released.
    """
    operation = link.door.operation(f"{rows[0].target_type}.{rows[0].verb}")
    try:
        link.session()
    except DougongError as error:
        later = PutOff(error.problems)  # the ERP cannot be reached at all: nothing was sent
        ledger.write(lambda tx: [_put_off(tx, row, later) for row in rows])
        return
    ready: dict[ItemId, tuple[DeliveryRow, Derived]] = {}
    for row in rows:
        made = derive(row, link)
        if isinstance(made, Derived):
            ready[item_id(row)] = (row, made)
        else:
            ledger.write(partial(rest, row=row, made=made))
    if not ready:
        return
    try:
        messages = _prepare(ready, operation, link)
    except DougongError as error:
        held = Held(error.problems, next(iter(ready.values()))[1].inputs)
        for row, _ in ready.values():
            ledger.write(partial(rest, row=row, made=held))
        return
    for message, items in messages:
        sending = ledger.write(
            partial(_freeze, message=message, items=items, ready=ready, operation=operation, link=link)
        )
        if sending is None:
            continue
        crashpoint("prepared")
        push_frozen(ledger, *sending, link, operation, alone=True)


def _put_off(tx: Tx, row: DeliveryRow, made: PutOff) -> DeliveryRow:
    code = made.problems[0].code
    return deliveries.move(
        tx,
        row,
        DeliveryState.READY,
        event="put_off",
        detail={"reason": code},
        due_at=backoff_ms(row.failures),
        failures=row.failures + 1,
        problems=problems_text(made.problems),
        reason=code,
    )


def rest(tx: Tx, row: DeliveryRow, made: Held | Blocked | PutOff) -> None:
    """Write down why a delivery is not sent; it is derived again when that is no longer so, or after a pause."""
    if isinstance(made, PutOff):
        _put_off(tx, row, made)
        return
    if not made.still(tx):
        deliveries.release(tx, row, due_at=epoch_ms())
        return
    if isinstance(made, Held):
        deliveries.move(
            tx,
            row,
            DeliveryState.HELD,
            event="held",
            detail={"problems": [problem.code for problem in made.problems]},
            problems=problems_text(made.problems),
            reason=made.problems[0].code,
            waits_for="[]",
            inputs=made.inputs,
            due_at=FOREVER,
        )
        return
    deliveries.depend(tx, row.id, made.on)
    deliveries.move(
        tx,
        row,
        DeliveryState.BLOCKED,
        event="blocked",
        detail={"waits_for": list(made.names)},
        problems="[]",
        reason="WAITS_FOR",
        waits_for=json.dumps(list(made.names), ensure_ascii=False),
        inputs=made.inputs,
        due_at=FOREVER,
    )


# -- freezing ---------------------------------------------------------------------------------------------------------


def reference_text(key: Key, reference: Reference | None) -> str:
    """A key in the shape that the operation's reference field takes; long where it has none."""
    if reference is None:
        return key.text(34)
    if reference.shape == "uuid":
        return str(key.uuid())
    if reference.shape == "number":
        return str(key.number(reference.max_length))
    return key.text(reference.max_length, reference.alphabet)


def keys_of(reference: str, generation: int) -> tuple[Key, Key]:
    """Reference and request id of a delivery's next content."""
    return Key(("delivery", reference)), Key(("request", reference, str(generation)))


def _prepare(
    ready: Mapping[ItemId, tuple[DeliveryRow, Derived]], operation: Operation, link: Link
) -> list[tuple[Message, list[Item]]]:
    items = []
    for name, (row, made) in ready.items():
        reference, request = keys_of(row.reference, row.generation)
        text = reference_text(reference, operation.safety.reference)
        payload = made.place(text)
        items.append(Item(name, payload, reference, text, request, made.booking))
    messages = link.door.prepare(items, link.call(operation))
    by_name = {item.id: item for item in items}
    _refuse_wrong_composition(messages, by_name, link)
    result = []
    for message in messages:
        members = [by_name[name] for name in message.items]
        _refuse_without_reference(message, members, operation, link)
        result.append((message, members))
    return result


def _refuse_wrong_composition(messages: Sequence[Message], items: Mapping[ItemId, Item], link: Link) -> None:
    named = [name for message in messages for name in message.items]
    if sorted(named) != sorted(items):
        raise DougongError(
            _plugin_fault(link, "prepare 的结果没有恰好包含每个项目一次", "prepare did not name each item exactly once")
        )


def _refuse_without_reference(message: Message, items: Sequence[Item], operation: Operation, link: Link) -> None:
    """A message that does not carry our reference could never be found again."""
    reference = operation.safety.reference
    if reference is None:
        return
    for item in items:
        if item.reference_text.encode() not in message.readable:
            raise DougongError(
                _plugin_fault(
                    link,
                    f"待发消息不含参考号 {item.reference_text} ({reference.field})",
                    f"the message does not contain the reference {item.reference_text} ({reference.field})",
                )
            )


def _plugin_fault(link: Link, zh: str, en: str) -> Problem:
    connection = link.door.connection.name
    return Problem.of(
        "PLUGIN_FAILED",
        f"连接 {connection}: {zh}, 未发送",
        f"connection {connection}: {en}; nothing was sent",
        hint_zh="请向连接器作者报告",
        hint_en="report it to the connector's author",
        connection=connection,
    )


def facts_of(booking: Voucher) -> Facts:
    """What a posting of this booking must show, as far as core knows it."""
    lines = tuple((line.side, line.amount) for line in booking.lines)
    return Facts(booking.total, booking.currency, booking.posting_date, None, lines)


def _freeze(
    tx: Tx,
    message: Message,
    items: Sequence[Item],
    ready: Mapping[ItemId, tuple[DeliveryRow, Derived]],
    operation: Operation,
    link: Link,
) -> tuple[Frozen, list[DeliveryRow]] | None:
    """Nothing is frozen, and all are due again, when a document has changed since it was derived."""
    pairs = [ready[item.id] for item in items]
    if not all(made.still(tx) for _, made in pairs):
        for row, _ in pairs:
            deliveries.release(tx, row, due_at=epoch_ms())
        return None
    facts = {item.id: message.facts.get(item.id, Facts()).over(facts_of(item.booking)) for item in items}
    frozen = attempts.freeze(
        tx,
        [row for row, _ in pairs],
        message,
        operation=operation.name,
        reference_field=operation.safety.reference.field if operation.safety.reference else "",
        references={item.id: item.reference_text for item in items},
        facts=facts,
        bookings={item.id: ready[item.id][1].booking_text for item in items},
        request_id=Key(("attempt", *(item.request_id.base64() for item in items))).base64(),
        artifacts=sorted({made.inputs for _, made in pairs}),
        connector_version=link.door.package,
    )
    sending = [_to_sending(tx, row, made, frozen) for row, made in pairs]
    for row, made in pairs:
        if made.booking.loans:
            loans.record(tx, row.id, made.booking.loans)
    return frozen, sending


def _to_sending(tx: Tx, row: DeliveryRow, made: Derived, frozen: Frozen) -> DeliveryRow:
    return deliveries.move(
        tx,
        row,
        DeliveryState.SENDING,
        event="prepared",
        detail={"attempt": frozen.id, "reference": frozen.references[item_id(row)], "body_hash": frozen.body_hash},
        keep_lease=True,
        generation=row.generation + 1,
        attempts=row.attempts + 1,
        inputs=made.inputs,
        target_stage=made.target_stage,
        problems="[]",
        reason="",
        waits_for="[]",
        period=made.booking.period,
        currency=made.booking.currency,
        total=format(made.booking.total, "f"),
    )


# -- sending ----------------------------------------------------------------------------------------------------------


def push_frozen(
    ledger: Ledger,
    frozen: Frozen,
    rows: Sequence[DeliveryRow],
    link: Link,
    operation: Operation,
    *,
    alone: bool,
) -> None:
    """Send exactly what was frozen, record what came of it, and go on to the target stage under the same lease.

    :param rows: the undecided items, in `sending`, leased.
    :param alone: no earlier sending of these bytes may have worked: this is the first, or all others are proved absent.
    """
    names = dict(zip(frozen.delivery_ids, frozen.references, strict=True))
    outcomes = link.door.push(frozen.message, link.session(), link.call(operation))
    link.report(outcomes.values())
    if not alone:
        outcomes = {name: _of_a_repeat(outcome, operation) for name, outcome in outcomes.items()}
    crashpoint("answered")
    settle = link.door.settle(operation)

    def work(tx: Tx) -> list[DeliveryRow]:
        return [
            apply(tx, row, frozen, names[row.id], outcomes.get(names[row.id], Unknown("no outcome")), operation, settle)
            for row in rows
        ]

    moved = guarded(ledger, rows, work)
    crashpoint("outcome")
    for row in moved:
        if row.state is DeliveryState.INCOMPLETE and row.due_at <= epoch_ms():
            outcome = outcomes.get(names[row.id])
            known = None
            if isinstance(outcome, (Done, AlreadyThere)):
                known = (outcome.posting, frozen.facts[names[row.id]])
            complete(ledger, row, link, known)


def _of_a_repeat(outcome: Outcome, operation: Operation) -> Outcome:
    """A repeat that did nothing says nothing about the sending before it.

    Nor does its refusal, but for an ERP that remembers our key: that one would have answered as it did the first time.
    """
    match outcome:
        case NotDone(reason, after):
            return Unknown(reason, after)
        case Rejected(problems, _) if operation.safety.ambiguity is Ambiguity.C:
            return Unknown(f"a repeat was refused: {problems[0].message.en}")
    return outcome
