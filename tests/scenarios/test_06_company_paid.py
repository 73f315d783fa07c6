"""Scenario 6: paid by the company, above the standard, split three ways."""

from __future__ import annotations


def test_v6_1(scenario):
    scenario.push(on="2026-11-19")
    scenario.holds("V6.1")


def test_v6_1_as_planned(scenario):
    scenario.today("2026-11-19")
    scenario.plans("V6.1")


def test_v6_2(scenario):
    scenario.push("owes", on="2026-11-19")
    scenario.holds("V6.2")
