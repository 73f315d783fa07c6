"""What waits, by cause, with count and amount; NUMBERs and what they may mean."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dougong.flow import Project
from dougong.ledger import documents
from dougong.ledger.causes import causes
from dougong.ledger.rows import problems_text
from dougong.ledger.states import DocumentState
from dougong.model.problems import Problem


def missing(fee_type: str, amount: str) -> Problem:
    facts = {
        "table": "expense_account",
        "amount": amount,
        "fee_type": fee_type,
        "department_kind": "管理",
        "project_kind": "",
    }
    return Problem.of(
        "ACCOUNT_NOT_DETERMINED",
        f"无对应科目: {fee_type}/管理/(空)",
        f"no account for {fee_type}/管理/(empty)",
        **facts,
    )


@pytest.fixture
def held(deliver, unmapped):
    deliver("B1", problems=[missing("培训费", "800.00"), missing("培训费", "20.50")])
    deliver("B2", problems=[missing("培训费", "100.00"), unmapped("D05", "2026-11-01")], total="150.00")
    deliver("B3", problems=[unmapped("D05", "2026-11-02")], total="70.00")


@pytest.mark.usefixtures("held")
def test_equal_causes_are_one_line_with_count_and_amount(folder):
    with Project(folder) as project, project.ledger.read() as connection:
        found = [(one.problem.code, one.numbers, one.amounts) for one in causes(connection)]
    assert found == [
        ("ACCOUNT_NOT_DETERMINED", ("B1", "B2"), {"CNY": Decimal("920.50")}),
        ("CODE_UNMAPPED", ("B2", "B3"), {"CNY": Decimal("220.00")}),
    ]


@pytest.mark.usefixtures("held")
def test_status_by_cause(run, folder):
    result = run("status", "--by", "cause", "--project", folder, "--json")
    assert result.status == 2
    assert [(row["code"], row["count"], row["amount"]) for row in result.rows] == [
        ("ACCOUNT_NOT_DETERMINED", 2, "920.50"),
        ("CODE_UNMAPPED", 2, "220.00"),
    ]
    assert "no account for 培训费/管理/(empty): 2 documents, 920.50 CNY" in run("status", "--project", folder).out


@pytest.mark.usefixtures("held")
def test_the_work_list_in_the_words_of_finance(run, folder):
    shown = run("status", "--by", "cause", "--lang", "zh", "--project", folder).out
    assert "无对应科目: 培训费/管理/(空): 2 单, 920.50 元" in shown


@pytest.mark.usefixtures("held")
def test_the_list_is_there_while_the_rules_cannot_be_read(run, folder):
    (folder / "rules/a01.toml").write_text("x = ", "utf-8")
    result = run("status", "--by", "cause", "--project", folder, "--json")
    assert [(row["amount"], row["currency"]) for row in result.rows] == [("920.50", "CNY"), ("220.00", "CNY")]


@pytest.fixture
def hold(run, folder, report, write):
    """Holds documents for themselves: the flow has found that they cannot be opened."""

    def make(problem: Problem, *reports: dict) -> None:
        run("accept", write("held.json", list(reports)), "--project", folder)
        numbers = [one["number"] for one in reports]

        def held(tx):
            for row, _ in documents.accepted(tx, 50):
                if row.number in numbers:
                    state = DocumentState.HELD
                    documents.change(tx, row, event="held", state=state, problems=problems_text((problem,)))

        with Project(folder) as project:
            project.ledger.write(held)

    return make


WITHOUT_RATE = Problem.of("RATE_MISSING", "缺少汇率", "no rate")


def test_held_documents_count_with_what_is_claimed_by_currency(run, folder, report, hold):
    dear = {"lines": [{"id": "1", "fee_type": "差旅费", "gross": "70.00", "expense_date": "2026-11-10"}]}
    hold(WITHOUT_RATE, report("B1"), report("B2"), report("B3", currency="HKD", **dear))
    (row,) = run("status", "--by", "cause", "--project", folder, "--json").rows
    assert (row["count"], row["amounts"]) == (3, {"CNY": "200.00", "HKD": "70.00"})
    assert (row["amount"], row["currency"]) == (None, None)  # no sum over several currencies
    assert "no rate: 3 documents, 200.00 CNY, 70.00 HKD" in run("status", "--project", folder).out
    assert "缺少汇率: 3 单, 200.00 元, 70.00 HKD" in run("status", "--lang", "zh", "--project", folder).out


def test_a_held_document_of_which_nothing_tells_the_amount(run, folder, report, hold):
    line = {"id": "1", "fee_type": "差旅费", "gross": "9.00", "currency": "USD", "expense_date": "2026-11-10"}
    hold(WITHOUT_RATE, report("B1", lines=[line]))
    (row,) = run("status", "--by", "cause", "--project", folder, "--json").rows
    assert (row["count"], row["amounts"], row["amount"]) == (1, {}, None)
    assert "no rate: 1 document\n" in run("status", "--project", folder).out


def test_what_a_document_and_its_delivery_wait_for_counts_once(run, folder, report, deliver, hold):
    deliver("B1", problems=[WITHOUT_RATE], total="100.00")
    hold(WITHOUT_RATE, report("B1"))
    (row,) = run("status", "--by", "cause", "--project", folder, "--json").rows
    assert (row["count"], row["amount"]) == (1, "100.00")


@pytest.mark.usefixtures("held")
def test_the_list_tells_each_problem_once_with_all_who_have_it(run, folder):
    listed, _, _ = run("status", "--project", folder).out.partition("To do, by cause")
    assert listed.count("ACCOUNT_NOT_DETERMINED: ") == 1
    assert "  D1, D2 ACCOUNT_NOT_DETERMINED: " in listed


def test_what_is_due_and_failed_says_what_to_do_next(run, folder, deliver):
    failed = Problem.of("NOT_SENT", "连不上", "cannot reach it")
    for number in range(7):
        deliver(f"B{number}", state="ready", problems=[failed])
    listed, _, _ = run("status", "--project", folder).out.partition("To do, by cause")
    assert listed.count("cannot reach it") == 1
    assert "D1, D2, D3, D4, D5 and 2 more NOT_SENT" in listed
    assert "dougong check erp" in listed


@pytest.mark.usefixtures("held")
def test_todo_names_the_rows_that_are_missing(run, folder):
    result = run("tables", "todo", "--project", folder, "--json")
    assert result.status == 2
    assert result.rows == [
        {
            "table": "expense_account",
            "keys": {"fee_type": "培训费", "department_kind": "管理", "project_kind": ""},
            "count": 3,
            "amount": "920.50",
        },
        {"table": "codes/department", "keys": {"scope": "erp", "ours": "D05"}, "count": 2, "amount": None},
    ]


def test_nothing_to_do(run, folder):
    assert run("tables", "todo", "--project", folder).status == 0
    result = run("status", "--project", folder)
    assert (result.status, result.out) == (0, "No documents.\n")


def test_a_number_with_several_deliveries_is_ambiguous_where_one_is_needed(run, folder, deliver):
    first, second = deliver("B1"), deliver("B1", moment="payment")
    result = run("show", "B1", "--project", folder)
    assert result.status == 1
    assert "NUMBER_AMBIGUOUS" in result.err
    assert first in result.err
    assert second in result.err
    assert run("show", second, "--project", folder, "--json").rows[0]["moment"] == "payment"
    assert [row["delivery"] for row in run("status", "B1", "--project", folder, "--json").rows][:2] == [first, second]


def test_a_document_numbered_like_a_delivery(run, folder, deliver):
    deliver("B1")
    deliver("D1")
    result = run("show", "D1", "--project", folder)
    assert result.status == 1
    assert "delivery:D1" in result.err
    assert "document:D1" in result.err
    assert run("show", "delivery:D1", "--project", folder, "--json").rows[0]["documents"] == ["B1"]
    assert run("show", "document:D1", "--project", folder, "--json").rows[0]["documents"] == ["D1"]
    assert run("trace", "document:D1", "--project", folder, "--json").rows[0]["document"] == "D1"


@pytest.mark.parametrize("command", ["show", "trace", "status"])
def test_an_unknown_number(run, folder, command):
    result = run(command, "D99", "--project", folder)
    assert result.status == 1
    assert "NUMBER_UNKNOWN" in result.err


def test_two_tenants_may_use_one_number(run, folder, report, write):
    both = write("a.json", [report("B1"), report("B1", tenant="t2")])
    run("accept", both, "--project", folder)
    result = run("trace", "B1", "--project", folder)
    assert result.status == 1
    assert "t2" in result.err


def test_a_document_without_a_delivery(run, folder, report, write):
    run("accept", write("a.json", report()), "--project", folder)
    result = run("show", "B1", "--project", folder)
    assert result.status == 1
    assert "NUMBER_WITHOUT_DELIVERY" in result.err


def test_a_long_list_shows_what_is_not_in_order(run, folder, report, write, deliver):
    run("accept", write("many.json", [report(f"A{number}") for number in range(120)]), "--project", folder)
    deliver("B1")
    result = run("status", "--project", folder)
    assert "B1" in result.out
    assert "A7" not in result.out
    assert "121 more" in result.out  # and the accepted document behind B1
    assert len(run("status", "--project", folder, "--json").rows) > 120
