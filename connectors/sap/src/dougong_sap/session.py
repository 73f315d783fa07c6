"""A session with S/4HANA: journal entries over SOAP, everything that is read over OData."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from dougong.hookspecs import Deadline
from dougong_sap.confirmations import Confirmation, read_confirmations
from dougong_sap.documents import Documents
from dougong_sap.invoice_service import SERVICE, SupplierInvoices
from dougong_sap.odata import OData
from dougong_sap.settings import SapSettings
from dougong_sap.ways_in import rest_session, token_session, way_in
from dougong_sdk.auth import CsrfToken, Together
from dougong_sdk.rest import BadAnswer
from dougong_sdk.soap import SoapService, SoapSession

__all__ = ["MESSAGE_ID", "OPERATION", "SapSession", "service", "wsdl"]

#: SAP's own header block with the id by which a message is taken once (sap.md §1.7).
MESSAGE_ID = "{http://www.sap.com/webas/640/soap/features/messageId/}messageId"

#: The operation of "Journal Entry - Post"; that is also what its request is called in the WSDL.
OPERATION = "JournalEntryCreateRequestConfirmation_In"


def wsdl(settings: SapSettings) -> Path:
    """The customer's own, or the shipped one."""
    return settings.wsdl or Path(__file__).with_name("service.wsdl")


@cache
def service(wsdl: Path, binding: str) -> SoapService:
    """What the messages look like, by a WSDL; read once per process."""
    return SoapService(wsdl, binding=binding)


class SapSession:
    """One user's calls, for one thread at a time.

    .. versionadded:: 0.1
    """

    def __init__(self, settings: SapSettings) -> None:
        self._settings = settings
        self._tokens = token_session(settings)
        login = way_in(settings, self._tokens)
        self._rest = rest_session(settings, login)
        messages = service(wsdl(settings), settings.binding)
        self._soap = SoapSession(self._rest, settings.journal_path, messages)
        self._one_way = SoapSession(self._rest, settings.async_path, messages)
        self.odata = OData(self._rest, settings.odata_path, settings.client)
        self.documents = Documents(self.odata, settings)
        client = f"?sap-client={settings.client}" if settings.client else ""
        token = CsrfToken(self._rest, self.odata.path(SERVICE, client))
        self._changes = rest_session(settings, Together(login, token))
        self.invoices = SupplierInvoices(self.odata, self._changes)

    def __repr__(self) -> str:
        return f"<SapSession {self._settings.auth} {self._rest!r}>"

    def post(self, body: bytes, deadline: Deadline) -> dict[str, Confirmation]:
        """Send a frozen message, once; what SAP confirms by the id of each request."""
        told: Any = self._soap.call(OPERATION, body, deadline=deadline, headers=self._client, as_it_came=True)
        return {} if told is None else read_confirmations(told)

    def hand_over(self, body: bytes, deadline: Deadline) -> None:
        """Send a frozen message one-way: SAP has stored it then, and posted nothing yet.

        :raises RestError: it is not said that it was stored.
        """
        how: Any = {"headers": self._client, "action": self._settings.async_action, "as_it_came": True}
        if self._one_way.call(OPERATION, body, deadline=deadline, **how) is not None:
            raise BadAnswer("单向报文得到了内容", "a one-way message was answered with content")

    @property
    def _client(self) -> dict[str, str]:
        return {"sap-client": self._settings.client} if self._settings.client else {}

    def close(self) -> None:
        """Close the connections."""
        for one in (self._rest, self._changes, self._tokens):
            if one is not None:
                one.close()
