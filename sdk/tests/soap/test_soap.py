"""SOAP sessions against a small ERP in its own process: what leaves, what is read, and what each failure proves."""

from __future__ import annotations

import base64
import os
import threading
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import dougong_sdk.wsdl
from dougong.model.outcomes import NotDone, Unknown
from dougong.model.problems import DougongError
from dougong_sdk import xml
from dougong_sdk.auth import Bearer, Token, TokenCache, status_401_proves
from dougong_sdk.rest import (
    BadAnswer,
    BadStatus,
    ConnectionLost,
    Fault,
    NotSent,
    RestSession,
    TimedOut,
    Unreachable,
    outcome_of,
)
from dougong_sdk.sandbox import launch
from dougong_sdk.soap import SoapService, SoapSession

HERE = Path(__file__).parent
WSDL = HERE / "voucher.wsdl"
REFERENCE = "BX-2026-0001"


@pytest.fixture(scope="module")
def running():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE))
        with launch("soap_erp:SoapErp") as sandbox:
            yield sandbox


@pytest.fixture
def erp(running):
    running.reset()
    return running


@pytest.fixture(params=["soap11", "soap12"])
def service(request):
    return SoapService(WSDL, binding=request.param)


@pytest.fixture
def session(erp, open_session, service):
    """`session(path, …)`: over a `RestSession` with these options."""
    return lambda path="open", **more: SoapSession(open_session(erp.url, **more), path, service)


@pytest.fixture
def post(session, service, within):
    """`post(say)`: one voucher is sent, asking for that answer."""

    def call(say="", *, seconds=10.0, **more):
        return session(**more).call("Post", service.envelope("Post", voucher(say)), deadline=within(seconds))

    return call


def voucher(say="", **more):
    return {"reference": REFERENCE, "say": say, **more}


def line(amount, currency="CNY"):
    return {"account": "1002", "amount": {"_value_1": amount, "currency": currency}}


# -- what leaves -----------------------------------------------------------------------------------------------------


def test_a_message_leaves_byte_for_byte_and_is_answered(erp, session, service, within):
    values = voucher("members:<total currency='CNY'>100.10</total>", line=[line(Decimal("100.10"))])
    body = service.envelope("Post", values)
    assert session().call("Post", body, deadline=within()) == {
        "number": REFERENCE,
        "total": {"_value_1": Decimal("100.10"), "currency": "CNY"},
        **dict.fromkeys(["rate", "single", "count", "day", "open", "file"]),
    }
    (posting,) = erp.postings()
    assert base64.b64decode(posting["body"]) == body
    assert posting["amounts"] == ["100.10"]
    assert REFERENCE.encode() in body


def test_the_same_values_give_the_same_bytes(service):
    values = voucher("中文 & <x>", line=[line(Decimal(1)), line(Decimal(-1))])
    headers = {"{urn:sap}messageId": "uuid:7"}
    made = {service.envelope("Post", values, message_id="uuid:7", headers=headers) for _ in range(3)}
    assert len(made) == 1


def test_addressing_only_when_it_is_asked_for(service):
    plain = service.envelope("Post", voucher())
    assert b"addressing" not in plain
    assert b"Header" not in plain
    addressed = service.envelope("Post", voucher(), message_id="uuid:7").decode()
    assert ">urn:dougong:test/Post</" in addressed
    assert addressed.count('mustUnderstand="1"') == 2
    assert addressed.count(">uuid:7<") == 1


def test_a_sibling_service_has_an_action_of_its_own(service):
    assert "urn:dougong:test/Post" in str(service.request_headers("Post"))
    own = str(service.request_headers("Post", "urn:dougong:test/Sibling"))
    assert ("urn:dougong:test/Sibling" in own, "urn:dougong:test/Post" in own) == (True, False)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("1E+2"), "100"),
        (Decimal("0.0000001"), "0.0000001"),
        (Decimal("12345678901234567890.01"), "12345678901234567890.01"),
        (Decimal("-0.10"), "-0.10"),
        (7, "7"),
    ],
)
def test_numbers_leave_as_plain_digits(service, number, text):
    assert f">{text}</".encode() in service.envelope("Post", voucher(line=[line(number)]))
    assert f"rate>{text}</".encode() in service.envelope("Post", voucher(rate=number))


WRONG = {
    "a float": {"line": [line(0.1)]},
    "a float for a double": {"rate": 0.1},
    "not a number": {"line": [line(Decimal("NaN"))]},
    "infinite": {"rate": Decimal("Infinity")},
    "an unknown member": {"refrence": "x"},
    "a member missing": {"line": [{"account": "1002"}]},
    "a control character": {"say": "a\x00b"},
}


