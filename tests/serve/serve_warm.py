"""Imported once in the server that processes are forked from: what every `dougong serve` needs."""

from __future__ import annotations

import importlib

for _name in (
    "alembic.command",
    "dougong.cli.lists",
    "dougong.cli.pushing",
    "dougong.cli.serving",
    "dougong.flow",
    "dougong.server",
    "granian.server.embed",
    "openpyxl",
    "serve_erps",
    "serve_jobs",
):
    importlib.import_module(_name)
