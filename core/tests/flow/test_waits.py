"""Whole projects: what waits for what, and content that changes before and after it is posted."""

from __future__ import annotations

import sqlite3

import flow_erp
import pytest
from flow_documents import loan, report

from dougong.flow.actions import cancel


def test_a_report_that_writes_off_an_unknown_loan_is_held_and_freed_by_it(shop):
    assert shop.push(report(loans=[("L1", "200.00")])) == [("R1", "held", "LOAN_NOT_POSTED")]
    assert flow_erp.BOOKED == {}

    assert shop.push(loan()) == [("R1", "delivered"), ("L1", "delivered")]
    assert len(flow_erp.BOOKED) == 2


def test_two_loans_of_one_number_are_not_guessed(shop):
    shop.push(loan(), loan(id="other"))
    assert shop.push(report(loans=[("L1", "200.00")]))[-1] == ("R1", "held", "LOAN_AMBIGUOUS")
    assert shop.push(report("R2", loans=[("other", "200.00")]))[2][:2] == ("R2", "delivered")

    from dougong.flow import Project
    from dougong.plan import plan_number

    with Project(shop.folder) as project:
        (planned,) = plan_number(project, "R1")
    assert (planned.state, planned.problems[0].code) == ("held", "LOAN_AMBIGUOUS")


def test_an_id_means_its_own_loan_though_another_bears_it_as_number(shop):
    shop.push(loan(id="L2"), loan("L2", id="L3", submitter="E009"))
    assert shop.push(report(loans=[("L2", "200.00")]))[-1] == ("R1", "delivered")


def test_another_loan_frees_nothing(shop):
    shop.push(report(loans=[("L1", "200.00")]))
    with sqlite3.connect(shop.folder / "ledger.db") as ledger:
        before = ledger.execute("SELECT version FROM delivery").fetchall()
        assert shop.push(loan("L2")) == [("R1", "held", "LOAN_NOT_POSTED"), ("L2", "delivered")]
        assert ledger.execute("SELECT version FROM delivery WHERE id = 1").fetchall() == before


def test_together_in_one_file_in_the_wrong_order(shop):
    states = shop.push(report(loans=[("L1", "200.00")]), loan())
    assert sorted(states) == [("L1", "delivered"), ("R1", "delivered")]
    booked = [body["lines"][0]["text"] for body in flow_erp.BOOKED.values()]
    assert "L1" in booked[0]


def test_blocked_while_the_loan_is_on_its_way(shop):
    flow_erp.DOWN.add("备用金")
    states = dict(row[:2] for row in shop.push(loan(), report(loans=[("L1", "200.00")])))
    assert states == {"L1": "ready", "R1": "blocked"}
    assert [row["waits_for"] for row in shop.rows() if row["documents"] == ["R1"]] == [["loan L1"]]

    flow_erp.DOWN.clear()
    assert dict(row[:2] for row in shop.push()) == {"L1": "delivered", "R1": "delivered"}


def test_what_waited_for_a_loan_that_is_given_up_says_so(shop):
    flow_erp.DOWN.add("备用金")
    shop.push(loan(), report(loans=[("L1", "200.00")]))
    shop.act(cancel, 1)
    assert sorted(shop.push()) == [("L1", "cancelled", "NOT_SENT"), ("R1", "held", "LOAN_NOT_POSTED")]


def test_a_loan_that_is_held_blocks_its_report(shop):
    (shop.folder / "tables" / "bank_account.csv").write_text("payment_account,currency,→account,→bank\n", "utf-8-sig")
    states = dict(row[:2] for row in shop.push(loan(), report(loans=[("L1", "200.00")])))
    assert states == {"L1": "held", "R1": "blocked"}


def test_what_is_held_is_derived_again_when_its_document_tells_more(shop):
    early = {"id": "a1", "type": "approved", "on": "2015-01-05"}
    assert shop.push(report(events=[early])) == [("R1", "held", "RULES_NOT_VALID")]
    events = [early, {"id": "a2", "type": "approved", "on": "2026-11-18"}]
    assert shop.push(report(day=19, events=events)) == [("R1", "delivered")]
    assert len(flow_erp.BOOKED) == 1


# -- changes ----------------------------------------------------------------------------------------------------------


def test_nothing_changes_when_it_is_told_again(shop):
    shop.push(report())
    before = shop.rows()
    shop.push(report(day=20, state="paying"))
    shop.push(report(day=21, state="archived", logs=[{"x": "y"}]))
    assert shop.rows() == before
    assert len(flow_erp.BOOKED) == 1


def test_changed_before_it_was_sent_only_the_new_content_is(shop):
    assert shop.push(report(fee_type="培训费")) == [("R1", "held", "ACCOUNT_NOT_DETERMINED")]
    assert shop.push(report(amount="250.00", day=19)) == [
        ("R1", "cancelled", "ACCOUNT_NOT_DETERMINED"),
        ("R1", "delivered"),
    ]
    assert len(flow_erp.BOOKED) == 1


def test_stale_after_it_was_sent(shop):
    shop.push(report(state="paid"))
    assert shop.push(report(state="rejected")) == [("R1", "delivered"), ("R1", "stale", "STALE")]
    assert len(flow_erp.BOOKED) == 1


