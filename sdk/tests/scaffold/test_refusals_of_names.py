from __future__ import annotations

import sys

import pytest

from dougong_sdk.scaffold import ScaffoldError, check_name, render


def code_of(refused):
    return refused.value.problems[0].code


@pytest.mark.parametrize(
    "name", ["", "Acme", "1acme", "acme_erp", "acme-", "-acme", "acme--erp", "é", "a" * 31, "a b", "a\n"]
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ScaffoldError) as refused:
        check_name(name)
    assert code_of(refused) == "CONNECTOR_NAME_INVALID"


@pytest.mark.parametrize("name", ["sdk", "taken", "module-only"])
def test_a_name_that_something_installed_has_is_refused(name, tmp_path, monkeypatch):
    metadata = tmp_path / "other_dist-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: other-dist\nVersion: 1.0\n", "utf-8")
    (metadata / "entry_points.txt").write_text("[dougong.sandboxes]\ntaken = other:Sandbox\n", "utf-8")
    (tmp_path / "dougong_module_only").mkdir()
    (tmp_path / "dougong_module_only" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ScaffoldError) as refused:
        check_name(name)
    assert code_of(refused) == "CONNECTOR_NAME_TAKEN"


@pytest.mark.parametrize("text", ["", "  ", 'a"b', "a\\b", "a\nb", "{{ 1 }}", "a" * 61])
@pytest.mark.parametrize("member", ["title", "vendor", "author"])
def test_a_text_that_would_break_the_files_is_refused(wanted, member, text):
    with pytest.raises(ScaffoldError) as refused:
        wanted("globex", **{member: text})
    assert (code_of(refused), refused.value.problems[0].path) == ("CONNECTOR_TEXT_INVALID", member)


def test_a_folder_that_is_not_empty_stays_as_it_is(wanted, tmp_path):
    (tmp_path / "dougong-globex").mkdir()
    (tmp_path / "dougong-globex" / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(ScaffoldError) as refused:
        render(wanted("globex"), tmp_path)
    assert code_of(refused) == "FOLDER_NOT_EMPTY"
    assert [path.name for path in tmp_path.rglob("*")] == ["dougong-globex", "mine.txt"]


def test_without_copier_the_person_is_told_what_to_install(wanted, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "copier", None)
    with pytest.raises(ScaffoldError, match=r"dougong-sdk\[scaffold\]") as refused:
        render(wanted("globex"), tmp_path)
    assert code_of(refused) == "COPIER_MISSING"
    assert list(tmp_path.iterdir()) == []
