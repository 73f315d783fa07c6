"""What the core sees of the connector: description, settings, mapping, checks, master data."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from decimal import Decimal
from importlib.resources import files

import attrs
import pytest

from dougong import config, mapping, plugins
from dougong.model.bookings import Original, Voucher, VoucherLine
from dougong.model.identity import Key
from dougong.model.messages import Item, ItemId
from dougong.model.outcomes import Done
from dougong.model.postings import Facts, Stage
from dougong.model.problems import DougongError
from dougong.plugins.description import describe_connector
from dougong_kingdee.connector import KingdeeConnector
from dougong_kingdee.payloads import payload_problems


def test_the_shipped_description_is_the_connectors_own():
    shipped = json.loads(files("dougong_kingdee").joinpath("connector.json").read_text("utf-8"))
    assert shipped == [describe_connector(KingdeeConnector)]


def test_describing_loads_no_http_client():
    code = (
        "import sys, dougong_kingdee.connector; print([m for m in ('httpx', 'ssl', 'starlette') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert shown.strip() == "[]"


def test_the_operation_says_how_a_lost_answer_is_resolved(settings_for):
    (operation,) = KingdeeConnector(settings_for("http://erp/k3cloud/")).operations()
    assert operation.name == "GL_VOUCHER.create"
    assert operation.safety.ambiguity == "D"
    assert operation.safety.settle == 120
    assert operation.safety.reference.field == "FEntity[0].FEXPLANATION"
    assert operation.safety.reference.append
    assert operation.limits.max_summary + 1 + operation.safety.reference.max_length == 250
    assert operation.stages == (Stage.DRAFT, Stage.SUBMITTED, Stage.AUDITED)

    (own,) = KingdeeConnector(settings_for("http://erp/", reference_field="F_DG_REF")).operations()
    assert (own.safety.reference.field, own.safety.reference.append) == ("F_DG_REF", False)
    assert own.limits.max_summary == 250


@pytest.mark.parametrize(
    "change",
    [
        {"login": "password", "password": ""},
        {"login": "signature", "app_secret": ""},
        {"login": "app_secret", "app_id": ""},
        {"reference_field": "FEXPLANATION,FDEBIT"},
        {"rate_type": "X' or 1=1"},
        {"dimension_slots": {"department": "FFLEX5.FNumber"}},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused(settings_for, change):
    with pytest.raises(DougongError, match="SETTINGS_INVALID"):
        settings_for("http://erp/", **change)


CONFIG = """
[connections.kd]
connector = "kingdee"
secrets = {{ app_secret = {{ env = "KD_SECRET" }} }}
auditor = {{ user = "auditor", app_id = "{auditor}", app_secret = {{ env = "KD_AUDITOR_SECRET" }} }}
[connections.kd.settings]
base_url = "{url}"
acct_id = "65a0c1d2e3f4a5"
user = "demo"
app_id = "{app}"
dimension_slots = {{ department = "FFLEX5", employee = "FFLEX7" }}
"""


def test_a_voucher_goes_through_the_cores_door_as_configured(
    sandbox, item_for, settings_for, call, tmp_path, monkeypatch
):
    known = settings_for(sandbox.url)
    monkeypatch.setenv("KD_SECRET", known.app_secret)
    monkeypatch.setenv("KD_AUDITOR_SECRET", known.auditor_app_secret)
    made = config.parse(CONFIG.format(url=sandbox.url, app=known.app_id, auditor=known.auditor_app_id), tmp_path)
    door = plugins.open_door(made.connection("kd"), made)
    main, auditor = door.open_session(call), door.open_session(attrs.evolve(call, credential="auditor"))
    item = item_for("R-1")
    (message,) = door.prepare([item], call)
    posting = door.push(message, main, call)[item.id].posting
    posting = door.complete(posting, Stage.AUDITED, Facts(), main, call).posting
    assert door.complete(posting, Stage.AUDITED, Facts(), auditor, call).posting.stage is Stage.AUDITED
    assert [p.reference for p in door.list_postings("2026-01", main, call)] == [item.reference_text]
    for session in (main, auditor):
        door.close_session(session)


def test_settings_show_no_secret(settings_for):
    shown = repr(settings_for("http://erp/"))
    assert not [secret for secret in ("Demo@123", "Audit@123", "0123456789abcdef", "fedcba98") if secret in shown]


def test_the_second_credential_is_another_user(bench_for, settings_for, call):
    auditing = attrs.evolve(call, credential="auditor")
    assert bench_for("http://erp/").session("auditor").settings.user == "auditor"
    for change, code in (
        ({"auditor_user": ""}, "AUDITOR_MISSING"),
        ({"auditor_user": "demo"}, "SAME_MAKER_AND_CHECKER"),
    ):
        with pytest.raises(DougongError, match=code):
            KingdeeConnector(settings_for("http://erp/", **change)).open_session(auditing)


class Codes:
    """The code tables of the sandbox's seed, account codes as they are."""

    def __init__(self):
        from dougong_kingdee.sandbox.codes import default_codes

        self.rows = {(row.table, row.ours): row.theirs for row in default_codes()}

    def lookup(self, table, ours, on):
        return ours if table == "account" else self.rows.get((table, ours))


