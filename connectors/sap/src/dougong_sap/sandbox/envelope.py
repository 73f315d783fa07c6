"""SAP's SOAP envelopes, of both versions: reads a call, wraps what is answered, says faults (sap.md §1.2, §1.6)."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from attrs import frozen
from lxml import etree

from dougong_sdk.sandbox import Request, Response

__all__ = ["SFIN", "SoapIn", "read_soap", "wrapped"]

SFIN = "http://sap.com/xi/SAPSCORE/SFIN"
_SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
_SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
#: Version → its prefix in SAP's answers, and its content type.
_VERSIONS = {
    _SOAP_11: ("soap-env", "text/xml; charset=utf-8"),
    _SOAP_12: ("env", "application/soap+xml; charset=utf-8"),
}
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_PLAIN = "http://www.sap.com/webas/640/soap/features/messageId/"
_PARSER = {"resolve_entities": False, "no_network": True, "huge_tree": False, "remove_comments": True}


@frozen
class SoapIn:
    """One call. :param version: namespace of its envelope. :param body: its content; `None` for an empty one."""

    version: str
    body: Any
    message_id: str = ""

    @property
    def name(self) -> str:
        """Local name of what the body holds."""
        return "" if self.body is None else str(etree.QName(self.body).localname)

    def answer(self, content: Any) -> Response:
        """An envelope around it, in the version of the call."""
        return Response(wrapped(content, self.version), 200, _VERSIONS[self.version][1])

    def fault(self) -> Response:
        """The one fault that SAP tells its callers of; what was wrong is in its own log."""
        prefix, content_type = _VERSIONS[self.version]
        now = dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%S")
        text = (
            "Web service processing error; more details in the web service error log on provider side"
            f" (UTC timestamp {now}; Transaction ID {secrets.token_hex(16).upper()})"
        )
        envelope = etree.Element(f"{{{self.version}}}Envelope", nsmap={prefix: self.version})
        body = etree.SubElement(envelope, f"{{{self.version}}}Body")
        fault = etree.SubElement(body, f"{{{self.version}}}Fault")
        if self.version == _SOAP_11:
            etree.SubElement(fault, "faultcode").text = f"{prefix}:Server"
            etree.SubElement(fault, "faultstring").text = text
        else:
            code = etree.SubElement(fault, f"{{{_SOAP_12}}}Code")
            etree.SubElement(code, f"{{{_SOAP_12}}}Value").text = f"{prefix}:Receiver"
            reason = etree.SubElement(fault, f"{{{_SOAP_12}}}Reason")
            said = etree.SubElement(reason, f"{{{_SOAP_12}}}Text")
            said.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
            said.text = text
            etree.SubElement(fault, f"{{{_SOAP_12}}}Detail")
        return Response(etree.tostring(envelope, encoding="utf-8", xml_declaration=True), 500, content_type)


def wrapped(content: Any, version: str = _SOAP_11) -> bytes:
    """An envelope around something that SAP says."""
    envelope = etree.Element(f"{{{version}}}Envelope", nsmap={_VERSIONS[version][0]: version})
    etree.SubElement(envelope, f"{{{version}}}Header")
    etree.SubElement(envelope, f"{{{version}}}Body").append(content)
    return bytes(etree.tostring(envelope, encoding="utf-8", xml_declaration=True))


def read_soap(request: Request) -> SoapIn:
    """The call in a request; one without content where there is no readable envelope."""
    version = _SOAP_12 if "soap+xml" in request.headers.get("content-type", "") else _SOAP_11
    try:
        root = etree.fromstring(request.body, etree.XMLParser(**_PARSER))
    except (etree.XMLSyntaxError, ValueError):
        return SoapIn(version, None)
    found = str(etree.QName(root).namespace or "")
    if found not in _VERSIONS or root.getroottree().docinfo.internalDTD is not None:
        return SoapIn(version, None)
    return SoapIn(found, root.find(f"{{{found}}}Body/*"), _message_id(request, root))


def _message_id(request: Request, root: Any) -> str:
    """In one of the three ways in which partners give it (sap.md §1.7)."""
    told = root.findtext(f".//{{{_ADDRESSING}}}MessageID") or root.findtext(f".//{{{_PLAIN}}}messageId") or ""
    return request.parameters.get("MessageId", "") or told.strip().rpartition(":")[2]
