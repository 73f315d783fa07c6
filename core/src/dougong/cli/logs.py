"""Where the log goes: a file in the project, with tracebacks; warnings also to the person, in one line."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

__all__ = ["log_file", "log_into", "start_logging", "stop_logging"]

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(threadName)s: %(message)s"


class _OneLine(logging.Formatter):
    """The message alone: its traceback is in the file."""

    def format(self, record: logging.LogRecord) -> str:
        return f"! {record.getMessage()}"


def start_logging(*, debug: bool) -> None:
    """Warnings in one line to standard error; with `debug` everything, with tracebacks."""
    stop_logging()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT) if debug else _OneLine())
    handler.setLevel(logging.DEBUG if debug else logging.WARNING)
    logger = logging.getLogger("dougong")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if debug else logging.INFO)


def stop_logging() -> None:
    """Let go of every stream and file."""
    logger = logging.getLogger("dougong")
    for handler in logger.handlers:
        handler.close()
    logger.handlers = []


def log_into(path: Path) -> None:
    """Keep the log in a file from now on; the file is made at the first warning, readable by its owner only."""
    logger = logging.getLogger("dougong")
    if log_file() is None:
        handler = _PrivateFile(path, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter(_FORMAT))
        handler.setLevel(logging.WARNING)
        logger.addHandler(handler)


def log_file() -> Path | None:
    """The file that the log is kept in, once a project is open."""
    for handler in logging.getLogger("dougong").handlers:
        if isinstance(handler, logging.FileHandler):
            return Path(handler.baseFilename)
    return None


class _PrivateFile(logging.FileHandler):
    def _open(self) -> object:  # type: ignore[override]
        os.close(os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        return super()._open()
