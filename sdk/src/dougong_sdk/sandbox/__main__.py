"""``python -m dougong_sdk.sandbox NAME``: serve an emulated ERP in the foreground."""
# ruff: noqa: T201 - a command speaks to a person

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from . import exact_json
from .errors import SandboxError
from .registry import find_sandbox, installed_sandboxes
from .server import serve
from .settings import Settings

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status, 0 for a sandbox that was stopped, 1 for one that could not start."""
    options = _parser().parse_args(arguments)
    try:
        sandbox_class = find_sandbox(options.name)
        if options.help_set:
            _print_settings(Settings(sandbox_class.settings_declared), as_json=options.json)
            return 0
        if options.follow_stdin:
            threading.Thread(target=_exit_with_stdin, daemon=True).start()
        serve(
            sandbox_class,
            host=options.host,
            port=options.port,
            ledger=options.ledger,
            seed=options.seed,
            settings=_pairs(options.set),
            on_ready=_print_json if options.json else _print_addresses,
        )
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dougong_sdk.sandbox", description=__doc__)
    parser.add_argument("name", help=f"one of {', '.join(sorted(installed_sandboxes()))}, or module:Class")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--ledger", type=Path, help="file that outlives the process; without it a throw-away one")
    parser.add_argument("--seed", type=Path, help="master data, JSON or TOML, laid over the default")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--help-set", action="store_true", help="list the keys of --set")
    parser.add_argument("--json", action="store_true", help="print one JSON line when ready")
    parser.add_argument("--follow-stdin", action="store_true", help="end when standard input is closed")
    return parser


def _pairs(given: Sequence[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in given]
    for key, equals, _ in pairs:
        if not equals:
            raise SandboxError(f"--set {key}: 写成 KEY=VALUE", f"--set {key}: write KEY=VALUE")
    return {key: value for key, _, value in pairs}


def _exit_with_stdin() -> None:
    """A sandbox that a test started must not outlive it, however the test dies."""
    while os.read(0, 4096):
        pass
    os._exit(0)


def _print_json(ready: dict[str, str]) -> None:
    print(exact_json.dumps(ready), flush=True)


def _print_addresses(ready: dict[str, str]) -> None:
    for key, value in ready.items():
        print(f"{key:6} {value}", flush=True)


def _print_settings(settings: Settings, *, as_json: bool) -> None:
    for row in settings.help():
        print(exact_json.dumps(row) if as_json else f"{row['key']:24} {row['default']:36} {row['zh']} / {row['en']}")


if __name__ == "__main__":
    sys.exit(main())
