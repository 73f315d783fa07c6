"""Telling add-ons what has happened: after the commit, each observer by itself, in the thread that wrote it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dougong.clock import utc_now
from dougong.hookspecs import TransitionEvent

if TYPE_CHECKING:
    from dougong.flow.project import Project
    from dougong.ledger.deliveries import Transition

__all__ = ["observer_of"]


def observer_of(project: Project) -> Callable[[Transition], None] | None:
    """What tells the add-ons of a project's connections; `None` where no connection has any.

    What an add-on raises is logged by the door and goes no further.
    """
    watched = {name for name, connection in project.config.connections.items() if connection.addons}
    if not watched:
        return None

    def tell(transition: Transition) -> None:
        before, after = transition.before, transition.after
        if after.connection not in watched:
            return
        if after.connection in project.shut:
            return  # its add-ons cannot be used either
        door = project.door(after.connection)
        event = TransitionEvent(
            delivery=after.name,
            documents=after.numbers,
            before=before.state.value,
            after=after.state.value,
            at=utc_now(),
            actor=transition.actor,
            reason=transition.event,
            detail=dict(transition.detail),
        )
        door.on_transition(event, door.call())

    return tell
