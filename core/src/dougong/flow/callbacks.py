"""Callbacks at the door: received and committed, the documents in them accepted, then answered."""

from __future__ import annotations

import logging
from functools import partial

from dougong import confirmation
from dougong.flow.project import Project
from dougong.flow.reading import read_contents, take_in
from dougong.ledger import inbox
from dougong.ledger.statements import Tx
from dougong.model.outcomes import Callback, CallbackRequest
from dougong.model.problems import DougongError
from dougong.plugins import Door

__all__ = ["callback_door", "take_callback", "take_kept"]

_LOG = logging.getLogger("dougong.flow")


def callback_door(project: Project, name: str) -> Door | None:
    """The door of a connection that takes callbacks; `None` where there is no such connection, or it takes none.

    :raises PluginError: its connector cannot be used. :raises ConfigError: nor its settings.
    """
    if name not in project.config.connections:
        return None
    door = project.door(name)
    return door if door.supports("read_callback") else None


def take_callback(project: Project, door: Door, request: CallbackRequest) -> confirmation.Received:
    """Receive a callback; what it brings is committed before the reply is returned.

    :raises DougongError: its connector could not read it, which people see.
    """
    received = confirmation.receive(project.ledger, door, request)
    if received.callback is not None:
        _take_documents(project, door, received.message_id, received.callback)
    return received


def take_kept(project: Project) -> None:
    """Read again what was kept: documents whose process died before they were accepted, and what could not be read."""
    for name in project.config.connections:
        unhandled = project.ledger.look(partial(inbox.unhandled, connection=name))
        unread = project.ledger.look(partial(inbox.unread, connection=name))
        for kept in (*unhandled, *unread):
            try:
                _take_again(project, project.door(name), *kept[1:])
            except DougongError as error:
                _LOG.info("a callback of %s that was kept cannot be read: %s", name, error)


def _take_again(project: Project, door: Door, request: CallbackRequest, received_at: int) -> None:
    """As it was received: its timestamp is judged by the time of its arrival."""
    received = confirmation.receive(project.ledger, door, request, received_at)
    if received.callback is not None:
        _take_documents(project, door, received.message_id, received.callback)
    else:  # whoever wrote it, its connector does not believe it
        project.ledger.write(lambda tx: inbox.forget(tx, door.connection.name, request))


def _take_documents(project: Project, door: Door, message_id: str, callback: Callback) -> None:
    """Accept what it brings; documents that cannot be read stand beside the callback, for people to see."""
    if not callback.documents:
        return
    name = door.connection.name
    read = read_contents(project, name, callback.documents)
    take_in(project, read)
    problems = tuple(problem for _, problem in read.bad)

    def note(tx: Tx) -> None:
        inbox.note(tx, name, message_id, problems)
        if not (callback.updates or callback.ask):  # else it is done with when its news are
            inbox.close(tx, name, message_id)

    project.ledger.write(note)