def travel_voucher(**changes):
    def line(number, side, account, amount, dimensions, original=None):
        return VoucherLine(number, side, account, Decimal(amount), "张三 差旅费 BX2026001", dimensions, original)

    lines = (
        line(1, "D", "6602.02", "730.10", {"department": "D01"}, Original("USD", Decimal("100.00"), Decimal("7.3010"))),
        line(2, "D", "2221.01.01", "18.00", {}),
        line(3, "C", "2241.01", "748.10", {"employee": "E001"}),
    )
    known = {
        "moment": "accrual",
        "entity": "A",
        "book": "A01",
        "posting_date": dt.date(2026, 1, 15),
        "period": "2026-01",
        "voucher_type": "记",
        "currency": "CNY",
        "lines": lines,
        "documents": ("BX2026001",),
        "attachments": 3,
    }
    return Voucher(**{**known, **changes})


@pytest.fixture
def mapped(settings_for):
    """From a booking to an item, with the shipped mapping, as delivery does it."""

    def make(voucher, connector=None):
        connector = connector or KingdeeConnector(settings_for("http://erp/"))
        (operation,) = connector.operations()
        compiled = mapping.compile_mapping(connector.default_mapping(operation), path="GL_VOUCHER.toml")
        key = Key(("mapped", *voucher.documents))
        payload = mapping.place_reference(
            compiled(voucher, Codes()),
            operation.safety.reference,
            key.text(20),
            max_summary=operation.limits.max_summary,
        )
        return Item(ItemId("1"), payload, key, key.text(20), Key(("request",)), voucher)

    return make


def test_the_shipped_mapping_fills_what_kingdee_needs(mapped):
    body = mapped(travel_voucher()).payload.body
    assert list(payload_problems(body, Decimal("0.05"))) == []
    first, second, third = body["FEntity"]
    assert body["FAccountBookID"] == {"FNumber": "001"}
    assert (body["FYEAR"], body["FPERIOD"], body["FATTACHMENTS"]) == (2026, 1, 3)
    assert first["FDetailID"] == {"FDETAILID__FFLEX5": {"FNumber": "BM000001"}}
    assert (first["FCURRENCYID"], first["FEXCHANGERATE"]) == ({"FNumber": "PRE003"}, Decimal("7.3010"))
    assert (first["FAMOUNTFOR"], first["FDEBIT"], first["FCREDIT"]) == (Decimal("100.00"), Decimal("730.10"), 0)
    assert "FDetailID" not in second
    assert third["FDetailID"] == {"FDETAILID__FFLEX7": {"FNumber": "E0001"}}
    assert (third["FDEBIT"], third["FCREDIT"]) == (0, Decimal("748.10"))


