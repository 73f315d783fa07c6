"""The life of a voucher: kingdee.md §5, and what an id does to a Save."""

from __future__ import annotations

import pytest

OPERATIONS = ("Save", "Submit", "CancelAssign", "Audit", "UnAudit", "Delete")
ALLOWED = {
    "Z": {"Save": "A", "Submit": "B", "Delete": None},
    "A": {"Save": "A", "Submit": "B", "Delete": None},
    "B": {"CancelAssign": "D", "Audit": "C"},
    "C": {"UnAudit": "D"},
    "D": {"Save": "D", "Submit": "B", "Delete": None},
}
WAY = {"Z": (), "A": (), "B": ("Submit",), "C": ("Submit", "Audit"), "D": ("Submit", "CancelAssign")}


@pytest.fixture
def at(caller, make):
    """A voucher that has reached a status."""

    def reach(status):
        first = "Draft" if status == "Z" else "Save"
        identity = caller.call(first, "GL_VOUCHER", {"Model": make.voucher()})["Result"]["Id"]
        for operation in WAY[status]:
            assert caller.stage(operation, identity)["IsSuccess"]
        return identity

    return reach


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("status", list(ALLOWED))
def test_each_operation_from_each_status(caller, make, at, status, operation):
    identity = at(status)
    if operation == "Save":
        answer = caller.save(make.voucher(FVOUCHERID=identity))["Result"]["ResponseStatus"]
    else:
        answer = caller.stage(operation, identity)
    allowed = operation in ALLOWED[status]
    after = caller.query("GL_VOUCHER", "FDocumentStatus", f"FVOUCHERID={identity}")
    assert answer["IsSuccess"] == allowed
    assert allowed or answer["MsgCode"] == 12
    expected = ALLOWED[status].get(operation, status)
    assert after == ([[expected]] if expected else [])


def test_documents_that_are_not_there(caller):
    assert caller.stage("Submit", 999999)["MsgCode"] == 10
    assert caller.call("Submit", "GL_VOUCHER", {})["Result"]["ResponseStatus"]["MsgCode"] == 8
    assert caller.call("View", "GL_VOUCHER", {"Id": "999999"})["Result"]["ResponseStatus"]["MsgCode"] == 10


def test_several_at_once_succeed_or_fail_by_themselves(caller, at):
    first, second = at("A"), at("C")
    status = caller.stage("Submit", first, second)
    assert not status["IsSuccess"]
    assert [entity["DIndex"] for entity in status["SuccessEntitys"]] == [0]
    assert [error["DIndex"] for error in status["Errors"]] == [1]


def test_numbers_name_documents_too(caller, make):
    caller.saved(make.voucher(FBillNo="EXP-7"))
    answer = caller.call("Submit", "GL_VOUCHER", {"Numbers": ["EXP-7"], "CreateOrgId": 0})
    assert answer["Result"]["ResponseStatus"]["SuccessEntitys"][0]["Number"] == "EXP-7"


def test_save_submit_and_audit_in_one_call(kingdee, caller, make):
    caller.saved(make.voucher(), IsAutoSubmitAndAudit=True)
    assert kingdee.postings()[0]["stage"] == "audited"


@pytest.mark.parametrize(("approval", "status"), [(1, "C"), ("2", "D"), (3, "D")])
def test_workflow_audit(caller, at, approval, status):
    identity = at("B")
    answer = caller.ask("WorkflowAudit", FormId="GL_VOUCHER", Ids=[identity], UserName="auditor", ApprovalType=approval)
    assert answer["Result"]["ResponseStatus"]["IsSuccess"]
    assert caller.query("GL_VOUCHER", "FDocumentStatus") == [[status]]


def test_maker_and_auditor_may_have_to_differ(borrow_sandbox, connect, make):
    kingdee = borrow_sandbox("kingdee", same_user_may_audit="false")
    maker, auditor = connect(kingdee).login(), connect(kingdee).login("auditor", "Audit@123")
    identity = maker.saved(make.voucher())
    assert maker.stage("Submit", identity)["IsSuccess"]
    assert maker.stage("Audit", identity)["MsgCode"] == 11
    assert auditor.stage("Audit", identity)["IsSuccess"]
    names = auditor.query("GL_VOUCHER", "FCreatorId.FName,FApproverId.FName")
    assert names == [["demo", "auditor"]]


