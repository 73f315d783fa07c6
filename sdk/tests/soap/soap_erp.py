"""A small ERP that speaks SOAP 1.1 and 1.2, on the sandbox base; `say` in a voucher asks for a way to answer it."""

from __future__ import annotations

import base64

from dougong_sdk import xml
from dougong_sdk.sandbox import Request, Response, Sandbox, SandboxError

T = "{urn:dougong:test}"
SOAP_11, SOAP_12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(10))
PROLOGS = {
    "bomb": (f'<!DOCTYPE b [<!ENTITY a0 "ha">{LAUGHS}]>', "&a10;"),
    "entity": ('<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "&x;"),
    "plain": ("<!DOCTYPE b>", ""),
}


class SoapErp(Sandbox):
    name, title, base_path = "soap-erp", "SOAP test ERP", "/erp/"
    ledger_kinds = ("voucher",)
    logins, token = 0, "none yet"

    def operation(self, request):
        return request.path.rpartition("/")[2]

    def expire_sessions(self):
        self.token = "none any more"

    def handle(self, request: Request) -> Response:
        if request.path.endswith("/login"):
            self.logins += 1
            self.token = f"token-{self.logins}"
            return Response(self.token.encode())
        if request.path.endswith("/closed") and request.headers.get("authorization") != f"Bearer {self.token}":
            return Response(b"<html>401</html>", 401, "text/html")
        root = xml.parse(request.body)
        soap = root.tag[1:].partition("}")[0]
        voucher = root.find("{*}Body")[0]
        if not self.header_fits(request, soap, voucher.tag.removeprefix(T)):
            return self.fault(soap, "Client", "wrong Content-Type or SOAPAction")
        reference = voucher.findtext(f"{T}reference")
        amounts = [line.text for line in voucher.iter(f"{T}amount")]
        self.store.put("voucher", reference, {"body": base64.b64encode(request.body).decode(), "amounts": amounts})
        if voucher.tag == f"{T}Notify":
            return Response(b"", int(voucher.findtext(f"{T}say") or 202))
        return self.say(voucher.findtext(f"{T}say") or "", soap, reference)

    @staticmethod
    def header_fits(request, soap, operation):
        content, action = request.headers["content-type"], f'"urn:dougong:test/{operation}"'
        if soap == SOAP_11:
            return content == "text/xml; charset=utf-8" and request.headers["soapaction"] == action
        return content == f"application/soap+xml; charset=utf-8; action={action}"

    def say(self, how, soap, reference):
        kind, _, text = how.partition(":")
        good = f"<number>{reference}</number>"
        answers = {
            "": lambda: self.answer(soap, good),
            "fault": lambda: self.fault(soap, "Server", text),
            "members": lambda: self.answer(soap, good + text),
            "status": lambda: Response(b"<html>broken</html>", int(text), "text/html", [("Retry-After", "9")]),
            "odd-status": lambda: self.answer(soap, good, status=int(text)),
            "prolog": lambda: self.answer(soap, f"<number>{PROLOGS[text][1]}</number>", prolog=PROLOGS[text][0]),
            "empty": lambda: Response(b"", int(text)),
            "raw": lambda: Response(text.encode(), content_type="text/xml; charset=utf-8"),
            "large": lambda: self.answer(soap, f"<number>{'x' * int(text)}</number>"),
            "deep": lambda: self.answer(soap, "<number>" * int(text) + "</number>" * int(text)),
            "version": lambda: self.answer(SOAP_11 if soap == SOAP_12 else SOAP_12, good),
            "namespace": lambda: self.answer(soap, good, namespace=text),
            "multipart": lambda: self.multipart(soap, good, text),
        }
        return answers[kind]()

    def answer(self, soap, members, *, prolog="", status=200, namespace="urn:dougong:test"):
        body = f'<PostResponse xmlns="{namespace}">{members}</PostResponse>'
        return self.envelope(soap, body, prolog=prolog, status=status)

    @staticmethod
    def envelope(soap, body, *, prolog="", status=200):
        text = f'{prolog}<e:Envelope xmlns:e="{soap}"><e:Header/><e:Body>{body}</e:Body></e:Envelope>'
        media_type = "text/xml" if soap == SOAP_11 else "application/soap+xml"
        return Response(text.encode(), status, f"{media_type}; charset=utf-8")

    def fault(self, soap, code, text):
        detail = '<m:code xmlns:m="urn:dougong:test">F5 702</m:code>'
        if soap == SOAP_11:
            inner = f"<faultcode>e:{code}</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail>"
        else:
            code = {"Server": "Receiver", "Client": "Sender"}[code]
            sub = "<e:Subcode><e:Value>m:outer</e:Value><e:Subcode><e:Value>inner</e:Value></e:Subcode></e:Subcode>"
            inner = f"<e:Code><e:Value>e:{code}</e:Value>{sub}</e:Code>"
            inner += f'<e:Reason><e:Text xml:lang="en">{text}</e:Text></e:Reason><e:Detail>{detail}</e:Detail>'
        return self.envelope(soap, f"<e:Fault>{inner}</e:Fault>", status=500)

    def multipart(self, soap, good, href):
        include = f'<file><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:{href}"/></file>'
        root = self.answer(soap, good + include).body
        parts = [
            b'Content-Type: application/xop+xml; type="text/xml"\r\nContent-ID: <root@erp>\r\n\r\n' + root,
            b"Content-Type: application/zip\r\nContent-ID: <file@erp>\r\n\r\nPK\x03\x04\r\n\x00\xff\xfe",
        ]
        body = b"".join(b"--cut\r\n" + part + b"\r\n" for part in parts) + b"--cut--\r\n"
        return Response(body, content_type='multipart/related; type="application/xop+xml"; boundary=cut')

    def postings(self, *, deleted=False):
        return [{"id": key, **record} for key, record in self.store.all("voucher").items()]

    def hand(self, order):
        raise SandboxError("没有", "nobody is here")

    def business_error(self, request, code):
        return self.fault(SOAP_11, "Server", code)
