"""Kingdee behind the plane: postings, a person's hand, faults, survival."""

from __future__ import annotations

import http.client

import pytest

from dougong_sdk.sandbox import SandboxError

CUT = (http.client.RemoteDisconnected, ConnectionResetError)


def test_a_posting_in_our_words(kingdee, caller, make):
    identity = caller.saved(make.voucher(FATTACHMENTS=3))
    [posting] = kingdee.postings()
    assert posting == {
        "id": str(identity),
        "number": "记-1",
        "reference": None,
        "type": "voucher",
        "stage": "draft",
        "company": "100",
        "book": "001",
        "date": "2026-01-15",
        "period": "2026-01",
        "voucher_type": "PRE001",
        "currency": "PRE001",
        "total": "128.50",
        "attachments": 3,
        "reverses": None,
        "deleted": False,
        "lines": [
            _line("6602.02", "D", {"department": "BM000001"}),
            _line("2241.01", "C", {"employee": "E0001"}),
        ],
    }


def _line(account, side, dimensions):
    empty = dict.fromkeys(("tax_code", "tax_rate", "tax_base", "clears", "cash_flow", "coordination"))
    amount = {"amount": "128.50", "currency": "PRE001", "base_amount": "128.50", "rate": "1"}
    return {"account": account, "side": side, **amount, "summary": "B-1 差旅费", "dimensions": dimensions, **empty}


def test_a_reference_behind_the_first_text_is_shown(kingdee, caller, make):
    voucher = make.voucher()
    voucher["FEntity"][0]["FEXPLANATION"] = "B-1 差旅费 DGT2BVS6FFGVA3DVFCYT"
    caller.saved(voucher)
    assert kingdee.postings()[0]["reference"] == "DGT2BVS6FFGVA3DVFCYT"


@pytest.mark.parametrize("text", ["B-1 差旅费", "B26110001", "差旅费 20261118000000000001", "HOTELINTERCONTINENTAL"])
def test_other_last_words_are_no_references(kingdee, caller, make, text):
    voucher = make.voucher()
    voucher["FEntity"][0]["FEXPLANATION"] = text
    caller.saved(voucher)
    assert kingdee.postings()[0]["reference"] is None


def test_every_dimension_of_the_default_seed_has_a_word(kingdee, caller, make):
    lines = (
        make.line("5301.01.02", 1, FFLEX5="BM000003", FF100002="P-R01"),
        make.line("1002.01", 1, FF100003="ICBC-01"),
        make.line("1221.09", 1, FF100004="200"),
        make.line("2202.01", 0, 3, FFLEX4="VEN00002"),
    )
    caller.saved(make.voucher(*lines))
    assert [line["dimensions"] for line in kingdee.postings()[0]["lines"]] == [
        {"department": "BM000003", "project": "P-R01"},
        {"bank": "ICBC-01"},
        {"company": "200"},
        {"supplier": "VEN00002"},
    ]


def test_a_hand_audits_unaudits_and_deletes(kingdee, caller, make):
    identity = caller.saved(make.voucher())
    assert kingdee.hand("audit", id=identity)["stage"] == "audited"
    assert caller.query("GL_VOUCHER", "FDocumentStatus") == [["C"]]
    assert kingdee.hand("unaudit", number="记-1")["stage"] == "draft"
    kingdee.hand("delete", id=str(identity))
    assert caller.query("GL_VOUCHER", "FVOUCHERID") == []


def test_a_hand_renumbers(kingdee, caller, make):
    identity = caller.saved(make.voucher())
    assert kingdee.hand("renumber", id=identity, to="记-43")["number"] == "记-43"
    assert kingdee.hand("renumber", number="记-43", to="7")["number"] == "记-7"


def test_a_hand_edits_what_a_person_could(kingdee, caller, make):
    identity = caller.saved(make.voucher())
    changes = {"date": "2026-01-31", "attachments": 9, "summary": "by hand", "total": "130.00"}
    posting = kingdee.hand("edit", id=identity, set=changes)
    assert (posting["date"], posting["attachments"], posting["total"]) == ("2026-01-31", 9, "130.00")
    assert [(line["amount"], line["base_amount"]) for line in posting["lines"]] == [("130.00", "130.00")] * 2
    assert {line["summary"] for line in posting["lines"]} == {"by hand"}


def test_a_hand_edits_single_lines(kingdee, caller, make):
    identity = caller.saved(make.voucher())
    patches = [{"account": "6601.02", "dimensions": {"department": "BM000002"}}, {}]
    posting = kingdee.hand("edit", id=identity, set={"lines": patches})
    assert (posting["lines"][0]["account"], posting["lines"][0]["dimensions"]) == (
        "6601.02",
        {"department": "BM000002"},
    )
    posting = kingdee.hand("edit", id=identity, set={"lines": {"1": {"amount": "99.00"}}})
    assert (posting["lines"][1]["amount"], posting["lines"][1]["base_amount"]) == ("99.00", "99.00")


