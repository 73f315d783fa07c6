"""Supplier invoices: a voucher becomes one, once, whatever happens to the answer; cancelled, found, listed."""

from __future__ import annotations

import json

import attrs
import pytest
from lxml import etree

from dougong.cli import main
from dougong.mapping import compile_mapping
from dougong.model.bookings import Reversed
from dougong.model.identity import Key
from dougong.model.messages import Item, ItemId, Wanted
from dougong.model.outcomes import Absent, AlreadyThere, CannotTell, Found, NotDone, Rejected, Unknown
from dougong.model.postings import Facts, Stage
from dougong.tables.codes import CodeRow, CodeTable
from dougong_sap.invoice_fields import INVOICE_FIELDS, ITEMS, TAXES
from dougong_sap.sandbox import SapSandbox
from dougong_sdk.conformance import checks  # noqa: F401 - registers the rules
from dougong_sdk.conformance.lab import Lab
from dougong_sdk.conformance.reports import report
from dougong_sdk.conformance.rules import RULES

FAULTS = ["reset_before_work", "reset_after_work", "work_late", "truncate", "drip", "wrong_content_type"]
WAYS = [
    *((rule, "") for rule in ("FIND-001", "MAP-001", "MAP-003", "PREPARE-001", "PUSH-001")),
    *(("PUSH-003", fault) for fault in FAULTS[:4]),
    ("PUSH-004", "prepared"),
    ("PUSH-004", "answered"),
    ("REVERSAL-001", "answered"),
]


@pytest.fixture
def invoicing(bench_for, sandbox):
    return bench_for(sandbox.url, target="SUPPLIER_INVOICE")


@pytest.fixture
def codes():
    rows = [CodeRow(table, "sap-s4", ours, theirs) for table, ours, theirs in SapSandbox.project_defaults().codes]
    return CodeTable.from_rows(rows).for_scope("sap-s4/A01", "sap-s4")


@pytest.fixture
def mapped(invoicing, codes):
    connector = invoicing.connector
    mapping = compile_mapping(connector.default_mapping(connector.operations()[0]), path="m.toml")
    return lambda voucher: connector.map_booking(voucher, mapping, codes)


@pytest.fixture
def new_invoice(mapped, voucher):
    """A delivery of the voucher with a hotel's tax, its reference in its field."""

    def make(name="R-1", **changes):
        key = Key((name,))
        payload = mapped(voucher)
        body = {**payload.body, "SupplierInvoiceIDByInvcgParty": key.text(16), **changes}
        return Item(ItemId(name), attrs.evolve(payload, body=body), key, key.text(16), Key((name, "1")), voucher)

    return make


@pytest.fixture
def reversal(mapped, voucher):
    """A delivery that takes an invoice back."""

    def make(posting, name="S-1"):
        red = attrs.evolve(voucher, moment="reversal", reverses=Reversed(posting.erp_key, posting.number, "1000"))
        key = Key((name,))
        return Item(ItemId(name), mapped(red), key, key.text(34), Key((name, "1")), red)

    return make


def problems(bench, payload, voucher):
    told = bench.connector.check_payload(payload, voucher, bench.session, bench.call())
    return [(one.code, one.path) for one in told]


def found(bench, item):
    (message,) = bench.connector.prepare([item])
    want = Wanted(item.id, item.reference_text, Facts(), message.correlations)
    return list(bench.connector.find([want], bench.session, bench.call()))


# -- what is sent -----------------------------------------------------------------------------------------------------


def test_a_voucher_becomes_an_invoice_with_items_and_taxes(invoicing, new_invoice, sandbox):
    item = new_invoice()
    assert problems(invoicing, item.payload, item.booking) == []
    body = item.payload.body
    assert (body["InvoicingParty"], str(body["InvoiceGrossAmount"])) == ("90000001", "1572.00")
    assert [(one["SupplierInvoiceItem"], one["GLAccount"], one.get("TaxCode")) for one in body[ITEMS]] == [
        ("0001", "6602020000", "J6"),
        ("0002", "6602020000", None),
    ]
    assert [(one["SupplierInvoiceTaxCounter"], one["TaxCode"], str(one["TaxAmount"])) for one in body[TAXES]] == [
        ("000001", "J6", "72.00")
    ]
    posting = invoicing.done(item)
    assert (posting.erp_key, posting.number, posting.stage) == ("1000/2026/5105600101", "5105600101", Stage.POSTED)
    (held,) = sandbox.postings()
    assert (held["type"], held["reference"], held["total"]) == ("supplier_invoice", item.reference_text, "1572.00")
    assert {(line["account"], line["side"], line["base_amount"], line["tax_code"]) for line in held["lines"]} == {
        ("6602020000", "D", "1200.00", "J6"),
        ("6602020000", "D", "300.00", None),
        ("2221010100", "D", "72.00", "J6"),
        ("2241010000", "C", "1572.00", None),
    }


