"""SOAP for connectors: messages and answers by a WSDL, over a REST session with its deadline, limits and proofs.

Two halves, because core freezes a message before it is sent: `SoapService.envelope` makes its bytes without I/O, clock
or randomness, for the hook `prepare`; `SoapSession.call` sends exactly these bytes and reads the answer. The address is
the session's own: what stands in a WSDL is the address of whoever wrote it. Needs `dougong-sdk[soap]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from dougong.hookspecs import Deadline
from dougong.model.problems import DougongError, Problem
from dougong_sdk import xml
from dougong_sdk.errors import BadAnswer, Fault, RestError
from dougong_sdk.messages import Answer
from dougong_sdk.multipart import include_parts, split_parts
from dougong_sdk.rest import RestSession

__all__ = ["Fault", "SoapService", "SoapSession"]

_SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
_SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_LONGEST_REASON = 500


class SoapService:
    """The operations of one binding of a WSDL; pure, and shared by all threads.

    :param wsdl: a file that the connector ships, or the customer's; what it imports stands beside it.
    :param binding: its name, e.g. SAP's `binding_soap12`; by default the first one for SOAP.
    :raises DougongError: `SETTINGS_INVALID`: the file cannot be used, or has no such binding.

    .. versionadded:: 0.1
    """

    def __init__(self, wsdl: Path, *, binding: str = "") -> None:
        from zeep.wsdl.bindings.soap import SoapBinding

        from dougong_sdk.wsdl import load_wsdl

        self._wsdl = wsdl
        found = {
            name.rpartition("}")[2]: one
            for name, one in load_wsdl(wsdl).bindings.items()
            if isinstance(one, SoapBinding)
        }
        if not found or (binding and binding not in found):
            raise DougongError(
                Problem.of(
                    "SETTINGS_INVALID",
                    f"{wsdl} 没有 SOAP 绑定 {binding}; 现有: {', '.join(found) or '无'}",
                    f"{wsdl} has no SOAP binding {binding}; it has: {', '.join(found) or 'none'}",
                    path="wsdl",
                )
            )
        self._binding = found[binding] if binding else next(iter(found.values()))
        self._soap: str = self._binding.nsmap["soap-env"]

    def __repr__(self) -> str:
        return f"<SoapService {self._wsdl.name} {self._binding.name.localname}>"

    def envelope(
        self,
        operation: str,
        values: Mapping[str, Any],
        *,
        message_id: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """A whole message: the same values always give the same bytes.

        :param values: by the names of the WSDL: mappings, lists, texts, dates, `Decimal`; a value with attributes is a
            mapping with `_value_1` for its content. Numbers leave as plain digits.
        :param message_id: adds WS-Addressing with this id, e.g. `uuid:…` from the request id, and the SOAP action.
        :param headers: further header blocks: `{namespace}name` → text.
        :raises DougongError: `SOAP_MESSAGE`: the values do not fit the WSDL.
        """
        from lxml import etree

        blocks = [_block(name, text) for name, text in (headers or {}).items()]
        if message_id:
            blocks += [_block(f"{{{_ADDRESSING}}}Action", self._action(operation), must_understand=self._soap)]
            blocks += [_block(f"{{{_ADDRESSING}}}MessageID", message_id, must_understand=self._soap)]
        try:
            root = self._operation(operation).create(**_plain(values), _soapheaders=blocks or None).content
            return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))
        except Exception as error:
            reason = str(error)[:_LONGEST_REASON]
            raise DougongError(
                Problem.of(
                    "SOAP_MESSAGE",
                    f"内容不符合 {self._wsdl.name} 的 {operation}: {reason}",
                    f"the values do not fit {operation} of {self._wsdl.name}: {reason}",
                    path=".".join(getattr(error, "path", None) or ()),
                )
            ) from error

    def request_headers(self, operation: str, action: str = "") -> dict[str, str]:
        """`Content-Type`, and the SOAP action where its version wants it.

        :param action: of a sibling service that takes the same messages; by default the WSDL's.
        """
        action = action or self._action(operation)
        if self._soap == _SOAP_12:
            return {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}

    def read(self, operation: str, answer: Answer, redact: Callable[[str], str] = str) -> Any:
        """What an answer says: mappings, lists, texts, dates, `Decimal`, never a float; `None` for an empty one.

        :param redact: for the words of a fault.
        :raises Fault: the ERP says no. :raises BadStatus: neither success nor a fault.
        :raises BadAnswer: it is no envelope, or does not fit the WSDL.
        """
        from zeep.helpers import serialize_object

        root = self._opened(operation, answer, redact)
        if root is None:
            return None
        try:
            return serialize_object(self._operation(operation).process_reply(root), dict)
        except RestError:
            raise
        except Exception as error:  # zeep raises what it likes; bytes have left, so it must not look like anything else
            reason = redact(f"{type(error).__name__}: {error}")[:_LONGEST_REASON]
            raise BadAnswer(f"应答不符合 WSDL: {reason}", f"the answer does not fit the WSDL: {reason}") from error

    def content(self, operation: str, answer: Answer, redact: Callable[[str], str] = str) -> Any:
        """What the body of an answer holds, as it came: an element of lxml; `None` for an empty answer.

        For an ERP whose answers gain elements from release to release: `read` takes those of the WSDL and no others.

        :raises Fault: as `read`. :raises BadStatus: likewise. :raises BadAnswer: it is no envelope, or an empty one.
        """
        root = self._opened(operation, answer, redact)
        if root is None:
            return None
        found = root.find(f"{{{self._soap}}}Body/*")
        if found is None:
            raise BadAnswer("应答的 SOAP 信封是空的", "the answer's envelope is empty")
        return found

    def _opened(self, operation: str, answer: Answer, redact: Callable[[str], str]) -> Any:
        """The envelope of a success, in the version of the request; `None` for an empty answer."""
        accepted = (202, 204) if self._operation(operation).output else (200, 202, 204)
        if not answer.content and answer.status in accepted:
            return None
        try:
            root = _envelope(answer)
        except BadAnswer:
            answer.expect(200)  # what is not even XML says less than its status
            raise
        fault = root.find("{*}Body/{*}Fault")
        if fault is not None:
            raise _fault(fault, redact)
        answer.expect(200)
        if root.tag != f"{{{self._soap}}}Envelope":
            raise BadAnswer("应答的 SOAP 版本与请求不同", "the answer has another SOAP version than the request")
        return root

    def _operation(self, name: str) -> Any:
        return self._binding.get(name)

    def _action(self, operation: str) -> str:
        return self._operation(operation).soapaction or ""


class SoapSession:
    """Calls one service; for one thread at a time, as the session below it.

    :param rest: the wire: address, trust, way in, limits. :param path: of the service, relative to its address.
    :param service: what the messages look like.

    .. versionadded:: 0.1
    """

    def __init__(self, rest: RestSession, path: str, service: SoapService) -> None:
        self._rest, self._path, self._service = rest, path, service

    def __repr__(self) -> str:
        return f"<SoapSession {self._rest!r} {self._path} {self._service!r}>"

    def call(
        self,
        operation: str,
        body: bytes,
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        action: str = "",
        repeatable: bool = False,
        as_it_came: bool = False,
    ) -> Any:
        """Send a message and read the answer, within the deadline.

        :param body: from `SoapService.envelope`; leaves exactly as it is.
        :param headers: further headers of HTTP. :param action: another SOAP action than the WSDL's.
        :param repeatable: the call has no effect: after a refused token it is made once more.
        :param as_it_came: read it by `SoapService.content`, not by the WSDL.
        :returns: as `SoapService.read`.
        :raises Fault: the ERP says no: read what that proves. :raises RestError: as `RestSession.send`.
        """
        answer = self._rest.send(
            "POST",
            self._path,
            body=body,
            deadline=deadline,
            headers={**self._service.request_headers(operation, action), **(headers or {})},
            repeatable=repeatable,
        )
        read = self._service.content if as_it_came else self._service.read
        return read(operation, answer, self._rest.redact)

    def close(self) -> None:
        """Close the connections."""
        self._rest.close()


def _plain(value: Any) -> Any:
    """Values for zeep; numbers become plain digits here: it would write `1E+2` for some types, and floats for all."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) or (isinstance(value, Decimal) and not value.is_finite()):
        raise TypeError(f"not an exact number: {value}")
    return f"{value:f}" if isinstance(value, Decimal) else value


