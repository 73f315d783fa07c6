"""accept, push, run, status, convert, trace: documents in a project that books nothing yet."""

from __future__ import annotations

import json

import pytest

KEYS = {
    *("delivery", "documents", "revision", "moment", "connection", "entity", "book", "state", "stage", "reference"),
    *("erp_id", "erp_number", "period", "waits_for", "problems", "attempts"),
}


def test_accepted_documents_are_in_order(run, folder, report, write):
    result = run("accept", write("a.json", [report("B1"), report("B2")]), "--project", folder, "--json")
    assert result.status == 0
    assert [(row["delivery"], row["documents"], row["state"]) for row in result.rows] == [
        (None, ["B1"], "accepted"),
        (None, ["B2"], "accepted"),
    ]


def test_a_bad_file_among_good_ones(run, folder, report, write):
    good, bad = write("good.json", report("B1")), write("bad.json", '{"source": NaN')
    result = run("accept", bad, good, "--project", folder, "--json")
    assert result.status == 1
    assert [row["documents"] for row in result.rows] == [["B1"]]
    assert "bad.json" in result.err


def test_a_bad_document_among_good_ones_of_a_file(run, folder, report, write):
    lines = write("many.jsonl", "\n".join(json.dumps(one) for one in (report("B1"), report("B2", currency="XXY"))))
    result = run("accept", lines, "--project", folder, "--json")
    assert result.status == 1
    assert [row["documents"] for row in result.rows] == [["B1"]]
    assert "line 2" in result.err


def test_a_file_that_is_not_there(run, folder, tmp_path):
    result = run("push", tmp_path / "nowhere.json", "--project", folder)
    assert result.status == 1
    assert "nowhere.json" in result.err


def test_without_a_route_a_document_is_held(run, folder, report, write):
    result = run("push", write("a.json", report()), "--project", folder, "--json")
    assert result.status == 2
    (row,) = result.rows
    assert row["delivery"] is None
    assert row["state"] == "held"
    assert [problem["code"] for problem in row["problems"]] == ["ROUTE_MISSING"]
    assert set(row["problems"][0]) == {"code", "path", "message", "hint"}
    assert run("run", "--project", folder).status == 2
    assert run("status", "--project", folder).status == 2


def test_push_lists_its_own_documents_only(run, folder, report, write):
    run("accept", write("a.json", report("B1")), "--project", folder)
    result = run("push", write("b.json", report("B2")), "--project", folder, "--json")
    assert [row["documents"] for row in result.rows] == [["B2"]]


def test_an_unknown_connection_is_refused_before_anything_is_stored(run, folder, report, write):
    assert run("push", write("a.json", report()), "--to", "nowhere", "--project", folder).status == 1
    assert run("status", "--project", folder, "--json").rows == []


def test_the_project_is_found_from_below(run, folder, report, write, monkeypatch):
    run("accept", write("a.json", report()), "--project", folder)
    monkeypatch.chdir(folder / "rules")
    assert [row["documents"] for row in run("status", "--json").rows] == [["B1"]]


def test_options_stand_before_or_behind_the_command(run, folder, report, write):
    run("accept", write("a.json", report()), "--project", folder)
    before = run("--project", folder, "--json", "status")
    behind = run("status", "--project", folder, "--json")
    assert before == behind
    assert before.rows


@pytest.mark.parametrize("form", ["json", "jsonl", "xml"])
def test_converted_files_convert_into_themselves(run, folder, report, write, form):
    once = run("convert", write("a.json", [report("B1"), report("B2")]), "--format", form, "--project", folder)
    again = run("convert", write(f"again.{form}", once.out), "--format", form, "--project", folder)
    assert (once.status, again.status) == (0, 0)
    assert once.out == again.out
    assert "B2" in once.out


def test_convert_tells_what_it_cannot_read(run, folder, write):
    result = run("convert", write("a.json", "{"), "--project", folder)
    assert (result.status, result.out) == (1, "")


def test_trace_tells_revisions_events_and_audit(run, folder, report, write):
    run("push", write("a.json", report()), "--project", folder, "--actor", "wang")
    result = run("trace", "B1", "--project", folder, "--json")
    assert result.status == 0
    (row,) = result.rows
    assert [event["type"] for event in row["events"]] == ["approved"]
    assert ("accepted", "wang") in [(entry["event"], entry["actor"]) for entry in row["audit"]]
    assert "ROUTE_MISSING" in run("trace", "B1", "--project", folder).out


def test_events_of_an_unknown_document_are_kept_and_told(run, folder, report, write):
    events = {"source": "oa", "tenant": "t1", "type": "expense", "id": "id-B9", "events": report()["events"]}
    assert "not known yet" in run("accept", write("e.json", events), "--project", folder).out
    told = run("status", "--project", folder, "--json")
    [row] = told.rows
    assert (row["delivery"], row["documents"], row["state"]) == (None, ["id-B9"], "held")
    assert [problem["code"] for problem in row["problems"]] == ["DOCUMENT_UNKNOWN"]
    assert told.status == 2
    run("accept", write("d.json", report(id="id-B9", number="B9", events=[])), "--project", folder)
    assert [row["documents"] for row in run("status", "--project", folder, "--json").rows] == [["B9"]]


def test_the_business_clock_is_told(run, folder, monkeypatch):
    monkeypatch.setenv("DOUGONG_NOW", "2026-11-20T10:00:00+08:00")
    assert "DOUGONG_NOW" in run("status", "--project", folder).err
    monkeypatch.delenv("DOUGONG_NOW")
    assert run("status", "--project", folder).err == ""


def test_a_delivery_has_the_keys_that_scripts_rely_on(run, folder, deliver):
    deliver("B1", total="100.00")
    rows = [row for row in run("status", "--project", folder, "--json").rows if row["delivery"]]
    assert [set(row) >= KEYS for row in rows] == [True]
    assert rows[0]["problems"] == []


def test_what_is_held_has_the_amount_of_its_document(run, folder, report, write, deliver):
    assert run("push", write("a.json", report("B1")), "--project", folder).status == 2
    deliver("B2")
    deliver("B3", moment="payment")
    listed = run("status", "--project", folder, "--json").rows
    assert {row["documents"][0]: row["total"] for row in listed if row["state"] == "held"} == {
        "B1": "100.00",
        "B2": "100.00",
        "B3": None,
    }
    assert "100.00" in run("status", "B1", "--project", folder).out


def test_a_canonical_file_is_converted_without_a_project(run, report, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("convert", write("a.json", report("B1")))
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out)["number"] == "B1"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert run("convert", tmp_path / "a.json", "--project", tmp_path).status == 1
