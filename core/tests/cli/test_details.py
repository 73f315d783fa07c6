"""Vouchers on the screen."""

from __future__ import annotations

import pytest

from dougong.cli import details, language


def line(side, amount, **more):
    return {"account": "6602.02", "summary": "差旅", "side": side, "amount": amount, **more}


@pytest.fixture(autouse=True)
def english():
    language.choose("en")


def rows(capsys):
    return [row.split() for row in capsys.readouterr().out.splitlines()]


def test_totals_stand_under_a_voucher(capsys):
    details.booking([line("D", "1000.00"), line("D", "0.50"), line("C", "1000.50")])
    assert rows(capsys)[-1] == ["total", "1,000.50", "1,000.50"]


def test_totals_are_in_functional_currency(capsys):
    details.booking([line("D", "100.00", base_amount="710.00", rate="7.1", currency="USD"), line("C", "710.00")])
    assert rows(capsys)[-1] == ["total", "710.00", "710.00"]


def test_what_does_not_balance_shows(capsys):
    details.booking([line("D", "1.00"), line("C", "-1.00")])
    assert rows(capsys)[-1] == ["total", "1.00", "-1.00"]


def test_totals_count_lines_that_are_not_shown(capsys):
    details.booking([line("D", "1.00"), line("D", "2.00"), line("C", "3.00")], most=1)
    told = rows(capsys)
    assert (len(told), told[-1]) == (3, ["total", "3.00", "3.00"])


def test_in_chinese(capsys):
    language.choose("zh")
    details.booking([line("D", "1.00"), line("C", "1.00")])
    assert rows(capsys)[-1] == ["合计", "1.00", "1.00"]