def test_the_bytes_are_odatas(invoicing, new_invoice):
    (message,) = invoicing.connector.prepare([new_invoice()])
    told = json.loads(message.body)
    assert (told["PostingDate"], told["InvoiceGrossAmount"]) == ("/Date(1768435200000)/", "1572.00")
    assert told["TaxIsCalculatedAutomatically"] is False
    assert message.operation == "SUPPLIER_INVOICE.create"


def test_names_types_and_lengths_of_the_fields_are_saps(stored):
    root = etree.parse(stored / "API_SUPPLIERINVOICE_PROCESS_SRV.edmx").getroot()
    edm = "{http://schemas.microsoft.com/ado/2008/09/edm}"
    sets = {"": "A_SupplierInvoice", ITEMS: "A_SupplierInvoiceItemGLAcct", TAXES: "A_SupplierInvoiceTax"}
    theirs = {
        (way, prop.get("Name")): (prop.get("Type"), prop.get("MaxLength"))
        for way, name in sets.items()
        for prop in root.find(f".//{edm}EntityType[@Name='{name}Type']").findall(f"{edm}Property")
    }
    for field in INVOICE_FIELDS:
        way, _, name = field.path.rpartition(".")
        longest = None if field.max_length is None else str(field.max_length)
        assert theirs[way, name] == (field.type, longest), field.path


def test_what_is_no_invoice_is_held(invoicing, mapped, voucher, new_invoice):
    hotel, taxi, tax, employee = voucher.lines
    shapes = {
        "two": (hotel, attrs.evolve(taxi, side="C", dimensions={"employee": "E002"}), tax, employee),
        "none": (hotel, taxi, tax, attrs.evolve(employee, dimensions={})),
        "debit": tuple(attrs.evolve(line, side="C" if line.side == "D" else "D") for line in voucher.lines),
    }
    for name, lines in shapes.items():
        shaped = attrs.evolve(voucher, lines=lines)
        told = problems(invoicing, mapped(shaped), shaped)
        assert ("NOT_AN_INVOICE", "") in told, name
    wrong = new_invoice(InvoiceGrossAmount=1, DocumentHeaderText="长" * 26, CompanyCode="").payload
    assert {code for code, _ in problems(invoicing, wrong, voucher)} == {
        "NOT_BALANCED",
        "TEXT_TOO_LONG",
        "FIELD_MISSING",
    }
    doubled = new_invoice().payload
    doubled.body[ITEMS][0] |= {"WBSElement": "P", "InternalOrder": "1"}
    assert problems(invoicing, doubled, voucher) == [("COST_OBJECT_DOUBLE", f"{ITEMS}[0]")]


# -- what SAP says ----------------------------------------------------------------------------------------------------


def test_one_token_serves_many_invoices_and_a_stale_one_is_fetched_anew(invoicing, new_invoice, sandbox):
    invoicing.done(new_invoice("R-1"))
    invoicing.done(new_invoice("R-2"))
    sandbox.fault("expire_session", operation="invoice", count=1)
    invoicing.done(new_invoice("R-3"))
    assert [entry["status"] for entry in sandbox.requests("invoice")] == [201, 201, 403, 201]
    assert len(sandbox.requests("metadata")) == 2
    assert len(sandbox.postings()) == 3


def test_a_refusal_is_a_problem_with_saps_words_and_a_hint(invoicing, new_invoice, sandbox):
    outcome = invoicing.outcome(new_invoice(InvoicingParty="99999999"))
    assert isinstance(outcome, Rejected)
    (problem,) = outcome.problems
    assert (problem.code, problem.facts["erp_code"]) == ("SAP_F5_104", "F5_104")
    assert "99999999" in problem.message.en
    assert problem.hint.zh
    sandbox.hand("close_period", book="1000", period="2026-01")
    assert invoicing.outcome(new_invoice()).problems[0].code == "PERIOD_CLOSED"
    assert sandbox.postings() == []


