"""Scenario 5 as people see it: one report, two entities, two vouchers of one set."""

from __future__ import annotations


def test_trace(scenario):
    scenario.push(on="2026-11-18")
    (traced,) = scenario("trace", "S5", "--json").printed
    assert {(fact["entity"], fact["cost"]) for fact in traced["settled"] if fact["fact"] == "slice"} == {
        ("A", "800.00"),
        ("B", "1000.00"),
    }
    roles = {(fact["entity"], fact["role"], fact["amount"]) for fact in traced["settled"] if "role" in fact}
    assert roles == {("A", "bearer", "1060.00"), ("B", "payer", "1060.00")}
    assert {(row["book"], row["set"]["delivered"], row["set"]["of"]) for row in traced["deliveries"]} == {
        ("A01", 2, 2),
        ("B01", 2, 2),
    }
    shown = scenario.customer.dougong("trace", "S5", lang="zh").out
    assert shown.count("成组: 已送达 2/2") == 2
    assert "应收往来 (对方承担)" in shown


def test_half_of_a_set(scenario):
    scenario.refuse(match='"FNumber":"002"')
    scenario.push(on="2026-11-18")
    shown = [scenario("show", row["delivery"]).out for row in scenario.rows("S5")]
    assert all("set: 1/2 delivered" in text for text in shown)
    (cause,) = scenario("status", "--by", "cause", "--json").printed
    assert (cause["count"], cause["amount"]) == (1, "1060.00")


def test_explain(scenario):
    scenario.push(on="2026-11-18")
    lines = scenario("rules", "explain", "S5", "--json").printed
    assert {line["book"] for line in lines} == {"A01", "B01"}
    owed = {line["account"]: (line["fact"], line["entry"]) for line in lines if "counterparts" in line["fact"]}
    assert owed == {
        "1221.09": ("counterparts[B]", "accrual.entry[3]"),
        "2241.09": ("counterparts[A]", "accrual.entry[4]"),
    }


def test_plan_stops_the_whole_set(scenario):
    """What cannot be mapped in one entity keeps the other one's voucher back, as push would."""
    scenario.today("2026-11-18")
    text = scenario.step("input").read_text("utf-8").replace('"BD1"', '"BD9"')
    plans = scenario("plan", "--json", str(scenario.customer.file("unmapped.jsonl", text.encode()))).printed
    assert [[problem["code"] for problem in one["problems"]] for one in plans if one.get("book") == "A01"] == [
        ["SET_INCOMPLETE"]
    ]
