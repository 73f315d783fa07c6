"""check, show, trace, rules explain, convert: what people look at, with a real connector behind."""

from __future__ import annotations

import json
import re


def test_check_of_a_fresh_project(project):
    result = project.json("check")
    assert result.status == 0
    assert {frozenset(row) for row in result.rows} == {frozenset({"connection", "check", "ok", "message", "hint"})}
    assert {row["connection"] for row in result.rows} == {None, "kingdee", "hesi"}
    assert all(row["ok"] for row in result.rows)
    named = {row["check"]: row["message"] for row in result.rows if row["connection"] == "kingdee"}
    assert "FEXPLANATION" in named["reference"]
    assert "cash_flow" in named["drops"]
    assert project("check", "kingdee").status == 0


def test_check_says_which_secret_is_wrong(project):
    (project.folder / "secrets" / "kingdee_app_secret").write_text("not the secret", "utf-8")
    result = project.json("check", "kingdee")
    assert result.status == 2
    assert [row["check"] for row in result.rows if not row["ok"]]
    assert "not the secret" not in result.out + result.err


def test_check_finds_a_missing_secret_a_broken_rule_and_a_broken_mapping(project):
    (project.folder / "secrets" / "kingdee_auditor_app_secret").unlink()
    rules = project.folder / "rules" / "a01.toml"
    rules.write_text(rules.read_text("utf-8").replace("employee_payable", "employe_payable", 1), "utf-8")
    result = project.json("check")
    assert result.status == 2
    wrong = {row["check"] for row in result.rows if not row["ok"]}
    assert "auditor.app_secret" in wrong
    assert "rules rules/a01.toml" in wrong


def test_check_finds_a_mapping_that_does_not_compile(project):
    mapping = project.folder / "mappings" / "kingdee" / "GL_VOUCHER.toml"
    mapping.write_text(mapping.read_text("utf-8").replace("voucher.posting_date", "voucher.posting_day"), "utf-8")
    wrong = [row for row in project.json("check", "kingdee").rows if not row["ok"]]
    assert {row["check"] for row in wrong} == {"mapping mappings/kingdee/GL_VOUCHER.toml"}
    assert all("posting_date" in row["hint"] for row in wrong)


def test_check_finds_fields_of_the_mapping_that_the_erp_does_not_know(project):
    mapping = project.folder / "mappings" / "kingdee" / "GL_VOUCHER.toml"
    mapping.write_text(mapping.read_text("utf-8").replace('"FATTACHMENTS"', '"FATTACHMENT"'), "utf-8")
    result = project.json("check", "kingdee")
    assert result.status == 2
    (wrong,) = [row for row in result.rows if not row["ok"]]
    assert wrong["check"] == "fields mappings/kingdee/GL_VOUCHER.toml"
    assert wrong["message"].startswith("FATTACHMENT: ")
    assert "FATTACHMENTS" in wrong["hint"]


def test_check_finds_accounts_that_the_erp_does_not_have(project):
    rules, table = project.folder / "rules" / "a01.toml", project.folder / "tables" / "expense_account.csv"
    rules.write_text(rules.read_text("utf-8").replace('"2241.01"', '"2241.99"'), "utf-8")
    rows = "培训费,管理,*,6602,2020-01-01,,a parent\n培训费,*,*,6602.95,2020-01-01,2020-12-31,past\n"
    table.write_text(table.read_text("utf-8") + rows, "utf-8")
    result = project.json("check", "kingdee")
    assert result.status == 2
    wrong = {row["message"].split(": ")[0]: row["message"] for row in result.rows if not row["ok"]}
    last = len(table.read_text("utf-8").splitlines())
    assert sorted(wrong) == ["rules/a01.toml accounts.employee_payable", f"tables/expense_account.csv:{last - 1}"]
    assert "the ERP has no account 2241.99" in wrong["rules/a01.toml accounts.employee_payable"]
    assert {row["check"] for row in result.rows if not row["ok"]} == {"accounts"}


