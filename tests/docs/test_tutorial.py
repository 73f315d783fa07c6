"""The commands of the tutorial, run as they stand, print what the page says."""

from __future__ import annotations

import shutil

import pytest
from commands import blocks, missing, run

PAGES = {"first-voucher.md": "en", "first-voucher.zh-CN.md": "zh"}


@pytest.mark.slow
@pytest.mark.parametrize(("page", "language"), PAGES.items())
def test_the_tutorial_is_true(root, tmp_path, page, language):
    if shutil.which("curl") is None or shutil.which("sh") is None:
        pytest.skip("the tutorial's commands need sh and curl")
    from dougong_sdk.sandbox import launch

    (tmp_path / "docs").symlink_to(root / "docs")
    found = blocks(root / "docs" / "tutorial" / page)
    assert found
    with launch("kingdee", ledger=tmp_path / "sandbox.db") as sandbox:
        port = sandbox.url.split(":")[2].split("/")[0]
        results = run(found, tmp_path, language, port)
    assert len(results) == len(found), results[-1:]
    for block, (status, output) in zip(found, results, strict=True):
        assert missing(block.printed, output) == [], f"{block.commands}printed:\n{output}"
        assert status == block.status, f"{block.commands}printed:\n{output}"


def test_both_languages_run_the_same_commands(root):
    english, chinese = (blocks(root / "docs" / "tutorial" / page) for page in PAGES)
    assert [block.commands for block in english] == [block.commands for block in chinese]
