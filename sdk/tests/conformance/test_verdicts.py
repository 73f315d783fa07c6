"""From tried rules to a level, and how it is shown."""

from __future__ import annotations

import attrs
import pytest

from dougong import CONTRACT_VERSION
from dougong.model.problems import Text
from dougong_sdk.conformance.rules import Level, Rule, Violation, expect, rule
from dougong_sdk.conformance.show import summary_lines, write_html
from dougong_sdk.conformance.verdicts import Certificate, Verdict, Verdicts, level_of

PASSED, FAILED, EXEMPT, NOT = Verdicts


def verdict(level, found=PASSED, reason=""):
    text = Text("要求", "demand <b>")
    made = Rule(f"X-{level}", Level(level), text, text, Text("做", "do this"), lambda lab, cell: None)
    return Verdict(made, found, reason)


def certificate(*verdicts, **changes):
    made = Certificate("acme", "1.0", ("find",), verdicts, 7, 0, 0, 1.25, 0)
    return attrs.evolve(made, **changes)


@pytest.mark.parametrize(
    ("bronze", "silver", "gold", "level"),
    [
        (PASSED, PASSED, PASSED, "gold"),
        (PASSED, PASSED, FAILED, "silver"),
        (PASSED, PASSED, EXEMPT, "silver"),
        (PASSED, PASSED, NOT, "silver"),
        (PASSED, NOT, PASSED, "gold"),
        (PASSED, NOT, NOT, "bronze"),
        (NOT, NOT, NOT, None),
        (PASSED, FAILED, PASSED, "bronze"),
        (PASSED, EXEMPT, PASSED, "bronze"),
        (FAILED, PASSED, PASSED, None),
        (EXEMPT, PASSED, PASSED, None),
    ],
)
def test_level(bronze, silver, gold, level):
    assert level_of([verdict("bronze", bronze), verdict("silver", silver), verdict("gold", gold)]) == level


def test_the_level_tells_what_the_product_cannot_do():
    assert certificate(verdict("bronze"), verdict("gold")).title == "gold, without find"
    assert certificate(verdict("bronze"), verdict("silver", NOT)).title == "bronze, without find"
    assert certificate(verdict("bronze", FAILED)).title == "none"


def test_no_level_while_rules_were_left_out():
    some = certificate(verdict("bronze"), whole=False)
    assert (some.level, some.title) == (None, "not all rules tried")
    assert some.to_json()["level"] is None


def test_json_has_the_members_that_others_rely_on():
    told = certificate(verdict("bronze"), verdict("silver"), verdict("gold", EXEMPT, "no way")).to_json()
    assert list(told) == [
        *("connector", "version", "contract", "level", "without", "rules", "documents", "lost", "doubled", "seconds"),
        *("seed", "whole", "date"),
    ]
    assert told["rules"][2] == {"id": "X-gold", "level": "gold", "verdict": "exempt", "reason": "no way"}
    assert (told["level"], told["seconds"]) == ("silver", 1.2)


def test_the_terminal_says_what_was_seen_and_what_to_do():
    lines = "\n".join(summary_lines(certificate(verdict("silver", FAILED, "two vouchers"), verdict("bronze"))))
    assert "silver  0 of 1 rules kept" in lines
    assert "failed: two vouchers" in lines
    assert "→ do this / 做" in lines
    assert "7 documents pushed, 0 lost, 0 doubled" in lines


def test_the_page_shows_every_rule_and_runs_nothing(tmp_path):
    path = tmp_path / "page.html"
    write_html(certificate(verdict("silver", FAILED, "<script>"), verdict("bronze")), path)
    page = path.read_text("utf-8")
    assert "demand &lt;b&gt;" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert page.count("<tr><td>") == 2


def test_what_failed_comes_first_and_says_why_and_when(tmp_path):
    path, failed = tmp_path / "page.html", verdict("silver", FAILED, "two vouchers")
    write_html(certificate(verdict("bronze"), failed, date="2026-11-24T20:38:00+00:00"), path)
    page = path.read_text("utf-8")
    assert page.index("X-silver") < page.index("X-bronze")
    assert "silver: 0 of 1 rules kept" in page
    assert "2026-11-24 20:38 UTC" in page
    assert f"contract {CONTRACT_VERSION}" in page
    assert "acme 1.0: bronze, without find" in page


def test_of_several_that_failed_the_lowest_is_to_be_mended_first():
    both = [verdict("silver", FAILED), verdict("bronze", FAILED)]
    assert "begin with X-bronze, the others may follow from it" in list(summary_lines(certificate(*both)))
    assert not any("begin with" in line for line in summary_lines(certificate(both[0])))


def test_a_rule_keeps_its_id():
    with pytest.raises(ValueError, match="CONTRACT-001"):
        rule("CONTRACT-001", Level.GOLD, title=("", ""), why=("", ""), todo=("", ""))(lambda lab, cell: None)


def test_what_is_expected_and_not_seen_is_a_violation():
    expect([1], "not seen")
    with pytest.raises(Violation, match="seen twice"):
        expect([], "seen twice")
