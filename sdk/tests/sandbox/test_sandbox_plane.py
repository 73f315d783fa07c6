from __future__ import annotations

import pytest

from dougong_sdk.sandbox import SandboxError


def test_postings_show_exact_amounts(toy, client):
    client.note("a", amount=0.1)
    assert toy.postings() == [{"id": "1", "text": "a", "amount": "0.1"}]


def test_requests_tell_what_came_and_hide_secrets(toy, client):
    client.note("seen")
    login, note = toy.requests()
    assert (note["method"], note["path"], note["operation"], note["status"]) == ("POST", "/toy/note", "note", 200)
    assert '"seen"' in note["body"]
    assert note["fault"] is None
    assert "s3cret-word" not in str(toy.requests())
    assert '"password": "***"' in login["body"]


def test_a_broken_request_is_logged_with_its_fault(toy, client):
    toy.fault("status_before_work", operation="note", status=500)
    client.note()
    assert [(entry["fault"], entry["status"]) for entry in toy.requests("note")] == [("status_before_work", 500)]


def test_config_shows_settings_and_seed_without_secrets(toy):
    config = toy.config()
    assert config["name"] == "toy"
    assert config["settings"]["password"] == "***"
    assert config["seed"]["credentials"] == [{"kind": "basic", "user": "ann", "password": "***"}]
    assert config["endpoints"] == {"base": "/toy/"}
    assert "s3cret-word" not in str(config)


def test_a_hand_changes_the_ledger(toy, client):
    client.note("gone soon")
    assert toy.hand("delete", id="1")["text"] == "gone soon"
    assert toy.postings() == []
    with pytest.raises(SandboxError, match="no such note") as error:
        toy.hand("delete", id="1")
    assert error.value.status == 404


def test_a_seed_is_merged_while_it_runs(launch_sandbox, toy_name, connect):
    toy = launch_sandbox(toy_name)
    client = connect(toy, login=False)
    toy.seed({"credentials": [{"kind": "basic", "user": "new", "password": "pass-of-new"}]})
    assert client.ask("login", {"user": "new", "password": "pass-of-new"})[0] == 200
    assert "pass-of-new" not in str(toy.requests()) + str(toy.config())


def test_reset_empties_ledger_faults_and_log_but_not_the_seed(toy, client):
    client.note()
    toy.fault("reset_before_work")
    toy.reset()
    assert (toy.postings(), toy.requests(), toy.call("/faults")) == ([], [], [])
    client.login()
    assert client.note()[0] == 200


def test_an_erp_that_fails_answers_500_and_has_done_nothing(toy, client):
    status, text = client.ask("half", {})
    assert status == 500
    (told,) = toy.failures()
    assert "RuntimeError: failed half-way (toy_sandbox.py:" in told
    assert b"failed half-way" in text
    assert toy.postings() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"fault": "?"}),
        ("/faults", {"fault": "work_late", "operation": "note"}),
        ("/faults", {"fault": "refuse", "operation": "notes"}),
        ("/seed", {"nothing": []}),
        ("/targets", {"kind": "event"}),
        ("/emit", {"target": "job"}),
    ],
)
def test_a_wrong_order_is_explained_in_both_languages(toy, path, body):
    with pytest.raises(SandboxError) as error:
        toy.call(path, body)
    assert error.value.status == 422
    assert error.value.zh
    assert error.value.en


def test_a_body_that_is_no_object_is_refused(toy):
    with pytest.raises(SandboxError) as error:
        toy.call("/hand", [1])
    assert error.value.status == 400
