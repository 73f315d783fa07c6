"""A second person: what a connection wants approved is held until somebody else has agreed to exactly that."""

from __future__ import annotations

import flow_erp
import pytest
from books import vouchers
from flow_documents import report
from test_merging import other
from test_sets import of_two

from dougong.flow import Project, read_files, take_in, work
from dougong.flow.actions import ActionError, retry
from dougong.flow.approving import approve, try_approve
from dougong.flow.undoing import reverse
from dougong.plan import plan_files

ABOVE = '\n[connections.erp.approve]\nabove = "250.00"\n'


def wants(shop, text=ABOVE):
    config = shop.folder / "dougong.toml"
    config.write_text(config.read_text("utf-8") + text, "utf-8")
    return shop


def of_both(first, second):
    """A report that A01 pays, and of which B bears the second line."""
    made = of_two(first, second)
    made["lines"][1]["splits"][0]["entity"] = "B"
    return made


@pytest.fixture
def careful(shop):
    return wants(shop)


def by(shop, actor, *ids):
    with Project(shop.folder) as project:
        return approve(project, list(ids), actor=actor, reason="seen")


def tried(shop, actor, *ids):
    with Project(shop.folder) as project:
        return [
            (one.state, [problem.code for problem in one.problems])
            for one in try_approve(project, list(ids), actor=actor)
        ]


def pushed_by(shop, actor, document):
    from json import dumps

    file = shop.folder / "theirs.json"
    file.write_text(dumps([document]), "utf-8")
    with Project(shop.folder) as project:
        take_in(project, read_files(project, [file]), actor=actor)
        assert work(project) == []


def events(shop, delivery=1):
    from sqlalchemy import text

    with Project(shop.folder) as project, project.ledger.read() as connection:
        query = text("SELECT event, actor FROM audit WHERE subject = :s AND actor != 'system' ORDER BY version")
        return [tuple(row) for row in connection.execute(query, {"s": f"delivery:{delivery}"})]


def verified(shop):
    from dougong.ledger.audit import verify

    with Project(shop.folder) as project, project.ledger.read() as connection:
        return [problem.message.en for problem in verify(connection)]


def test_what_is_above_waits_for_a_second_person(careful):
    assert careful.push(report(), report("R2", "250.00")) == [("R1", "held", "APPROVAL_MISSING"), ("R2", "delivered")]
    (problem,) = careful.rows()[0]["problems"]
    assert problem["message"] == "erp: vouchers of more than 250.00 CNY need the approval of a second person"
    by(careful, "wang", 1)
    assert careful.push() == [("R1", "delivered"), ("R2", "delivered")]
    assert events(careful) == [("approved", "wang")]
    assert verified(careful) == []


def test_who_brought_it_or_changed_it_last_is_no_second_person(careful):
    pushed_by(careful, "li", report())
    assert "(not li)" in careful.rows()[0]["problems"][0]["message"]
    for name in ("li", " LI ", "system", ""):
        with pytest.raises(ActionError, match="another person approves it"):
            by(careful, name, 1)
    with Project(careful.folder) as project:
        retry(project, [1], actor="wang", reason="again")
    careful.push()
    assert "(not li, wang)" in careful.rows()[0]["problems"][0]["message"]
    assert tried(careful, "wang", 1) == [("held", ["ACTION_REFUSED"])]
    assert tried(careful, "zhao", 1) == [("ready", [])]
    by(careful, "zhao", 1)
    assert careful.push() == [("R1", "delivered")]


def test_other_content_is_not_approved(careful):
    careful.push(report())
    flow_erp.DOWN.add("lines")
    by(careful, "wang", 1)
    assert careful.push() == [("R1", "ready", "NOT_SENT")]
    table = careful.folder / "tables" / "expense_account.csv"
    table.write_text(table.read_text("utf-8").replace("6602.02", "6601.02"), "utf-8")
    flow_erp.DOWN.clear()
    assert careful.push() == [("R1", "held", "APPROVAL_MISSING")]
    by(careful, "wang", 1)
    careful.push()
    assert vouchers() == [[("C", "2241.01", "300.00"), ("D", "6601.02", "300.00")]]


def test_what_changes_between_hold_and_approval_is_looked_at_first(careful):
    careful.push(report())
    table = careful.folder / "tables" / "expense_account.csv"
    table.write_text(table.read_text("utf-8").replace("6602.02", "6601.02"), "utf-8")
    with pytest.raises(ActionError, match="its voucher is another one than was held"):
        by(careful, "wang", 1)
    careful.push()
    by(careful, "wang", 1)
    assert careful.push() == [("R1", "delivered")]


