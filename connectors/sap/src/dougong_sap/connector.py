"""SAP S/4HANA as a connector: what the hooks say, and nothing else.

"Journal Entry - Post" does not promise to refuse a second entry, so it is class D: after a lost answer the system is
searched by our reference (DocumentReferenceID, XBLNR), and never sent to again blindly. Its asynchronous sibling takes
a message once by its id (class A), and confirms at our door. Talking is in `session`, what a message looks like in
`entries`, what SAP confirms in `confirmations`, how that arrives in `callbacks`, reading in `documents`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from dougong import hookimpl
from dougong.hookspecs import About, Call, TargetField
from dougong.model.bookings import Voucher
from dougong.model.codes import Codes, FieldMapping
from dougong.model.masterdata import MasterRecord
from dougong.model.messages import Correlation, Item, ItemId, Message, Payload, Wanted
from dougong.model.operations import Ambiguity, Limits, Operation, Reference, Safety
from dougong.model.outcomes import (
    Absent,
    Callback,
    CallbackRequest,
    CannotTell,
    Done,
    Finding,
    Found,
    Outcome,
    StatusUpdate,
    Unknown,
    Waiting,
)
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import Problem
from dougong_sap.settings import TITLE, SapSettings

if TYPE_CHECKING:  # httpx and zeep come with the session: describing and mapping do without
    from dougong_sap.session import SapSession

__all__ = ["SapConnector"]

_TARGET = "JOURNAL_ENTRY"


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
        callback_secrets=("password",),
        api_versions=(
            "SAP_COM_0002 Journal Entry - Post",
            "API_OPLACCTGDOCITEMCUBE_SRV 0001",
            "API_SUPPLIERINVOICE_PROCESS_SRV 0001",
        ),
    )

    @property
    def _invoices(self) -> bool:
        """Whether vouchers become supplier invoices."""
        return self.settings.target == "SUPPLIER_INVOICE"

    @property
    def _one_way(self) -> bool:
        return self.settings.mode == "async"

    @property
    def _batch(self) -> int:
        """What is handed over goes one by one: a confirmation tells its message by one entry's id."""
        return 1 if self._one_way else self.settings.batch

    @property
    def _reversal_reason(self) -> str:
        """Empty where the customer's own WSDL is older than reversals."""
        from dougong_sap.fields import fields_of

        older = self.settings.wsdl is not None and all(
            field.path != "ReversalReason" for field in fields_of(self.settings.wsdl)
        )
        return "" if older else self.settings.reversal_reason

    # -- describe -----------------------------------------------------------------------------------------------------

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        """Journal entries, supplier invoices: posted at once, in one currency each, red lines on the other side."""
        limits = Limits(
            batch=self._batch,
            max_lines=999,
            max_summary=50,
            voucher_currency="document",
            negative_lines=False,
            drops=("cash_flow", "coordination"),
        )
        reference = Reference("DocumentReferenceID", max_length=16)
        once = self._one_way and self.settings.exactly_once
        safety = Safety(Ambiguity.A if once else Ambiguity.D, reference, settle=120.0)
        create = Operation(_TARGET, "create", safety, (Stage.POSTED,), limits=limits, waits=self._one_way)
        entries = (create, attrs.evolve(create, verb="reverse"))  # without a reason, too: what was opened is still sent
        invoices = self._invoice_operations(limits)
        return (*invoices, *entries) if self._invoices else (*entries, *invoices)

    def _invoice_operations(self, limits: Limits) -> Sequence[Operation]:
        """Supplier invoices: posted at once, and cancelled, which is found by the invoice and has no reference."""
        from dougong_sap.invoices import REFERENCE, TARGET

        safety = Safety(Ambiguity.D, Reference(REFERENCE, max_length=16), settle=120.0)
        limits = attrs.evolve(limits, batch=1, drops=(*limits.drops, "original"))
        create = Operation(TARGET, "create", safety, (Stage.POSTED,), limits=limits, waits=False)
        return create, attrs.evolve(create, verb="reverse", safety=attrs.evolve(safety, reference=None))

    # -- auth ---------------------------------------------------------------------------------------------------------

    @hookimpl
    def open_session(self, call: Call) -> SapSession:
        """A session; there is nothing to log in to before the first call."""
        from dougong_sap.session import SapSession

        return SapSession(self.settings)

    @hookimpl
    def check(self, session: SapSession, call: Call) -> Iterator[Finding]:
        """The way in, the company codes that are seen, the search by our reference, the business partners."""
        from dougong_sap.checks import check_connection

        return check_connection(session, self.settings, call.deadline)

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
        """Those of the WSDL in use; of an invoice, those of its service."""
        from dougong_sap.fields import fields_of
        from dougong_sap.invoice_fields import INVOICE_FIELDS
        from dougong_sap.session import wsdl

        return INVOICE_FIELDS if operation.target_type == "SUPPLIER_INVOICE" else fields_of(wsdl(self.settings))

    @hookimpl
    def map_booking(self, booking: Voucher, mapping: FieldMapping, codes: Codes) -> Payload:
        """By the mapping; expense lines get the code of the tax that was taken from them, a reversal its original."""
        from dougong_sap.entries import with_reversal, with_tax_codes
        from dougong_sap.invoices import cancellation, numbered

        if self._invoices and booking.reverses is not None:
            return cancellation(booking, booking.reverses, self.settings.reversal_reason)
        if self._invoices:
            return numbered(mapping(booking, codes), booking)
        return with_reversal(with_tax_codes(mapping(booking, codes), booking), booking, self._reversal_reason)

    @hookimpl
    def check_payload(self, payload: Payload, booking: Voucher, session: SapSession, call: Call) -> Sequence[Problem]:
        """Required fields, lengths, lines, signs, balance, one currency, one real cost object; then SAP's own word."""
        from dougong_sap.entries import entry_problems
        from dougong_sap.fields import fields_of
        from dougong_sap.invoices import invoice_problems
        from dougong_sap.session import wsdl
        from dougong_sap.simulation import simulated

        if self._invoices:
            return tuple(invoice_problems(payload.body, booking))
        seen = tuple(entry_problems(payload.body, fields_of(wsdl(self.settings))))
        return seen if seen or not self.settings.simulate else tuple(simulated(payload, self.settings, session, call))

    # -- push ---------------------------------------------------------------------------------------------------------

    @hookimpl
    def prepare(self, items: Sequence[Item]) -> Sequence[Message]:
        """One message per entry; where the setting `batch` allows several, one for all.

        What is handed over names its message id for SAP, which takes a message once.
        """
        from dougong_sap.callbacks import REQUEST
        from dougong_sap.entries import message_values
        from dougong_sap.invoices import invoice_message
        from dougong_sap.session import MESSAGE_ID, OPERATION, service, wsdl

        if self._invoices:
            return [invoice_message(item) for item in items]

        def body(group: Sequence[Item]) -> bytes:
            values = message_values(group, self.settings.sender)
            once = {MESSAGE_ID: f"uuid:{values['MessageHeader']['UUID']}"} if self._one_way else None
            return service(wsdl(self.settings), self.settings.binding).envelope(OPERATION, values, headers=once)

        return [
            Message(
                items=tuple(item.id for item in group),
                body=body(group),
                media_type="text/xml",
                correlations=tuple(Correlation(REQUEST, item.request_id.text(34)) for item in group),
                facts={item.id: Facts(book=str(item.payload.body.get("CompanyCode"))) for item in group},
                operation=f"{_TARGET}.{'reverse' if group[0].booking.reverses else 'create'}",
            )
            for group in ([items] if self._batch > 1 else [[item] for item in items])
        ]

    @hookimpl
    def push(self, message: Message, session: SapSession, call: Call) -> Outcome | Mapping[ItemId, Outcome]:
        """Each entry is posted, or refused whole, by itself; what is handed over waits for its confirmation."""
        from dougong_sap.entries import request_ids
        from dougong_sdk.rest import RestError, outcome_of

        try:
            if message.operation == "SUPPLIER_INVOICE.create":
                return session.invoices.post(message, call.deadline)
            if message.operation == "SUPPLIER_INVOICE.reverse":
                return session.invoices.cancel(message, call.deadline)
            if self._one_way:
                session.hand_over(message.body, call.deadline)
                return Waiting(poll_after=self.settings.poll_after)
            told = session.post(message.body, call.deadline)
        except RestError as error:
            return outcome_of(error)
        silent = Unknown("SAP answers without confirming this entry")
        asked = zip(message.items, request_ids(message.body), strict=True)
        return {item: told[id].outcome() if id in told else silent for item, id in asked}

    @hookimpl
    def find(self, wanted: Sequence[Wanted], session: SapSession, call: Call) -> Iterator[Found | Absent | CannotTell]:
        """By our reference, in every company code and year; a cancellation by the invoice that it cancels."""
        from dougong_sdk.searching import search

        if self._invoices:
            return session.invoices.find(wanted, call.deadline)
        searched = "journal entries by DocumentReferenceID, all company codes, years and pages"
        return search(wanted, lambda reference: session.documents.with_reference(reference, call.deadline), searched)

    # -- status -------------------------------------------------------------------------------------------------------

    @hookimpl
    def poll(self, waiting: Sequence[Wanted], session: SapSession, call: Call) -> Iterator[StatusUpdate]:
        """Entries that are posted by now, read back by our reference; of one that is refused SAP shows nothing."""
        for want in waiting:
            found = session.documents.with_reference(want.reference, call.deadline)
            if found:
                several = Unknown(f"{len(found)} entries with {want.reference}")
                yield StatusUpdate(Done(found[0]) if len(found) == 1 else several, want.item)

    @hookimpl
    def read_callback(self, request: CallbackRequest, call: Call) -> Callback:
        """A confirmation of what was handed over, or an event; SAP shows its user and password."""
        from dougong_sap.callbacks import read_callback

        return read_callback(request, self.settings)

    # -- master data, reconcile ---------------------------------------------------------------------------------------

    @hookimpl
    def pull_master_data(self, kinds: Sequence[str], session: SapSession, call: Call) -> Iterator[MasterRecord]:
        """Company codes, accounts with what their lines take, cost centres, vendors: employees and suppliers."""
        from dougong_sap.masterdata import pull

        return pull(kinds, session.odata, self.settings, call.deadline)

    @hookimpl
    def list_postings(self, period: str, session: SapSession, call: Call) -> Iterator[Posting]:
        """Every journal entry (supplier invoice) of a period in every company code that the user sees."""
        if self._invoices:
            return session.documents.of_invoices(period, call.deadline)
        return session.documents.of_period(period, call.deadline)

    @hookimpl
    def list_balances(self, period: str, session: SapSession, call: Call) -> Iterator[Mapping[str, Any]]:
        """Debits and credits of each account in a period, by company code and dimensions."""
        return session.documents.balances(period, call.deadline)
