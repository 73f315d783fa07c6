"""What nobody expected of one document keeps no other from being booked."""

from __future__ import annotations

import flow_erp
import pytest
from flow_documents import report

from dougong.flow import changes
from dougong.flow.deriving import Deriver
from dougong.flow.intentions import Intentions


@pytest.fixture
def broken(monkeypatch):
    """Makes a function fail as a mistake in the program would, for documents or deliveries that bear R1."""

    def make(owner, name):
        real = getattr(owner, name)

        def failing(*arguments):
            if "R1" in str(arguments):
                raise ZeroDivisionError("0/0")
            return real(*arguments)

        monkeypatch.setattr(owner, name, failing)

    return make


def test_a_document_that_cannot_be_derived_is_held_and_no_other(shop, broken, caplog):
    broken(Deriver, "derive")
    assert sorted(shop.push(report("R1"), report("R2"))) == [("R1", "held", "INTERNAL_ERROR"), ("R2", "delivered")]
    assert "ZeroDivisionError" in shop.rows()[-1]["problems"][0]["message"]
    assert "Traceback" in caplog.text


def test_a_document_whose_change_cannot_be_worked_out_is_held_and_no_other(shop, broken):
    shop.push(report("R1"), report("R2"))
    broken(changes, "_correct")
    states = shop.push(report("R1", amount="1.00", day=19), report("R2", amount="1.00", day=19), report("R3"))
    assert ("R1", "held", "INTERNAL_ERROR") in states
    assert ("R3", "delivered") in states
    assert len(flow_erp.BOOKED) == 5


def test_a_delivery_that_cannot_be_derived_is_held_and_no_other(shop, broken, monkeypatch):
    monkeypatch.setattr(Deriver, "keep", lambda *_: None)
    broken(Intentions, "_of_draft")
    assert sorted(shop.push(report("R1"), report("R2"))) == [("R1", "held", "INTERNAL_ERROR"), ("R2", "delivered")]


def test_a_member_that_cannot_be_derived_joins_no_group(shop, broken):
    path = shop.folder / "rules" / "a01.toml"
    path.write_text(path.read_text("utf-8").replace('merge        = "none"', 'merge        = "day"', 1), "utf-8")
    broken(Intentions, "_of_draft")
    assert sorted(shop.push(report("R1"), report("R2"))) == [("R1", "held", "INTERNAL_ERROR"), ("R2", "delivered")]
