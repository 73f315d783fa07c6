"""plan, push, run, status, reconcile and the actions against the Kingdee sandbox."""

from __future__ import annotations

import re

KEYS = {
    *("delivery", "documents", "revision", "moment", "connection", "entity", "book", "state", "stage", "reference"),
    *("erp_id", "erp_number", "period", "waits_for", "problems", "attempts"),
}
PLAN_KEYS = {
    *("documents", "moment", "entity", "book", "connection", "date", "period", "date_reasons", "voucher_type"),
    *("attachments", "lines", "payload", "problems", "already"),
}
LINE_KEYS = {
    *("account", "side", "amount", "currency", "base_amount", "rate", "summary", "dimensions", "tax_code", "tax_rate"),
    *("tax_base", "clears", "cash_flow", "coordination"),
}
ROW_KEYS = {
    *("kind", "period", "book", "account", "dimensions", "document", "ours", "theirs", "difference", "in_transit"),
    *("not_ours", "verdict", "action"),
}
ROW = "fee_type,department_kind,project_kind,→account,valid_from\n培训费,*,*,6602.05,2020-01-01\n"


def free(project, tmp_path):
    (tmp_path / "expense_account.csv").write_text(ROW, "utf-8")
    return project("tables", "import", tmp_path / "expense_account.csv")


def test_the_whole_way(project, examples, sandbox, tmp_path):
    planned = project.json("plan", *examples, "--source", "hesi")
    assert planned.status == 2
    bookings = [row for row in planned.rows if "moment" in row]
    assert all(set(row) >= PLAN_KEYS for row in bookings)
    assert all(set(line) >= LINE_KEYS for row in bookings for line in row["lines"])
    assert sandbox.postings() == []

    first = project.json("push", *examples, "--source", "hesi")
    assert first.status == 2
    deliveries = [row for row in first.rows if row["delivery"]]
    assert all(set(row) >= KEYS for row in deliveries)
    assert {(row["documents"][0], row["moment"]): (row["state"], row["stage"]) for row in deliveries} == {
        ("J26100007", "loan"): ("delivered", "submitted"),
        ("B26110001", "accrual"): ("delivered", "submitted"),
        ("B26110002", "accrual"): ("delivered", "submitted"),
        ("B26110002", "payment"): ("delivered", "submitted"),
        ("B26110003", "accrual"): ("held", None),
    }
    assert [(row["documents"], row["state"]) for row in first.rows if not row["delivery"]] == [
        (["B26110004"], "not_due")
    ]

    assert free(project, tmp_path).status == 0
    assert project("run").status == 0
    postings = {posting["id"]: posting["total"] for posting in sandbox.postings()}
    assert sorted(postings.values()) == ["2000.00", "318.00", "318.00", "3348.00", "800.00"]
    assert {row["erp_id"]: row["total"] for row in project.json("status").rows if row["delivery"]} == postings

    reconciled = project.json("reconcile")
    assert reconciled.status == 0
    assert all(set(row) >= ROW_KEYS for row in reconciled.rows)
    assert [(row["kind"], row["verdict"], row["difference"]) for row in reconciled.rows] == [
        ("document", "matched", "0.00")
    ] * 5

    again = project.json("push", *examples, "--source", "hesi")
    assert again.status == 0
    assert len(sandbox.postings()) == 5
    planned = project.json("plan", *examples, "--source", "hesi")
    assert planned.status == 0
    assert [row["documents"] for row in planned.rows] == [["B26110004"]]


def test_the_plan_is_the_voucher_that_is_posted(project, examples, sandbox):
    rows = project.json("plan", *examples, "--source", "hesi").rows
    planned = {(row["documents"][0], row["moment"]): row for row in rows if row.get("lines")}
    project("push", *examples, "--source", "hesi")
    delivered = [row for row in project.json("status").rows if row["delivery"]]
    ids = {(row["documents"][0], row["moment"]): row["erp_id"] for row in delivered}
    posted = {posting["id"]: posting for posting in sandbox.postings()}
    accruals = {("B26110001", "accrual"), ("B26110002", "accrual")}
    assert set(planned) == {("J26100007", "loan"), ("B26110002", "payment"), *accruals}
    for key, row in planned.items():
        posting = posted[ids[key]]
        assert [(line["account"], line["side"], line["base_amount"]) for line in row["lines"]] == [
            (line["account"], line["side"], line["base_amount"]) for line in posting["lines"]
        ]
        assert (row["date"], row["period"], row["attachments"]) == (
            posting["date"],
            posting["period"],
            posting["attachments"],
        )


