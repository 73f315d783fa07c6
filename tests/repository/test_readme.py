"""The two commands of the README are what everybody, and continuous integration, types."""

from __future__ import annotations

import re

import pytest

READMES = ("README.md", "README.zh-CN.md")


def fenced_blocks(text: str) -> list[str]:
    return [block.strip("\n") for block in re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]


@pytest.mark.parametrize("name", READMES)
def test_first_two_blocks_are_the_two_commands(root, name):
    first, second, *_ = fenced_blocks((root / name).read_text("utf-8"))
    assert first == "python3 bootstrap.py demo"
    assert second == "python3 bootstrap.py test"


def test_both_languages_show_the_same_blocks(root):
    english, chinese = (fenced_blocks((root / name).read_text("utf-8")) for name in READMES)
    assert english == chinese


def test_both_languages_link_to_the_same_places(root):
    def links(name: str) -> list[str]:
        found = re.findall(r"\]\(([^)#\s]+)", (root / name).read_text("utf-8"))
        return sorted(set(found) - set(READMES))

    assert links("README.md") == links("README.zh-CN.md")


def test_parts_name_every_dist(root, dist):
    for name in READMES:
        text = (root / name).read_text("utf-8")
        assert f"[`{dist.name}`]({dist.folder.relative_to(root).as_posix()}/README.md)" in text


def test_ci_runs_the_test_command_of_the_readme(root):
    script = (root / ".ci" / "run").read_text("utf-8")
    assert "README.md" in script
    assert "bootstrap.py" not in script


def test_links_between_documents_lead_somewhere(root):
    documents = [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("changes/*.md")]
    links = [
        (document, link)
        for document in documents
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text("utf-8"))
        if "://" not in link
    ]
    assert links
    assert [f"{document}: {link}" for document, link in links if not (document.parent / link).exists()] == []
