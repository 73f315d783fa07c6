from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from dougong import plugins
from dougong.plugins import State


def row(name: str, **how) -> plugins.Entry:
    (found,) = [entry for entry in plugins.catalogue(**how) if entry.name == name]
    return found


def test_a_row_comes_from_metadata_and_imports_nothing(install_good):
    install_good("fine", version="2.1", more="raise SystemExit('imported')")
    found = row("fine")
    assert (found.distribution, found.version, found.state) == ("dougong-fine", "2.1", State.OK)
    assert found.operations == ()
    assert "made_up_fine" not in sys.modules


def test_loading_tells_what_it_can_do(install_good):
    install_good("fine")
    assert row("fine", load=True).operations == ("V.create",)


def test_rows_are_sorted_by_name(install_good):
    for name in ("zeta", "alpha", "mid"):
        install_good(name)
    names = [entry.name for entry in plugins.catalogue()]
    assert names == sorted(names)
    assert {"alpha", "mid", "zeta"} <= set(names)


def test_other_groups(install):
    install("dougong-x", "[dougong.sandboxes]\nfine = made_up_x:Sandbox\n", made_up_x="class Sandbox: pass")
    assert [entry.name for entry in plugins.catalogue(plugins.SANDBOXES) if entry.name == "fine"] == ["fine"]
    assert "fine" not in [entry.name for entry in plugins.catalogue()]
    loaded = plugins.load_plugin(plugins.find_entry("fine", plugins.SANDBOXES))
    assert loaded.__name__ == "Sandbox"


def test_not_on_the_allow_list_is_listed_and_not_imported(install_good):
    install_good("fine", more="raise SystemExit('imported')")
    install_good("other")
    found = row("fine", allow=["Dougong_Other"], load=True)
    assert found.state is State.NOT_ALLOWED
    assert "[plugins] allow" in found.reason.en
    assert "made_up_fine" not in sys.modules
    assert row("other", allow=["Dougong_Other"]).state is State.OK


@pytest.mark.parametrize("names", ["fine", "x, dougong_fine", "x fine"])
def test_switched_off_by_name(install_good, monkeypatch, names):
    install_good("fine", more="raise SystemExit('imported')")
    monkeypatch.setenv("DOUGONG_DISABLE_PLUGINS", names)
    found = row("fine", load=True)
    assert found.state is State.BLOCKED
    assert "DOUGONG_DISABLE_PLUGINS" in found.reason.en
    with pytest.raises(plugins.PluginError, match="DOUGONG_DISABLE_PLUGINS"):
        plugins.find_entry("fine")


def test_duplicates_are_named_with_both_distributions_and_refused(install_good):
    install_good("twin")
    install_good("twin", dist="other-twin", module="made_up_other", version="3.0")
    rows = [entry for entry in plugins.catalogue(load=True) if entry.name == "twin"]
    assert [entry.state for entry in rows] == [State.DUPLICATE] * 2
    assert all("dougong-twin 1.0, other-twin 3.0" in entry.reason.en for entry in rows)
    assert "made_up_twin" not in sys.modules
    with pytest.raises(plugins.PluginError, match=r"dougong-twin 1\.0, other-twin 3\.0") as refused:
        plugins.find_entry("twin")
    assert refused.value.problems[0].code == "PLUGIN_REFUSED"


def test_the_allow_list_chooses_between_duplicates(install_good):
    install_good("twin")
    install_good("twin", dist="other-twin", module="made_up_other")
    assert plugins.find_entry("twin", allow=["other-twin"]).distribution == "other-twin"


def test_one_distribution_seen_twice_on_the_path_is_one_row(install_good, tmp_path, monkeypatch):
    site = install_good("fine")
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copytree(site / "dougong_fine-1.0.dist-info", copy / "dougong_fine-1.0.dist-info")
    monkeypatch.syspath_prepend(str(copy))
    assert row("fine").state is State.OK


def test_an_unknown_name_suggests_the_nearest_and_how_to_install(install_good):
    install_good("kingly")
    with pytest.raises(plugins.PluginError, match="did you mean 'kingly'") as unknown:
        plugins.find_entry("kinglly")
    assert unknown.value.problems[0].code == "PLUGIN_UNKNOWN"
    assert "pip install dougong-kinglly" in unknown.value.problems[0].hint.en


def test_an_entry_point_installed_a_moment_ago_is_found(install_good):
    # stevedore's cache would still have the list of the first look
    install_good("first")
    assert plugins.load_connector(plugins.find_entry("first")).about.product == "first"
    install_good("second")
    assert plugins.load_connector(plugins.find_entry("second")).about.product == "second"


def test_importing_plugins_is_light():
    program = "import sys, dougong.plugins; dougong.plugins.catalogue(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "openpyxl", "stevedore", "rich", "httpx", "dougong_kingdee", "dougong_hesi"}
    assert heavy & set(done.stdout.split()) == set()
