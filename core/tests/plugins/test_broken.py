"""More than ten kinds of broken plugin (reliability.md F16): each is a row and an error, and takes nobody else down."""

from __future__ import annotations

import signal
import threading

import attrs
import pytest

from dougong import config, plugins
from dougong.plugins import State

BROKEN = {
    "import_error": ("1 / 0", "ZeroDivisionError"),
    "syntax_error": ("def", "SyntaxError"),
    "missing_dependency": ("import a_package_that_nobody_has", "No module named 'a_package_that_nobody_has'"),
    "missing_class": ("del Connector", "has no attribute 'Connector'"),
    "exit_at_import": ("raise SystemExit('bye')", "SystemExit: bye"),
    "base_exception_at_import": ("class Odd(BaseException): pass\nraise Odd('odd')", "Odd: odd"),
    "interrupt_at_import": ("raise KeyboardInterrupt('not by a person')", "KeyboardInterrupt: not by a person"),
    "recursion_at_import": ("def f(): return f()\nf()", "RecursionError"),
    "recursive_import": ("from made_up_bad import NotThere", "ImportError"),
    "assertion_at_import": ("assert not Connector", "AssertionError"),
    "no_about": ("class Connector: pass", "about"),
    "about_of_another_type": ("class Connector: about = {'product': 'x'}", "about"),
    "not_a_class": ("Connector = 5", "about"),
    "settings_no_attrs_class": (
        "class Connector: about = About(product='{name}', title=Text('', ''), settings=dict)",
        "about.settings has to be an attrs class",
    ),
    "secret_without_field": (
        "class Connector: about = About(product='{name}', title=Text('', ''), settings=Settings, secrets=('key',))",
        "no field for the secret key",
    ),
    "secret_in_repr": (
        "class Connector: about = About(product='{name}', title=Text('', ''), settings=Settings, secrets=('url',))",
        "repr=False",
    ),
    "another_product": (
        "class Connector: about = About(product='other', title=Text('', ''), settings=Settings)",
        "about.product is 'other'",
    ),
    "contract_of_another_type": (
        "class Connector: about = About(product='{name}', title=Text('', ''), settings=Settings, contract='1')",
        "whole number",
    ),
}

#: These are found when the connection is opened: they need settings.
UNUSABLE = {
    "raising_in_init": (
        "    def __attrs_post_init__(self):\n        raise RuntimeError('no licence')",
        "PLUGIN_BROKEN",
        "RuntimeError: no licence",
    ),
    "exit_in_init": (
        "    def __attrs_post_init__(self):\n        raise SystemExit(3)",
        "PLUGIN_BROKEN",
        "SystemExit: 3",
    ),
    "settings_not_taken": (
        "    def __init__(self): pass",
        "PLUGIN_BROKEN",
        "TypeError",
    ),
    "misspelt_hook": ("    @hookimpl\n    def pussh(self, message): ...", "PLUGIN_REFUSED", "did you mean 'push'"),
    "undecorated_hook": ("    def push(self, message): ...", "PLUGIN_REFUSED", "Connector.push"),
    "unknown_argument": (
        "    @hookimpl\n    def push(self, message, sesion): ...",
        "PLUGIN_REFUSED",
        "sesion",
    ),
    "argument_never_given": (
        "    @hookimpl\n    def push(self, message, session=None): ...",
        "PLUGIN_REFUSED",
        "never be given session",
    ),
}
#: Those of them whose hooks alone show it, which needs no settings.
HOOKS = ("misspelt_hook", "undecorated_hook", "unknown_argument", "argument_never_given")


def open_all(config_):
    """Opens every connection; the answer says what became of each."""
    found = {}
    for connection in config_.connections.values():
        try:
            found[connection.name] = plugins.open_door(connection, config_)
        except (plugins.PluginError, config.ConfigError) as error:
            found[connection.name] = error
    return found


def configured(tmp_path, *names):
    return config.parse("".join(f'[connections.{name}]\nconnector = "{name}"\n' for name in names), tmp_path)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_is_a_row_with_its_reason(install_good, kind):
    more, words = BROKEN[kind]
    install_good("bad", more=more.replace("{name}", "bad"), version="0.9")
    install_good("fine")
    rows = {entry.name: entry for entry in plugins.catalogue(load=True)}
    assert rows["bad"].state is State.BROKEN
    assert words in rows["bad"].reason.en
    assert "dougong-bad 0.9" in rows["bad"].reason.en
    assert "dougong-bad 0.9" in rows["bad"].reason.zh
    assert rows["fine"].state is State.OK


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_stops_only_its_own_connection(install_good, tmp_path, kind):
    more, words = BROKEN[kind]
    install_good("bad", more=more.replace("{name}", "bad"))
    install_good("fine")
    doors = open_all(configured(tmp_path, "bad", "fine"))
    (problem,) = doors["bad"].problems
    assert problem.code in ("PLUGIN_BROKEN", "PLUGIN_REFUSED")
    assert problem.path == "dougong.toml:2 connections.bad.connector"
    assert words in problem.message.en
    assert "dougong-bad 1.0" in problem.message.en
    assert doors["fine"].operation_for().name == "V.create"


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_plugin_that_cannot_be_used_is_refused_with_class_method_and_distribution(install_good, tmp_path, kind):
    more, code, words = UNUSABLE[kind]
    install_good("bad", body=more)
    install_good("fine")
    doors = open_all(configured(tmp_path, "bad", "fine"))
    (problem,) = doors["bad"].problems
    assert problem.code == code
    assert words in f"{problem.message.en} {problem.hint.en}"
    assert "dougong-bad 1.0" in problem.message.en
    assert doors["fine"].operation_for().name == "V.create"


