"""schema, crashpoints, connectors, audit."""

from __future__ import annotations

import json

import jsonschema
import pytest
from sqlalchemy import create_engine, text

from dougong.crashpoints import LABELS
from dougong.model.problems import Text
from dougong.plugins import Entry, State


@pytest.mark.parametrize("kind", ["document", "rules", "mapping", "plan", "config"])
def test_schemas_are_schemas(run, kind):
    result = run("schema", kind)
    assert result.status == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(result.out))
    assert run("schema", kind, "--json").rows == [json.loads(result.out)]


def test_a_report_fits_the_schema(run, report):
    jsonschema.validate(report(), json.loads(run("schema", "document").out))


def test_an_array_of_reports_and_events_fits_the_schema(run, report):
    schema = json.loads(run("schema", "document").out)
    events = {"source": "oa", "tenant": "t1", "type": "expense", "id": "id-B1", "events": report()["events"]}
    jsonschema.validate([report("B1"), events], schema)
    jsonschema.validate(events, schema)
    for wrong in ([report("B1", lines="none")], [{"number": "B1"}], "B1", [[report("B1")]]):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_a_kind_without_a_schema_lists_those_there_are(run):
    told = run("schema", "cases")
    assert (told.status, told.out) == (1, "")
    assert all(kind in told.err for kind in ("case", "config", "document", "mapping", "plan", "rules"))


def test_crash_points(run):
    assert [row["label"] for row in run("crashpoints", "--json").rows] == list(LABELS)


def test_connectors_have_the_keys_that_scripts_rely_on(run, monkeypatch):
    entries = (
        Entry(name="good", distribution="dougong-good", version="1.0", operations=("V.create",)),
        Entry(name="bad", distribution="dougong-bad", version="2.0", state=State.BROKEN, reason=Text("坏", "broken")),
    )
    monkeypatch.setattr("dougong.plugins.catalogue", lambda **_: entries)
    result = run("connectors", "--json")
    assert result.status == 0
    assert result.rows == [
        {
            "name": "good",
            "distribution": "dougong-good",
            "version": "1.0",
            "state": "ok",
            "reason": None,
            "operations": ["V.create"],
        },
        {
            "name": "bad",
            "distribution": "dougong-bad",
            "version": "2.0",
            "state": "broken",
            "reason": "broken",
            "operations": [],
        },
    ]
    assert "broken" in run("connectors").out


def test_the_audit_is_whole(run, folder, deliver):
    deliver("B1")
    assert run("audit", "verify", "--project", folder, "--json").rows[0]["ok"] is True


def test_a_changed_record_is_found(run, folder, deliver):
    deliver("B1")
    engine = create_engine(f"sqlite:///{folder / 'ledger.db'}")
    with engine.begin() as connection:
        for trigger in (
            connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        ):
            connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE subject = 'delivery:1'"))
    engine.dispose()
    result = run("audit", "verify", "--project", folder, "--json")
    assert result.status == 2
    (row,) = result.rows
    assert row["ok"] is False
    assert [problem["code"] for problem in row["problems"]] == ["AUDIT_BROKEN"]
    assert run("audit", "verify", "--project", folder).status == 2
