"""OData V2 as sap.md §2 describes it: queries, pages, JSON, errors, and `$metadata` beside SAP's own."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from dougong_sap.sandbox.edm import SERVICES

CUBE = "API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube"
EDM = "{http://schemas.microsoft.com/ado/2008/09/edm}"


def test_an_entry_is_read_back_line_by_line(caller):
    caller.sample(reference="ER-1")
    caller.sample(reference="ER-2", id="EXP-2")
    found = caller.get(CUBE, filter="CompanyCode eq '1010' and DocumentReferenceID eq 'ER-1'", inlinecount="allpages")
    assert found["__count"] == "3"
    first = found["results"][0]
    assert first["__metadata"]["type"] == "API_OPLACCTGDOCITEMCUBE_SRV.A_OperationalAcctgDocItemCubeType"
    assert first["AmountInTransactionCurrency"] == "100.00"
    assert first["PostingDate"] == "/Date(1795478400000)/"
    assert first["ClearingAccountingDocument"] == ""
    assert [row["DebitCreditCode"] for row in found["results"]] == ["S", "H", "S"]
    assert found["results"][1]["Supplier"] == "10300001"


FILTERS = {
    "GLAccount eq '12600000'": 1,
    "GLAccount eq '12600000' or Supplier eq '10300001'": 2,
    "not (DebitCreditCode eq 'S')": 1,
    "AmountInTransactionCurrency gt 20M": 1,
    "AmountInTransactionCurrency le 19.00": 2,
    "PostingDate ge datetime'2026-11-24T00:00:00'": 3,
    "PostingDate lt datetime'2026-11-24T00:00:00'": 0,
    "substringof('R-',DocumentReferenceID) eq true": 3,
    "startswith(GLAccount,'126')": 1,
    "IsReversed eq false and (CompanyCode eq '1010' or CompanyCode eq '1000')": 3,
    "DocumentReferenceID eq 'it''s'": 0,
}


@pytest.mark.parametrize("filter", FILTERS)
def test_filters_are_evaluated(caller, filter):
    caller.sample()
    assert len(caller.get(CUBE, filter=filter)["results"]) == FILTERS[filter]


@pytest.mark.parametrize(
    "filter", ["Nonsense eq 'x'", "GLAccount eq", "GLAccount eq 'x", "(GLAccount eq 'x'", "1 eq 'x'"]
)
def test_a_filter_that_cannot_be_read_is_an_error_in_gateways_envelope(caller, filter):
    caller.sample()
    told = caller.get(CUBE, filter=filter)
    assert told["status"] == 400
    assert told["innererror"]["errordetails"][0]["severity"] == "error"


def test_pages_selection_order_and_counting(caller):
    caller.sample()
    page = caller.get(CUBE, orderby="GLAccount desc", top="2", skip="1", select="GLAccount", inlinecount="allpages")
    assert [row["GLAccount"] for row in page["results"]] == ["21100000", "12600000"]
    assert set(page["results"][0]) == {"__metadata", "GLAccount"}
    assert page["__count"] == "3"
    status, _, body = caller.call("GET", f"/sap/opu/odata/sap/{CUBE}/$count")
    assert (status, body) == (200, b"3")


def test_one_entity_by_its_key_and_none(caller):
    row = caller.get("API_COMPANYCODE_SRV/A_CompanyCode('1000')")
    assert (row["Currency"], row["ChartOfAccounts"]) == ("CNY", "YCCN")
    key = "ControllingArea='A000',CostCenter='CC1001',ValidityEndDate=datetime'9999-12-31T00:00:00'"
    centre = caller.get(f"API_COSTCENTER_SRV/A_CostCenter({key})")
    assert centre["ValidityEndDate"] == "/Date(253402214400000)/"
    assert caller.get("API_COMPANYCODE_SRV/A_CompanyCode('9999')")["status"] == 404
    assert caller.get("API_COMPANYCODE_SRV/A_Nothing")["status"] == 404


def test_a_service_that_is_not_active_and_a_method_that_is_not_served(caller):
    told = caller.get("API_NOTHING_SRV/A_Set")
    assert (told["status"], told["code"]) == (403, "/IWFND/MED/170")
    assert caller.change("POST", CUBE)[0] == 405


@pytest.mark.parametrize("service", SERVICES)
def test_names_keys_and_types_are_those_of_saps_own_metadata(caller, stored, service):
    file = stored / f"{service}.edmx"
    if not file.exists():
        pytest.skip(f"no {file}: the description of this service is not stored")
    status, headers, body = caller.call("GET", f"/sap/opu/odata/sap/{service}/$metadata")
    assert (status, headers["Content-Type"]) == (200, "application/xml")
    ours, theirs = described(etree.fromstring(body)), described(etree.parse(file).getroot())
    assert ours["sets"].items() <= theirs["sets"].items()
    for name, kind in ours["types"].items():
        assert kind["key"] == theirs["types"][name]["key"], name
        assert kind["ways"] <= theirs["types"][name]["ways"], name
        assert kind["properties"].items() <= theirs["types"][name]["properties"].items(), name
    assert ours["functions"].items() <= theirs["functions"].items()
    assert ours["results"].items() <= theirs["results"].items()


def described(root):
    kinds = {
        node.get("Name"): {
            "key": [ref.get("Name") for ref in node.findall(f"{EDM}Key/{EDM}PropertyRef")],
            "ways": {way.get("Name") for way in node.findall(f"{EDM}NavigationProperty")},
            "properties": {prop.get("Name"): prop.get("Type") for prop in node.findall(f"{EDM}Property")},
        }
        for node in root.iter(f"{EDM}EntityType")
    }
    sets = {node.get("Name"): re.sub(r".*\.", "", node.get("EntityType")) for node in root.iter(f"{EDM}EntitySet")}
    functions = {
        node.get("Name"): (node.get("ReturnType"), {one.get("Name"): one.get("Type") for one in node})
        for node in root.iter(f"{EDM}FunctionImport")
    }
    results = {
        node.get("Name"): {prop.get("Name"): prop.get("Type") for prop in node}
        for node in root.iter(f"{EDM}ComplexType")
    }
    return {"types": kinds, "sets": sets, "functions": functions, "results": results}
