"""How far the work is: a bar on a terminal, a line now and then elsewhere; always on standard error."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from dougong.cli import output
from dougong.cli.language import say

__all__ = ["progress"]

#: Seconds between two lines where there is no terminal.
_EVERY = 5.0


@contextlib.contextmanager
def progress() -> Iterator[Callable[[int, int], None]]:
    """A function that takes (deliveries at rest, deliveries), for `flow.work`."""
    if sys.stderr.isatty():
        with _bar() as told:
            yield told
    else:
        yield _lines()


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=output.console(stderr=True), transient=False) as bar:
        task = bar.add_task(say("推送", "pushing"), total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _lines() -> Callable[[int, int], None]:
    started = told = time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _EVERY:
            told = now
            seconds = round(now - started)
            output.note(say(f"已处理 {done}/{of} ({seconds} 秒)", f"{done} of {of} at rest ({seconds} s)"))

    return tell
