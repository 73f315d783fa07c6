"""Files that a command writes because somebody named them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dougong.model.problems import DougongError, Problem

__all__ = ["writing"]


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Around the writing of a file; what the system refuses names the file.

    :raises DougongError: `FILE_UNWRITABLE`.
    """
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise DougongError(
            Problem.of(
                "FILE_UNWRITABLE",
                f"无法写入 {path}: {why}",
                f"cannot write {path}: {why}",
                hint_zh="请检查目录是否存在、权限与磁盘空间",
                hint_en="check that its directory exists, permissions and space",
            )
        ) from error
