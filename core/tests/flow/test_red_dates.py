"""The day of a red voucher: when the source changed or took back its document, or when a person asked for it."""

from __future__ import annotations

import flow_erp
import pytest
from books import dates
from flow_documents import report

from dougong.flow.undoing import reverse


@pytest.fixture(autouse=True)
def of_the_change(shop):
    """Red vouchers are of the day of the change."""
    path = shop.folder / "rules" / "a01.toml"
    text = path.read_text("utf-8")
    assert '"original_if_open"' in text
    path.write_text(text.replace('"original_if_open"', '"change_date"'), "utf-8")


@pytest.fixture
def clock(monkeypatch):
    def set_(instant):
        monkeypatch.setenv("DOUGONG_NOW", instant)

    return set_


def test_withdrawn_by_its_state_it_is_of_the_day_of_that_answer(shop):
    shop.push(report())
    flow_erp.DOWN.add("2241.01")
    shop.push(report(state="rejected", day=24))
    flow_erp.DOWN.clear()
    shop.push(report(state="rejected", day=26))  # a comment, say
    assert dates() == ["2026-11-18", "2026-11-24"]


def test_approved_again_and_changed_it_is_of_the_day_of_the_change(shop):
    withdrawn = {"id": "w1", "type": "withdrawn", "on": "2026-11-19"}
    approved = [{"id": f"a{day}", "type": "approved", "on": f"2026-11-{day}"} for day in (18, 20)]
    shop.push(report(day=20, events=[approved[0], withdrawn, approved[1]]))
    shop.push(report(amount="250.00", day=25, events=[]))
    assert dates()[1] == "2026-11-25"


def test_a_person_asked_for_it_by_the_business_clock_in_the_zone_of_the_rules(shop, clock):
    shop.push(report(day=10))
    clock("2026-11-23T23:30:00+00:00")
    shop.act(reverse, 1)
    clock("2026-11-28T12:00:00+08:00")
    shop.push()
    assert dates() == ["2026-11-18", "2026-11-24"]


@pytest.mark.parametrize("by", ["person", "source"])
def test_it_is_never_before_the_voucher_that_it_takes_back(shop, clock, by):
    shop.push(report(day=10))
    clock("2026-11-15T12:00:00+08:00")
    if by == "person":
        shop.act(reverse, 1)
        shop.push()
    else:
        shop.push(report(amount="250.00", day=15))
    assert dates()[1] == "2026-11-18"


def test_an_old_change_does_not_date_it_at_the_end_of_the_month(shop, clock):
    path = shop.folder / "rules" / "a01.toml"
    path.write_text(path.read_text("utf-8").replace('"change_date"', '"original_if_open"'), "utf-8")
    shop.push(report(updated_at="2026-10-15T10:00:00+08:00"))
    clock("2026-11-24T12:00:00+08:00")
    shop.act(reverse, 1)
    shop.push()
    assert dates()[1] == "2026-11-24"