@pytest.mark.parametrize("name", WRONG)
def test_values_that_do_not_fit_are_refused_before_anything_is_sent(service, name):
    with pytest.raises(DougongError, match="SOAP_MESSAGE"):
        service.envelope("Post", {**voucher(), **WRONG[name]})


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_operation_without_an_answer_is_taken_by_its_status(erp, session, service, within, status):
    assert session().call("Notify", service.envelope("Notify", voucher(str(status))), deadline=within()) is None
    assert [posting["id"] for posting in erp.postings()] == [REFERENCE]


# -- what is read ----------------------------------------------------------------------------------------------------


def test_every_value_is_exact(post):
    got = post(
        "members:<total currency='CNY'>12345678901234567890.010</total><rate>0.1</rate><single>1.5E2</single>"
        "<count>3</count><day>2026-11-20</day><open>0</open><file>AP8=</file>"
    )
    assert got["total"]["_value_1"] == Decimal("12345678901234567890.010")
    assert str(got["total"]["_value_1"]) == "12345678901234567890.010"
    assert [type(got[name]) for name in ("rate", "single")] == [Decimal, Decimal]
    assert (got["rate"], got["single"]) == (Decimal("0.1"), Decimal(150))
    assert (got["count"], got["day"], got["open"], got["file"]) == (3, date(2026, 11, 20), False, b"\x00\xff")


@pytest.mark.parametrize(
    "members",
    [
        "<total currency='CNY'>NaN</total>",
        "<total currency='CNY'>1E5</total>",
        "<total currency='CNY'>1,000.00</total>",
        "<total currency='CNY'>１２</total>",
        f"<total currency='CNY'>{'9' * 100}</total>",
        "<total currency='CNY'> </total>",
        "<rate>INF</rate>",
        "<rate>1E999</rate>",
        "<count>many</count>",
        f"<count>{'9' * 5000}</count>",
        "<day>20.11.2026</day>",
        "<open>ja</open>",
        "<surprise>1</surprise>",
    ],
    ids=lambda members: members[:40],
)
def test_a_value_that_cannot_be_read_is_no_answer(post, members):
    with pytest.raises(BadAnswer):
        post(f"members:{members}")


def test_a_fault_is_an_answer_with_code_words_and_detail(post, service):
    with pytest.raises(Fault) as caught:
        post("fault:the period   is closed, says geheim", secrets=["geheim"])
    fault = caught.value
    assert fault.text == "the period is closed, says ***"
    assert fault.detail.findtext("{urn:dougong:test}code") == "F5 702"
    twelve = "soap12" in repr(service)
    assert (fault.fault_code, fault.subcodes) == (("Receiver", ("outer", "inner")) if twelve else ("Server", ()))
    assert "SOAP_FAULT" in str(fault)
    assert isinstance(outcome_of(fault), Unknown), "unread, a fault proves nothing"


def test_parts_of_an_answer_come_into_their_places(post):
    assert post("multipart:file%40erp")["file"] == b"PK\x03\x04\r\n\x00\xff\xfe"
    with pytest.raises(BadAnswer):
        post("multipart:other")


BAD = {
    "bomb": "prolog:bomb",
    "entity": "prolog:entity",
    "document type": "prolog:plain",
    "deep": "deep:300",
    "not well-formed": "raw:<e:Envelope",
    "no envelope": "raw:<ok/>",
    "no xml": "raw:success",
    "another version": "version:",
    "another namespace": "namespace:urn:somebody:else",
    "a page": "status:200",
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_trusted_is_no_answer(post, erp, name):
    started = time.monotonic()
    with pytest.raises(BadAnswer) as caught:
        post(BAD[name])
    assert time.monotonic() - started < 2
    assert isinstance(outcome_of(caught.value), Unknown)
    assert len(erp.requests("open")) == 1


def test_a_bomb_in_an_attribute_is_stopped_in_time():
    laughs = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(10))
    started = time.monotonic()
    with pytest.raises(BadAnswer):
        xml.parse(b'<!DOCTYPE b [<!ENTITY a0 "ha">' + laughs + b']><b c="&a10;"/>')
    assert time.monotonic() - started < 2


def test_nothing_is_an_answer_only_with_202(post):
    assert post("empty:202") is None
    with pytest.raises(BadAnswer):
        post("empty:200")
    with pytest.raises(BadStatus):
        post("empty:500")


@pytest.mark.parametrize("status", [500, 503, 302, 404])
def test_a_page_with_another_status_says_its_status(post, status):
    with pytest.raises(BadStatus) as caught:
        post(f"status:{status}")
    assert caught.value.status == status
    assert outcome_of(caught.value).ask_after == 9