def test_the_shipped_mapping_follows_the_settings(settings_for, mapped):
    connector = KingdeeConnector(
        settings_for("http://erp/", dimension_slots={"department": "FF100", "employee": "FF200"}, rate_type="HLTX02")
    )
    first = mapped(travel_voucher(), connector).payload.body["FEntity"][0]
    assert first["FDetailID"] == {"FDETAILID__FF100": {"FNumber": "BM000001"}}
    assert first["FEXCHANGERATETYPE"] == {"FNumber": "HLTX02"}


def test_the_longest_text_still_fits_with_the_reference(mapped):
    lines = tuple(attrs.evolve(line, summary="很长" * 300 + " BX2026001") for line in travel_voucher().lines)
    item = mapped(travel_voucher(lines=lines))
    assert list(payload_problems(item.payload.body, Decimal("0.05"))) == []
    first = item.payload.body["FEntity"][0]["FEXPLANATION"]
    assert first.endswith(item.reference_text)


def test_a_mapped_voucher_is_taken_by_the_erp_to_the_cent(sandbox, bench, mapped):
    item = mapped(travel_voucher())
    assert isinstance(bench.push(item), Done)
    (held,) = sandbox.postings()
    assert (held["total"], held["attachments"], held["book"]) == ("748.10", 3, "001")
    assert [(line["amount"], line["base_amount"]) for line in held["lines"]] == [
        ("100.00", "730.10"),
        ("18.00", "18.00"),
        ("748.10", "748.10"),
    ]
    (found,) = bench.find(item)
    assert (found.posting.total, found.posting.currency) == (Decimal("748.10"), "CNY")


def test_the_same_items_give_the_same_bytes_with_exact_numbers_and_the_reference(bench, mapped):
    item = mapped(travel_voucher())
    (message,), (again,) = bench.connector.prepare([item], bench.call), bench.connector.prepare([item], bench.call)
    assert message == again
    assert item.reference_text.encode() in message.body
    assert b'"FDEBIT":730.10' in message.body
    assert '"FDate":"2026-01-15"' in message.body.decode()
    assert (message.facts[item.id].book, message.facts[item.id].date) == ("001", dt.date(2026, 1, 15))


def test_a_voucher_that_would_overwrite_another_is_never_prepared(bench, item_for):
    item = item_for("R-1")
    item.payload.body["FVOUCHERID"] = 100001
    with pytest.raises(DougongError, match="VOUCHER_ID_GIVEN"):
        bench.connector.prepare([item], bench.call)


def changed(body, **changes):
    lines = [dict(line) for line in body["FEntity"]]
    for index, change in changes.pop("lines", {}).items():
        lines[index] |= change
    return {**body, "FEntity": lines, **changes}


PROBLEMS = {
    "VOUCHER_ID_GIVEN FVOUCHERID": {"FVOUCHERID": 7},
    "FIELD_MISSING FAccountBookID.FNumber": {"FAccountBookID": {}},
    "FIELD_MISSING FDate": {"FDate": None},
    "NOT_BALANCED FEntity": {"lines": {0: {"FDEBIT": Decimal("128.51"), "FAMOUNTFOR": Decimal("128.51")}}},
    "SUMMARY_TOO_LONG FEntity[1].FEXPLANATION": {"lines": {1: {"FEXPLANATION": "长" * 251}}},
    "FIELD_MISSING FEntity[1].FACCOUNTID.FNumber": {"lines": {1: {"FACCOUNTID": None}}},
    "FIELD_INVALID FEntity[0].FDetailID": {"lines": {0: {"FDetailID": []}}},
    "FIELD_INVALID FEntity[1].FDEBIT": {"lines": {1: {"FDEBIT": Decimal(1), "FCREDIT": Decimal("129.50")}}},
    "LINES_LIMIT FEntity": {"FEntity": []},
}


