"""Secrets of a bench: what they are, wrong ones in their place, and whether something that was told holds one."""

from __future__ import annotations

import base64
import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from dougong.config import secret_values
from dougong.model.problems import Text
from dougong_sdk.conformance.rules import expect

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench

__all__ = ["bilingual", "hides", "hides_sessions", "ledger_text", "listening", "secrets_of", "spoiled"]


def secrets_of(bench: Bench) -> frozenset[str]:
    """The values behind every reference of the bench's connection."""
    with bench.project() as project:
        return frozenset(secret_values(project.config.connection(bench.lab.name), project.config))


@contextmanager
def spoiled(bench: Bench) -> Iterator[frozenset[str]]:
    """Wrong secrets in the place of the right ones, of the same length and alphabet; gives what they are."""
    with bench.project() as project:
        connection = project.config.connection(bench.lab.name)
    references = [*connection.secrets.values(), *(connection.auditor.secrets.values() if connection.auditor else ())]
    files = {bench.folder / one.file: one for one in references if one.file}
    right = {path: path.read_text("utf-8") for path in files}
    wrong = {path: _turned(text.rstrip("\n")) for path, text in right.items()}
    _write(wrong)
    try:
        yield frozenset(wrong.values())
    finally:
        _write(right)


def _turned(secret: str) -> str:
    turned = secret[1:] + secret[:1]
    return turned if turned != secret else secret + secret[:1]


def _write(texts: Mapping[Path, str]) -> None:
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


def hides(secrets: Iterable[str], text: str, where: str) -> None:
    """No secret stands in a text, be it as it is, percent-encoded or in base64.

    :raises Violation: one does; which is not told.
    """
    for secret in secrets:
        shapes = (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode())
        expect(not any(shape in text for shape in shapes), f"{where} holds a secret")


def hides_sessions(bench: Bench, text: str, where: str) -> None:
    """Nothing that the ERP handed out or was shown, and that opens a session, stands in a text.

    :raises Violation: a token, a cookie or a signature does; told by its name.
    """
    held = bench.sandbox.leaks(text)
    expect(not held, f"{where} holds what opens a session at the ERP: {', '.join(held)}")


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every line that is logged meanwhile, by whomever, at the level DEBUG, with its traceback."""
    lines: list[str] = []
    handler, root = logging.Handler(logging.DEBUG), logging.getLogger()
    form = logging.Formatter("%(name)s %(message)s")
    handler.emit = lambda record: lines.append(form.format(record))  # type: ignore[method-assign]
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def bilingual(text: Text) -> bool:
    """Whether it says something in Chinese and something else in English."""
    return bool(re.search(r"[\u4e00-\u9fff]", text.zh)) and bool(text.en.strip()) and text.en != text.zh


def ledger_text(folder: Path) -> str:
    """Everything that a project's ledger keeps: bodies, reasons, audit."""
    with closing(sqlite3.connect(folder / "ledger.db")) as base:
        tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in tables for row in base.execute(f'SELECT * FROM "{name}"')]  # noqa: S608 - its own names
    return "\n".join(_text(value) for row in rows for value in row)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