def test_the_plan_shows_each_field_with_its_source(project, examples):
    shown = project("plan", *examples, "--source", "hesi", "-v").out
    assert re.search(r"FAccountBookID\.FNumber\s+001\s+voucher\.book \| code\('account_book'\)", shown)
    assert re.search(r"FEntity\[0\]\.FDEBIT\s+\S+\s+line\.amount", shown)


def test_a_plan_by_number(pushed):
    (row,) = pushed.json("plan", "B26110001").rows
    (delivered,) = pushed.json("status", "B26110001").rows
    assert (row["already"], row["sent"], row["problems"]) == (delivered["erp_number"], True, [])
    shown = pushed("plan", "B26110001")
    assert shown.status == 0
    assert f"the ERP holds {delivered['erp_number']} already" in shown.out
    assert "No changes" in shown.out
    held = pushed.json("plan", "B26110003")
    assert held.status == 2
    assert [problem["code"] for row in held.rows for problem in row["problems"]] == ["ACCOUNT_NOT_DETERMINED"]


def test_good_files_are_pushed_although_one_is_bad(project, examples, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('{"items": [', "utf-8")
    result = project.json("push", bad, *examples, "--source", "hesi")
    assert result.status == 1
    assert "bad.json" in result.err
    assert project.states()["B26110001"] == "delivered"


def test_reference_data_may_come_later(project, examples):
    documents, companions = examples[-3:], examples[:-3]
    assert project("push", *documents, "--source", "hesi").status == 2
    kept = project("push", *companions, "--source", "hesi")
    assert "records of reference data" in kept.err
    project("run")
    assert project.states()["B26110001"] == "delivered"


def test_codes_free_what_is_held(project, examples, tmp_path):
    codes = tmp_path / "codes.csv"
    project("codes", "export", codes, "--connection", "kingdee")
    kept = [line for line in codes.read_text("utf-8").splitlines() if '"D02"' not in line]
    fewer = tmp_path / "fewer.csv"
    fewer.write_text("\n".join(kept), "utf-8")
    project("codes", "import", fewer, "--replace")
    project("push", *examples, "--source", "hesi")
    assert project.states()["B26110001"] == "held"
    todo = [row["keys"] for row in project.json("tables", "todo").rows if row["table"] == "codes/department"]
    assert todo == [{"scope": "kingdee", "ours": "D02"}]
    project("codes", "import", codes)
    project("run")
    assert project.states()["B26110001"] == "delivered"


def accrual(project, number):
    """The row of a report's accrual."""
    (row,) = (row for row in project.json("status", number).rows if row.get("moment") == "accrual")
    return row


def test_a_draft_that_a_person_deleted_is_seen_and_not_sent_again(pushed, sandbox):
    victim = accrual(pushed, "B26110002")
    sandbox.hand("delete", id=victim["erp_id"])
    result = pushed.json("reconcile", "--period", "2026-11")
    assert result.status == 2
    (found,) = (row for row in result.rows if row["verdict"] == "missing")
    assert (found["document"], found["ours"], found["theirs"]) == ("B26110002", "318.00", None)
    assert found["action"]
    pushed("run")
    assert accrual(pushed, "B26110002")["state"] == "parked"
    assert len(sandbox.postings()) == 3

    resolved = pushed.json("resolve", victim["delivery"], "--absent", "--reason", "deleted by mistake")
    assert [row["state"] for row in resolved.rows] == ["ready"]
    pushed("run")
    assert accrual(pushed, "B26110002")["state"] == "delivered"
    assert len(sandbox.postings()) == 4


def test_what_was_given_up_shows_no_voucher_and_no_next_step(pushed, sandbox):
    row = accrual(pushed, "B26110002")
    sandbox.hand("delete", id=row["erp_id"])
    pushed("reconcile")
    (cancelled,) = pushed.json("cancel", row["delivery"], "--reason", "on purpose").rows
    shown = {name: cancelled[name] for name in ("state", "stage", "erp_id", "erp_number")}
    assert shown == {"state": "cancelled", "stage": None, "erp_id": None, "erp_number": None}
    assert [(problem["code"], problem["hint"]) for problem in cancelled["problems"]] == [("DELETED_IN_ERP", "")]
    assert pushed.json("show", row["delivery"]).rows[0]["posting"]["erp_id"] == row["erp_id"], "kept as history"


def test_what_a_person_found_is_taken_over(pushed, sandbox):
    row = accrual(pushed, "B26110002")
    sandbox.hand("edit", id=row["erp_id"], set={"date": "2026-11-19"})
    told = pushed("reconcile")
    assert told.status == 2
    change = "date 2026-11-18 → 2026-11-19"
    assert change in told.out
    assert change in pushed("show", row["delivery"]).out
    assert accrual(pushed, "B26110002")["state"] == "parked"
    result = pushed.json("resolve", "B26110002", "--delivered", row["erp_id"], "--reason", "the date was agreed")
    assert (result.status, [one["state"] for one in result.rows]) == (0, ["delivered"])
    refused = pushed("resolve", "B26110001", "--delivered", row["erp_id"], "--reason", "x")
    assert refused.status == 1


def test_reconcile_writes_files_that_are_no_formulas(pushed, tmp_path):
    from dougong.tables.files import read_table

    for suffix in ("csv", "xlsx", "jsonl"):
        file = tmp_path / f"result.{suffix}"
        assert pushed("reconcile", "--out", file, "--connection", "kingdee").status == 0
        if suffix == "jsonl":
            assert len(file.read_text("utf-8").splitlines()) == 4
        else:
            assert [row.cells["verdict"] for row in read_table(file).rows] == ["matched"] * 4


def test_reconcile_says_which_connection_and_period_it_could_not_list(pushed, sandbox):
    sandbox.fault("status_before_work", operation="ExecuteBillQuery", status=500)
    result = pushed.json("reconcile")
    assert result.status == 1
    failed = {(row["connection"], row["period"]): row["problems"] for row in result.rows if row["kind"] == "failed"}
    assert set(failed) == {("kingdee", "2026-10"), ("kingdee", "2026-11")}
    (problem,) = failed["kingdee", "2026-11"]
    assert problem["path"].startswith("connections.kingdee")
    assert "kingdee, period 2026-11" in problem["message"]
    assert "500" in problem["message"]
    assert problem["hint"]
    told = pushed("reconcile", "--period", "2026-11")
    assert (told.status, told.out) == (1, "")
    assert "kingdee, period 2026-11" in told.err
    assert problem["hint"] in told.err


def test_a_plan_without_the_erps_accounts_says_so_once(project, examples, sandbox):
    text = (project.folder / "dougong.toml").read_text("utf-8")
    (project.folder / "dougong.toml").write_text(text.replace(sandbox.url, "http://127.0.0.1:9/k3cloud/"), "utf-8")
    told = project("plan", *examples, "--source", "hesi")
    assert told.status == 2
    assert told.out.count("ACCOUNTS_NOT_READ") == 1
    assert "cannot reach" in told.out
    assert "ACCOUNT_UNKNOWN" not in told.out
    bookings = [row for row in project.json("plan", *examples, "--source", "hesi").rows if "moment" in row]
    codes = [[problem["code"] for problem in row["problems"]] for row in bookings]
    assert all(found.count("ACCOUNTS_NOT_READ") == 1 for found in codes)


def test_an_erp_that_is_down_is_said_and_not_a_failure(project, examples, sandbox):
    text = (project.folder / "dougong.toml").read_text("utf-8")
    (project.folder / "dougong.toml").write_text(text.replace(sandbox.url, "http://127.0.0.1:9/k3cloud/"), "utf-8")
    result = project.json("push", *examples, "--source", "hesi")
    assert result.status == 2
    assert "kingdee" in result.err
    assert {row["documents"][0]: row["state"] for row in result.rows} == {
        "J26100007": "ready",
        "B26110001": "ready",
        "B26110002": "ready",
        "B26110003": "ready",
        "B26110004": "not_due",
    }
    assert "Traceback" not in result.err


def test_to_works_on_one_connection_only(project, examples, sandbox):
    assert project("push", *examples, "--source", "hesi", "--to", "nowhere").status == 1
    assert project.json("status").rows == []
    assert project("push", *examples, "--source", "hesi", "--to", "kingdee").status == 2
    assert len(sandbox.postings()) == 4


def test_a_push_lists_what_it_has_freed(project, examples):
    files = [path for path in examples if not path.name.startswith("loan-")]
    first = project.json("push", *files, "--source", "hesi").rows
    assert [row["state"] for row in first if row["documents"] == ["B26110001"]] == ["held"]
    pushed = project.json("push", *(set(examples) - set(files)), "--source", "hesi").rows
    assert [(row["documents"], row["state"]) for row in pushed] == [
        (["J26100007"], "delivered"),
        (["B26110001"], "delivered"),
    ]


def test_a_connection_without_a_route_is_not_worked_on(project, examples):
    for command in (("push", *examples), ("run",)):
        told = project(*command, "--to", "hesi")
        assert told.status == 1
        assert "CONNECTION_WITHOUT_ROUTE" in told.err
        assert "--source hesi" in told.err
    assert project.json("status").rows == []


def test_a_connection_that_reads_nothing_is_no_source(project, tmp_path):
    canonical = tmp_path / "none.json"
    canonical.write_text("[]", "utf-8")
    told = project("push", canonical, "--source", "kingdee")
    assert (told.status, told.out) == (1, "")
    assert "SOURCE_CANNOT_READ" in told.err


def test_a_misspelt_code_table_is_refused_and_an_unused_one_is_told(project, tmp_path):
    assert project("codes", "import", project.folder / "codes" / "kingdee.csv").err == ""
    codes = tmp_path / "codes.csv"
    head = "table,scope,ours,→theirs,valid_from,valid_to,note\n"
    codes.write_text(head + "deprtment,kingdee,D99,BM99,,,\n", "utf-8")
    refused = project("codes", "import", codes)
    assert refused.status == 1
    assert "did you mean department?" in refused.err
    assert project.json("codes", "export", tmp_path / "all.csv").status == 0
    assert "deprtment" not in (tmp_path / "all.csv").read_text("utf-8-sig")

    codes.write_text(head + "warehouse,*,W1,CK1,,,\ndepartment,kingdee,D99,BM99,,,\n", "utf-8")
    taken = project.json("codes", "import", codes)
    assert (taken.status, len(taken.rows)) == (0, 2)
    assert "CODE_TABLE_UNKNOWN warehouse" in taken.err
    told = project.json("check")
    assert told.status == 0
    assert [row["message"] for row in told.rows if "warehouse" in row["message"]] != []


def test_codes_of_a_scope_that_is_no_connection_are_refused(project, tmp_path):
    codes = tmp_path / "codes.csv"
    codes.write_text("table,scope,ours,→theirs\nemployee,kingde/A01,E9,X\n", "utf-8")
    refused = project("codes", "import", codes)
    assert (refused.status, refused.out) == (1, "")
    assert "CODE_SCOPE_UNKNOWN kingde/A01" in refused.err
    assert "did you mean kingdee?" in refused.err
    assert project("check").status == 0


def test_check_finds_a_misspelt_code_table(project):
    from dougong.flow import Project
    from dougong.ledger import reference

    with Project(project.folder) as opened:
        row = ("deprtment", "kingdee", "D99", "BM99", "", "", "")
        opened.ledger.write(lambda tx: reference.replace_codes(tx, [row], actor="me", removed=0))
    told = project.json("check")
    assert told.status == 2
    assert ["department" in row["hint"] for row in told.rows if not row["ok"]] == [True]
