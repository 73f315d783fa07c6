"""The connector: Hesi's answers, as files, read into canonical documents and reference data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import attrs

from dougong import hookimpl
from dougong.formats.json_text import loads
from dougong.hookspecs import About, Call
from dougong.model.masterdata import MasterRecord
from dougong.model.operations import Operation
from dougong.model.problems import InputError, Problem, Text
from dougong.model.sources import EventsOnly, SourceDocument
from dougong_hesi.companions import index_codes
from dougong_hesi.flows import read_flow
from dougong_hesi.lookup import Overlay
from dougong_hesi.reading import Fields, fields
from dougong_hesi.settings import HesiSettings
from dougong_hesi.shapes import split

__all__ = ["HesiConnector"]


@attrs.frozen(eq=False)
class HesiConnector:
    """合思 Hesi (易快报 Ekuaibao) as a source; it books nothing itself.

    :param settings: what the customer decided about their tenant.

    .. versionadded:: 0.1
    """

    settings: HesiSettings = attrs.field(factory=HesiSettings)
    about = About(
        product="hesi",
        title=Text("合思 (易快报)", "Hesi (Ekuaibao)"),
        settings=HesiSettings,
        api_versions=("2.0",),
    )

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        """None: a pure source."""
        return ()

    @hookimpl
    def read_documents(
        self, content: bytes, media_type: str, call: Call
    ) -> Iterable[SourceDocument | EventsOnly | MasterRecord]:
        """Read one answer or list, recognised by its content: reference data first, then documents.

        :raises InputError: not JSON, not an answer of Hesi, or one that holds neither documents nor reference data.
        """
        try:
            answer = split(loads(content), ZoneInfo(self.settings.zone))
            records = (*answer.records, *index_codes(answer.records, call.reference))
            reference = Overlay.of(records, call.reference)
            return (*records, *(self._read(flow, reference, call.connection) for flow in answer.flows))
        except InputError as error:
            raise InputError(_named(problem, call.connection) for problem in error.problems) from error

    def _read(self, flow: Fields, reference: Overlay, connection: str) -> SourceDocument:
        try:
            return read_flow(flow, self.settings, reference, connection)
        except InputError as error:
            number = fields(flow["form"], "form").get("code") or flow["id"]
            raise InputError(problem.at(str(number)) for problem in error.problems) from error


def _named(problem: Problem, connection: str) -> Problem:
    """The problem with connector and connection in front, for whoever reads many files at once."""
    message = Text(f"合思 ({connection}): {problem.message.zh}", f"hesi ({connection}): {problem.message.en}")
    return attrs.evolve(problem, message=message)