def _block(name: str, text: str, *, must_understand: str = "") -> Any:
    """A header block. :param must_understand: namespace of the envelope, if the receiver has to know it."""
    from lxml import etree

    block = etree.Element(name, {f"{{{must_understand}}}mustUnderstand": "1"} if must_understand else None)
    block.text = text
    return block


def _envelope(answer: Answer) -> Any:
    """The envelope, in any version of SOAP: servers also say in an older one that they do not know a newer one."""
    if answer.is_page:
        raise BadAnswer("应答是网页而不是 SOAP", "the answer is a web page, not SOAP")
    content, parts = split_parts(answer)
    root = xml.parse(content)
    if root.tag not in (f"{{{_SOAP_11}}}Envelope", f"{{{_SOAP_12}}}Envelope"):
        raise BadAnswer("应答不是 SOAP 信封", "the answer is no SOAP envelope")
    include_parts(root, parts)
    return root


def _fault(fault: Any, redact: Callable[[str], str]) -> Fault:
    """A fault of SOAP 1.1 (`faultcode`, `faultstring`, `detail`) or 1.2 (`Code`, `Reason`, `Detail`)."""

    def first(*paths: str) -> str:
        return next((" ".join(text.split()) for path in paths if (text := fault.findtext(path))), "")

    code = first("{*}faultcode", "{*}Code/{*}Value").rpartition(":")[2] or "?"
    text = redact(first("{*}faultstring", "{*}Reason/{*}Text"))[:_LONGEST_REASON]
    subcodes = [node.text or "" for node in fault.findall("{*}Code//{*}Subcode/{*}Value")]
    detail = next((found for name in ("{*}detail", "{*}Detail") if (found := fault.find(name)) is not None), None)
    return Fault(code, text, subcodes=tuple(item.strip().rpartition(":")[2] for item in subcodes), detail=detail)
