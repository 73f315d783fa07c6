"""Oracle Fusion Cloud ERP as a connector: what the hooks say, and nothing else.

Many vouchers travel in one FBDI file and are imported as one group, which one bad line refuses whole: whom the report
names is rejected, the others go again in a new file. Journal Import takes the same file twice, so it is class D: after
a lost answer the pod is searched by our reference (the batch's name), and never sent to again blindly. Talking is in
`session`, the file in `journals`, what became of it in `imports` and `reports`, reading in `documents`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import attrs

from dougong import hookimpl
from dougong.hookspecs import About, Call, TargetField
from dougong.model.masterdata import MasterRecord
from dougong.model.messages import Correlation, Item, Message, Payload, Wanted
from dougong.model.operations import Ambiguity, Limits, Operation, Reference, Safety
from dougong.model.outcomes import (
    Absent,
    Callback,
    CallbackRequest,
    CannotTell,
    Finding,
    Found,
    Outcome,
    StatusUpdate,
    Waiting,
)
from dougong.model.postings import Posting, Stage
from dougong.model.problems import Problem
from dougong_oracle.journals import REFERENCE, TARGET, fields, file_message, journal_problems
from dougong_oracle.settings import TITLE, OracleSettings

if TYPE_CHECKING:  # httpx comes with the session: describing and mapping do without
    from dougong_oracle.session import OracleSession

__all__ = ["OracleConnector"]

#: How a segment's name is told in the mapping; any other is a dimension of the line.
_SEGMENTS = {"entity": "voucher.entity | code('entity')", "account": "line.account | code('account')"}


@attrs.frozen(eq=False)
class OracleConnector:
    """One pod of Oracle Fusion Cloud ERP.

    .. versionadded:: 0.1
    """

    settings: OracleSettings

    about: ClassVar[About] = About(
        product="oracle-fusion",
        title=TITLE,
        settings=OracleSettings,
        secrets=("password", "client_secret", "private_key"),
        api_versions=("fscmRestApi 11.13.18.05", "GlInterface.csv 25C"),
    )

    # -- describe -----------------------------------------------------------------------------------------------------

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        """Journals: imported, for a person to post; in one currency each, with red lines on the other side."""
        limits = Limits(
            batch=self.settings.batch,
            max_lines=9999,
            max_summary=240,
            forbidden="\r\n",
            voucher_currency="document",
            negative_lines=False,
            drops=("tax", "clears", "opens", "cash_flow", "coordination"),
        )
        safety = Safety(Ambiguity.D, Reference(REFERENCE), settle=600.0)
        return (Operation(TARGET, "create", safety, (Stage.SUBMITTED,), limits=limits),)

    # -- auth ---------------------------------------------------------------------------------------------------------

    @hookimpl
    def open_session(self, call: Call) -> OracleSession:
        """A session; there is nothing to log in to before the first call."""
        from dougong_oracle.session import OracleSession

        return OracleSession(self.settings)

    @hookimpl
    def check(self, session: OracleSession, call: Call) -> Iterator[Finding]:
        """The way in, the ledgers that are seen, the search by our reference, the right to import."""
        from dougong_oracle.checks import check_connection

        return check_connection(session, call.deadline)

    # -- mapping ------------------------------------------------------------------------------------------------------

    @hookimpl
    def default_mapping(self, operation: Operation) -> str:
        """The shipped mapping with this connection's source and segments."""
        text = files("dougong_oracle").joinpath("mappings", f"{operation.target_type}.toml").read_text("utf-8")
        unused = self.settings.unused
        segments = "\n".join(
            f'"SEGMENT{at}"'.ljust(24)
            + f'= "{_SEGMENTS.get(name) or f"(line | dimension({name!r}) | code({name!r})) | default({unused!r})"}"'
            for at, name in enumerate(self.settings.segments, 1)
        )
        for name, value in {"segments": segments, "source": self.settings.source, "unused": unused}.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    @hookimpl
    def target_fields(self, operation: Operation) -> Sequence[TargetField]:
        """The columns of the file."""
        return fields()

    @hookimpl
    def check_payload(self, payload: Payload, call: Call) -> Sequence[Problem]:
        """Required columns, lengths, sides, balance, one currency."""
        return tuple(journal_problems(payload.body, self.settings))

    # -- push ---------------------------------------------------------------------------------------------------------

    @hookimpl
    def prepare(self, items: Sequence[Item]) -> Sequence[Message]:
        """All vouchers of a ledger in one file."""
        return list(file_message(items, self.settings))

    @hookimpl
    def push(self, message: Message, session: OracleSession, call: Call) -> Outcome:
        """Hand in the file; what becomes of it the job tells."""
        from dougong_oracle.imports import REQUEST
        from dougong_sdk.refusals import Refused
        from dougong_sdk.rest import RestError, outcome_of

        try:
            request = session.imports.submit(message.body, call.deadline)
        except (RestError, Refused) as error:
            return outcome_of(error)
        return Waiting((Correlation(REQUEST, request),), poll_after=self.settings.poll_after)

    @hookimpl
    def find(
        self, wanted: Sequence[Wanted], session: OracleSession, call: Call
    ) -> Iterator[Found | Absent | CannotTell]:
        """By our reference, in every ledger and period; nothing is absent while its import may be at work."""
        from dougong_oracle.imports import Imports

        return Imports(session, call.deadline).find(wanted)

    # -- status -------------------------------------------------------------------------------------------------------

    @hookimpl
    def poll(self, waiting: Sequence[Wanted], session: OracleSession, call: Call) -> Iterator[StatusUpdate]:
        """Ask for the jobs; of one that has ended, what became of each voucher."""
        from dougong_oracle.imports import Imports

        return Imports(session, call.deadline).poll(waiting)

    @hookimpl
    def read_callback(self, request: CallbackRequest, call: Call) -> Callback:
        """That the jobs of an import have ended; they are asked for then."""
        from dougong_oracle.callbacks import read_callback

        return read_callback(request, self.settings, call)

    # -- master data, reconcile ---------------------------------------------------------------------------------------

    @hookimpl
    def pull_master_data(self, kinds: Sequence[str], session: OracleSession, call: Call) -> Iterator[MasterRecord]:
        """Ledgers and their periods, segment values, suppliers."""
        from dougong_oracle.masterdata import pull

        return pull(kinds, session, call.deadline)

    @hookimpl
    def list_postings(self, period: str, session: OracleSession, call: Call) -> Iterator[Posting]:
        """Every journal batch of a period in every ledger that the user sees."""
        from dougong_oracle.documents import Documents

        return Documents(session).of_period(period, call.deadline)