@pytest.mark.parametrize("state", ["draft", "approving", "rejected"])
def test_not_due_then_approved(shop, state):
    assert [row[:2] for row in shop.push(report(state=state, events=[]))] == [("R1", "not_due")]
    assert shop.push(report(day=19)) == [("R1", "delivered")]


def test_a_missing_row_holds_and_frees(shop):
    assert shop.push(report(fee_type="培训费")) == [("R1", "held", "ACCOUNT_NOT_DETERMINED")]
    table = shop.folder / "tables" / "expense_account.csv"
    table.write_text(table.read_text("utf-8-sig") + "培训费,管理,*,6602.02,2020-01-01,,\n", "utf-8-sig")
    assert shop.push() == [("R1", "delivered")]


def test_an_unknown_entity_holds_the_document_and_no_other(shop):
    states = shop.push(report("R1", entity="Z99"), report("R2"))
    assert ("R2", "delivered") in states
    assert [row[:2] for row in states if row[0] == "R1"] == [("R1", "held")]


def test_events_alone_before_their_document(shop):
    event = {"id": "p9", "type": "paid", "on": "2026-11-20"}
    assert shop.push({"source": "s", "tenant": "T", "type": "expense", "id": "id-R1", "events": [event]}) == []
    assert shop.push(report())[0] == ("R1", "delivered")


def test_what_it_was_made_with_is_kept(shop):
    from dougong.ledger.store import Ledger
    from dougong.ledger.views import show_view

    shop.push(report())
    with Ledger(shop.folder / "ledger.db") as ledger, ledger.read() as connection:
        shown = show_view(connection, 1, "en")
        ((kind, text),) = connection.exec_driver_sql(
            "SELECT kind, text FROM artifact WHERE hash = ?", (shown["sent"][0]["artifacts"][0],)
        ).all()
    assert (kind, shown["sent"][0]["connector"]) == ("inputs", "dougong-flowerp 1.0")
    assert text.startswith("[")


def test_changed_to_another_entity_it_does_not_stand_there_twice(shop):
    config = shop.folder / "dougong.toml"
    config.write_text(config.read_text() + '[[routes]]\nentity = "B"\nbook = "A01"\nconnection = "erp"\n')
    shop.push(report())
    assert [row[1] for row in shop.push(report(entity="B", day=19))] == ["reversed", "delivered", "delivered"]
    assert [row["entity"] for row in shop.rows()] == ["A01", "A01", "B"]


# -- what a person has decided, and what the inputs say now -----------------------------------------------------------


def test_what_a_person_gave_up_stays_so_until_the_content_changes(shop):
    shop.push(report(fee_type="培训费"))
    shop.act(cancel, 1)
    again = report(fee_type="培训费", day=19, state="paid")
    again["events"].append({"id": "a2", "type": "approved", "on": "2026-11-19"})
    assert [row[:2] for row in shop.push(again)][:1] == [("R1", "cancelled")]
    assert flow_erp.BOOKED == {}

    assert ("R1", "delivered") in shop.push(report(amount="250.00", day=20))


def test_plan_leaves_out_what_a_person_gave_up(shop):
    from dougong.flow import Project
    from dougong.plan import plan_number

    shop.push(report(fee_type="培训费"))
    with Project(shop.folder) as project:
        assert len(plan_number(project, "R1")) == 1
    shop.act(cancel, 1)
    with Project(shop.folder) as project:
        assert plan_number(project, "R1") == []


def test_an_erp_that_never_told_its_accounts_leaves_deliveries_ready(shop):
    flow_erp.DOWN.add("accounts")
    with pytest.raises(AssertionError, match="PLUGIN_FAILED"):
        shop.push(report(), loan())
    assert sorted(shop.states()) == [("L1", "ready"), ("R1", "ready")]

    flow_erp.DOWN.clear()
    assert sorted(shop.push()) == [("L1", "delivered"), ("R1", "delivered")]


def test_the_target_stage_is_the_one_asked_for_when_it_is_sent(shop):
    config, table = shop.folder / "dougong.toml", shop.folder / "tables" / "expense_account.csv"
    config.write_text(
        config.read_text().replace('connector = "flowerp"', 'connector = "flowerp"\ntarget_stage = "draft"')
    )
    shop.push(report(fee_type="培训费"))
    config.write_text(config.read_text().replace('"draft"', '"submitted"'))
    table.write_bytes(table.read_bytes() + "培训费,*,*,6602.02,2020-01-01,,\n".encode())
    assert shop.push() == [("R1", "delivered")]
    assert _target_stages(shop) == ["submitted"]


def _target_stages(shop):
    from sqlalchemy import text

    from dougong.ledger.store import Ledger

    with Ledger(shop.folder / "ledger.db") as ledger, ledger.read() as connection:
        return list(connection.execute(text("SELECT target_stage FROM delivery")).scalars())


def test_add_ons_are_told_of_what_is_committed_and_harm_nothing(shop):
    config = shop.folder / "dougong.toml"
    config.write_text(
        config.read_text().replace('connector = "flowerp"', 'connector = "flowerp"\naddons = ["watcher"]')
    )
    assert shop.push(report()) == [("R1", "delivered")]
    assert flow_erp.SEEN == [("D1", "ready", "sending"), ("D1", "sending", "delivered")]