def test_check_only_tells_accounts_that_nothing_can_use(project):
    rules = project.folder / "rules" / "a01.toml"
    text = rules.read_text("utf-8").replace("[accounts]", '[accounts]\nreserve = "6999"', 1)
    text = re.sub(r"(?m)^input_vat_pending .*$", 'input_vat_pending = "2221.99"', text)
    rules.write_text(text, "utf-8")
    result = project.json("check", "kingdee")
    told = [row for row in result.rows if row["check"] == "accounts"]
    assert (result.status, [row["ok"] for row in told]) == (0, [True, True])
    assert [row["message"].split(": ")[0] for row in told] == [
        "rules/a01.toml accounts.reserve",
        "rules/a01.toml accounts.input_vat_pending",
    ]
    assert all("no entry can use it" in row["message"] for row in told)
    rules.write_text(text.replace('timing         = "direct"', 'timing         = "on_confirmation"'), "utf-8")
    result = project.json("check", "kingdee")
    assert result.status == 2
    assert [row["message"].split(": ")[0] for row in result.rows if not row["ok"]] == [
        "rules/a01.toml accounts.input_vat_pending"
    ]


def test_check_tells_an_erp_that_is_down_once(project, sandbox):
    file = project.folder / "dougong.toml"
    file.write_text(file.read_text("utf-8").replace(sandbox.url, "http://127.0.0.1:9/k3cloud/"), "utf-8")
    rows = project.json("check", "kingdee").rows
    assert "login" in {row["check"] for row in rows if not row["ok"]}
    assert "accounts" not in {row["check"] for row in rows}


def test_check_finds_a_broken_configuration(project):
    file = project.folder / "dougong.toml"
    file.write_text(file.read_text("utf-8").replace("[[routes]]", "[[route]]"), "utf-8")
    result = project.json("check")
    assert result.status == 2
    assert [(row["connection"], row["check"], row["ok"]) for row in result.rows] == [(None, "config", False)]


def test_check_of_an_unknown_connection(project):
    assert project("check", "kingdeee").status == 1


def test_show_and_trace(pushed):
    (shown,) = pushed.json("show", "B26110001").rows
    assert shown["total"] == "3348.00"
    assert shown["posting"]["erp_number"] == shown["erp_number"]
    assert shown["posting"]["erp_id"] == shown["erp_id"]
    assert [sent["outcome"] for sent in shown["sent"]] == ["done"]
    times = [shown["sent"][0]["prepared_at"], shown["sent"][0]["last_sent_at"], *(e["at"] for e in shown["audit"])]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times)
    assert len(shown["booking"]["lines"]) == 9
    (traced,) = pushed.json("trace", "B26110001").rows
    assert [one["delivery"] for one in traced["deliveries"]] == [shown["delivery"]]
    text = pushed("trace", "B26110001").out
    assert shown["erp_number"] in text
    assert "3,348.00" in text


def test_rules_explain_what_was_sent_and_what_was_not(pushed):
    sent = pushed.json("rules", "explain", "B26110001")
    assert sent.status == 0
    assert len(sent.rows) == 9
    first = sent.rows[0]
    assert (first["table"], first["row"]) == ("tables/expense_account.csv", 2)
    assert first["keys"]["fee_type"] == "差旅费"
    assert first["rules"].startswith("rules/a01.toml:")
    assert first["delivery"]
    held = pushed.json("rules", "explain", "B26110003")
    assert held.status == 2
    assert held.rows[0]["delivery"] is None


def test_convert_shows_what_a_source_says(project, examples, tmp_path):
    result = project("convert", *examples, "--source", "hesi", "--format", "jsonl")
    assert result.status == 0
    documents = {row["number"]: row for row in result.rows}
    assert set(documents) == {"J26100007", "B26110001", "B26110002", "B26110003", "B26110004"}
    (tmp_path / "canonical.jsonl").write_text(result.out, "utf-8")
    again = project("convert", tmp_path / "canonical.jsonl", "--format", "jsonl")
    assert [json.loads(line)["number"] for line in again.out.splitlines()] == list(documents)


def test_connectors(dougong):
    rows = {row["name"]: row for row in dougong("connectors", "--json").rows}
    assert rows["kingdee"]["state"] == "ok"
    assert rows["kingdee"]["distribution"] == "dougong-kingdee"
    assert "GL_VOUCHER.create" in rows["kingdee"]["operations"]
    assert rows["hesi"]["operations"] == []


def test_convert_of_a_sources_files_without_a_project(dougong, examples):
    done = dougong("convert", *examples, "--source", "hesi", "--format", "jsonl")
    assert done.status == 0
    assert "B26110001" in {row["number"] for row in done.rows}
    unknown = dougong("convert", examples[-1], "--source", "nowhere")
    assert unknown.status == 1
    assert "nowhere" in unknown.err
