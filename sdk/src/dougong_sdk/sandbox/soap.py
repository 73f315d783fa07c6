"""The little SOAP that an emulated ERP speaks: reads the element of a call, answers with plain members; needs lxml."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from lxml import etree

from .messages import Request, Response

__all__ = ["SoapCall", "fault", "read_call", "soap_answer"]

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_PARSER = {"resolve_entities": False, "no_network": True, "huge_tree": False}


class SoapCall:
    """One call: its operation, its namespace, its members as texts, mappings and lists.

    :param element: first child of the Body. :param lists: names of members that may come several times.

    .. versionadded:: 0.1
    """

    def __init__(self, element: Any, lists: Collection[str] = ()) -> None:
        name = etree.QName(element)
        self.operation, self.namespace = str(name.localname), str(name.namespace or "")
        self.members: dict[str, Any] = _members(element, lists)


def read_call(request: Request, lists: Collection[str] = ()) -> SoapCall | None:
    """The call in a request; ``None`` where there is no SOAP 1.1 envelope.

    .. versionadded:: 0.1
    """
    try:
        root = etree.fromstring(request.body, etree.XMLParser(**_PARSER, remove_comments=True, remove_pis=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    typed = root.getroottree().docinfo.internalDTD is not None  # SOAP forbids a document type
    element = None if typed else root.find(f"{{{_SOAP}}}Body/*")
    return None if element is None else SoapCall(element, lists)


def soap_answer(call: SoapCall, members: Mapping[str, Any]) -> Response:
    """``OPERATIONResponse`` with these members, in their order; ``None`` is left out, numbers keep their digits.

    .. versionadded:: 0.1
    """
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP, "m": call.namespace})
    body = etree.SubElement(envelope, f"{{{_SOAP}}}Body")
    _write(etree.SubElement(body, f"{{{call.namespace}}}{call.operation}Response"), members, call.namespace)
    return _response(envelope)


def fault(text: str, code: str = "Client") -> Response:
    """A fault of SOAP 1.1, with HTTP status 500 as its binding wants it.

    .. versionadded:: 0.1
    """
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP})
    found = etree.SubElement(etree.SubElement(envelope, f"{{{_SOAP}}}Body"), f"{{{_SOAP}}}Fault")
    etree.SubElement(found, "faultcode").text = f"soap:{code}"
    etree.SubElement(found, "faultstring").text = text
    return _response(envelope, 500)


def _response(envelope: Any, status: int = 200) -> Response:
    content = bytes(etree.tostring(envelope, encoding="utf-8", xml_declaration=True))
    return Response(content, status, "text/xml; charset=utf-8")


def _members(element: Any, lists: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        name = str(etree.QName(child).localname)
        value = _members(child, lists) if len(child) else (child.text or "")
        if name in lists:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _write(element: Any, members: Mapping[str, Any], namespace: str) -> None:
    for name, value in members.items():
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                continue
            child = etree.SubElement(element, f"{{{namespace}}}{name}")
            if isinstance(one, Mapping):
                _write(child, one, namespace)
            else:
                child.text = _text(one)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
