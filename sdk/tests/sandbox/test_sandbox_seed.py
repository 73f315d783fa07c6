from __future__ import annotations

import pytest

from dougong_sdk.sandbox import SandboxError, merge_seed
from dougong_sdk.sandbox.seed import empty_seed, read_seed


def test_rows_of_the_same_code_are_updated_and_others_added():
    base = merge_seed(empty_seed(), {"accounts": [{"code": "1002", "name": "bank"}, {"code": "6602"}]})
    merged = merge_seed(base, {"accounts": [{"code": "1002", "cash": True}, {"code": "2241"}]})
    assert merged["accounts"] == [{"code": "1002", "name": "bank", "cash": True}, {"code": "6602"}, {"code": "2241"}]
    assert base["accounts"] == [{"code": "1002", "name": "bank"}, {"code": "6602"}]


def test_dimensions_merge_by_name_and_code():
    base = merge_seed(empty_seed(), {"dimensions": {"department": [{"code": "D1"}]}})
    merged = merge_seed(base, {"dimensions": {"department": [{"code": "D2"}], "employee": [{"code": "E1"}]}})
    assert merged["dimensions"] == {"department": [{"code": "D1"}, {"code": "D2"}], "employee": [{"code": "E1"}]}


def test_periods_and_credentials_have_their_own_keys():
    base = merge_seed(empty_seed(), {"periods": [{"book": "001", "period": "2026-11", "open": True}]})
    merged = merge_seed(base, {"periods": [{"book": "001", "period": "2026-11", "open": False}]})
    assert merged["periods"] == [{"book": "001", "period": "2026-11", "open": False}]
    credentials = [{"kind": "basic", "user": "a", "password": "1"}, {"kind": "app", "id": "a", "secret": "2"}]
    assert len(merge_seed(merged, {"credentials": credentials})["credentials"]) == 2


def test_native_settings_merge_deeply():
    base = merge_seed(empty_seed(), {"native": {"slots": {"A": "x"}, "list": [1], "rows": [{"code": "1"}]}})
    patch = {"native": {"slots": {"B": "y"}, "list": [2], "rows": [{"code": "2"}]}}
    assert merge_seed(base, patch)["native"] == {
        "slots": {"A": "x", "B": "y"},
        "list": [2],
        "rows": [{"code": "1"}, {"code": "2"}],
    }


@pytest.mark.parametrize(
    "patch",
    [{"acounts": []}, {"accounts": {}}, {"accounts": [{"name": "no code"}]}, {"native": []}, {"dimensions": [1]}],
)
def test_what_is_no_seed_is_refused(patch):
    with pytest.raises(SandboxError):
        merge_seed(empty_seed(), patch)


def test_a_file_is_read_by_its_ending(tmp_path):
    (tmp_path / "a.json").write_text('{"books": [{"code": "1"}]}', "utf-8")
    (tmp_path / "a.toml").write_text('books = [{ code = "1" }]', "utf-8")
    assert read_seed(tmp_path / "a.json") == read_seed(tmp_path / "a.toml") == {"books": [{"code": "1"}]}
    with pytest.raises(SandboxError, match="cannot read seed"):
        read_seed(tmp_path / "missing.json")
