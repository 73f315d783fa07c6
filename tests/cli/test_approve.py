"""approve: the second person, against the Kingdee sandbox."""

from __future__ import annotations

RULE = '\n[connections.kingdee.approve]\nabove = "1000.00"\nmoments = ["accrual", "payment"]\n'


def test_a_second_person_lets_it_go(project, examples, sandbox):
    config = project.folder / "dougong.toml"
    config.write_text(config.read_text("utf-8") + RULE, "utf-8")
    planned = project.json("plan", *examples, "--source", "hesi")
    accounts = [line["account"] for row in planned.rows if row["documents"] == ["B26110001"] for line in row["lines"]]
    codes = {row["documents"][0]: [problem["code"] for problem in row["problems"]] for row in planned.rows}
    assert codes["B26110001"] == ["APPROVAL_MISSING"]

    pushed = project.json("push", *examples, "--source", "hesi", "--actor", "li")
    assert pushed.status == 2
    (held,) = [row for row in pushed.rows if row["documents"] == ["B26110001"]]
    assert (held["state"], held["problems"][0]["code"]) == ("held", "APPROVAL_MISSING")
    assert "3348.00" not in {posting["total"] for posting in sandbox.postings()}
    (cause,) = [row for row in project.json("status", "--by", "cause").rows if row["code"] == "APPROVAL_MISSING"]
    assert (cause["amount"], cause["documents"]) == ("3348.00", ["B26110001"])

    refused = project("approve", "B26110001", "--actor", "li")
    assert (refused.status, "another person approves it" in refused.err) == (1, True)
    shown = project("approve", "B26110001", "--actor", "wang", "--dry-run")
    assert (shown.status, "1 would be free, 3,348.00" in shown.out) == (0, True)
    assert [account for account in accounts if account not in shown.out] == []
    tried = project.json("approve", "B26110001", "--actor", "li", "--dry-run")
    assert (tried.status, [one["state"] for one in tried.rows[0]["would"]]) == (2, ["held"])
    approved = project.json("approve", "B26110001", "--actor", "wang", "--reason", "seen the invoices")
    assert (approved.status, [row["state"] for row in approved.rows]) == (0, ["ready"])
    project("run")
    assert project.states()["B26110001"] == "delivered"
    last = project.json("show", held["delivery"]).rows[0]["audit"]
    (entry,) = [one for one in last if one["event"] == "approved"]
    assert (entry["actor"], entry["reason"]) == ("wang", "seen the invoices")
    assert project("audit", "verify").status == 0
    assert project("approve", "B26110001", "--actor", "wang").status == 1
