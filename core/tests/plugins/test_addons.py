"""Add-ons: asked in the order of the configuration, and none can stop another."""

from __future__ import annotations

import datetime as dt

import pytest

from dougong import config, hookimpl, plugins
from dougong.hookspecs import Change, Hold, TransitionEvent
from dougong.model.bookings import Voucher
from dougong.model.messages import Payload
from dougong.model.problems import Problem

PAYLOAD = Payload({})
BOOKING = Voucher("accrual", "A01", "A01", dt.date(2026, 11, 20), "2026-11", "记", "CNY", (), documents=("B1",))
EVENT = TransitionEvent("d1", ("B1",), "ready", "delivered", dt.datetime(2026, 11, 20, tzinfo=dt.UTC), "system")


class Notes:
    """Proposes one change and remembers what it was told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: list[str] = []

    @hookimpl
    def changes(self, payload, booking):
        yield Change(self.name, booking.book, "because")

    @hookimpl
    def on_transition(self, event):
        self.told.append(event.after)


class Budget:
    @hookimpl
    def may_send(self, booking):
        return Hold(Problem.of("OVER_BUDGET", "超预算", "over budget"))


class Failing:
    @hookimpl
    def changes(self, payload):
        yield Change("x", 1, "y")
        raise ValueError("it broke")

    @hookimpl
    def may_send(self, booking):
        raise SystemExit("it broke")

    @hookimpl
    def on_transition(self, event):
        raise ValueError("it broke")


class Silent:
    """Implements nothing that is asked."""


def test_changes_come_in_the_order_of_the_configuration(door):
    opened = door(Notes("first"), Silent(), Notes("second"))
    changes = opened.changes(PAYLOAD, BOOKING, opened.call())
    assert [change.path for change in changes] == ["first", "second"]


def test_order_does_not_bend_to_tryfirst(door):
    class Pushy:
        @hookimpl(tryfirst=True)
        def changes(self, payload):
            return [Change("pushy", 1, "x")]

    opened = door(Notes("first"), Pushy())
    assert [change.path for change in opened.changes(PAYLOAD, BOOKING, opened.call())] == ["first", "pushy"]


def test_changes_that_fail_hold_the_delivery_with_a_name(door):
    opened = door(Notes("first"), Failing())
    with pytest.raises(plugins.PluginError) as failed:
        opened.changes(PAYLOAD, BOOKING, opened.call())
    (problem,) = failed.value.problems
    assert problem.code == "ADDON_FAILED"
    assert problem.facts["distribution"] == "acme-addon2 2.0"
    assert problem.facts["document"] == "B1"
    assert "addon2 (acme-addon2 2.0)" in problem.message.en


def test_changes_of_another_type(door):
    class Odd:
        @hookimpl
        def changes(self, payload):
            return ["FDate"]

    opened = door(Odd())
    with pytest.raises(plugins.PluginError, match=r"ADDON_FAILED.*not all are Change"):
        opened.changes(PAYLOAD, BOOKING, opened.call())


def test_may_send_asks_everybody(door):
    opened = door(Notes("first"), Budget(), Failing(), Budget())
    holds = opened.may_send(BOOKING, PAYLOAD, opened.call())
    assert [hold.reason.code for hold in holds] == ["OVER_BUDGET", "ADDON_FAILED", "OVER_BUDGET"]
    assert "SystemExit: it broke" in holds[1].reason.message.en


@pytest.mark.parametrize("answer", [True, False, "no"])
def test_may_send_with_another_answer_holds(door, answer):
    class Odd:
        @hookimpl
        def may_send(self, booking):
            return answer

    opened = door(Odd())
    (hold,) = opened.may_send(BOOKING, PAYLOAD, opened.call())
    assert hold.reason.code == "ADDON_FAILED"


def test_nothing_to_say_lets_it_go(door):
    opened = door(Silent(), Notes("x"))
    assert opened.may_send(BOOKING, PAYLOAD, opened.call()) == ()


def test_on_transition_reaches_everybody(door, caplog):
    first, last = Notes("first"), Notes("last")
    opened = door(first, Failing(), last)
    opened.on_transition(EVENT, opened.call())
    assert (first.told, last.told) == (["delivered"], ["delivered"])
    assert (
        "in hook on_transition of addon2 (acme-addon2 2.0), connection erp, connector acme, document B1" in caplog.text
    )


ADDON = """
from dougong import hookimpl
from dougong.hookspecs import Change

class {name}:
    @hookimpl
    def changes(self, payload):
        return [Change("{name}", 1, "x")]

instance = {name}()
"""


@pytest.fixture
def project(install, install_good, tmp_path):
    install_good("erp")
    install(
        "my-addons",
        "[dougong.addons]\none = my_one:One\ntwo = my_two:instance\nbad = my_three:X\n",
        my_one=ADDON.format(name="One"),
        my_two=ADDON.format(name="Two"),
        my_three="1 / 0",
    )
    return lambda text: config.parse(f'[connections.erp]\nconnector = "erp"\n{text}', tmp_path)


def test_addons_come_from_entry_points_as_class_or_instance(project):
    made = project('addons = ["two", "one"]')
    opened = plugins.open_door(made.connection("erp"), made)
    assert [change.path for change in opened.changes(PAYLOAD, BOOKING, opened.call())] == ["Two", "One"]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('addons = ["onne"]', "PLUGIN_UNKNOWN", "did you mean 'one'"),
        ('addons = ["bad"]', "PLUGIN_BROKEN", "ZeroDivisionError"),
        ('addons = ["one"]\n[plugins]\nallow = ["dougong-erp"]', "PLUGIN_REFUSED", "my-addons 1.0"),
    ],
)
def test_addons_that_cannot_be_used(project, text, code, words):
    made = project(text)
    with pytest.raises(plugins.PluginError) as refused:
        plugins.open_door(made.connection("erp"), made)
    (problem,) = refused.value.problems
    assert problem.code == code
    assert words in f"{problem.message.en} {problem.hint.en}"
    assert problem.path == "dougong.toml:3 connections.erp.addons"
