"""A shift: the steps with one set of inputs. A run is one shift; a service goes from one to the next."""

from __future__ import annotations

from collections.abc import Collection
from types import TracebackType
from typing import Self

from dougong.clock import epoch_ms
from dougong.flow.deriving import Deriver
from dougong.flow.doubting import Doubts
from dougong.flow.inputs import Inputs
from dougong.flow.merging import Merger
from dougong.flow.opening import open_documents
from dougong.flow.project import Project
from dougong.flow.telling import Teller
from dougong.ledger import attempts, deliveries, documents
from dougong.ledger.errors import StaleLease
from dougong.ledger.statements import Tx
from dougong.ledger.states import DeliveryState, DocumentState
from dougong.runtime import Lane, Worker

__all__ = ["Shift"]


class Shift:
    """Lanes, a worker and feedback beside it; a context manager, which closes whatever was opened.

    :param names: connections to work on; those that have never told the accounts that rules need are left out.
    :param inputs: what everything is derived with.
    """

    def __init__(self, project: Project, names: Collection[str], inputs: Inputs) -> None:
        self._project = project
        self._inputs = inputs
        deriver = Deriver(project, inputs)
        self.lanes = {name: Lane(project.door(name)) for name in names if name not in inputs.blind}
        self._merger = Merger(deriver, self.lanes)
        self._doubts = Doubts(project.ledger, self.lanes)
        self._teller = Teller(project)
        self._deriver = deriver
        self.worker = Worker(project.ledger, self.lanes, deriver, self._begin)

    def _begin(self) -> int:
        """What the loop does itself, some at a time: opened, merged or asked about; zero when there is none."""
        return open_documents(self._deriver) or self._merger.merge() or self._doubts.ask()

    def __enter__(self) -> Self:
        self._project.ledger.write(lambda tx: attempts.keep_artifacts(tx, self._inputs.artifacts))
        _free_held(self._project, self._inputs)
        self._teller.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._teller.__exit__(kind, error, trace)
        finally:
            self._merger.close()
            self._doubts.close()
            for lane in self.lanes.values():
                lane.close()


def _free_held(project: Project, inputs: Inputs) -> None:
    """What is held, and was held with other rules, tables, codes or master data, is derived again."""

    def write(tx: Tx) -> None:
        for document in documents.held_with_other_inputs(tx, inputs.hash):
            documents.change(tx, document, event="inputs_changed", state=DocumentState.ACCEPTED)
        for row in deliveries.held_with_other_inputs(tx, inputs.hash):
            deliveries.move(tx, row, DeliveryState.READY, event="inputs_changed", due_at=epoch_ms())

    try:
        project.ledger.write(write)
    except StaleLease:
        # Another process is freeing the same ones.
        return
