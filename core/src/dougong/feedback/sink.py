"""The sink: a file of JSON Lines for sources that cannot be written back to; every line is there exactly once.

Rows come in the order of their ids and one process at a time, so what a dead process has appended without noting it
stands at the end of the file: it is looked for there. A line that was cut off by a death is taken away.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

__all__ = ["append_once"]

_BLOCK = 65536


def append_once(path: Path, lines: Sequence[bytes], *, among: int) -> None:
    """Append those lines that are not among the last ones already, and wait until they are on disk.

    :param lines: each without its end of line. :param among: how many lines at the end one death can have left behind.
    :raises OSError: the file cannot be written; what of it is there will be found again.
    """
    is_new = not path.exists()
    with path.open("a+b") as file:
        ending = _tail(file, among + 1)
        whole, _, cut = ending.rpartition(b"\n")
        if cut:
            file.truncate(file.seek(0, os.SEEK_END) - len(cut))
        known = set(whole.split(b"\n"))
        missing = [line for line in lines if line not in known]
        file.write(b"".join(line + b"\n" for line in missing))
        file.flush()
        os.fsync(file.fileno())
    if is_new and os.name == "posix":
        _keep_name(path.parent)


def _tail(file: BinaryIO, lines: int) -> bytes:
    """The end of a file, with at least so many ends of line where it has them."""
    start = file.seek(0, os.SEEK_END)
    tail = b""
    while start > 0 and tail.count(b"\n") <= lines:
        block = min(_BLOCK, start)
        start -= block
        file.seek(start)
        tail = file.read(block) + tail
    return tail


def _keep_name(folder: Path) -> None:
    """A new file's name is on disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
