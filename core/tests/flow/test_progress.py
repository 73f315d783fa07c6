"""What a run says while it goes on, and when it leaves an ERP that is down alone."""

from __future__ import annotations

import json

import flow_erp
import pytest
from flow_documents import loan, report

from dougong.flow import Project, read_files, take_in, work


@pytest.fixture
def run(shop):
    """Pushes documents; returns what was told of it."""

    def call(*documents):
        file = shop.folder / "pushed.json"
        file.write_text(json.dumps(list(documents), ensure_ascii=False), encoding="utf-8")
        told = []
        with Project(shop.folder) as project:
            take_in(project, read_files(project, [file]))
            work(project, progress=told.append)
        return told

    return call


def test_what_fails_is_told_with_its_connection_and_the_next_try(run):
    flow_erp.DOWN.add("1221.01")
    troubles = [now.trouble for now in run(loan()) if now.trouble is not None]
    assert {(one.connection, one.problem.code) for one in troubles} == {("erp", "NOT_SENT")}
    assert "connection refused" in troubles[-1].problem.message.en
    assert all(0 <= one.next_try < 10 for one in troubles)


def test_what_gets_on_has_no_trouble(run):
    told = run(report())
    assert (told[-1].done, told[-1].of, told[-1].trouble) == (1, 1, None)


def test_an_erp_that_is_down_is_not_tried_for_each_delivery(run, shop, monkeypatch):
    """The breaker is for the connection: the run ends although no delivery has failed often enough by itself."""
    from dougong.flow import scope, working

    config = shop.folder / "dougong.toml"
    config.write_text(config.read_text().replace("failures = 1000", "failures = 2"))
    monkeypatch.setattr(working, "_MOST_FAILURES", 1000)
    monkeypatch.setattr(scope, "_PATIENCE_SECONDS", 0.0)
    flow_erp.DOWN.add("reference")
    told = run(*(report(f"R{number}") for number in range(8)))
    assert (told[-1].done, told[-1].of) == (0, 8)
    assert {state for _, state, *_ in shop.states()} == {"ready"}

    flow_erp.DOWN.clear()
    assert {state for _, state, *_ in shop.push()} == {"delivered"}


def test_what_a_loan_frees_is_waited_for(run, shop):
    shop.push(report(amount="500.00", loans=[("L1", "200.00")]))
    told = run(loan())
    assert (told[-1].done, told[-1].of) == (2, 2)
    assert sorted(row[:2] for row in shop.states()) == [("L1", "delivered"), ("R1", "delivered")]


def test_an_erp_that_tells_no_accounts_is_said(shop, monkeypatch):
    monkeypatch.setattr(flow_erp, "_NEEDS", {})
    with Project(shop.folder) as project:
        assert [(problem.code, problem.path) for problem in work(project)] == [("ACCOUNTS_NOT_READ", "connections.erp")]