@pytest.mark.parametrize("expected", PROBLEMS)
def test_what_the_erp_would_refuse_is_said_before(bench, item_for, call, expected):
    item = item_for("R-1")
    payload = attrs.evolve(item.payload, body=changed(item.payload.body, **PROBLEMS[expected]))
    problems = bench.connector.check_payload(payload, item.booking, None, call)
    assert [f"{problem.code} {problem.path}" for problem in problems] == [expected]
    assert not bench.connector.check_payload(item.payload, item.booking, None, call)


@pytest.mark.parametrize("amount", ["128.50", 128.5, None], ids=repr)
def test_amounts_that_are_no_exact_numbers_are_refused(item_for, amount):
    body = changed(item_for("R-1").payload.body, lines={0: {"FDEBIT": amount}})
    problems = [f"{problem.code} {problem.path}" for problem in payload_problems(body, Decimal("0.05"))]
    assert problems[0] == "FIELD_INVALID FEntity[0].FDEBIT"


def test_check_is_green_on_a_connection_that_works(bench, call):
    findings = list(bench.connector.check(bench.session(), call))
    assert [finding for finding in findings if not finding.ok] == []
    expected = {"login", "account books: 001, 002", "read BD_Account", "reference field FEXPLANATION", "auditor"}
    assert expected <= {finding.check for finding in findings}


@pytest.mark.parametrize(
    ("change", "red"),
    [
        ({"reference_field": "F_NOT_THERE"}, "reference field F_NOT_THERE"),
        ({"dimension_slots": {"project": "FF999999"}}, "dimension project = FF999999"),
        ({"auditor_user": "demo"}, "auditor"),
        ({"app_secret": "0" * 32}, "login"),
        ({"auditor_app_secret": "0" * 32}, "auditor"),
    ],
    ids=["reference field", "slot", "auditor is maker", "secret", "the auditor's secret"],
)
def test_check_is_red_where_something_is_missing(sandbox, bench_for, call, change, red):
    bench = bench_for(sandbox.url, **change)
    found = {finding.check: finding for finding in bench.connector.check(bench.session(), call)}
    assert not found[red].ok
    assert found[red].problem.hint.zh
    assert (red == "auditor") == found[red].problem.path.startswith("auditor")
    assert "0" * 32 not in str(found)


def test_check_is_red_for_a_user_who_sees_no_book(bench, call, monkeypatch):
    session = bench.session()
    query = session.query
    monkeypatch.setattr(
        session, "query", lambda form, *a, **k: [] if form == "BD_AccountBook" else query(form, *a, **k)
    )
    (red,) = [finding for finding in bench.connector.check(session, call) if not finding.ok]
    assert red.problem.code == "BOOK_MISSING"


def test_accounts_tell_the_dimensions_that_they_demand_in_our_words(bench, call):
    records = list(bench.connector.pull_master_data(["account"], bench.session(), call))
    accounts = {record.code: record for record in records}
    assert accounts["6602.02"].data["dimensions"] == ["department"]
    assert sorted(accounts["5301.01.02"].data["dimensions"]) == ["department", "project"]
    assert accounts["2221.01.01"].data["dimensions"] == []
    assert "USD" in accounts["6602.02"].data["currencies"]
    assert accounts["2221.01.01"].data["currencies"] == []
    assert accounts["1002.01"].data["cash"]
    assert not accounts["6602"].active  # a summary account takes no lines


def test_every_kind_of_master_data_is_pulled(bench, call):
    records = list(bench.connector.pull_master_data([], bench.session(), call))
    found = {record.kind: {r.code for r in records if r.kind == record.kind} for record in records}
    assert "BM000001" in found["department"]
    assert "E0001" in found["employee"]
    assert "VEN00001" in found["supplier"]
    assert "001" in found["account_book"]
    assert "PRE001" in found["voucher_type"]
    currencies = {r.code: r.data["iso"] for r in records if r.kind == "currency"}
    assert currencies["PRE001"] == "CNY"
    assert list(bench.connector.pull_master_data(["fee_type"], bench.session(), call)) == []


