"""What is to be taken back has to stand in the ERP as it was booked."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import pytest
from flow_documents import report

from dougong.flow.actions import cancel, resolve_delivered, retry
from dougong.flow.undoing import repost, reverse


@pytest.fixture
def erp(period_books):
    return period_books


def _repost(project, ids, **how):
    return repost(project, ids[0], **how)


def withdrawn():
    return report(state="rejected", day=24)


def test_what_is_still_there_is_taken_back(office, erp):
    office.push(report())
    assert office.push(withdrawn()) == [("R1", "reversed"), ("R1", "delivered"), ("R1", "withdrawn")]
    assert len(erp.booked) == 2


@pytest.mark.parametrize("way", ["withdrawn", "changed", "reverse"])
def test_nothing_is_taken_back_that_was_deleted(office, erp, way):
    office.push(report())
    erp.booked.clear()
    if way == "reverse":
        office.act(reverse, 1)
        states = office.push()
    else:
        states = office.push(withdrawn() if way == "withdrawn" else report(amount="250.00", day=24))
    assert states[1] == ("R1", "held", "DELETED_IN_ERP")
    assert erp.booked == []


def test_what_was_edited_is_a_persons_matter(office, erp):
    office.push(report())
    lines = erp.booked[0]["lines"]
    for line in lines:
        line["amount"] = Decimal("280.00")
    assert office.push(withdrawn())[1] == ("R1", "held", "EDITED_IN_ERP")
    for line in lines:
        line["amount"] = Decimal("300.00")
    office.act(retry, 2)
    assert office.push()[:2] == [("R1", "reversed"), ("R1", "delivered")]


def test_new_content_after_a_deletion_is_booked_once_a_person_says_so(office, erp):
    office.push(report())
    erp.booked.clear()
    assert office.push(report(amount="250.00", day=24))[1] == ("R1", "held", "DELETED_IN_ERP")
    office.act(cancel, 2)
    office.act(_repost, 1)
    states = office.push()
    assert [row[1] for row in states] == ["cancelled", "cancelled", "delivered"]
    assert [line["amount"] for line in erp.booked[0]["lines"]] == [Decimal("250.00")] * 2


@pytest.mark.parametrize("how", ["unsure", "down"])
def test_what_the_erp_cannot_tell_is_asked_again(office, erp, how):
    """Nobody has to say so: it is put off, and goes on when the ERP tells."""
    office.push(report())
    erp.unsure = how == "unsure"
    erp.down = {"find"} if how == "down" else set()
    assert office.push(withdrawn())[1] == ("R1", "ready", "ORIGINAL_NOT_SHOWN")
    assert office.push()[1] == ("R1", "ready", "ORIGINAL_NOT_SHOWN")
    assert len(erp.booked) == 1
    erp.unsure, erp.down = False, set()
    assert office.push()[:2] == [("R1", "reversed"), ("R1", "delivered")]


@pytest.mark.parametrize("change", ["red_and_new", "difference"])
def test_what_a_person_accepted_otherwise_is_not_corrected_as_it_was_sent(office, erp, change):
    office.push(report())
    for line in erp.booked[0]["lines"]:
        line["amount"] = Decimal("280.00")
    parked(office)
    office.act(_accept, 1)
    rules = office.folder / "rules" / "a01.toml"
    old = 'change      = "red_and_new"'
    rules.write_text(rules.read_text("utf-8").replace(old, f'change      = "{change}"'), "utf-8")
    held = [row for row in office.push(report(amount="250.00", day=24)) if row[1:] == ("held", "STANDS_OTHERWISE")]
    assert held
    assert len(erp.booked) == 1
    told = next(p for row in office.rows() for p in row["problems"] if p["code"] == "STANDS_OTHERWISE")
    assert "total 300.00 → 280.00" in told["message"]


def test_what_was_accepted_and_then_restored_is_taken_back(office, erp):
    office.push(report())
    for amount in ("280.00", "300.00"):
        for line in erp.booked[0]["lines"]:
            line["amount"] = Decimal(amount)
        parked(office)
        office.act(_accept, 1)
    assert office.push(withdrawn())[:2] == [("R1", "reversed"), ("R1", "delivered")]


def parked(office):
    with sqlite3.connect(office.folder / "ledger.db") as ledger:
        ledger.execute("UPDATE delivery SET state = 'parked', reason = 'edited_in_erp' WHERE id = 1")


def _accept(project, ids, **how):
    from dougong.ledger import attempts

    reference = project.ledger.look(lambda tx: attempts.last_wanted(tx, ids[0])).reference
    return resolve_delivered(project, ids[0], reference, **how)


def test_what_was_changed_under_hold_is_booked_when_the_old_one_is_gone(office, erp):
    rules = office.folder / "rules" / "a01.toml"
    old = 'change      = "red_and_new"'
    rules.write_text(rules.read_text("utf-8").replace(old, 'change      = "hold"'), "utf-8")
    office.push(report())
    assert office.push(report(amount="250.00", day=24))[-1] == ("R1", "held", "CHANGED_AFTER_POSTING")
    erp.booked.clear()
    office.act(_repost, 1)
    assert [row[1] for row in office.push()] == ["cancelled", "delivered"]
    assert [line["amount"] for line in erp.booked[0]["lines"]] == [Decimal("250.00")] * 2
