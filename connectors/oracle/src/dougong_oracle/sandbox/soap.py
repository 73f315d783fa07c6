"""`ErpIntegrationService`: the same imports and jobs over SOAP, answered in several parts (oracle.md §4)."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from dougong_sdk.sandbox import Request, Response
from dougong_sdk.sandbox.soap import SoapCall, fault, read_call

__all__ = ["PATH", "SoapCall", "answered", "downloaded", "fault_of", "order_in", "read_soap"]

PATH = "/fscmService/ErpIntegrationService"
_TYPES = "http://xmlns.oracle.com/apps/financials/commonModules/shared/model/erpIntegrationService/types/"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_DOCUMENT = ("FileName", "ContentType", "DocumentAccount")


def read_soap(request: Request) -> SoapCall | None:
    """The call, in the namespace of the operations; `None` for anything else: "Unknown method"."""
    call = read_call(request)
    return call if call is not None and call.namespace == _TYPES else None


def order_in(call: SoapCall) -> dict[str, Any]:
    """An import, by the names of REST. :raises KeyError: a member is missing. :raises TypeError: one has no members."""
    told = call.members
    document, job = told["document"], told["jobDetails"]
    return {
        "DocumentContent": document["Content"],
        **{name: document[name] for name in _DOCUMENT},
        **{name: job[name] for name in ("JobName", "ParameterList")},
        "NotificationCode": told.get("notificationCode"),
        "CallbackURL": told.get("callbackURL"),
        "JobOptions": told.get("jobOptions"),
    }


def fault_of(code: str, text: str) -> Response:
    """A business fault: its code and text in an escaped message."""
    said = f"<MESSAGE><NUMBER>{code}</NUMBER><TEXT>{text}</TEXT><CAUSE/><ACTION/></MESSAGE>"
    return fault(f"{code}: JBO-FND:::FND_CMN_SYS_ERR{said}", "Server")


def answered(call: SoapCall, results: Sequence[str]) -> Response:
    """Plain results."""
    return _parts(call, "".join(f'<result xmlns="{_TYPES}">{escape(one)}</result>' for one in results))


def downloaded(call: SoapCall, file: str, content: str) -> Response:
    """A document whose content is a part of its own."""
    href = f"{uuid.uuid4()}@oracle"
    include = f'<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:{href}"/>'
    erp = _TYPES.removesuffix("types/")
    document = f'<Content xmlns="{erp}">{include}</Content><FileName xmlns="{erp}">{escape(file)}</FileName>'
    return _parts(call, f'<result xmlns="{_TYPES}">{document}</result>', {href: base64.b64decode(content)})


def _parts(call: SoapCall, results: str, binary: Mapping[str, bytes] | None = None) -> Response:
    """MTOM: the envelope first, then what it refers to."""
    name = f"{call.operation}Response"
    inner = f'<ns0:{name} xmlns:ns0="{_TYPES}">{results}</ns0:{name}>'
    envelope = f'<env:Envelope xmlns:env="{_SOAP}"><env:Header/><env:Body>{inner}</env:Body></env:Envelope>'
    boundary, start = uuid.uuid4().hex, f"<{uuid.uuid4()}@oracle>"
    parts = [(start, 'application/xop+xml; type="text/xml"; charset=utf-8', envelope.encode())]
    parts += [(f"<{href}>", "application/octet-stream", content) for href, content in (binary or {}).items()]
    body = b"".join(_part(boundary, *one) for one in parts) + f"--{boundary}--\r\n".encode()
    kind = (
        f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; start="{start}"; start-info="text/xml"'
    )
    return Response(body, 200, kind)


def _part(boundary: str, name: str, kind: str, content: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {name}\r\n\r\n"
    return head.encode() + content + b"\r\n"
