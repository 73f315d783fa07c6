"""ExecuteBillQuery, BillQuery and QueryBusinessInfo: filters are really read and evaluated."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def books(caller, make):
    """Four vouchers over 10, 20, 30 and 40."""
    rows = [("2026-01-10", "PRE001", "A-1 taxi"), ("2026-01-20", "PRE001", "A-2 hotel 50%"),
            ("2026-02-10", "PRE003", "B-1 it's"), ("2026-03-10", "PRE003", "B_2 酒店")]  # fmt: skip
    for number, (date, group, text) in enumerate(rows, 1):
        lines = (
            make.line("6602.02", 10 * number, text=text, FFLEX5=f"BM00000{1 + number % 2}"),
            make.line("1002", 0, 10 * number, text=text),
        )
        head = {"FDate": date, "FVOUCHERGROUPID": {"FNumber": group}, "FBillNo": f"N{number}"}
        caller.saved(make.voucher(*lines, **head))
    return caller


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("", "1234"),
        ("1=1", "1234"),
        ("FBillNo='N2'", "2"),
        ("FBillNo<>'N2' and FBillNo!='N3'", "14"),
        ("FDate>='2026-02-10'", "34"),
        ("FDate > '2026-02-10 00:00:00'", "4"),
        ("FDate<'2026-01-20'", "1"),
        ("FDate<='2026-01-20'", "12"),
        ("FPERIOD=1", "12"),
        ("FPERIOD='1'", "12"),
        ("FVOUCHERGROUPID.FNumber='PRE003'", "34"),
        ("FVOUCHERGROUPID.FName = '记'", "12"),
        ("FBillNo in ('N1','N4')", "14"),
        ("FBillNo not in ('N1','N4')", "23"),
        ("FBillNo like 'N%'", "1234"),
        ("FBillNo like '_3'", "3"),
        ("FBillNo like 'N[12]'", "12"),
        ("FBillNo like 'N[^12]'", "34"),
        ("FBillNo='N1' or FBillNo='N2' and FPERIOD=9", "1"),
        ("(FBillNo='N1' or FBillNo='N2') and FPERIOD=9", ""),
        ("not (FBillNo='N1')", "234"),
        ("NOT FBillNo='N1' AND FPERIOD=1", "2"),
        ("FApproverId.FName is null", "1234"),
        ("FApproverId.FName is not null", ""),
        ("FDocumentStatus='A' and FAccountBookID.FNumber=N'001'", "1234"),
        ("FBillNo='N1'' or 1=1 --'", ""),
        (
            json.dumps(
                [{"Left": "", "FieldName": "FBillNo", "Compare": "67", "Value": "N3", "Right": "", "Logic": "0"}]
            ),
            "3",
        ),
    ],
)
def test_filters_on_the_head(books, where, numbers):
    rows = books.query("GL_VOUCHER", "FBillNo", where)
    assert "".join(row[0][1] for row in rows) == numbers


def test_a_filter_as_a_list_of_conditions(books):
    def condition(value, left="", right="", logic="0", field="FBillNo"):
        return {"Left": left, "FieldName": field, "Compare": "67", "Value": value, "Right": right, "Logic": logic}

    either = [condition("N1", "(", "", "1"), condition("N3", "", ")", "0"), condition("1", field="FPERIOD")]
    assert books.query("GL_VOUCHER", "FBillNo", either) == [["N1"]]


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("FEXPLANATION like '%A-1%'", "11"),
        ("FEXPLANATION like '%50[%]'", "22"),
        ("FEXPLANATION like 'B[_]2%'", "44"),
        ("FEXPLANATION='B-1 it''s'", "33"),
        ("FDEBIT>=20 and FDEBIT<40", "23"),
        ("FACCOUNTID.FNumber='1002' and FCREDIT=30.00", "3"),
        ("FDetailID.FFLEX5.FNumber='BM000002'", "13"),
        ("FEXPLANATION like '%酒店'", "44"),
    ],
)
def test_a_filter_on_entry_lines_gives_a_row_per_line(books, where, numbers):
    rows = books.query("GL_VOUCHER", "FBillNo", where)
    assert "".join(row[0][1] for row in rows) == numbers


def test_rows_follow_the_keys_and_the_entry(books):
    keys = "FBillNo,FDate,FACCOUNTID.FNumber,FACCOUNTID.FName,FDetailID.FFLEX5.FNumber,FDEBIT,FCREDIT,FDC"
    assert books.query("GL_VOUCHER", keys, "FBillNo='N1'") == [
        ["N1", "2026-01-10T00:00:00", "6602.02", "差旅费", "BM000002", 10, 0, 1],
        ["N1", "2026-01-10T00:00:00", "1002", "银行存款", None, 0, 10, -1],
    ]
    head = books.query("GL_VOUCHER", ["FVOUCHERID", "FVOUCHERGROUPNO"])
    assert len(head) == 4
    assert [row[1] for row in head] == [1, 2, 1, 1]


def test_a_plain_reference_is_the_internal_id(books):
    identity = books.query("BD_Account", "FACCTID", "FNumber='1002'")[0][0]
    assert books.query("GL_VOUCHER", "FACCOUNTID", "FBillNo='N1' and FCREDIT>0") == [[identity]]


def test_bill_query_gives_objects(books):
    rows = books.ask("BillQuery", FormId="GL_VOUCHER", FieldKeys="FBillNo,FVOUCHERGROUPID.FNumber", TopRowCount=1)
    assert rows == [{"FBillNo": "N1", "FVOUCHERGROUPID.FNumber": "PRE001"}]


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        ("FBillNo desc", "4321"),
        ("FVOUCHERGROUPID.FNumber DESC, FBillNo asc", "3412"),
        ("FVOUCHERGROUPNO,FDate desc", "4312"),
    ],
)
def test_orders(books, order, numbers):
    rows = books.query("GL_VOUCHER", "FBillNo", OrderString=order)
    assert "".join(row[0][1] for row in rows) == numbers


@pytest.mark.parametrize(
    ("paging", "numbers"),
    [
        ({"StartRow": 1, "Limit": 2}, "23"),
        ({"StartRow": "2", "Limit": "100"}, "34"),
        ({"TopRowCount": 3, "StartRow": 2, "Limit": 2}, "3"),
        ({"TopRowCount": 0}, "1234"),
        ({"Limit": 0}, "1234"),
        ({"StartRow": 9}, ""),
    ],
)
def test_paging(books, paging, numbers):
    rows = books.query("GL_VOUCHER", "FBillNo", OrderString="FBillNo", **paging)
    assert "".join(row[0][1] for row in rows) == numbers


def test_a_page_is_no_longer_than_the_server_allows(launch_sandbox, connect):
    caller = connect(launch_sandbox("kingdee", settings={"page_limit": "2"})).login()
    assert len(caller.query("BD_Account", "FNumber", Limit=10000)) == 2


@pytest.mark.parametrize(
    ("form", "keys", "where", "code"),
    [
        ("GL_VOUCHER", "FBillNo,FNope", "", 9),
        ("GL_VOUCHER", "FBillNo", "FNope='1'", 9),
        ("GL_VOUCHER", "FACCOUNTID.FNope", "", 9),
        ("GL_VOUCHER", "FDetailID.FFLEX77.FNumber", "", 9),
        ("GL_VOUCHER", "FBillNo.FNumber", "", 9),
        ("BD_Currency", "FID", "", 9),
        ("GL_VOUCHER", "", "", 8),
        ("", "FBillNo", "", 5),
        ("NO_FORM", "FBillNo", "", 4),
        ("GL_VOUCHER", "FBillNo", "FBillNo=", 4),
        ("GL_VOUCHER", "FBillNo", "FBillNo='1", 4),
        ("GL_VOUCHER", "FBillNo", "(FBillNo='1'", 4),
        ("GL_VOUCHER", "FBillNo", "FBillNo='1' FBillNo='2'", 4),
        ("GL_VOUCHER", "FBillNo", "FBillNo='1'; drop table x", 4),
        ("GL_VOUCHER", "FBillNo", "(" * 500 + "1=1" + ")" * 500, 4),
        ("GL_VOUCHER", "FBillNo", '[{"FieldName":"FBillNo","Compare":"99","Value":"1"}]', 4),
        ("GL_VOUCHER", "FBillNo", "FPERIOD='x'", 6),
        ("GL_VOUCHER", "FBillNo", "FDate='today'", 6),
    ],
)
def test_failures_are_nested(caller, form, keys, where, code):
    answer = caller.query(form, keys, where)
    assert answer[0][0]["Result"]["ResponseStatus"]["MsgCode"] == code


def test_the_message_of_an_unknown_field(caller):
    answer = caller.query("GL_VOUCHER", "F_DG_REF")
    assert answer[0][0]["Result"]["ResponseStatus"]["Errors"][0]["Message"] == "元数据中标识为F_DG_REF的字段不存在"


@pytest.mark.parametrize(
    ("form", "keys", "where", "row"),
    [
        (
            "BD_Department",
            "FDEPTID,FName,FUseOrgId.FNumber,FForbidStatus",
            "FNumber='BM000002'",
            [2, "销售一部", "100", "A"],
        ),
        ("BD_Empinfo", "FID,FStaffNumber,FName", "FNumber='E0001'", [1, "E0001", "张三"]),
        ("BD_Expense", "FNumber", "FNumber='CI001'", ["CI001"]),
        ("BD_Supplier", "FSupplierId,FName", "FNumber='VEN00002'", [2, "携程"]),
        ("BD_Customer", "FCUSTID", "FNumber='CUST0001'", [1]),
        ("BD_Currency", "FCURRENCYID,FCODE", "FNumber='PRE003'", [3, "USD"]),
        ("BD_AccountBook", "FBOOKID,FName,FCURRENCYID.FNumber", "FNumber='002'", [2, "示例贸易账簿", "PRE001"]),
        ("BD_VOUCHERGROUP", "FName", "FNumber='PRE004'", ["转"]),
        ("BD_RateType", "FNumber", "", ["HLTX01_SYS"]),
        ("BD_SETTLETYPE", "FNumber", "FName='电汇'", ["JSFS04_SYS"]),
        ("BD_MATERIAL", "FMATERIALID,FNumber", "", [1, "MAT0001"]),
        ("ORG_Organizations", "FNumber", "FName='示例贸易'", ["200"]),
        ("BOS_BillType", "FNumber", "FNumber='FYBXD001_SYS'", ["FYBXD001_SYS"]),
    ],
)
def test_base_data(caller, form, keys, where, row):
    assert caller.query(form, keys, where) == [row]


def test_an_account_tells_the_dimensions_that_it_needs(caller):
    keys = "FNumber,FFlEXITEMPROPERTYID.FNumber"
    assert caller.query("BD_Account", keys, "FNumber='5301.01.02'") == [
        ["5301.01.02", "FFLEX5"],
        ["5301.01.02", "FF100002"],
    ]
    assert caller.query("BD_Account", keys, "FNumber='6603.03'") == [["6603.03", None]]


def test_the_official_check_of_the_java_sdk(caller):
    answer = caller.ask("ExecuteBillQuery", FormId="BD_Currency", FieldKeys="FCODE", FilterString=" FNUMBER='PRE001' ")
    assert answer == [["CNY"]]


def test_business_info_describes_a_form(caller):
    info = caller.ask("QueryBusinessInfo", FormId="GL_VOUCHER")["Result"]["NeedReturnData"]
    entries = {entry["Key"]: {field["Key"] for field in entry["Fields"]} for entry in info["Entrys"]}
    assert (info["Id"], info["PkFieldName"]) == ("GL_VOUCHER", "FVOUCHERID")
    assert {"FBillNo", "FVOUCHERGROUPNO"} <= entries["FBillHead"]
    assert {"FDEBIT", "FEXPLANATION"} <= entries["FEntity"]
    assert caller.ask("QueryBusinessInfo", FormId="NO")["Result"]["ResponseStatus"]["MsgCode"] == 4
