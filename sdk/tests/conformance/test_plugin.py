"""`pytest --connector NAME`, as a partner runs it: in any folder, with or without workers."""

from __future__ import annotations

import json
import subprocess
import sys


def test_rules_that_are_kept(certify, tmp_path):
    status, output, told = certify("acme", "-k", "CONTRACT or PUSH-001")
    assert status == 0, output
    assert {row["verdict"] for row in told["rules"]} == {"passed"}
    assert (told["connector"], told["lost"], told["doubled"], told["level"]) == ("acme", 0, 0, None)
    assert told["documents"] >= 1
    assert "not all rules tried" in output
    assert "acme 0.1.0" in (tmp_path / "conformance.html").read_text("utf-8")


def test_rules_about_batches_jobs_and_callbacks_apply_where_they_are_declared(certify):
    status, output, told = certify("relay", "-k", "CALLBACK-002 or POLL-005 or BATCH-004")
    assert status == 0, output
    assert {row["id"]: row["verdict"] for row in told["rules"]} == {
        "CALLBACK-002": "passed",
        "POLL-005": "passed",
        "BATCH-004": "passed",
    }
    assert "gold    3 of 3 rules kept" in output


def test_and_nowhere_else(certify):
    status, output, told = certify("acme", "-k", "CALLBACK or POLL or BATCH")
    assert status == 0, output
    assert len(told["rules"]) == 18
    assert {row["verdict"] for row in told["rules"]} == {"not_applicable"}
    assert {row["reason"] for row in told["rules"]} == {
        "it has no read_callback",
        "it has no poll",
        "it sends one voucher per message",
    }


def test_with_workers_and_a_file_of_ones_own(certify, tmp_path):
    out = tmp_path / "there" / "result.json"
    status, output, _ = certify("acme", "-k", "CONTRACT", "-n", "2", "--conformance-out", str(out))
    assert status == 0, output
    assert len(json.loads(out.read_text("utf-8"))["rules"]) == 4


def test_a_rule_that_is_not_kept_says_what_why_and_what_to_do(certify, site):
    name = site.plant("connector.py", 'Reference("externalId", max_length=32)', 'Reference("externalId", max_length=8)')
    status, output, told = certify(name, "-k", "CONTRACT-003")
    assert status == 1
    assert "a reference of 8 characters is not unique; it needs 16" in output
    assert "why   what is declared decides" in output
    assert "do    mend the Operation" in output
    assert told["rules"][0]["verdict"] == "failed"
    assert "8 characters" in told["rules"][0]["reason"]
    assert told["level"] is None


def test_a_package_that_cannot_be_used_fails_the_first_rule_and_tries_no_other(certify, site):
    name = site.plant("connector.py", "    @hookimpl\n    def find(", "    def find(")
    status, output, told = certify(name)
    assert status == 1
    assert [row["id"] for row in told["rules"]] == ["CONTRACT-001"]
    assert "find" in told["rules"][0]["reason"]
    assert f"{name}: none" in output


def test_a_package_without_a_sandbox_is_told_to_bring_one(certify, site):
    name = site.plant("connector.py", "Ambiguity.C, ", "Ambiguity.C, ")
    points = site.folder / f"dougong_{name.replace('-', '_')}-0.1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text("utf-8").partition("[dougong.sandboxes]")[0], "utf-8")
    status, output, told = certify(name)
    assert status == 1
    assert {row["id"]: row["verdict"] for row in told["rules"]} == {"CONTRACT-001": "passed", "CONTRACT-004": "failed"}
    assert "dougong.sandboxes" in output
    assert f"{name}: none" in output


def test_an_exemption_is_printed_and_caps_the_level(certify, site):
    name = site.plant("connector.py", "Ambiguity.C, ", "Ambiguity.C, ")  # a copy without a defect
    module = site.folder / f"dougong_{name.replace('-', '_')}"
    (module / "conformance.toml").write_text('[exempt]\n"CONTRACT-003" = "the vendor says so"\n', "utf-8")
    status, output, told = certify(name, "-k", "CONTRACT")
    assert status == 0, output
    assert told["rules"][2] == {
        "id": "CONTRACT-003",
        "level": "bronze",
        "verdict": "exempt",
        "reason": "the vendor says so",
    }
    assert "exempt: the vendor says so" in output
    (module / "conformance.toml").write_text('[exempt]\n"CONTRACT-003" = " "\n', "utf-8")
    status, output, _ = certify(name, "-k", "CONTRACT")
    assert status != 0
    assert "CONTRACT-003 without a reason" in output