def test_a_closed_period_holds_an_audited_voucher(kingdee, caller, at):
    identity = at("C")
    kingdee.hand("close_period", period="2026-01")
    assert caller.stage("UnAudit", identity)["MsgCode"] == 12


def test_a_save_with_an_id_overwrites(kingdee, caller, make):
    identity = caller.saved(make.voucher(FATTACHMENTS=2))
    lines = (make.line("1002", 5), make.line("2241", 0, 5))
    assert caller.saved(make.voucher(*lines, FVOUCHERID=str(identity))) == identity
    posting = kingdee.postings()[0]
    assert (posting["total"], posting["attachments"], len(posting["lines"])) == ("5.00", 2, 2)
    assert caller.save(make.voucher(FVOUCHERID=5))["Result"]["ResponseStatus"]["MsgCode"] == 10


def test_a_voucher_that_moves_is_numbered_anew(kingdee, caller, make):
    caller.saved(make.voucher(FDate="2026-02-01"))
    identity = caller.saved(make.voucher())
    caller.saved({"FVOUCHERID": identity, "FDate": "2026-02-28"})
    moved = next(posting for posting in kingdee.postings() if posting["id"] == str(identity))
    assert (moved["number"], moved["period"]) == ("记-2", "2026-02")


def test_lines_that_are_not_sent_are_deleted_unless_told_otherwise(kingdee, caller, make):
    identity = caller.saved(make.voucher())
    entries = [row[0] for row in caller.query("GL_VOUCHER", "FEntity_FEntryID")]
    changed = {"FEntryID": entries[0], "FEXPLANATION": "changed"}
    caller.saved({"FVOUCHERID": identity, "FEntity": [changed]}, IsDeleteEntry="false")
    assert {line["summary"] for line in kingdee.postings()[0]["lines"]} == {"changed", "B-1 差旅费"}
    failed = caller.save({"FVOUCHERID": identity, "FEntity": [changed]})["Result"]["ResponseStatus"]
    assert failed["Errors"][0]["FieldName"] == "FDEBIT"


def test_only_the_fields_to_be_updated_are_written(kingdee, caller, make):
    identity = caller.saved(make.voucher())
    lines = [make.line("1002", 5), make.line("2241", 0, 5)]
    model = {"FVOUCHERID": identity, "FATTACHMENTS": 9, "FDate": "2026-02-01", "FEntity": lines}
    caller.saved(model, NeedUpDateFields=["FATTACHMENTS"])
    posting = kingdee.postings()[0]
    assert (posting["attachments"], posting["date"], posting["total"]) == (9, "2026-01-15", "128.50")


def test_return_fields_of_head_and_entry(caller, make):
    answer = caller.save(make.voucher(FBillNo="N-1"), NeedReturnFields=["FBillNo", "FDEBIT"])
    assert answer["Result"]["NeedReturnData"] == [{"FBillNo": "N-1", "FEntity": [{"FDEBIT": 128.5}, {"FDEBIT": 0}]}]


def test_view_speaks_in_property_names(caller, make):
    identity = caller.saved(make.voucher(FBillNo="V-1"))
    for named in ({"Id": identity}, {"Number": "V-1"}):
        answer = caller.call("View", "GL_VOUCHER", {"CreateOrgId": 0, **named})["Result"]
        seen = answer["Result"]
        assert answer["ResponseStatus"] is None
        assert (seen["Id"], seen["BillNo"], seen["DocumentStatus"], seen["FFormId"]) == (
            identity,
            "V-1",
            "A",
            "GL_VOUCHER",
        )
        assert seen["AccountBookID"]["Number"] == "001"
        assert seen["AccountBookID"]["Name"] == [{"Key": 2052, "Value": "示例科技账簿"}]
        assert seen["AccountBookID_Id"] == seen["AccountBookID"]["Id"]
        first = seen["GL_VOUCHERENTRY"][0]
        assert (first["Seq"], first["DEBIT"], first["ACCOUNTID"]["Number"]) == (1, 128.5, "6602.02")
        assert first["DetailID"]["FFLEX5"]["Number"] == "BM000001"


def test_a_deleted_posting_leaves_the_list_but_can_be_seen(kingdee, caller, make):
    identity = caller.saved(make.voucher())
    assert caller.stage("Delete", identity)["IsSuccess"]
    assert kingdee.postings() == []
    assert [(p["id"], p["deleted"]) for p in kingdee.postings(deleted=True)] == [(str(identity), True)]
