"""The command `dougong`. Light until a command runs: `dougong --help` loads no database and no connector."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 in order, 2 something to look at, 1 failed (contract.md §5).

    :param arguments: without the program's name; `None` takes those of the process.

    .. versionadded:: 0.1
    """
    from dougong.cli.app import run

    return run(arguments)
