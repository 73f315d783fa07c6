"""`/v1/callbacks/{connection}` and below: what an ERP says by itself, handed to its connector untouched."""

from __future__ import annotations

import logging
import threading

from dougong.flow import Project, callback_door, take_callback
from dougong.model.outcomes import CallbackRequest, Reply
from dougong.model.problems import DougongError
from dougong.plugins import Door
from dougong.server.replies import plain

__all__ = ["Callbacks"]

_LOG = logging.getLogger("dougong.server")
#: Of callbacks in a row that were refused, people are told when there are so many, then at ten times as many, ….
_FIRST_ALARM = 5
_AGAIN = {"Retry-After": "30"}


class Callbacks:
    """The ways in for ERPs; thread-safe."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._refused: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, name: str, request: CallbackRequest) -> Reply:
        """Receive a callback for a connection; returns after the commit, with the connector's own reply.

        A caller learns nothing of what went wrong: that is for the log, and for people.
        """
        try:
            door = callback_door(self._project, name)
        except DougongError as error:
            _LOG.error("a callback for %s was not taken, its connection cannot be used: %s", name, error)
            return plain(503, _AGAIN)
        if door is None:
            return plain(404)
        try:
            received = take_callback(self._project, door, request)
        except self._project.ledger.unwell:
            _LOG.exception("the ledger cannot be written; a callback of %s was not taken", name)
            return plain(503, _AGAIN)
        except Exception as error:  # noqa: BLE001 - a connector raises what it likes; the caller is told nothing of it
            _LOG.error("a callback of %s could not be read: %s", name, door.redact(str(error)))
            return plain(500)
        self._count(door, received.refused)
        return received.reply

    def _count(self, door: Door, refused: str) -> None:
        """Callbacks that are refused in a row: a wrong secret, a proxy that changes bytes, or somebody who guesses."""
        name = door.connection.name
        with self._lock:
            count = self._refused[name] = self._refused.get(name, 0) + 1 if refused else 0
        while count > _FIRST_ALARM and count % 10 == 0:
            count //= 10
        if count == _FIRST_ALARM:
            _LOG.warning(
                "%s callbacks of %s in a row were refused, the last one because: %s",
                self._refused[name],
                name,
                door.redact(refused),
            )