@pytest.mark.parametrize(
    "order",
    [
        {"action": "burn", "id": "1"},
        {"action": "delete", "id": "1"},
        {"action": "close_period"},
        {"action": "close_period", "period": "2026-01", "book": "9"},
    ],
)
def test_orders_that_make_no_sense(kingdee, order):
    with pytest.raises(SandboxError):
        kingdee.call("/hand", order)


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"period": "soon"},
        {"lines": [{"dimensions": {"planet": "x"}}]},
        {"total": "much"},
        {"lines": [{"x": 1}]},
        {"reference": "R"},
    ],
)
def test_edits_that_make_no_sense(kingdee, caller, make, change):
    identity = caller.saved(make.voucher())
    with pytest.raises(SandboxError):
        kingdee.hand("edit", id=identity, set=change)


def test_an_ambiguous_number_lists_the_candidates(kingdee, caller, make):
    ids = [caller.saved(make.voucher(FDate=date)) for date in ("2026-01-15", "2026-02-15")]
    with pytest.raises(SandboxError, match=str(ids[1])):
        kingdee.hand("delete", number="记-1")
    assert kingdee.hand("delete", number="记-1", period="2026-02")["id"] == str(ids[1])


def test_an_answer_lost_after_save_leaves_one_voucher(kingdee, caller, make):
    kingdee.fault("reset_after_work", operation="Save", count=1)
    with pytest.raises(CUT):
        caller.save(make.voucher())
    assert caller.query("GL_VOUCHER", "FDocumentStatus", "FEXPLANATION like '%B-1%' and FDEBIT>0") == [["A"]]


def test_business_errors_wear_the_envelope(kingdee, caller, make):
    kingdee.fault("business_error", operation="Save", code="13", count=1)
    status = caller.save(make.voucher())["Result"]["ResponseStatus"]
    assert (status["MsgCode"], status["IsSuccess"]) == (13, False)
    kingdee.fault("business_error", operation="ExecuteBillQuery", code=14, count=1)
    assert caller.query("GL_VOUCHER", "FVOUCHERID")[0][0]["Result"]["ResponseStatus"]["MsgCode"] == 14


def test_an_expired_session_is_msg_code_1(kingdee, caller, make):
    kingdee.fault("expire_session", operation="Save", count=1)
    assert caller.save(make.voucher())["Result"]["ResponseStatus"]["MsgCode"] == 1
    assert kingdee.postings() == []


def test_signed_headers_outlive_an_expired_session(kingdee, connect):
    guest = connect(kingdee)
    path = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc"
    kingdee.fault("expire_session", count=1)
    body = '{"data":{"FormId":"BD_RateType","FieldKeys":"FNumber"}}'
    assert guest.post(path, body, guest.signed_headers(f"/k3cloud/{path}"))[2] == b'[["HLTX01_SYS"]]'


def test_everything_survives_sigkill(tmp_path, launch_sandbox, connect, make):
    kingdee = launch_sandbox("kingdee", ledger=tmp_path / "ledger.db")
    caller = connect(kingdee).login()
    first = caller.saved(make.voucher(FBillNo="S-1"))
    assert caller.stage("Submit", first)["IsSuccess"]
    kingdee.hand("close_period", book="001", period="2025-12")
    before = kingdee.postings()
    kingdee.restart()
    assert kingdee.postings() == before
    caller = connect(kingdee).login()
    assert caller.stage("Audit", first)["IsSuccess"]
    second = caller.saved(make.voucher())
    assert second > first
    assert [posting["number"] for posting in kingdee.postings()] == ["记-1", "记-2"]
    duplicate = caller.save(make.voucher(FBillNo="S-1"))["Result"]["ResponseStatus"]
    assert duplicate["Errors"][0]["FieldName"] == "FBillNo"
    closed = caller.save(make.voucher(FDate="2025-12-01"))["Result"]["ResponseStatus"]
    assert closed["Errors"][0]["FieldName"] == "FDate"


def test_reset_clears_vouchers_numbers_and_closed_periods(kingdee, caller, make):
    caller.saved(make.voucher(FBillNo="R-1"))
    kingdee.hand("close_period", period="2026-01")
    kingdee.reset()
    caller.login()
    caller.saved(make.voucher(FBillNo="R-1"))
    assert [posting["number"] for posting in kingdee.postings()] == ["记-1"]


def test_kingdee_pushes_nothing_by_itself(kingdee):
    kingdee.target("event", "http://127.0.0.1:9/")
    with pytest.raises(SandboxError) as error:
        kingdee.emit("event")
    assert error.value.status == 409


def test_secrets_stay_out_of_the_plane(kingdee, caller):
    shown = str(kingdee.config()) + str(kingdee.requests())
    for secret in ("Demo@123", "Audit@123", "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"):
        assert secret not in shown
    assert kingdee.config()["endpoints"]["base"] == "/k3cloud/"
