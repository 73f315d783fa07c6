"""Blocks of commands on a page, run as they stand.

A block of commands counts when `<!-- tested -->` stands above it (`<!-- tested: 2 -->`: its last command ends with 2);
lines of the `text` block behind it have to be printed, in their order. How many blanks there are does not count.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import attrs

_BLOCK = re.compile(r"<!-- tested(?:: (\d))? -->\n```sh\n(.*?)```\n(?:```text\n(.*?)```\n)?", re.DOTALL)
_PORT = "8765"
_END = "=== block ended with"


@attrs.frozen
class Block:
    """Commands, and what the page says of them."""

    commands: str
    status: int
    printed: list[str]


def blocks(page: Path) -> list[Block]:
    """The tested blocks of a page."""
    found = _BLOCK.findall(page.read_text("utf-8"))
    return [Block(commands, int(status or 0), text.splitlines()) for status, commands, text in found]


def squeeze(line: str) -> str:
    return " ".join(line.split())


def run(
    found: list[Block], folder: Path, language: str, port: str = _PORT, more: Mapping[str, str] | None = None
) -> list[tuple[int, str]]:
    """Run all blocks in one shell; exit status and output of each.

    :param port: that stands for 8765 of the page. :param more: variables of the environment.
    """
    script = "".join(f"{block.commands}printf '\\n{_END} %s\\n' $?\n" for block in found).replace(_PORT, port)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PATH": path, "COLUMNS": "120", "LANG": f"{language}_X.UTF-8"}
    environment = {name: value for name, value in environment.items() if not name.startswith(("LC_", "DOUGONG_"))}
    done = subprocess.run(
        ["sh"],
        input=script,
        cwd=folder,
        env={**environment, **(more or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    parts = re.split(rf"\n{_END} (\d+)\n", done.stdout.replace(port, _PORT))
    return [(int(status), text) for text, status in zip(parts[::2], parts[1::2], strict=False)]


def missing(wanted: list[str], output: str) -> list[str]:
    """Lines of the page that are not printed, or not behind the one before."""
    rest, lost = squeeze(output.replace("\n", " \n ")), []
    for line in map(squeeze, wanted):
        _, found, behind = rest.partition(line)
        rest, lost = (behind, lost) if found else (rest, [*lost, line])
    return lost