def test_what_nobody_has_described_is_refused_with_400_and_unknown_with_500(invoicing, new_invoice, sandbox):
    sandbox.fault("business_error", operation="invoice", code="ZDG 003", count=1)
    assert isinstance(invoicing.outcome(new_invoice()), Rejected)
    sandbox.fault("business_error", operation="invoice", code="ZZ 999", count=1)
    assert isinstance(invoicing.outcome(new_invoice()), Unknown)
    sandbox.fault("status_before_work", operation="invoice", status=400, count=1)
    assert isinstance(invoicing.outcome(new_invoice()), Unknown)  # not in Gateway's words


def test_a_duplicate_that_is_ours_is_there_already_and_another_one_is_refused(invoicing, new_invoice, sandbox):
    row = {"code": "90000005", "account": "2241010000", "duplicate_check": True}
    sandbox.seed({"dimensions": {"employee": [row]}})
    item = new_invoice(InvoicingParty="90000005")
    first = invoicing.done(item)
    again = invoicing.outcome(item)
    assert isinstance(again, AlreadyThere)
    assert again.posting.erp_key == first.erp_key


# -- cancelling -------------------------------------------------------------------------------------------------------


def test_an_invoice_is_cancelled_once(invoicing, new_invoice, reversal, sandbox):
    made = invoicing.done(new_invoice())
    back = reversal(made)
    assert problems(invoicing, back.payload, back.booking) == []
    assert [type(one) for one in found(invoicing, back)] == [Absent]
    posting = invoicing.done(back)
    assert (posting.number, posting.reverses) == ("5105600102", made.erp_key)
    (there,) = found(invoicing, back)
    assert isinstance(there, Found)
    assert (there.posting.erp_key, there.posting.reference) == (posting.erp_key, back.reference_text)
    again = invoicing.outcome(back)
    assert isinstance(again, AlreadyThere)
    assert again.posting.erp_key == posting.erp_key
    assert len(sandbox.postings()) == 2


def test_an_invoice_that_somebody_is_changing_is_cancelled_later(invoicing, new_invoice, reversal, sandbox):
    back = reversal(invoicing.done(new_invoice()))
    sandbox.fault("status_before_work", operation="cancel", status=412)
    assert isinstance(invoicing.outcome(back), NotDone)
    assert len(sandbox.requests("cancel")) == 2
    sandbox.clear_faults()
    sandbox.fault("status_before_work", operation="cancel", status=428, count=1)
    invoicing.done(back)


def test_a_cancellation_that_is_refused_leaves_the_invoice(invoicing, new_invoice, reversal, sandbox):
    made = invoicing.done(new_invoice())
    sandbox.hand("close_period", book="1000", period="2026-01")
    outcome = invoicing.outcome(reversal(made))
    assert isinstance(outcome, Rejected)
    assert outcome.problems[0].code == "PERIOD_CLOSED"
    ghost = attrs.evolve(made, erp_key="1000/2026/5105699999")
    assert isinstance(invoicing.outcome(reversal(ghost, "S-2")), Unknown)
    assert [type(one) for one in found(invoicing, reversal(ghost, "S-2"))] == [CannotTell]


# -- reading ----------------------------------------------------------------------------------------------------------


def test_found_and_listed_with_equal_lines_and_what_is_taken_back_is_not_ours(
    invoicing, new_invoice, reversal, voucher
):
    item = new_invoice()
    made = invoicing.done(item)
    (there,) = found(invoicing, item)
    facts = Facts(
        voucher.total, "CNY", voucher.posting_date, "1000", tuple((line.side, line.amount) for line in voucher.lines)
    )
    assert facts.differences(there.posting) == ()
    invoicing.done(reversal(made))
    invoicing.done(new_invoice("R-2"))
    listed = list(invoicing.connector.list_postings("2026-01", invoicing.session, invoicing.call()))
    assert [(one.erp_key, one.number, one.stage, bool(one.reference)) for one in listed] == [
        (made.erp_key, "5105600101", Stage.REVERSED, True),
        ("1000/2026/5105600102", "5105600102", Stage.POSTED, False),
        ("1000/2026/5105600103", "5105600103", Stage.POSTED, True),
    ]
    assert {one.account for one in listed[0].lines} == {"6602020000", "2221010100", "2241010000"}
    assert {str(one.total) for one in listed} == {"1572.00"}
    assert list(invoicing.connector.list_postings("2026-02", invoicing.session, invoicing.call())) == []
    (old,) = found(invoicing, item)
    assert old.posting.stage is Stage.REVERSED