def test_a_data_centre_without_the_newer_fields_still_tells_its_accounts(bench, call, monkeypatch):
    from dougong_kingdee.envelope import Failure, KingdeeRefused

    session = bench.session()
    query = session.query

    def older(form, keys, *args, **more):
        if "FISCASH" in keys:
            raise KingdeeRefused(Failure(9, (("", "元数据中标识为FISCASH的字段不存在"),)))
        return query(form, keys, *args, **more)

    monkeypatch.setattr(session, "query", older)
    accounts = {r.code: r for r in bench.connector.pull_master_data(["account"], session, call)}
    assert accounts["6602.02"].data["dimensions"] == ["department"]
    assert not accounts["1002.01"].data["cash"]


def test_periods_are_closed_up_to_the_one_that_the_book_stands_at(bench, sandbox, call):
    sandbox.call("/hand", {"action": "close_period", "book": "001", "period": "2026-10"})
    records = list(bench.connector.pull_master_data(["period"], bench.session(), call))
    mine = {record.code: record for record in records if record.data["book"] == "001"}
    assert min(mine) == "2020-01"
    assert {code: record.data["open"] for code, record in mine.items() if code > "2026-08"} == {
        "2026-09": False,
        "2026-10": False,
        "2026-11": True,
    }
    assert (mine["2026-10"].kind, mine["2026-10"].id) == ("period", "001/2026-10")
    assert [record.code for record in records if record.data["book"] == "002"] == ["2020-01"]
    assert "periods: 001 2026-11, 002 2020-01" in [
        finding.check for finding in bench.connector.check(bench.session(), call)
    ]


def test_a_data_centre_that_does_not_tell_its_periods_is_said_to_in_one_line(sandbox, bench_for, call):
    bench = bench_for(sandbox.url, period_fields={"period": "FNOSUCHFIELD"})
    assert bench.connector.settings.period_fields["year"] == "FCURRENTYEAR"
    assert list(bench.connector.pull_master_data(["period"], bench.session(), call)) == []
    (told,) = [finding for finding in bench.connector.check(bench.session(), call) if finding.problem]
    assert (told.ok, told.problem.code) == (True, "PERIODS_UNKNOWN")


@pytest.mark.parametrize(
    "row", [("001", 0, 0, 0, 0), ("001", 2020, 1, None, None), ("001", 2020, 1, 2026, 13)], ids=str
)
def test_a_book_that_is_not_in_use_or_keeps_no_months_gives_no_periods(bench, call, monkeypatch, row):
    session = bench.session()
    monkeypatch.setattr(session, "query", lambda *args, **more: [list(row)])
    assert list(bench.connector.pull_master_data(["period"], session, call)) == []


def test_target_fields_come_from_the_erp_or_from_the_documentation(bench, call):
    (operation,) = bench.connector.operations()
    documented = {field.path for field in bench.connector.target_fields(operation, None, call)}
    told = {field.path: field for field in bench.connector.target_fields(operation, bench.session(), call)}
    assert "FEntity.FDetailID.FDETAILID__FFLEX5.FNumber" in documented & set(told)
    assert told["FAccountBookID.FNumber"].required
    assert told["FAccountBookID.FNumber"].title == "账簿"


def test_every_field_of_the_shipped_mapping_is_documented(bench, call):
    (operation,) = bench.connector.operations()
    known = {field.path for field in bench.connector.target_fields(operation, None, call)}
    compiled = mapping.compile_mapping(bench.connector.default_mapping(operation), path="GL_VOUCHER.toml")
    assert {path.replace("[]", "") for path in compiled.sources} <= known
