"""What is told of executed transfers: each transfer once, and beside it whatever contradicts what was told before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

import attrs

from dougong.accounting import payment_messages
from dougong.accounting.context import Rival
from dougong.accounting.dates import business_date
from dougong.accounting.payments import unnamed
from dougong.model.documents import Document, Event, ExecutedPayment
from dougong.model.events import told_otherwise
from dougong.model.money import plain
from dougong.model.problems import Problem

__all__ = ["Transfer", "by_event", "transfers"]


@attrs.frozen
class Transfer:
    """An executed transfer as it was told.

    :param part: its name within the document.
    :param event: what told it, with this transfer alone; without any nobody knows how much: settling says so.
    :param at: which of the document's events that is.
    :param instead_of: name of the transfer that was told otherwise before.
    :param rivals: whatever else was told of the same transfer.
    :param problems: why it is not booked as it was told.
    :param returns: of one that came back, the name of the payment that it gives back.
    """

    part: str
    event: Event
    at: int = 0
    instead_of: str = ""
    rivals: tuple[Rival, ...] = ()
    problems: tuple[Problem, ...] = ()
    returns: str = ""

    @property
    def payments(self) -> tuple[ExecutedPayment, ...]:
        """The transfer; several where they are taken by event, none where only the event was told."""
        return self.event.payments


def transfers(document: Document, type: str, zone: str) -> tuple[Transfer, ...]:
    """The transfers that events of one type tell, each once, followed by what was told otherwise of them.

    A transfer's name is its id; without one, payee, amount and date, counted where they repeat.

    :param zone: of the rules; it makes dates of instants.
    """
    heard = _Heard(document, zone)
    for at, event in enumerate(document.events):
        if event.type == type:
            heard.hear(at, event)
    every = [one for tellings in heard.tellings.values() for one in heard.beside(tellings)]
    silent = [one for name, one in heard.silent.items() if name not in heard.named]
    return tuple(sorted((*every, *silent), key=lambda one: (bool(one.instead_of), one.at)))


def by_event(document: Document, type: str, zone: str) -> Iterator[Transfer]:
    """The same, together where one event tells them: what a loan lends, what a repayment gives back.

    The first event's name is `1`, any other's its id; what an event tells beside what it told before is counted. An
    event that is told otherwise is wholly another telling.
    """
    groups: dict[tuple[bool, int], list[Transfer]] = {}
    for one in transfers(document, type, zone):
        groups.setdefault((bool(one.instead_of), one.at), []).append(one)
    first = {event.id: at for at, event in reversed([*enumerate(document.events)]) if event.type == type}
    names: dict[str, str] = {}
    count: Counter[str] = Counter()
    grown: Counter[str] = Counter()
    made: list[tuple[str, Event, list[Transfer]]] = []
    for number, ((instead, at), members) in enumerate(groups.items()):
        event = document.events[at]
        payments = tuple(payment for one in members for payment in one.payments)
        part = event.id if number else "1"
        if instead:
            base = names[members[0].instead_of]
            count[base] += 1
            part = f"{base} ({count[base] + 1})"
            payments = payments if first[event.id] == at else event.payments or unnamed(document)
        else:
            grown[event.id] += 1
            part = part if grown[event.id] == 1 else f"{event.id} #{grown[event.id]}"
        names |= {one.part: part for one in members}
        made.append((part, attrs.evolve(event, payments=payments), members))
    for part, event, members in made:
        rivals = (attrs.evolve(one, part=names[one.part]) for member in members for one in member.rivals)
        yield Transfer(part, event, rivals=tuple(dict.fromkeys(rivals)))


@attrs.define
class _Heard:
    """News of one type, as it is heard event by event.

    :param tellings: name of a transfer → what was told of it, the first telling first.
    :param named: event → names of the transfers that it told.
    :param silent: events that told no transfer.
    """

    document: Document
    zone: str
    tellings: dict[str, list[Transfer]] = attrs.field(factory=dict)
    named: dict[str, list[str]] = attrs.field(factory=dict)
    silent: dict[str, Transfer] = attrs.field(factory=dict)
    _seen: Counter[str] = attrs.field(factory=Counter)
    _heard: dict[str, list[Event]] = attrs.field(factory=dict)

    def hear(self, at: int, event: Event) -> None:
        """One more event: new transfers, or what was told of them before, or something else."""
        if any(not told_otherwise(known, event) for known in self._heard.get(event.id, ())):
            return  # word for word, as far as money goes
        self._heard.setdefault(event.id, []).append(event)
        payments = event.payments or unnamed(self.document)
        if not payments:
            self.silent.setdefault(event.id, Transfer(event.id, event, at))
            return
        before = self.named.get(event.id, [])
        tellings = [Transfer("", attrs.evolve(event, payments=(payment,)), at) for payment in payments]
        fresh = self._fresh(tellings, before)
        names = []
        for number, told in enumerate(tellings):
            name = self._known(told, () if number in fresh else before)
            if name is None:
                name = self._name(told)
                self.tellings[name] = [attrs.evolve(told, part=name)]
            elif all(self._differences(one, told) for one in self.tellings[name]):
                part = f"{name} ({len(self.tellings[name]) + 1})"
                self.tellings[name].append(attrs.evolve(told, part=part, instead_of=name))
            names.append(name)
        self.named[event.id] = list(dict.fromkeys((*before, *names)))

    def beside(self, tellings: Sequence[Transfer]) -> Iterator[Transfer]:
        """All that was told of one transfer, each beside the others."""
        rivals: dict[str, list[Rival]] = {one.part: [] for one in tellings}
        for one, other in combinations(tellings, 2):
            problem = payment_messages.told_otherwise(
                self.document.number, one.instead_of or one.part, self._differences(one, other)
            )
            rivals[one.part].append(Rival(other.part, problem))
            rivals[other.part].append(Rival(one.part, problem))
        for one in tellings:
            yield attrs.evolve(one, rivals=tuple(rivals[one.part]))

    def _fresh(self, tellings: Sequence[Transfer], before: Sequence[str]) -> set[int]:
        """Which transfers of an event, by number, it did not tell before.

        An event that is told again, with all that it told before and more, tells more: the rest of it is new. One that
        leaves anything out, or tells it otherwise, corrects what it said, and tells nothing new.
        """
        left = dict(enumerate(tellings))
        for name in before:
            first = self.tellings[name][0]
            alike = [number for number, told in left.items() if not self._differences(first, told)]
            if not alike:
                return set()
            del left[min(alike, key=lambda number: left[number].payments[0].id != first.payments[0].id)]
        return set(left)

    def _known(self, told: Transfer, before: Sequence[str]) -> str | None:
        """The transfer that is told again: of that id or, in an event that is told again, one that is alike.

        :param before: the event's transfers, one of which it must be: alike, or told otherwise.
        """
        payment = told.payments[0]
        if payment.id and payment.id in self.tellings:
            return payment.id
        alike = [name for name in before if not self._differences(self.tellings[name][0], told)]
        same = [name for name in before if self.tellings[name][0].payments[0].payee == payment.payee]
        return next(iter((*alike, *same, *before)), None)

    def _name(self, told: Transfer) -> str:
        payment = told.payments[0]
        if payment.id:
            return payment.id
        name = f"{payment.payee} {plain(payment.amount)} {business_date(told.event.on, self.zone)}"
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name} #{self._seen[name]}"

    def _differences(self, one: Transfer, other: Transfer) -> Mapping[str, tuple[object, object]]:
        """Field → what the one says and what the other; what one of them leaves open is no difference."""
        first, second = self._said(one), self._said(other)
        first["fee"] = first["fee"] or Decimal(0)  # it was booked without
        return {
            name: (value, second[name])
            for name, value in first.items()
            if value is not None and second[name] is not None and value != second[name]
        }

    def _said(self, told: Transfer) -> dict[str, object]:
        payment = told.payments[0]
        return {
            "id": payment.id or None,
            "payee": payment.payee,
            "amount": payment.amount,
            "currency": payment.currency or self.document.currency,
            "rate": payment.rate,
            "fee": payment.fee,
            "account": payment.account or None,
            "date": business_date(told.event.on, self.zone),
        }