def test_an_envelope_with_another_status_is_no_success(post):
    with pytest.raises(BadStatus):
        post("odd-status:500")


# -- what each failure proves ----------------------------------------------------------------------------------------


def test_an_answer_that_is_too_large_is_not_read(post):
    with pytest.raises(BadAnswer, match="exceeds"):
        post("large:200000", max_answer=100_000)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"fault": "truncate"}, BadAnswer),
        ({"fault": "reset_after_work"}, ConnectionLost),
        ({"fault": "wrong_content_type"}, BadAnswer),
        ({"fault": "status_after_work", "status": 502}, BadStatus),
    ],
    ids=lambda value: value["fault"] if isinstance(value, dict) else value.__name__,
)
def test_once_bytes_have_left_a_failure_proves_nothing(post, erp, fault, kind):
    erp.fault(**fault, operation="open", count=1)
    with pytest.raises(kind) as caught:
        post()
    assert isinstance(outcome_of(caught.value), Unknown)
    assert len(erp.postings()) == 1


def test_the_deadline_is_for_the_whole_call(post, erp):
    erp.fault("drip", operation="open", count=1, seconds=30)
    started = time.monotonic()
    with pytest.raises(TimedOut):
        post(seconds=0.4)
    assert time.monotonic() - started < 2


def test_what_was_not_sent_is_proved(service, within, open_session):
    session = SoapSession(open_session("http://127.0.0.1:9/"), "open", service)
    with pytest.raises(Unreachable) as caught:
        session.call("Post", service.envelope("Post", voucher()), deadline=within())
    assert isinstance(outcome_of(caught.value), NotDone)
    with pytest.raises(NotSent):
        session.call("Post", service.envelope("Post", voucher()), deadline=within(-1))


def test_the_address_in_the_wsdl_is_never_called(post, erp):
    assert "elsewhere.invalid" in WSDL.read_text("utf-8")
    post()
    assert [entry["path"] for entry in erp.requests("open")] == ["/erp/open"]


# -- many threads ----------------------------------------------------------------------------------------------------


def test_sixteen_threads_share_one_description_that_is_loaded_once(monkeypatch, together):
    loads, free = [], threading.Event()

    class Slow(dougong_sdk.wsdl._Exact):
        def load(self, location):
            loads.append(location)
            free.wait(0.05)
            super().load(location)

    dougong_sdk.wsdl._load.cache_clear()
    monkeypatch.setattr(dougong_sdk.wsdl, "_Exact", Slow)
    made = together(16, lambda: SoapService(WSDL))
    dougong_sdk.wsdl._load.cache_clear()
    assert len(loads) == 1
    assert len({id(service._binding) for service in made}) == 1


def test_sixteen_threads_each_get_their_own_answer(session, service, within, together):
    shared, names, wrong = session(), iter(range(1000)), []

    def work():
        for _ in range(5):
            name = f"BX-{next(names)}"
            body = service.envelope("Post", {"reference": name, "line": [line(Decimal("1.10"))] * 20})
            if shared.call("Post", body, deadline=within())["number"] != name:
                wrong.append(name)

    assert together(16, work) == [None] * 16
    assert wrong == []


def test_a_refused_token_is_renewed_once_for_all(erp, session, service, open_session, within, together):
    login = open_session(erp.url)

    def fetch(deadline):
        return Token(login.send("GET", "login", deadline=deadline).text())

    shared = session("closed", auth=Bearer(TokenCache(fetch), refuses=status_401_proves))
    bodies = [service.envelope("Post", voucher())] * 17
    shared.call("Post", bodies.pop(), deadline=within())
    erp.fault("expire_session", operation="closed", count=1)
    got = together(16, lambda: shared.call("Post", bodies.pop(), deadline=within())["number"])
    assert got == [REFERENCE] * 16
    assert len(erp.requests("login")) == 2


def test_a_bare_401_is_not_repeated_unless_the_call_has_no_effect(erp, session, service, open_session, within):
    login = open_session(erp.url)

    def fetch(deadline):
        return Token(login.send("GET", "login", deadline=deadline).text())

    shared, body = session("closed", auth=Bearer(TokenCache(fetch))), service.envelope("Post", voucher())
    shared.call("Post", body, deadline=within())
    for repeatable in (False, True):
        erp.fault("expire_session", operation="closed", count=1)
        if repeatable:
            assert shared.call("Post", body, deadline=within(), repeatable=True)["number"] == REFERENCE
        else:
            with pytest.raises(BadStatus, match="401"):
                shared.call("Post", body, deadline=within())