def test_a_row_above_in_the_table_is_no_other_content(careful):
    careful.push(report())
    table = careful.folder / "tables" / "expense_account.csv"
    head, *rows = table.read_text("utf-8").splitlines(keepends=True)
    table.write_text("".join([head, "培训费,*,*,6602.02,2020-01-01,,\n", *rows]), "utf-8")
    by(careful, "wang", 1)
    assert careful.push() == [("R1", "delivered")]


def test_a_new_revision_asks_anew(careful):
    careful.push(report())
    by(careful, "wang", 1)
    states = careful.push(report(amount="400.00", day=20))
    assert [row for row in states if row[1] == "held"] == [("R1", "held", "APPROVAL_MISSING")]
    assert flow_erp.BOOKED == {}


def test_what_does_not_wait_is_not_approved(careful):
    careful.push(report("R2", "100.00"))
    with pytest.raises(ActionError, match="does not wait for approval"):
        by(careful, "wang", 1)


def test_moments(shop):
    wants(shop, '\n[connections.erp.approve]\nmoments = ["payment"]\n')
    assert shop.push(report()) == [("R1", "delivered")]


def test_a_set_is_sent_when_all_of_it_is_approved(companies):
    wants(companies, '\n[connections.erp.approve]\nabove = "150.00"\n')
    held = [("R1", "held", "APPROVAL_MISSING")] * 2
    assert companies.push(of_both("200.00", "200.00")) == held
    by(companies, "wang", 1)
    assert companies.push() == [("R1", "held", "SET_INCOMPLETE"), held[1]]
    by(companies, "wang", 2)
    assert companies.push() == [("R1", "delivered")] * 2


def test_the_small_half_of_a_set_waits_for_the_large_one(companies):
    wants(companies, '\n[connections.erp.approve]\nabove = "200.00"\n')
    large, small = companies.push(of_both("200.00", "100.00"))
    assert (large, small) == (("R1", "held", "APPROVAL_MISSING"), ("R1", "held", "SET_INCOMPLETE"))
    by(companies, "wang", 1)
    assert companies.push() == [("R1", "delivered")] * 2


def test_a_set_is_taken_back_when_all_of_it_is_approved(companies):
    companies.push(of_both("200.00", "200.00"))
    wants(companies, '\n[connections.erp.approve]\nabove = "150.00"\n')
    companies.act(reverse, 1, 2)
    assert companies.push()[2:] == [("R1", "held", "APPROVAL_MISSING")] * 2
    with pytest.raises(ActionError, match="approve them together: `approve D3 D4`"):
        by(companies, "wang", 3)
    with pytest.raises(ActionError, match="another person approves it"):
        by(companies, "li", 3, 4)
    by(companies, "wang", 3, 4)
    assert [row[1] for row in companies.push()] == ["reversed", "reversed", "delivered", "delivered"]


def test_a_merged_voucher_is_approved_as_the_one_it_is(daily):
    wants(daily, '\n[connections.erp.approve]\nabove = "500.00"\n')
    assert daily.push(report("R1"), other("R2")) == [("R1", "held", "APPROVAL_MISSING")]
    (row,) = daily.rows()
    by(daily, "wang", int(row["delivery"][1:]))
    daily.push()
    assert [(row["documents"], row["state"]) for row in daily.rows()] == [(["R1", "R2"], "delivered")]


def test_plan_says_it(companies):
    from json import dumps

    wants(companies, '\n[connections.erp.approve]\nabove = "200.00"\n')
    file = companies.folder / "planned.json"
    file.write_text(dumps([of_both("200.00", "100.00"), report("R2", "200.00")]), "utf-8")
    with Project(companies.folder) as project:
        found, _ = plan_files(project, [file])
    codes = [[problem.code for problem in one.problems] for one in found]
    assert codes == [["APPROVAL_MISSING"], ["SET_INCOMPLETE"], []]


def test_an_approval_that_nobody_gave_is_found(careful):
    from dougong.flow.approval import APPROVAL_MISSING

    careful.push(report())
    import sqlite3

    with sqlite3.connect(careful.folder / "ledger.db") as database:
        database.execute("UPDATE delivery SET approved = 'x'")
    database.close()
    assert verified(careful) == ["delivery:1: approved is x, the audit says None"]
    assert careful.push() == [("R1", "held", APPROVAL_MISSING)]
