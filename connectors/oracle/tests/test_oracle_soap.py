"""Imports over SOAP: the same journals, the same refusals, whichever way they are handed in."""

from __future__ import annotations

import pytest
from lxml import etree

from dougong_oracle.orders import written
from dougong_oracle.settings import OracleSettings

SETTINGS = OracleSettings(base_url="https://pod/", user="u", password="p", transport="soap")
TYPES = "{http://xmlns.oracle.com/apps/financials/commonModules/shared/model/erpIntegrationService/types/}"
ERP = TYPES.replace("types/}", "}")


@pytest.fixture
def project(project):
    file = project / "dougong.toml"
    file.write_text(
        file.read_text("utf-8").replace("poll_after = 0.1", 'poll_after = 0.1\ntransport  = "soap"'), "utf-8"
    )
    return file.parent


def test_children_of_the_operation_and_of_its_parts_have_namespaces_of_their_own():
    names = ("FileName", "ContentType", "DocumentAccount", "JobName", "ParameterList", "JobOptions", "CallbackURL")
    order = {**dict.fromkeys(names, "x"), "DocumentContent": "UEs=", "NotificationCode": "10"}
    body, media_type = written(order, SETTINGS)
    assert media_type == "text/xml"
    (call,) = etree.fromstring(body).find("{*}Body")
    assert [child.tag for child in call] == [
        f"{TYPES}{name}" for name in ("document", "jobDetails", "notificationCode", "callbackURL", "jobOptions")
    ]
    assert call.findtext(f"{TYPES}document/{ERP}Content") == "UEs="
    assert call.findtext(f"{TYPES}jobDetails/{ERP}JobName") == "x"


def test_reports_are_booked(sandbox, dougong, file, new_report):
    status, rows = dougong("push", file(*map(new_report, (1, 2, 3))))
    assert (status, {row["state"] for row in rows}) == (0, {"delivered"})
    assert len(sandbox.postings()) == 3
    paths = {row["path"] for row in sandbox.requests() if row["operation"] in ("import", "status")}
    assert paths == {"/fscmService/ErpIntegrationService"}


def test_the_report_of_a_refused_file_is_downloaded_in_parts(sandbox, dougong, file, new_report):
    sandbox.fault("business_error", operation="import", code="EF02", match="B26110002", count=1)
    _, rows = dougong("push", file(*map(new_report, (1, 2, 3))))
    assert {row["documents"][0]: row["state"] for row in rows} == {
        "B26110001": "delivered",
        "B26110002": "rejected",
        "B26110003": "delivered",
    }
    assert [one["code"] for row in rows for one in row["problems"]] == ["ORACLE_EF02"]


@pytest.mark.parametrize(("code", "shown"), [("FUN-720397", "ORACLE_FUN-720397"), ("REQSTID_-1", "ORACLE_REQSTID_-1")])
def test_a_fault_that_is_described_is_a_refusal(sandbox, dougong, file, new_report, code, shown):
    sandbox.fault("business_error", operation="import", code=code, count=1)
    _, (row,) = dougong("push", file(new_report(1)))
    assert (row["state"], [one["code"] for one in row["problems"]]) == ("rejected", [shown])


@pytest.mark.parametrize("fault", ["reset_after_work", "reset_before_work", "wrong_content_type"])
def test_a_lost_answer_makes_no_second_journal(sandbox, dougong, file, new_report, fault):
    sandbox.fault(fault, operation="import", count=1)
    status, rows = dougong("push", file(new_report(1)))
    assert (status, rows[0]["state"]) == (0, "delivered")
    assert len(sandbox.postings()) == 1


def test_check_asks_over_soap_too(dougong):
    status, rows = dougong("check")
    assert (status, [row for row in rows if not row["ok"]]) == (0, [])