# -- descriptions ----------------------------------------------------------------------------------------------------


def altered(tmp_path, *changes):
    """A copy of the description with texts replaced."""
    text = WSDL.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "copy.wsdl").write_text(text, "utf-8")
    (tmp_path / "voucher.xsd").write_bytes((HERE / "voucher.xsd").read_bytes())
    return tmp_path / "copy.wsdl"


SCHEMA = 'schemaLocation="voucher.xsd"'
DESCRIPTIONS = {
    "a schema on the network": (SCHEMA, 'schemaLocation="http://127.0.0.1:9/voucher.xsd"'),
    "a schema elsewhere on disk": (SCHEMA, f'schemaLocation="{HERE / "voucher.xsd"}"'),
    "a schema above": (SCHEMA, 'schemaLocation="../voucher.xsd"'),
    "a schema by a file address": (SCHEMA, f'schemaLocation="{(HERE / "voucher.xsd").as_uri()}"'),
    "a missing schema": (SCHEMA, 'schemaLocation="nothing.xsd"'),
    "a document type": ("<wsdl:definitions", "<!DOCTYPE x><wsdl:definitions"),
    "an entity": ("<wsdl:definitions", '<!DOCTYPE x [<!ENTITY y "z">]><wsdl:definitions'),
    "no xml": ("</wsdl:definitions>", ""),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_description_that_wants_something_from_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(DougongError, match=r"SETTINGS_INVALID.*copy\.wsdl"):
        SoapService(altered(tmp_path, DESCRIPTIONS[name]))


def test_a_copy_of_the_description_is_taken(tmp_path):
    assert SoapService(altered(tmp_path)).envelope("Post", voucher()) == SoapService(WSDL).envelope("Post", voucher())


def test_a_missing_description_or_binding_is_told(tmp_path):
    with pytest.raises(DougongError, match=r"none\.wsdl"):
        SoapService(tmp_path / "none.wsdl")
    with pytest.raises(DougongError, match="soap11, soap12"):
        SoapService(WSDL, binding="soap13")


@pytest.mark.parametrize("binding", ["binding", "binding_soap12"])
def test_saps_own_description_is_taken(binding):
    folder = Path(os.environ.get("DOUGONG_REFERENCE") or HERE.parents[2].parent / "shared/reference") / "sap"
    if not folder.is_dir():
        pytest.skip(f"no descriptions at {folder} (set DOUGONG_REFERENCE)")
    service = SoapService(folder / "JOURNALENTRYCREATEREQUESTCONFI.wsdl", binding=binding)
    header = {"CreationDateTime": "2026-11-20T08:00:00Z"}
    amount = {"_value_1": Decimal("-100.10"), "currencyCode": "CNY"}
    entry = {
        "OriginalReferenceDocumentType": "BKPFF",
        "OriginalReferenceDocument": REFERENCE,
        "BusinessTransactionType": "RFBU",
        "AccountingDocumentType": "SA",
        "CreatedByUser": "DOUGONG",
        "CompanyCode": "1010",
        "DocumentDate": date(2026, 11, 20),
        "PostingDate": date(2026, 11, 20),
        "Item": [{"GLAccount": {"_value_1": "1002"}, "AmountInTransactionCurrency": amount, "DebitCreditCode": "H"}],
    }
    values = {
        "MessageHeader": header,
        "JournalEntryCreateRequest": [{"MessageHeader": header, "JournalEntry": entry}],
    }
    body = service.envelope("JournalEntryCreateRequestConfirmation_In", values, message_id="uuid:7").decode()
    assert f"<OriginalReferenceDocument>{REFERENCE}</OriginalReferenceDocument>" in body
    assert '<AmountInTransactionCurrency currencyCode="CNY">-100.10</AmountInTransactionCurrency>' in body
    del entry["CompanyCode"]
    with pytest.raises(DougongError, match="Missing element CompanyCode"):
        service.envelope("JournalEntryCreateRequestConfirmation_In", values)


def test_secrets_are_in_no_text(session):
    shared = session(secrets=["geheim"])
    assert "geheim" not in f"{shared!r} {RestSession('http://erp/')!r}"


def test_an_answer_as_it_came_may_hold_what_the_description_does_not_know(session, service, within):
    body = service.envelope("Post", voucher("members:<news xmlns=''>1</news>"))
    with pytest.raises(BadAnswer):
        session().call("Post", body, deadline=within())
    told = session().call("Post", body, deadline=within(), as_it_came=True)
    assert (told.findtext("{*}number"), told.findtext(".//news")) == (REFERENCE, "1")
