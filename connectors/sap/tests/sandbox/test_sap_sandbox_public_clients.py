"""Unmodified public clients against the sandbox: pyodata, zeep and Node's soap, on SAP's own descriptions."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dougong_sap.sandbox.edm import SERVICES

WSDLS = ["JOURNALENTRYCREATEREQUESTCONFI.wsdl", "JOURNALENTRYCREATEREQUESTCONFI.2020.wsdl"]
USER, PASSWORD = "DOUGONG", "Dougong-S4-2026"
JOURNAL = "sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"
NODE_SOAP = "soap@1.13.0"


def entry(amount, day, moment):
    """The sample of sap.md §1.5, as values. :param amount: writes an amount in EUR as the client wants it."""
    header = {"CreationDateTime": moment}
    return {
        "MessageHeader": {"ID": "EXP-1", **header},
        "JournalEntryCreateRequest": [
            {
                "MessageHeader": {"ID": "EXP-1-1", **header},
                "JournalEntry": {
                    "OriginalReferenceDocumentType": "BKPFF",
                    "BusinessTransactionType": "RFBU",
                    "AccountingDocumentType": "KR",
                    "DocumentReferenceID": "ER-1",
                    "CreatedByUser": "EXPHUB",
                    "CompanyCode": "1010",
                    "DocumentDate": day,
                    "PostingDate": day,
                    "Item": [
                        {
                            "ReferenceDocumentItem": "1",
                            "GLAccount": "0065100000",
                            "AmountInTransactionCurrency": amount("119.00"),
                            "DebitCreditCode": "S",
                            "AccountAssignment": {"CostCenter": "0010101101"},
                        }
                    ],
                    "CreditorItem": [
                        {
                            "ReferenceDocumentItem": "2",
                            "Creditor": "0010300001",
                            "AmountInTransactionCurrency": amount("-119.00"),
                            "DebitCreditCode": "H",
                        }
                    ],
                },
            }
        ],
    }


def holds_it(caller):
    (held,) = caller.sandbox.postings()
    return (held["company"], held["reference"], held["total"]) == ("1010", "ER-1", "119.00")


# -- pyodata ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def session():
    """What pyodata and zeep call with."""
    requests = pytest.importorskip("requests", reason="requests is not installed")
    with requests.Session() as made:
        made.auth, made.trust_env = (USER, PASSWORD), False
        yield made


@pytest.fixture
def client_of(caller, session):
    """pyodata's client of one service, which reads `$metadata` and builds everything from it."""
    pyodata = pytest.importorskip("pyodata", reason="pyodata is not installed")
    return lambda service: pyodata.Client(f"{caller.sandbox.url}sap/opu/odata/sap/{service}", session)


def test_pyodata_reads_master_data_and_one_entity_by_its_key(client_of):
    companies = client_of("API_COMPANYCODE_SRV").entity_sets.A_CompanyCode
    assert {row.CompanyCode: row.Currency for row in companies.get_entities().execute()} == {
        "1000": "CNY",
        "2000": "CNY",
        "1010": "EUR",
    }
    assert companies.get_entity("1010").execute().ChartOfAccounts == "YCOA"
    centres = client_of("API_COSTCENTER_SRV").entity_sets.A_CostCenter
    for_ever = datetime(9999, 12, 31, tzinfo=UTC)
    centre = centres.get_entity(ControllingArea="A000", CostCenter="CC1001", ValidityEndDate=for_ever).execute()
    assert (centre.CompanyCode, centre.ValidityEndDate) == ("1000", for_ever)


def test_pyodata_finds_an_entry_by_its_reference(caller, client_of):
    caller.sample(reference="ER-1")
    caller.sample(reference="ER-2", id="EXP-2")
    lines = client_of("API_OPLACCTGDOCITEMCUBE_SRV").entity_sets.A_OperationalAcctgDocItemCube
    ours = "DocumentReferenceID eq 'ER-1' and CompanyCode eq '1010'"
    assert lines.get_entities().filter(ours).count().execute() == 3
    rows = (
        lines.get_entities().filter(ours).select("AccountingDocument,AmountInTransactionCurrency,PostingDate").execute()
    )
    assert [row.AmountInTransactionCurrency for row in rows] == ["100.00", "-119.00", "19.00"]
    assert {row.PostingDate.date() for row in rows} == {date(2026, 11, 24)}


