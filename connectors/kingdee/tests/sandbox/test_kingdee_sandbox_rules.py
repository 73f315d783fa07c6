"""What Save and Submit refuse, and what they ignore in silence."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dougong_sdk.sandbox import SandboxError


@pytest.fixture
def refused(caller):
    """(MsgCode, [(FieldName, Message)]) of a Save that must fail."""

    def save(model, **options):
        status = caller.save(model, **options)["Result"]["ResponseStatus"]
        assert not status["IsSuccess"]
        return status["MsgCode"], [(error["FieldName"], error["Message"]) for error in status["Errors"]]

    return save


def test_an_unbalanced_voucher(kingdee, refused, make):
    lines = (make.line("6602.02", 100, FFLEX5="BM000001"), make.line("2241.01", 0, 99.99, FFLEX7="E0001"))
    code, errors = refused(make.voucher(*lines))
    assert (code, errors[0][0]) == (11, "FDEBIT")
    assert "100.00" in errors[0][1]
    assert kingdee.postings() == []


def test_the_failure_envelope(caller, make):
    result = caller.save(make.voucher(FDate=""))["Result"]
    assert (result["Id"], result["Number"], result["NeedReturnData"]) == ("", "", [{}])
    assert (result["ResponseStatus"]["ErrorCode"], result["ResponseStatus"]["MsgCode"]) == (500, 11)


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ({"FAccountBookID": None}, "FAccountBookID"),
        ({"FDate": ""}, "FDate"),
        ({"FVOUCHERGROUPID": {}}, "FVOUCHERGROUPID"),
        ({"FYEAR": 2025}, "FPERIOD"),
        ({"FPERIOD": 2}, "FPERIOD"),
        ({"FDate": "2019-12-31"}, "FDate"),
        ({"FDate": "2028-01-01"}, "FDate"),
        ({"FEntity": []}, "FEntity"),
    ],
)
def test_heads_that_break_a_rule(refused, make, head, field):
    code, errors = refused(make.voucher(**head))
    assert (code, errors[0][0]) == (11, field)


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ({"FAccountBookID": {"FNumber": "999"}}, "FAccountBookID"),
        ({"FVOUCHERGROUPID": {"FNUMBER": "PRE999"}}, "FVOUCHERGROUPID"),
        ({"FDate": "2026-02-30"}, "FDate"),
        ({"FYEAR": "next"}, "FYEAR"),
        ({"FATTACHMENTS": 1.5}, "FATTACHMENTS"),
    ],
)
def test_heads_with_unknown_values(refused, make, head, field):
    code, errors = refused(make.voucher(**head))
    assert (code, errors[0][0]) == (9, field)


def test_a_closed_period(kingdee, refused, caller, make):
    kingdee.hand("close_period", book="001", period="2026-01")
    code, errors = refused(make.voucher())
    assert (code, errors[0][0]) == (11, "FDate")
    kingdee.hand("open_period", book="001", period="2026-01")
    caller.saved(make.voucher())


PERIODS = "FNumber,FSTARTYEAR,FSTARTPERIOD,FCURRENTYEAR,FCURRENTPERIOD"


def test_periods_close_in_order_and_the_book_tells_the_one_it_stands_at(kingdee, caller, make):
    assert caller.query("BD_AccountBook", PERIODS)[0] == ["001", 2020, 1, 2020, 1]
    kingdee.hand("close_period", book="001", period="2025-12")
    assert caller.query("BD_AccountBook", PERIODS) == [["001", 2020, 1, 2026, 1], ["002", 2020, 1, 2020, 1]]
    assert not caller.save(make.voucher(FDate="2025-03-01"))["Result"]["ResponseStatus"]["IsSuccess"]
    kingdee.hand("close_period", book="001", period="2025-06")  # is closed already
    caller.saved(make.voucher(FDate="2026-01-01"))
    kingdee.hand("open_period", book="001", period="2025-11")
    assert caller.query("BD_AccountBook", PERIODS)[0] == ["001", 2020, 1, 2025, 11]
    caller.saved(make.voucher(FDate="2025-12-31"))
    kingdee.hand("open_period", book="001", period="2028-01")  # beyond what the seed opens
    caller.saved(make.voucher(FDate="2028-01-01"))


def test_a_draft_of_a_period_that_was_closed_cannot_be_submitted_and_can_be_deleted(kingdee, caller, make):
    identity = caller.saved(make.voucher())
    kingdee.hand("close_period", period="2026-01")
    status = caller.stage("Submit", identity)
    assert (status["MsgCode"], status["Errors"][0]["FieldName"]) == (11, "FDate")
    assert caller.stage("Delete", identity)["IsSuccess"]


@pytest.mark.parametrize(
    ("account", "dimensions", "said"),
    [
        ("6602.02", {}, "科目（6602.02-差旅费）设置的下列必录维度未录入或不可用：部门"),
        ("5301.01.02", {"FFLEX5": "BM000003"}, "必录维度未录入或不可用：项目"),
        ("6603.03", {"FFLEX5": "BM000001"}, "科目（6603.03-汇兑损益）未设置核算维度：部门"),
        ("6602", {}, "科目（6602-管理费用）不是明细科目"),
    ],
)
def test_accounts_and_their_dimensions(refused, make, account, dimensions, said):
    lines = (make.line("1002", 10), make.line(account, 0, 10, **dimensions))
    code, errors = refused(make.voucher(*lines))
    assert code == 11
    assert errors[0][1].startswith("第2行分录：")
    assert said in errors[0][1]


@pytest.mark.parametrize(
    ("account", "dimensions", "field"),
    [
        ("9999", {}, "FACCOUNTID"),
        ("6602.02", {"FFLEX5": "BM999999"}, "FDETAILID__FFLEX5"),
        ("6602.02", {"FFLEX5": "BM000004"}, "FDETAILID__FFLEX5"),  # belongs to the other organisation
    ],
)
def test_unknown_codes(refused, make, account, dimensions, field):
    lines = (make.line(account, 10, **dimensions), make.line("1002", 0, 10))
    code, errors = refused(make.voucher(*lines))
    assert (code, errors[0][0]) == (9, field)
    assert '"]不存在' in errors[0][1]


def test_all_problems_are_told_at_once(refused, make):
    lines = (make.line("6602.02", 10), make.line("6601.02", 0, 9))
    _, errors = refused(make.voucher(*lines))
    assert len(errors) == 3


def test_a_dimension_array_is_the_known_cast_exception(refused, make):
    broken = {**make.line("1002", 10), "FDetailID": [{"FDETAILID__FFLEX5": {"FNumber": "BM000001"}}]}
    code, errors = refused(make.voucher(broken, make.line("2241", 0, 10)))
    assert code == 4
    assert "JSONArray" in errors[0][1]


def _foreign(make, account, base, **more):
    line = make.line(account, base, FFLEX5="BM000002")
    return {**line, "FCURRENCYID": {"FNumber": "PRE002"}, "FEXCHANGERATETYPE": {"FNumber": "HLTX01_SYS"}, **more}


def test_a_foreign_currency_line(kingdee, caller, make):
    first = _foreign(make, "6601.02", 2190, FAMOUNTFOR=2400, FEXCHANGERATE=0.9125)
    caller.saved(make.voucher(first, make.line("2241.01", 0, 2190, FFLEX7="E0001")))
    line = kingdee.postings()[0]["lines"][0]
    assert (line["amount"], line["currency"], line["base_amount"], line["rate"]) == (
        "2400.00",
        "PRE002",
        "2190.00",
        "0.9125",
    )


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"FAMOUNTFOR": 2400, "FEXCHANGERATE": 0.9}, "FAMOUNTFOR"),
        ({"FAMOUNTFOR": 2400}, "FEXCHANGERATE"),
        ({"FAMOUNTFOR": 2400.001, "FEXCHANGERATE": 0.9125}, "FAMOUNTFOR"),
        ({"FEXCHANGERATE": 0.9125}, "FAMOUNTFOR"),
    ],
)
def test_rates_and_originals_must_fit(refused, make, line, field):
    lines = (_foreign(make, "6601.02", 2190, **line), make.line("2241.01", 0, 2190, FFLEX7="E0001"))
    code, errors = refused(make.voucher(*lines))
    assert (code, errors[0][0]) == (11, field)


def test_an_account_without_foreign_currency(refused, make):
    line = {**_foreign(make, "6603.03", 2190, FAMOUNTFOR=2400, FEXCHANGERATE=0.9125), "FDetailID": {}}
    code, errors = refused(make.voucher(line, make.line("2241.01", 0, 2190, FFLEX7="E0001")))
    assert (code, errors[0][0]) == (11, "FCURRENCYID")


@pytest.mark.parametrize(("debit", "credit"), [(0, 0), (10, 10), (10.001, 0)])
def test_one_side_with_the_right_digits(refused, make, debit, credit):
    code, errors = refused(make.voucher(make.line("1002", debit, credit), make.line("2241", 0, 10)))
    assert (code, errors[0][0]) == (11, "FDEBIT")


def test_red_letters_are_negative_amounts(kingdee, caller, make):
    lines = (make.line("6602.02", -100, FFLEX5="BM000001"), make.line("2241.01", 0, -100, FFLEX7="E0001"))
    caller.saved(make.voucher(*lines))
    posting = kingdee.postings()[0]
    assert posting["total"] == "-100.00"
    assert [(line["side"], line["amount"]) for line in posting["lines"]] == [("D", "-100.00"), ("C", "-100.00")]


def test_amounts_stay_exact(kingdee, caller, make):
    big = Decimal("12345678901234567.89")
    caller.saved(make.voucher(make.line("1002", big), make.line("2241", 0, str(big))))
    assert kingdee.postings()[0]["total"] == "12345678901234567.89"
    assert caller.query("GL_VOUCHER", "FDEBIT", "FDEBIT>0") == [[big]]


@pytest.mark.parametrize(("length", "accepted"), [(250, True), (251, False)])
def test_the_explanation_has_250_characters(caller, make, length, accepted):
    line = make.line("1002", 10, text="摘" * length)
    result = caller.save(make.voucher(line, make.line("2241", 0, 10)))["Result"]
    assert result["ResponseStatus"]["IsSuccess"] == accepted
    assert accepted or result["ResponseStatus"]["Errors"][0]["FieldName"] == "FEXPLANATION"


def test_a_bill_number_of_ones_own_is_taken_once(caller, refused, make):
    caller.saved(make.voucher(FBillNo="EXP-1"))
    code, errors = refused(make.voucher(FBillNo="EXP-1"))
    assert (code, errors[0][0]) == (11, "FBillNo")
    caller.saved(make.voucher(FNumber="EXP-2"))
    assert caller.query("GL_VOUCHER", "FBillNo", "", OrderString="FBillNo desc") == [["EXP-2"], ["EXP-1"]]


def test_numbers_run_by_book_group_and_period(caller, refused, make):
    def number(**head):
        answer = caller.save(make.voucher(**head), NeedReturnFields=["FVOUCHERGROUPNO"])
        return answer["Result"]["NeedReturnData"][0]["FVOUCHERGROUPNO"]

    other = {"FVOUCHERGROUPID": {"FNumber": "PRE003"}}
    assert [number(), number(), number(**other), number(FDate="2026-02-01"), number(FVOUCHERGROUPNO=7), number()] == [
        1, 2, 1, 1, 7, 8,
    ]  # fmt: skip
    assert refused(make.voucher(FVOUCHERGROUPNO=7))[1][0][0] == "FVOUCHERGROUPNO"


def test_unknown_keys_are_ignored_in_silence(kingdee, caller, make):
    caller.saved(make.voucher(F_NO_SUCH_FIELD="x", Explanation="no leading F", FATTACHMENTS="3"))
    assert kingdee.postings()[0]["attachments"] == 3
    assert kingdee.postings()[0]["reference"] is None


def test_currency_and_rate_may_be_left_out(kingdee, caller, make):
    caller.saved(make.voucher())
    assert {(line["currency"], line["rate"]) for line in kingdee.postings()[0]["lines"]} == {("PRE001", "1")}


def test_references_by_internal_id(caller, make):
    account, book = caller.query("BD_Account", "FACCTID", "FNumber='1002'"), caller.query("BD_AccountBook", "FBOOKID")
    group = caller.query("BD_VOUCHERGROUP", "FVCHGROUPID", "FName='记'")
    lines = ({"FACCOUNTID": {"Id": account[0][0]}, "FDEBIT": 1}, {"FACCOUNTID": {"Id": account[0][0]}, "FCREDIT": 1})
    head = {"FAccountBookID": {"Id": book[0][0]}, "FVOUCHERGROUPID": {"Id": group[0][0]}}
    caller.saved(make.voucher(*lines, **head), NumberSearch="false")


def test_an_identical_packet_is_refused_on_request(caller, refused, make):
    caller.saved(make.voucher(), ValidateRepeatJson="true")
    assert refused(make.voucher(), ValidateRepeatJson="true")[0] == 11
    caller.saved(make.voucher())


def test_a_draft_may_be_wrong_until_it_is_submitted(kingdee, caller, make):
    model = make.voucher(make.line("6602.02", 10), FVOUCHERGROUPID=None)
    answer = caller.call("Draft", "GL_VOUCHER", {"Model": model})["Result"]
    assert answer["ResponseStatus"]["IsSuccess"]
    assert kingdee.postings()[0]["stage"] == "draft"
    assert caller.stage("Submit", answer["Id"])["MsgCode"] == 11
    assert caller.query("GL_VOUCHER", "FDocumentStatus") == [["Z"]]


def test_validation_can_be_put_off_to_submit(caller, make):
    identity = caller.saved(make.voucher(make.line("1002", 1)), ValidateFlag="false")
    assert caller.stage("Submit", identity)["Errors"][0]["FieldName"] == "FDEBIT"


def test_a_seed_may_use_iso_codes_and_new_dimensions(launch_sandbox, connect, make):
    kingdee = launch_sandbox("kingdee")
    kingdee.seed(
        {
            "books": [{"code": "003", "company": "100", "currency": "CNY"}],
            "accounts": [{"code": "7001", "dimensions": ["plant"], "currencies": ["USD"]}],
            "dimensions": {"plant": [{"code": "P1"}]},
        }
    )
    caller = connect(kingdee).login()
    dollars = {"FCURRENCYID": {"FNumber": "PRE003"}, "FAMOUNTFOR": 10, "FEXCHANGERATE": 7.2}
    lines = ({**make.line("7001", 72, FF100001="P1"), **dollars}, make.line("1002", 0, 72))
    caller.saved(make.voucher(*lines, FAccountBookID={"FNumber": "003"}))
    [posting] = kingdee.postings()
    assert (posting["currency"], posting["lines"][0]["dimensions"]) == ("PRE001", {"plant": "P1"})
    assert caller.query("BD_AccountBook", "FCURRENCYID.FCODE", "FNumber='003'") == [["CNY"]]


def test_a_seed_that_cannot_be_read_changes_nothing(kingdee, caller, make):
    with pytest.raises(SandboxError, match="kind"):
        kingdee.seed({"credentials": [{"user": "x", "password": "y"}]})
    caller.saved(make.voucher())


def test_batch_save_judges_each_document(kingdee, caller, make):
    models = [make.voucher(), make.voucher(FDate="2019-01-01"), make.voucher()]
    status = caller.call("BatchSave", "GL_VOUCHER", {"Model": models, "BatchCount": 2})["Result"]["ResponseStatus"]
    assert not status["IsSuccess"]
    assert [entity["DIndex"] for entity in status["SuccessEntitys"]] == [0, 2]
    assert [error["DIndex"] for error in status["Errors"]] == [1]
    assert len(kingdee.postings()) == 2


def test_every_code_can_be_replaced_by_a_seed(launch_sandbox, connect, make):
    kingdee = launch_sandbox("kingdee")
    kingdee.seed(
        {
            "companies": [{"code": "HK", "currency": "PRE002"}],
            "books": [{"code": "900", "company": "HK", "currency": "PRE002"}],
            "periods": [{"book": "900", "period": "2025-12", "open": False}],
            "accounts": [{"code": "5001", "dimensions": ["cost_centre"]}, {"code": "1001"}],
            "dimensions": {"cost_centre": [{"code": "CC1"}]},
            "voucher_types": [{"code": "JV", "name": "JV"}],
            "native": {"slots": {"FF100009": "cost_centre"}, "header_fields": ["F_DG_REF"]},
        }
    )
    caller = connect(kingdee).login()
    head = {"FAccountBookID": {"FNumber": "900"}, "FVOUCHERGROUPID": {"FNumber": "JV"}, "F_DG_REF": "DG-1"}
    lines = (make.line("5001", 10, FF100009="CC1"), make.line("1001", 0, 10))
    caller.saved(make.voucher(*lines, **head))
    posting = kingdee.postings()[0]
    assert (posting["company"], posting["currency"], posting["number"]) == ("HK", "PRE002", "JV-1")
    assert (posting["reference"], posting["lines"][0]["dimensions"]) == ("DG-1", {"cost_centre": "CC1"})
    assert caller.query("GL_VOUCHER", "F_DG_REF", "F_DG_REF='DG-1'") == [["DG-1"]]
    december = caller.save(make.voucher(*lines, **head, FDate="2025-12-01"))["Result"]["ResponseStatus"]
    assert december["Errors"][0]["FieldName"] == "FDate"
