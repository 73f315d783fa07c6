"""The READMEs of dists name every setting, and lead somewhere."""

from __future__ import annotations

import re

import attrs
import pytest

from dougong_hesi.settings import HesiSettings
from dougong_kingdee.sandbox import KingdeeSandbox
from dougong_kingdee.settings import KingdeeSettings
from dougong_oracle.sandbox import OracleSandbox
from dougong_oracle.settings import OracleSettings
from dougong_sap.sandbox import SapSandbox
from dougong_sap.settings import SapSettings
from dougong_sdk.sandbox import Settings


def words(text: str) -> set[str]:
    """Words in code: between back-ticks, or in fenced blocks."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
    return {word for part in code for word in re.findall(r"\w+", part)}


@pytest.mark.parametrize(
    ("name", "settings"),
    [("kingdee", KingdeeSettings), ("hesi", HesiSettings), ("sap", SapSettings), ("oracle", OracleSettings)],
)
def test_every_setting_is_named(root, name, settings):
    named = words((root / "connectors" / name / "README.md").read_text("utf-8"))
    # the second credential stands in a table of its own, without the prefix
    fields = {field.name.removeprefix("auditor_") for field in attrs.fields(settings)}
    assert sorted(fields - named) == []


@pytest.mark.parametrize(
    ("name", "sandbox"), [("kingdee", KingdeeSandbox), ("sap", SapSandbox), ("oracle", OracleSandbox)]
)
def test_every_key_of_the_sandbox_is_named(root, name, sandbox):
    named = words((root / "connectors" / name / "README.md").read_text("utf-8"))
    keys = {row["key"] for row in Settings(sandbox.settings_declared).help()}
    assert sorted(keys - named - {"callback_url"}) == []


def test_their_links_lead_somewhere(root):
    pages = [root / "core" / "README.md", root / "sdk" / "README.md", *root.glob("connectors/*/README.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))]
    assert links
    assert [f"{page}: {link}" for page, link in links if not (page.parent / link).exists()] == []


def test_links_to_headings_lead_to_one(root):
    pages = [
        *root.glob("*.md"),
        *root.glob("docs/**/*.md"),
        *root.glob("*/README.md"),
        *root.glob("connectors/*/README.md"),
    ]
    lost = []
    for page in pages:
        for target, heading in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text("utf-8")):
            if "://" not in target:
                found = (page.parent / target if target else page).read_text("utf-8")
                lost += [f"{page}: {target}#{heading}"] if heading not in anchors(found) else []
    assert lost == []


def anchors(text: str) -> set[str]:
    """Headings as links name them: lower case, blanks as dashes, without signs."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