@pytest.fixture
def invoice(client_of, session):
    """A supplier invoice that pyodata has posted: the caller fetches token and cookies, the client does the rest."""
    client = client_of("API_SUPPLIERINVOICE_PROCESS_SRV")
    told = session.head(f"{client.url}/", headers={"X-CSRF-Token": "Fetch"})
    session.headers["X-CSRF-Token"] = told.headers["X-CSRF-Token"]
    day = datetime(2026, 11, 24, tzinfo=UTC)
    item = {"GLAccount": "6602010000", "CostCenter": "CC1001", "DebitCreditCode": "S", "TaxCode": "J1"}
    amounts = {"TaxAmount": "13.00", "TaxBaseAmountInTransCrcy": "100.00"}
    request = client.entity_sets.A_SupplierInvoice.create_entity().set(
        CompanyCode="1000",
        DocumentDate=day,
        PostingDate=day,
        SupplierInvoiceIDByInvcgParty="ER-7",
        InvoicingParty="10000002",
        DocumentCurrency="CNY",
        InvoiceGrossAmount="113.00",
        to_SupplierInvoiceItemGLAcct=[{"SupplierInvoiceItem": "0001", "SupplierInvoiceItemAmount": "100.00", **item}],
        to_SupplierInvoiceTax=[{"TaxCode": "J1", "SupplierInvoiceTaxCounter": "000001", **amounts}],
    )
    return request.execute()


def test_pyodata_posts_an_invoice_and_cancels_it(caller, client_of, session, invoice):
    client = client_of("API_SUPPLIERINVOICE_PROCESS_SRV")
    session.headers["If-Match"] = invoice.etag
    cancel = client.functions.Cancel.parameter("SupplierInvoice", invoice.SupplierInvoice)
    cancel = cancel.parameter("FiscalYear", invoice.FiscalYear).parameter("ReversalReason", "01")
    told = cancel.parameter("PostingDate", datetime(2026, 11, 25, tzinfo=UTC)).execute()["Cancel"]
    assert (told["Success"], told["ReverseDocument"]) == (True, "5105600102")
    assert [(held["reference"], held["total"]) for held in caller.sandbox.postings()] == [
        ("ER-7", "113.00"),
        (None, "113.00"),
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_pyodata_reads_every_set_of_every_service(caller, client_of, invoice, service):
    caller.sample()
    for entity_set in client_of(service).schema.entity_sets:
        rows = getattr(client_of(service).entity_sets, entity_set.name).get_entities().execute()
        assert rows, entity_set.name


# -- zeep -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", ["binding", "binding_soap12"])
@pytest.mark.parametrize("wsdl", WSDLS)
def test_zeep_posts_an_entry_by_saps_own_description(caller_with, session, stored, wsdl, port):
    import zeep
    import zeep.transports

    caller = caller_with(release="2020" if "2020" in wsdl else "2024")

    client = zeep.Client(str(stored / wsdl), transport=zeep.transports.Transport(session=session))
    name = f"{{http://sap.com/xi/SAPSCORE/SFIN}}{port}"
    service = client.create_service(name, f"{caller.sandbox.url}{JOURNAL}")
    values = entry(
        lambda text: {"_value_1": Decimal(text), "currencyCode": "EUR"}, date(2026, 11, 24), "2026-11-24T02:00:00Z"
    )
    told = service.JournalEntryCreateRequestConfirmation_In(**values)
    (one,) = told.JournalEntryCreateConfirmation
    assert one.JournalEntryCreateConfirmation.AccountingDocument == "1900000000"
    assert one.MessageHeader.ReferenceID["_value_1"] == "EXP-1-1"
    assert holds_it(caller)


# -- Node's soap ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["11", "12"])
def test_nodes_soap_posts_an_entry_by_saps_own_description(caller, stored, npm_package, version):
    values = entry(
        lambda text: {"attributes": {"currencyCode": "EUR"}, "$value": text}, "2026-11-24", "2026-11-24T02:00:00Z"
    )
    script = Path(__file__).with_name("post.mjs")
    address = f"{caller.sandbox.url}{JOURNAL}"
    command = ["node", script, npm_package(NODE_SOAP), stored / WSDLS[0], address, USER, PASSWORD, version]
    done = subprocess.run(
        command, input=json.dumps(values), capture_output=True, text=True, timeout=60, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    (one,) = json.loads(done.stdout)["JournalEntryCreateConfirmation"]
    assert one["JournalEntryCreateConfirmation"]["AccountingDocument"] == "1900000000"
    assert holds_it(caller)
