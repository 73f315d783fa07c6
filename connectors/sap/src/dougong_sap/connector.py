"""SAP S/4HANA as a connector: what the hooks say, and nothing else.

"Journal Entry - Post" does not promise to refuse a second entry, so it is class D: after a lost answer the system is
searched by our reference (DocumentReferenceID, XBLNR), and never sent to again blindly. Talking is in `session`, what a
message looks like in `entries`, what SAP confirms in `confirmations`, reading in `documents`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import attrs

from dougong import hookimpl
from dougong.hookspecs import About, Call, TargetField
from dougong.model.bookings import Voucher
from dougong.model.codes import Codes, FieldMapping
from dougong.model.masterdata import MasterRecord
from dougong.model.messages import Correlation, Item, ItemId, Message, Payload, Wanted
from dougong.model.operations import Ambiguity, Limits, Operation, Reference, Safety
from dougong.model.outcomes import Absent, CannotTell, Finding, Found, Outcome, Unknown
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import Problem
from dougong_sap.settings import TITLE, SapSettings

if TYPE_CHECKING:  # httpx and zeep come with the session: describing and mapping do without
    from dougong_sap.session import SapSession

__all__ = ["SapConnector"]

_TARGET = "JOURNAL_ENTRY"
#: The correlation of an entry: the id of its request, which a confirmation names.
_REQUEST = "request"


@attrs.frozen(eq=False)
class SapConnector:
    """One S/4HANA system.

    .. versionadded:: 0.1
    """

    settings: SapSettings

    about: ClassVar[About] = About(
        product="sap-s4",
        title=TITLE,
        settings=SapSettings,
        secrets=("password", "client_secret", "certificate_password"),
        api_versions=("SAP_COM_0002 Journal Entry - Post", "API_OPLACCTGDOCITEMCUBE_SRV 0001"),
    )

    # -- describe -----------------------------------------------------------------------------------------------------

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        """Journal entries: posted at once, in one currency each, with red lines on the other side."""
        limits = Limits(
            batch=self.settings.batch,
            max_lines=999,
            max_summary=50,
            voucher_currency="document",
            negative_lines=False,
            drops=("cash_flow", "coordination"),
        )
        reference = Reference("DocumentReferenceID", max_length=16)
        safety = Safety(Ambiguity.D, reference, settle=120.0)
        return (Operation(_TARGET, "create", safety, (Stage.POSTED,), limits=limits),)

    # -- auth ---------------------------------------------------------------------------------------------------------

    @hookimpl
    def open_session(self, call: Call) -> SapSession:
        """A session; there is nothing to log in to before the first call."""
        from dougong_sap.session import SapSession

        return SapSession(self.settings)

    @hookimpl
    def check(self, session: SapSession, call: Call) -> Iterator[Finding]:
        """The way in, the company codes that are seen, the search by our reference."""
        from dougong_sap.checks import check_connection

        return check_connection(session, call.deadline)

    # -- mapping ------------------------------------------------------------------------------------------------------

    @hookimpl
    def default_mapping(self, operation: Operation) -> str:
        """The shipped mapping: a line's amount is written in one way, and entries have this connection's creator."""
        folder = files("dougong_sap").joinpath("mappings")
        text = folder.joinpath(f"{operation.target_type}.toml").read_text("utf-8")
        amounts = folder.joinpath("amounts.txt").read_text("utf-8").strip()
        return text.replace("{amounts}", amounts).replace("{created_by}", self.settings.created_by)

    @hookimpl
    def target_fields(self, operation: Operation) -> Sequence[TargetField]:
        """Those of the WSDL in use."""
        from dougong_sap.fields import fields_of
        from dougong_sap.session import wsdl

        return fields_of(wsdl(self.settings))

    @hookimpl
    def map_booking(self, booking: Voucher, mapping: FieldMapping, codes: Codes) -> Payload:
        """By the mapping; then expense lines get the code of the tax that was taken from them."""
        from dougong_sap.entries import with_tax_codes

        return with_tax_codes(mapping(booking, codes), booking)

    @hookimpl
    def check_payload(self, payload: Payload, call: Call) -> Sequence[Problem]:
        """Required fields, lengths, lines, signs, balance, one currency, one real cost object."""
        from dougong_sap.entries import entry_problems
        from dougong_sap.fields import fields_of
        from dougong_sap.session import wsdl

        return tuple(entry_problems(payload.body, fields_of(wsdl(self.settings))))

    # -- push ---------------------------------------------------------------------------------------------------------

    @hookimpl
    def prepare(self, items: Sequence[Item]) -> Sequence[Message]:
        """One message per entry; where the setting `batch` allows several, one for all."""
        from dougong_sap.entries import message_values
        from dougong_sap.session import OPERATION, service, wsdl

        envelope = service(wsdl(self.settings), self.settings.binding).envelope
        return [
            Message(
                items=tuple(item.id for item in group),
                body=envelope(OPERATION, message_values(group, self.settings.sender)),
                media_type="text/xml",
                correlations=tuple(Correlation(_REQUEST, item.request_id.text(34)) for item in group),
                facts={item.id: Facts(book=str(item.payload.body.get("CompanyCode"))) for item in group},
                operation=f"{_TARGET}.create",
            )
            for group in ([items] if self.settings.batch > 1 else [[item] for item in items])
        ]

    @hookimpl
    def push(self, message: Message, session: SapSession, call: Call) -> Outcome | Mapping[ItemId, Outcome]:
        """Each entry of the message is posted, or refused whole, by itself."""
        from dougong_sap.entries import request_ids
        from dougong_sdk.rest import RestError, outcome_of

        try:
            told = session.post(message.body, call.deadline)
        except RestError as error:
            return outcome_of(error)
        silent = Unknown("SAP answers without confirming this entry")
        asked = zip(message.items, request_ids(message.body), strict=True)
        return {item: told[id].outcome() if id in told else silent for item, id in asked}

    @hookimpl
    def find(self, wanted: Sequence[Wanted], session: SapSession, call: Call) -> Iterator[Found | Absent | CannotTell]:
        """By our reference, in every company code and year."""
        from dougong_sdk.searching import search

        searched = "journal entries by DocumentReferenceID, all company codes, years and pages"
        return search(wanted, lambda reference: session.documents.with_reference(reference, call.deadline), searched)

    # -- master data, reconcile ---------------------------------------------------------------------------------------

    @hookimpl
    def pull_master_data(self, kinds: Sequence[str], session: SapSession, call: Call) -> Iterator[MasterRecord]:
        """Company codes, accounts with what their lines take, cost centres."""
        from dougong_sap.masterdata import pull

        return pull(kinds, session.odata, self.settings, call.deadline)

    @hookimpl
    def list_postings(self, period: str, session: SapSession, call: Call) -> Iterator[Posting]:
        """Every journal entry of a period in every company code that the user sees."""
        return session.documents.of_period(period, call.deadline)
