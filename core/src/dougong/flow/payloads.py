"""Payloads: a booking mapped for its ERP, changed by add-ons, checked; everything that comes before the freeze."""

from __future__ import annotations

import json
from functools import partial

from dougong import accounting, formats
from dougong.delivery import Derived, Held, Link
from dougong.flow.approval import set_unapproved, unapproved
from dougong.flow.inputs import Inputs
from dougong.flow.intended import Intended
from dougong.flow.project import Project
from dougong.ledger.hands import hands
from dougong.ledger.rows import DeliveryRow
from dougong.mapping import apply_changes, place_reference
from dougong.model.bookings import Voucher
from dougong.model.messages import Payload
from dougong.model.operations import Operation
from dougong.model.problems import DougongError, Problem
from dougong.plugins import Door

__all__ = ["Payloads", "with_reference"]


class Payloads:
    """Makes payloads with one set of inputs.

    :param project: open project. :param inputs: mappings and codes.
    """

    def __init__(self, project: Project, inputs: Inputs) -> None:
        self._project = project
        self._inputs = inputs

    def sendable(self, row: DeliveryRow, wanted: Intended, link: Link) -> Derived | Held:
        """What a delivery is frozen from, or why it cannot be sent; of a set, all have to be mappable and approved.

        :raises DougongError: it cannot be mapped at all.
        """
        beside: list[Problem] = []
        for other in wanted.beside:
            try:
                made = self.made(self._project.door(other.connection), other.booking)
            except DougongError:
                problem = accounting.set_incomplete(other.booking.entity, other.booking.book)
                return Held((problem,), self._inputs.hash, wanted.still)
            if self._unapproved(other.connection, other.booking.moment, other.booking, made, other.delivery):
                beside.append(set_unapproved(other.booking))
        payload, problems = self.of(wanted.booking, link)
        if not problems:
            missing = self._unapproved(row.connection, row.moment, wanted.booking, payload, row)
            problems = (missing,) if missing else tuple(beside)
        if problems:
            return Held(problems, self._inputs.hash, wanted.still)
        text = json.dumps(formats.voucher_to_json(wanted.booking), ensure_ascii=False, separators=(",", ":"))
        operation = link.door.operation(f"{row.target_type}.{row.verb}")
        place = partial(with_reference, payload, operation, wanted.booking.documents)
        return Derived(place, wanted.booking, text, self._inputs.hash, wanted.stage, wanted.still)

    def of(self, booking: Voucher, link: Link) -> tuple[Payload, tuple[Problem, ...]]:
        """Map, let add-ons change, check: everything that comes before the freeze.

        :returns: the payload and what speaks against sending it.
        :raises DougongError: it cannot be mapped at all.
        """
        door = link.door
        call = door.call()
        payload = self.made(door, booking)
        problems: tuple[Problem, ...] = ()
        if door.supports("check_payload"):
            problems += tuple(door.check_payload(payload, booking, link.session(), call))
        problems += tuple(hold.reason for hold in door.may_send(booking, payload, call))
        return payload, problems

    def made(self, door: Door, booking: Voucher) -> Payload:
        """Map, and let add-ons change it: what the ERP would get, whether or not anything speaks against it.

        :raises DougongError: it cannot be mapped at all.
        """
        payload = self._mapped(door, booking)
        return apply_changes(payload, door.changes(payload, booking, door.call()))

    def _unapproved(
        self, connection: str, moment: str, booking: Voucher, payload: Payload, row: DeliveryRow | None
    ) -> Problem | None:
        """What is missing where a second person has to agree."""

        def known() -> tuple[str, ...]:
            return () if row is None else self._project.ledger.look(partial(hands, row=row))

        config = self._project.config.connection(connection)
        return unapproved(config, moment, booking, payload, row.approved if row else None, known)

    def _mapped(self, door: Door, booking: Voucher) -> Payload:
        name = door.connection.name
        codes = self._inputs.codes_for(name, booking.book)
        mapping = self._inputs.mappings[name, self._inputs.operations[name].target_type]
        return door.map_booking(booking, mapping, codes, door.call())


def with_reference(payload: Payload, operation: Operation, keep: tuple[str, ...], text: str) -> Payload:
    """The reference goes behind the text for people: the connector's limit for texts leaves it room."""
    reference = operation.safety.reference
    room = operation.limits.max_summary + 1 + reference.max_length if reference else None
    return place_reference(payload, reference, text, max_summary=room, keep=keep)
