"""Whole projects in front of an ERP whose periods close: posting-rules.md §10 scenario 9, from push to its books."""

from __future__ import annotations

import datetime as dt
import json

import period_erp
import pytest
from flow_documents import report

from dougong.ledger import reference
from dougong.ledger.store import Ledger
from dougong.model.postings import Posting, Stage

LATE = [{"id": "a1", "type": "approved", "on": "2026-10-31T15:50:00Z"}]  # ten minutes before November in Shanghai


@pytest.fixture
def erp(period_books):
    return period_books


def late(number="R1", **changes):
    return report(number, events=LATE, **changes)


def rule(office, old, new):
    rules = office.folder / "rules" / "a01.toml"
    text = rules.read_text("utf-8")
    assert old in text
    rules.write_text(text.replace(old, new), "utf-8")


def hold(office):
    rule(office, 'closed_period    = "next_open"', 'closed_period    = "hold"')


def planned(office, number):
    from dougong.flow import Project
    from dougong.plan import plan_number

    with Project(office.folder) as project:
        (one,) = plan_number(project, number)
    return one


def dates(erp):
    return [body["date"] for body in erp.booked]


def attempts(office):
    with Ledger(office.folder / "ledger.db") as ledger, ledger.read() as connection:
        query = (
            "SELECT reference_as_sent, outcome, booking, request_id FROM attempt_item, attempt WHERE attempt_id = id"
        )
        return connection.exec_driver_sql(query + " ORDER BY id").all()


def known(office):
    """Closed periods in the ledger, by record."""
    with Ledger(office.folder / "ledger.db") as ledger, ledger.read() as connection:
        records = reference.master_records(connection, "erp", "period")
    return sorted(one.id for one in records if not one.data["open"] and one.code == "2026-10")


# -- scenario 9 -------------------------------------------------------------------------------------------------------


def test_scenario_9_a_open(office, erp):
    assert office.push(late()) == [("R1", "delivered")]
    assert dates(erp) == ["2026-10-31"]


def test_scenario_9_b_closed_before_it_was_accepted(office, erp):
    erp.closed.add("2026-10")
    assert office.push(late()) == [("R1", "delivered")]
    assert dates(erp) == ["2026-11-01"]
    assert all(line["text"].startswith("[补2026-10]") for line in erp.booked[0]["lines"])
    assert len(erp.asked["push"]) == 1


def test_merged_lines_keep_the_note_of_the_period_that_is_closed(office, erp):
    rule(office, 'merge        = "none"            # 凭证', 'merge        = "day"             # 凭证')
    erp.closed.add("2026-10")
    office.push(late("R1"), late("R2"))
    (body,) = erp.booked
    (cost,) = [line["text"] for line in body["lines"] if line["account"] == "6602.02"]
    assert cost == "[补2026-10]差旅费 等2单 R1–R2"


def test_scenario_9_c_closed_between_plan_and_send(office, erp):
    erp.down.add("sending")
    office.push(late())
    assert planned(office, "R1").draft.booking.posting_date == dt.date(2026, 10, 31)

    erp.down.clear()
    erp.asked.clear()
    erp.told, erp.closed = set(), {"2026-10"}
    assert office.push() == [("R1", "delivered")]

    assert dates(erp) == ["2026-11-01"]
    refused, delivered = attempts(office)[-2:]
    assert (refused.outcome, delivered.outcome) == ("period_closed", "done")
    assert refused.reference_as_sent == delivered.reference_as_sent
    assert refused.request_id != delivered.request_id
    assert [json.loads(one.booking)["period"] for one in (refused, delivered)] == ["2026-10", "2026-11"]


def test_scenario_9_c_where_the_rule_is_to_hold(office, erp):
    hold(office)
    erp.told, erp.closed = set(), {"2026-10"}
    assert office.push(late()) == [("R1", "held", "PERIOD_CLOSED")]
    assert len(erp.asked["push"]) == 1


def test_scenario_9_d_the_answer_was_lost_and_the_period_closed(office, erp):
    erp.closes = "2026-10"
    assert office.push(late()) == [("R1", "delivered")]
    assert dates(erp) == ["2026-10-31"]
    assert len(erp.asked["push"]) == 1
    assert erp.closed == {"2026-10"}


# -- what is known of periods -----------------------------------------------------------------------------------------


def test_held_while_it_is_closed_and_freed_when_it_is_opened_again(office, erp):
    hold(office)
    erp.closed.add("2026-10")
    assert office.push(late()) == [("R1", "held", "PERIOD_CLOSED")]
    assert office.push() == [("R1", "held", "PERIOD_CLOSED")]
    assert erp.asked["push"] == []

    erp.closed.clear()
    assert office.push() == [("R1", "delivered")]
    assert dates(erp) == ["2026-10-31"]


def test_a_refusal_counts_until_the_erp_tells_its_periods_again(office, erp):
    erp.told, erp.closed = set(), {"2026-10"}
    office.push(late())
    assert known(office) == ["refused A01/2026-10"]

    erp.told = None
    office.push()
    assert known(office) == ["001/2026-10"]

    erp.closed.clear()
    office.push(late("R2"))
    assert known(office) == []
    assert dates(erp) == ["2026-11-01", "2026-10-31"]


