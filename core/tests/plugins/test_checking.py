"""What pluggy would pass over in silence is refused, naming class, method and distribution."""

from __future__ import annotations

import attrs
import pytest

from dougong import hookimpl, plugins


def refusals(door, *addons, **hooks):
    with pytest.raises(plugins.PluginError) as refused:
        door(*addons, **hooks)
    assert {problem.code for problem in refused.value.problems} == {"PLUGIN_REFUSED"}
    return refused.value.problems


def plain(function):
    """A method that has no marker."""
    function.dougong_impl = None
    return function


def test_a_misspelt_hook(door):
    (problem,) = refusals(door, list_posting=lambda self, period: [])
    assert problem.message.en == "Acme.list_posting (dougong-acme 1.0): there is no hook 'list_posting'"
    assert problem.hint.en == "did you mean 'list_postings'?"
    assert problem.path == "dougong.toml:2 connections.erp.connector"


def test_a_hook_without_its_marker(door):
    (problem,) = refusals(door, push=plain(lambda self, message, session: None))
    assert problem.message.en.startswith("Acme.push (dougong-acme 1.0): has a hook's name but no @hookimpl")


def test_a_helper_without_a_hooks_name_is_nobodys_business(door):
    door(helper=plain(lambda self: None), _push=plain(lambda self: None))


@pytest.mark.parametrize("how", [{"wrapper": True}, {"hookwrapper": True}])
def test_a_wrapper_is_refused(door, how):
    @hookimpl(**how)
    def push(self, message):
        yield

    (problem,) = refusals(door, push=push)
    assert "Acme.push (dougong-acme 1.0): wrappers are refused" in problem.message.en


def test_a_wrapper_in_an_addon_is_refused(door):
    class Nosy:
        @hookimpl(wrapper=True)
        def may_send(self):
            return (yield)

    (problem,) = refusals(door, Nosy())
    assert "Nosy.may_send (acme-addon1 2.0): wrappers are refused" in problem.message.en


def test_an_addon_cannot_answer_for_the_connector(door):
    class Nosy:
        @hookimpl
        def push(self, message):
            return None

    (problem,) = refusals(door, Nosy())
    assert problem.message.en == "Nosy.push (acme-addon1 2.0): push is a hook of a connector, this is an add-on"


def test_a_connector_cannot_be_its_own_observer(door):
    (problem,) = refusals(door, may_send=lambda self, booking: None)
    assert (
        problem.message.en == "Acme.may_send (dougong-acme 1.0): may_send is a hook of an add-on, this is a connector"
    )


def test_two_implementations_in_one_class(door):
    @hookimpl(specname="find")
    def search(self, wanted):
        return []

    (problem,) = refusals(door, find=lambda self, wanted: [], search=search)
    assert problem.message.en == "Acme.search (dougong-acme 1.0): find implements find already"


def test_a_hook_may_have_another_methods_name(door):
    @hookimpl(specname="find")
    def search(self, wanted):
        return []

    assert door(search=search).supports("find")


def test_async_hooks_are_refused(door):
    async def push(self, message):
        return None

    async def find(self, wanted):
        yield None

    found = refusals(door, push=push, find=find)
    assert [problem.message.en.partition(":")[0] for problem in found] == [
        "Acme.find (dougong-acme 1.0)",
        "Acme.push (dougong-acme 1.0)",
    ]
    assert all("not async def" in problem.message.en for problem in found)


def test_an_argument_that_the_hook_does_not_have(door):
    (problem,) = refusals(door, push=lambda self, message, sesion: None)
    assert problem.message.en == (
        "Acme.push (dougong-acme 1.0): does not fit the contract: there is no argument sesion"
    )
    assert problem.hint.en == "did you mean 'session'?"


@pytest.mark.parametrize(
    "push",
    [lambda self, message, session=None, call=None: None, lambda self, message, *, session, call: None],
    ids=["default", "keyword"],
)
def test_an_argument_that_would_never_be_given(door, push):
    found = [problem.message.en for problem in refusals(door, push=push)]
    assert found == [f"Acme.push (dougong-acme 1.0): would never be given {name}" for name in ("session", "call")]


def test_a_hook_of_a_later_contract_may_be_there_as_optional(door):
    @hookimpl(optionalhook=True)
    def push_in_the_future(self, message):
        return None

    assert not door(push_in_the_future=push_in_the_future).supports("push")


@pytest.mark.parametrize("decorate", [attrs.define, attrs.frozen])
def test_a_plugin_that_is_compared_by_value_is_refused(door, decorate):
    @decorate
    class Equal:
        @hookimpl
        def changes(self, payload):
            return []

    (problem,) = refusals(door, Equal())
    assert problem.message.en == "Equal (acme-addon1 2.0): a plugin must not define equality"
    assert "eq=False" in problem.hint.en


def test_everything_wrong_is_told_at_once(door):
    class Nosy:
        @hookimpl
        def chnges(self, payload):
            return []

    found = refusals(door, Nosy(), pussh=lambda self: None, push=plain(lambda self: None))
    assert [problem.message.en.partition(" ")[0] for problem in found] == ["Acme.push", "Acme.pussh", "Nosy.chnges"]


def test_hooks_of_a_base_class_count(door, acme):
    base = acme(find=lambda self, wanted: [])
    derived = type("Derived", (base,), {})
    assert plugins.describe_connector(derived)["hooks"] == ["operations", "find"]


def test_two_connections_with_equal_settings_do_not_mix(door):
    first, second = door(find=lambda self, wanted: []), door()
    assert first.supports("find")
    assert not second.supports("find")