def test_each_target_lists_its_own(bench, invoicing, new_item, new_invoice):
    bench.done(new_item("R-1"))
    invoicing.done(new_invoice("R-2"))
    for one, numbers in ((bench, ["0100000000"]), (invoicing, ["5105600101"])):
        listed = one.connector.list_postings("2026-01", one.session, one.call())
        assert [posting.number for posting in listed] == numbers


def test_check_looks_at_the_search_for_invoices(invoicing):
    told = {one.check: one.ok for one in invoicing.connector.check(invoicing.session, invoicing.call())}
    assert told["search by SupplierInvoiceIDByInvcgParty"]


def test_both_targets_are_declared_and_the_setting_says_which_comes_first(bench_for, sandbox):
    names = ["JOURNAL_ENTRY.create", "JOURNAL_ENTRY.reverse", "SUPPLIER_INVOICE.create", "SUPPLIER_INVOICE.reverse"]
    assert [one.name for one in bench_for(sandbox.url).connector.operations()] == names
    other = bench_for(sandbox.url, target="SUPPLIER_INVOICE").connector
    assert [one.name for one in other.operations()] == [*names[2:], *names[:2]]


# -- rules of certification -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    connection = {"settings": {"target": "SUPPLIER_INVOICE"}}
    with Lab("sap-s4", tmp_path_factory.mktemp("invoices"), connection=connection) as made:
        yield made


@pytest.mark.parametrize(("rule", "cell"), WAYS, ids=[f"{rule}-{cell}" if cell else rule for rule, cell in WAYS])
def test_rules_of_certification(lab, rule, cell):
    assert RULES[rule].needs(lab.subject) == ""
    RULES[rule].check(lab, cell)


# -- a customer's way -------------------------------------------------------------------------------------------------


@pytest.fixture
def dougong(tmp_path, sandbox, capsys):
    """One command in this process, in a project whose vouchers become invoices: its exit status, what it printed."""
    folder = tmp_path / "books"
    assert main(["init", str(folder), "--sandbox", f"sap-s4={sandbox.url}"]) == 0
    file = folder / "dougong.toml"
    text = file.read_text("utf-8").replace("settle       = 2.0", "settle       = 0.1")
    head = "[connections.sap-s4.settings]\n"
    assert head in text
    file.write_text(text.replace(head, f'{head}target = "SUPPLIER_INVOICE"\n'), "utf-8")
    (folder / "report.json").write_text(json.dumps(report(1)), "utf-8")

    def run(*arguments):
        capsys.readouterr()
        status = main([*arguments, "--project", str(folder), "--json"])
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    run.report = str(folder / "report.json")
    return run


def test_a_report_becomes_one_invoice_is_cancelled_and_both_sides_agree(dougong, sandbox):
    sandbox.fault("reset_after_work", operation="invoice", count=1)
    sandbox.fault("reset_after_work", operation="cancel", count=1)
    assert dougong("plan", dougong.report)[1][0]["payload"]["to_SupplierInvoiceItemGLAcct"]
    status, (row,) = dougong("push", dougong.report)
    assert (status, row["state"], row["stage"], row["erp_number"]) == (0, "delivered", "posted", "5105600101")
    assert {one["verdict"] for one in dougong("reconcile", "--period", row["period"])[1]} == {"matched"}
    assert dougong("reverse", row["delivery"], "--reason", "twice")[0] == 0
    status, _ = dougong("run")
    told = [(one["moment"], one["state"], one["erp_number"]) for one in dougong("status")[1]]
    assert (status, sorted(told)) == (
        0,
        [("accrual", "reversed", "5105600101"), ("reversal", "delivered", "5105600102")],
    )
    assert [(one["type"], one["number"]) for one in sandbox.postings()] == [
        ("supplier_invoice", "5105600101"),
        ("supplier_invoice", "5105600102"),
    ]
    assert {one["verdict"] for one in dougong("reconcile", "--period", row["period"])[1]} == {"matched"}