def test_an_exchange_is_recorded_and_played_without_a_sandbox(certify, tmp_path):
    status, output, told = certify("acme", "--record", "kept")
    assert status == 0, output
    assert [row["id"] for row in told["rules"]] == ["WIRE-001"]
    kept = "".join(path.read_text("utf-8") for path in (tmp_path / "kept").iterdir())
    assert "CT26000001" in kept

    status, output, _ = certify("acme", "--replay", "kept")
    assert status == 0, output

    came = tmp_path / "kept" / "came.json"
    came.write_text(came.read_text("utf-8").replace("318.01", "318.02"), "utf-8")
    status, output, _ = certify("acme", "--replay", "kept")
    assert status == 1
    assert "318.01" in output

    status, output, _ = certify("acme", "--replay", "kept", "--record", "other")
    assert status != 0
    assert "exclude each other" in output


def test_a_connector_that_is_not_there(certify):
    status, output, told = certify("acmee")
    assert status == 4
    assert told is None
    assert len(output.strip().splitlines()) <= 3, output
    assert "acmee" in output
    assert "acme" in output


def test_two_connectors_of_one_name_are_one_sentence(certify, site):
    name = site.plant("connector.py", "Ambiguity.C, ", "Ambiguity.C, ")
    module = f"dougong_{name.replace('-', '_')}"
    info = site.folder / f"another_{module}-0.1.0.dist-info"
    info.mkdir()
    points = (site.folder / f"{module}-0.1.0.dist-info" / "entry_points.txt").read_text("utf-8")
    (info / "entry_points.txt").write_text(points, "utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: another-{module}\nVersion: 0.1.0\n", "utf-8")
    status, output, told = certify(name)
    assert (status, told) == (4, None)
    assert f"another-{module}" in output
    assert "Traceback" not in output
    assert len(output.strip().splitlines()) <= 3, output


def test_master_data_that_cannot_be_read_is_a_rule_that_failed(certify, site, tmp_path):
    (tmp_path / "conformance.json").write_text('{"level": "gold", "whole": true}')
    name = site.plant("session.py", 'return told["data"]', 'return told["playload"]')
    status, output, told = certify(name)
    assert status == 1
    assert [(row["id"], row["verdict"]) for row in told["rules"]] == [("MASTER-001", "failed")]
    assert "KeyError: 'playload' (session.py:" in told["rules"][0]["reason"]
    assert "do    begin with pull_master_data" in output
    assert "ERROR collecting" not in output
    assert (told["level"], told["whole"]) == (None, False)


def test_a_sandbox_that_does_not_start_is_a_rule_that_failed(certify, site):
    name = site.plant("sandbox.py", "_STEPS = (", "_STEPS = _NO_STEPS = (_TYPO, ")
    status, output, told = certify(name)
    assert status == 1
    assert [(row["id"], row["verdict"]) for row in told["rules"]] == [("CONTRACT-004", "failed")]
    assert "_TYPO" in told["rules"][0]["reason"]
    assert "ERROR collecting" not in output


def test_a_sandbox_that_fails_is_said_before_what_follows(certify, site):
    name = site.plant("sandbox.py", '        book = str(body.get("book", ""))\n', '        book = str(body["typo"])\n')
    status, _, told = certify(name, "-k", "MAP-003")
    assert status == 1
    assert told["rules"][0]["reason"].startswith("the sandbox itself failed: create: KeyError: 'typo' (sandbox.py:")


def test_a_report_of_all_rules_outlives_a_run_of_some(certify, tmp_path):
    whole = '{"level": "gold", "whole": true}'
    (tmp_path / "conformance.json").write_text(whole)
    status, output, told = certify("acme", "-k", "CONTRACT-003")
    assert status == 0, output
    assert told == json.loads(whole)
    assert "stays as it is" in output
    assert not (tmp_path / "conformance.html").exists()
    status, output, _ = certify("acme", "-k", "CONTRACT-003", "--conformance-out", "one.json")
    assert status == 0, output
    assert json.loads((tmp_path / "one.json").read_text("utf-8"))["whole"] is False
    status, output, told = certify("acme", "-k", "NO-SUCH-RULE")
    assert told == json.loads(whole)
    assert "no rule was tried; conformance.json is of an earlier run" in output


def test_without_the_option_nothing_happens(tmp_path):
    (tmp_path / "test_x.py").write_text(
        "import sys\n\n\ndef test_x():\n    assert 'dougong_sdk.rest' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
