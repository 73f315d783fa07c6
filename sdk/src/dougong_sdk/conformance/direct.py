"""Hooks called one by one, as core calls them, where a rule asks for one answer and not for a whole push."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import attrs

from dougong import formats
from dougong.delivery.send import facts_of, keys_of, reference_text
from dougong.flow import Deriver, Inputs, load_inputs
from dougong.flow.payloads import with_reference
from dougong.model.bookings import Voucher, VoucherLine
from dougong.model.codes import FieldMapping
from dougong.model.messages import Correlation, Item, ItemId, Message, Payload, Wanted
from dougong.model.operations import Operation
from dougong.model.outcomes import Absent, CannotTell, Done, Found, Outcome, Waiting
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import DougongError, Problem
from dougong_sdk.conformance.reports import report
from dougong_sdk.conformance.rules import Violation, expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dougong.flow import Project
    from dougong_sdk.conformance.lab import Bench

__all__ = ["Direct", "Sent", "direct"]

#: Longest that one voucher is asked for, and longest pause between two questions, seconds.
_PATIENCE, _LONGEST_PAUSE = 10.0, 0.2


@attrs.frozen
class Sent:
    """One voucher on its way through the hooks.

    :param facts: what its posting has to show. :param outcome: of the push.
    """

    item: Item
    message: Message
    facts: Facts
    outcome: Outcome

    @property
    def posting(self) -> Posting:
        """What the ERP holds. :raises Violation: the push did not say that it is done."""
        if isinstance(self.outcome, Done):
            return self.outcome.posting
        raise Violation(f"push answered {self.outcome}")

    @property
    def correlations(self) -> tuple[Correlation, ...]:
        """By what an answer finds it: of its message, and of what the ERP said when it took it."""
        taken = self.outcome.correlations if isinstance(self.outcome, Waiting) else ()
        return (*self.message.correlations, *taken)

    def wanted(self, *, key: str | None = None) -> Wanted:
        """What `find` and `poll` are asked; with its id where that is known."""
        return Wanted(self.item.id, self.item.reference_text, self.facts, self.correlations, key, first_sent=None)


class Direct:
    """A connector's hooks with a session of its own.

    .. versionadded:: 0.1
    """

    def __init__(self, project: Project, name: str, *, credential: str = "main") -> None:
        self.project = project
        self.door = project.door(name)
        self.operation: Operation = self.door.operation_for()
        self.session = self.door.open_session(self.door.call(credential=credential))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.door.close_session(self.session)

    @cached_property
    def _inputs(self) -> Inputs:
        """Rules, mappings and codes of the project; finding and completing do without."""
        return load_inputs(self.project)

    def call(self, **how: Any) -> Any:
        """The circumstances of one hook call; `seconds`, `now`, `credential`."""
        return self.door.call(**how)

    # -- bookings -----------------------------------------------------------------------------------------------------

    def voucher(self, number: int = 1) -> Voucher:
        """What core books for the n-th report: accounts and dimensions are in order for the sandbox."""
        derivation = Deriver(self.project, self._inputs).derive(formats.document_from_json(report(number)))
        booked = [draft for draft in derivation.drafts if draft.moment == "accrual" and draft.booking is not None]
        if not booked:
            reasons = [problem.message.en for draft in derivation.drafts for problem in draft.problems]
            raise Violation(f"the example report cannot be booked with its codes and accounts: {'; '.join(reasons)}")
        booking = booked[0].booking
        return booking if isinstance(booking, Voucher) else _none()

    def voucher_of(self, *debits: Decimal, summary: str = "", number: int = 1) -> Voucher:
        """A voucher with these debits on the example's expense account, and one credit over all of them.

        :param debits: functional currency. :param summary: text of every line; by default the example's.
        """
        base = self.voucher(number)
        debit = next(line for line in base.lines if line.side == "D")
        credit = next(line for line in base.lines if line.side == "C")
        lines = [*(_line(debit, amount, summary) for amount in debits), _line(credit, sum(debits, Decimal(0)), summary)]
        numbered = tuple(attrs.evolve(line, number=at) for at, line in enumerate(lines, 1))
        return attrs.evolve(base, lines=numbered)

    # -- hooks --------------------------------------------------------------------------------------------------------

    def payload(self, voucher: Voucher, mapping: FieldMapping | None = None) -> Payload:
        """Mapped as a push maps it, by the project's mapping or another one, and its codes."""
        mapping = mapping or self._inputs.mappings[self.door.connection.name, self.operation.target_type]
        codes = self._inputs.codes_for(self.door.connection.name, voucher.book)
        return self.door.map_booking(voucher, mapping, codes, self.call())

    def item(
        self, voucher: Voucher, salt: str = "", *, reference: str = "", mapping: FieldMapping | None = None
    ) -> Item:
        """A delivery with its reference in place.

        :param salt: makes the reference; by default another one each time. :param reference: as text, instead.
        """
        key, request = keys_of(salt or secrets.token_hex(8), 1)
        text = reference or reference_text(key, self.operation.safety.reference)
        payload = with_reference(self.payload(voucher, mapping), self.operation, voucher.documents, text)
        return Item(ItemId(f"I{text}"), payload, key, text, request, voucher)

    def items(self, count: int) -> list[Item]:
        """The first deliveries of a bench: the same ones each time, in every process."""
        return [self.item(self.voucher(number), f"item {number}") for number in range(1, count + 1)]

    def messages(self, items: Sequence[Item]) -> Sequence[Message]:
        """What `prepare` makes of them."""
        return self.door.prepare(items, self.call())

    def objections(self, voucher: Voucher) -> tuple[Problem, ...]:
        """What holds it before anything is sent: it cannot be mapped, or `check_payload` has something against it."""
        try:
            payload = self.item(voucher).payload
        except DougongError as error:
            return error.problems
        if not self.door.supports("check_payload"):
            return ()
        return tuple(self.door.check_payload(payload, voucher, self.session, self.call()))

    def send(self, voucher: Voucher, salt: str = "", *, seconds: float | None = None) -> Sent:
        """Prepare and push one voucher, and ask for it while it waits; nothing is done about an unknown outcome."""
        item = self.item(voucher, salt)
        return self.send_again(item, self.messages([item])[0], seconds=seconds)

    def send_again(self, item: Item, message: Message, *, seconds: float | None = None) -> Sent:
        """Push a message, be it once more, and ask for what the ERP has only taken."""
        (sent,) = self.answered(self.pushed([item], message, seconds=seconds))
        return sent

    def pushed(self, items: Sequence[Item], message: Message, *, seconds: float | None = None) -> list[Sent]:
        """Push a message with these items; what the ERP has only taken stays `Waiting`."""
        outcomes = self.door.push(message, self.session, self.call(seconds=seconds))
        return [
            Sent(one, message, message.facts.get(one.id, Facts()).over(facts_of(one.booking)), outcomes[one.id])
            for one in items
        ]

    def answered(self, sent: Sequence[Sent]) -> list[Sent]:
        """Ask for what waits, as often as the ERP said, until all of it is decided or patience ends."""
        end, known = time.monotonic() + _PATIENCE, list(sent)
        while pauses := [one.outcome.poll_after for one in known if isinstance(one.outcome, Waiting)]:
            if not self.door.supports("poll") or time.monotonic() > end:
                break
            time.sleep(min(*pauses, _LONGEST_PAUSE))
            told = self.polled([one for one in known if isinstance(one.outcome, Waiting)])
            known = [attrs.evolve(one, outcome=told.get(one.item.id, one.outcome)) for one in known]
        return known

    def polled(self, waiting: Sequence[Sent]) -> dict[ItemId, Outcome]:
        """What one question tells of how the work on what waits has ended; a question that fails tells nothing."""
        try:
            updates = list(self.door.poll([one.wanted() for one in waiting], self.session, self.call()))
        except DougongError:
            return {}
        ended = [one for one in updates if not isinstance(one.outcome, Waiting)]
        of_message = {one.correlation: one.outcome for one in ended if one.item is None}
        told = {sent.item.id: of_message[mark] for sent in waiting for mark in sent.correlations if mark in of_message}
        return told | {one.item: one.outcome for one in ended if one.item is not None}

    def done(self, voucher: Voucher, salt: str = "") -> Sent:
        """`send`, and it has to be done. :raises Violation: it is not."""
        sent = self.send(voucher, salt)
        expect(isinstance(sent.outcome, Done), f"push answered {sent.outcome}")
        return sent

    def complete(self, posting: Posting, facts: Facts, target: Stage) -> Outcome:
        """One step further."""
        return self.door.complete(posting, target, facts, self.session, self.call())

    def find(self, wanted: Iterable[Wanted], *, seconds: float | None = None) -> list[Found | Absent | CannotTell]:
        """Every answer; a search that raises is `CannotTell` to core for what it has not answered yet."""
        asked = list(wanted)
        answers: list[Found | Absent | CannotTell] = []
        try:
            answers.extend(self.door.find(asked, self.session, self.call(seconds=seconds)))
        except DougongError as error:
            told = {answer.item for answer in answers}
            answers += [CannotTell(one.item, str(error)) for one in asked if one.item not in told]
        return answers


@contextmanager
def direct(bench: Bench, *, credential: str = "main") -> Iterator[Direct]:
    """The hooks of a bench's connection.

    .. versionadded:: 0.1
    """
    with bench.project() as project, Direct(project, bench.lab.name, credential=credential) as hooks:
        yield hooks


def _line(line: VoucherLine, amount: Decimal, summary: str) -> VoucherLine:
    return attrs.evolve(line, amount=amount, original=None, tax=None, summary=summary or line.summary)


def _none() -> Voucher:
    raise Violation("the example report books no voucher")