def test_an_erp_that_tells_nothing_of_it_is_tried_once_per_run(office, erp):
    hold(office)
    erp.told, erp.closed = set(), {"2026-10"}
    assert [office.push(late()), office.push()] == [[("R1", "held", "PERIOD_CLOSED")]] * 2
    assert len(erp.asked["push"]) == 2

    erp.closed.clear()
    assert office.push() == [("R1", "delivered")]
    assert dates(erp) == ["2026-10-31"]


def test_many_that_were_opened_before_the_period_closed(office, erp):
    erp.told, erp.closed = set(), {"2026-10"}
    states = office.push(*(late(f"R{number}") for number in range(9)))
    assert {state for _, state in states} == {"delivered"}
    assert dates(erp) == ["2026-11-01"] * 9


def test_an_erp_that_refuses_every_period_is_not_asked_for_ever(office, erp):
    erp.told = set()
    erp.closed = {f"{year}-{month:02}" for year in range(2026, 2030) for month in range(1, 13)} - {"2027-03"}
    assert office.push(late()) == [("R1", "delivered")]
    assert dates(erp) == ["2027-03-01"]
    assert len(erp.asked["push"]) == 6


def test_only_periods_are_asked_for_while_other_master_data_is_young(office, erp):
    erp.down.add("sending")
    office.push(late())
    office.push()
    planned(office, "R1")
    first, *later = erp.asked["pull_master_data"]
    assert "account" in first
    assert later == [("period",)] * 2


def test_asking_for_periods_does_not_keep_other_master_data_young(office, erp):
    office.push(late())
    with Ledger(office.folder / "ledger.db") as ledger, ledger.read() as connection:
        before = reference.master_time(connection, "erp")
    erp.closed.add("2026-10")
    office.push()
    with Ledger(office.folder / "ledger.db") as ledger, ledger.read() as connection:
        assert reference.master_time(connection, "erp") == before
    assert known(office) == ["001/2026-10"]


def test_plan_asks_for_periods_too(office, erp):
    erp.down.add("sending")
    office.push(late())
    erp.closed.add("2026-10")
    one = planned(office, "R1")
    assert one.draft.date_reasons == ("closed_period 2026-10 → 2026-11-01",)
    assert one.payload.body["date"] == dt.date(2026, 11, 1)


def test_an_erp_that_does_not_tell_its_periods_now_is_worked_on_with_what_is_known(office, erp):
    erp.closed.add("2026-10")
    office.push()
    erp.down.add("pull_master_data")
    assert office.push(late()) == [("R1", "delivered")]
    assert dates(erp) == ["2026-11-01"]


def test_a_cost_of_last_year_from_push_to_the_books(office, erp):
    rule(office, 'prior_year_limit = "10000.00"', 'prior_year_limit = "300.00"')
    erp.closed |= {"2026-12"}
    approved = [{"id": "a1", "type": "approved", "on": "2026-12-30"}]
    states = office.push(report("R1", "300.00", events=approved), report("R2", "299.99", events=approved))
    assert states == [("R1", "delivered"), ("R2", "delivered")]
    assert sorted(next(line["account"] for line in body["lines"] if line["side"] == "D") for body in erp.booked) == [
        "6602.02",
        "6901",
    ]
    assert dates(erp) == ["2027-01-01"] * 2


# -- the order of dates -----------------------------------------------------------------------------------------------


def _other(date, *, book=period_erp.BOOK, voucher_type=period_erp.TYPE, stage=Stage.AUDITED):
    return Posting(f"{book}{date}{voucher_type}", stage, book=book, voucher_type=voucher_type, date=date)


def test_not_before_the_last_voucher_of_its_type(office, erp):
    erp.ordered = True
    erp.others = [
        _other(dt.date(2026, 11, 20)),
        _other(dt.date(2026, 11, 25), book="002"),
        _other(dt.date(2026, 11, 26), voucher_type="PRE002"),
        _other(dt.date(2026, 11, 27), stage=Stage.VOID),
    ]
    assert office.push(report("R1"), report("R2")) == [("R1", "delivered"), ("R2", "delivered")]
    assert dates(erp) == ["2026-11-20"] * 2
    assert erp.asked["list_postings"] == ["2026-11"]


def test_what_is_sent_first_counts_for_what_comes_after(office, erp):
    erp.ordered = True
    config = office.folder / "dougong.toml"
    config.write_text(config.read_text().replace("limits = {", "limits = { concurrency = 1,"), "utf-8")
    early = [{"id": "a1", "type": "approved", "on": "2026-11-12"}]
    assert {state for _, state in office.push(report("R1"), report("R2", events=early))} == {"delivered"}
    assert dates(erp) == ["2026-11-18"] * 2


def test_an_erp_that_does_not_list_its_vouchers_keeps_the_date(office, erp):
    erp.ordered = True
    erp.down.add("list_postings")
    assert office.push(report()) == [("R1", "delivered")]
    assert dates(erp) == ["2026-11-18"]


def test_without_that_order_nothing_is_listed(office, erp):
    erp.others = [_other(dt.date(2026, 11, 20))]
    office.push(report())
    assert dates(erp) == ["2026-11-18"]
    assert erp.asked["list_postings"] == []