def test_a_plugin_for_a_newer_contract_is_not_used_and_both_versions_are_named(install_good, tmp_path):
    install_good(
        "newer",
        more="""
        class Connector:
            about = About(product="newer", title=Text("", ""), settings=Settings, contract=7)
        """,
    )
    (row,) = [entry for entry in plugins.catalogue(load=True) if entry.name == "newer"]
    assert row.state is State.TOO_NEW
    assert "contract version 7" in row.reason.en
    assert "version 1" in row.reason.en
    (problem,) = open_all(configured(tmp_path, "newer"))["newer"].problems
    assert (problem.code, problem.message) == ("PLUGIN_REFUSED", row.reason)


@pytest.mark.parametrize("kind", HOOKS)
def test_hooks_that_would_never_be_called_are_a_row_with_its_reason(install_good, kind):
    more, _, words = UNUSABLE[kind]
    install_good("bad", body=more)
    install_good("fine")
    rows = {entry.name: entry for entry in plugins.catalogue(load=True)}
    assert rows["bad"].state is State.BROKEN
    assert words in rows["bad"].reason.en
    assert "dougong-bad 1.0" in rows["bad"].reason.zh
    assert rows["fine"].state is State.OK


@pytest.mark.parametrize("how", ["import os, signal; os.kill(os.getpid(), signal.SIGINT)", "signal.raise_signal(2)"])
def test_ctrl_c_is_not_a_broken_plugin(install_good, how):
    handler = signal.getsignal(signal.SIGINT)
    install_good("slow", more=f"import signal, threading\n{how}\nthreading.Event().wait(5)")
    with pytest.raises(KeyboardInterrupt):
        plugins.catalogue(load=True)
    assert signal.getsignal(signal.SIGINT) is handler


def test_outside_of_the_main_thread_no_interrupt_is_ctrl_c(install_good):
    install_good("bad", more="raise KeyboardInterrupt")
    rows = []
    thread = threading.Thread(target=lambda: rows.extend(plugins.catalogue(load=True)))
    thread.start()
    thread.join()
    (row,) = [row for row in rows if row.name == "bad"]
    assert row.state is State.BROKEN


def test_metadata_that_cannot_be_read_is_a_row_and_hides_nobody(install, install_good):
    install("dougong-bad", "[dougong.connectors]\nno equals sign\n")
    install_good("fine")
    rows = {entry.name: entry for entry in plugins.catalogue()}
    assert rows["fine"].state is State.OK
    (bad,) = [entry for entry in rows.values() if "dougong_bad" in entry.distribution]
    assert bad.state is State.BROKEN
    assert "metadata" in bad.reason.en


def test_metadata_that_is_missing_is_a_row_and_hides_nobody(install, install_good):
    install("dougong-bad", "[dougong.connectors]\nbad = nowhere:X\n", metadata=False)
    install_good("fine")
    rows = {entry.name: entry for entry in plugins.catalogue(load=True)}
    assert rows["fine"].state is State.OK
    assert [entry.state for entry in rows.values() if "dougong_bad" in entry.distribution] == [State.BROKEN]


def test_the_error_keeps_its_cause_and_says_while_doing_what(install_good):
    install_good("bad", more="1 / 0")
    with pytest.raises(plugins.PluginError) as broken:
        plugins.load_plugin(plugins.find_entry("bad"))
    cause = broken.value.__cause__
    assert isinstance(cause, ZeroDivisionError)
    assert "plugin bad (dougong-bad 1.0), entry point made_up_bad:Connector" in cause.__notes__[0]


def test_a_constructor_that_quotes_a_secret_is_redacted(acme, configured, monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "s3cr3t")
    made = configured('secrets = { app_secret = { env = "ACME_SECRET" } }')

    class Quoting(acme()):
        def __attrs_post_init__(self):
            raise ValueError(f"cannot use {self.settings.app_secret}")

    cls = attrs.frozen(eq=False)(Quoting)
    with pytest.raises(plugins.PluginError, match=r"cannot use \*\*\*") as broken:
        plugins.build_door(made.connection("erp"), made, cls)
    assert "s3cr3t" not in str(broken.value)
