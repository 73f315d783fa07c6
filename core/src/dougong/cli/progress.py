"""How far the work is: a bar on a terminal, a line now and then elsewhere; always on standard error."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dougong.cli import output
from dougong.cli.language import chosen, say

if TYPE_CHECKING:
    from dougong.flow import Progress

__all__ = ["progress"]

#: Seconds between two lines where there is no terminal.
_EVERY = 5.0

Tell = Callable[["Progress"], None]


@contextlib.contextmanager
def progress() -> Iterator[Tell]:
    """A function for `flow.work` that shows how far it is, and says once why something does not get on."""
    if sys.stderr.isatty():
        with _bar() as told:
            yield told
    else:
        yield _lines()


@contextlib.contextmanager
def _bar() -> Iterator[Tell]:
    from rich import progress as rich

    columns = (
        rich.SpinnerColumn(),
        rich.TextColumn("{task.description}"),
        rich.BarColumn(bar_width=20),
        rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
    )
    with rich.Progress(*columns, console=output.console(stderr=True), transient=False) as bar:
        task = bar.add_task(say("推送", "pushing"), total=None)
        why = _Why(lambda text: bar.console.print(text, style="yellow", markup=False))

        def tell(now: Progress) -> None:
            text = " · ".join(filter(None, (say("推送", "pushing"), why(now))))
            bar.update(task, completed=now.done, total=now.of, description=text)

        yield tell


def _lines() -> Tell:
    started = told = time.monotonic()
    why = _Why(output.note)

    def tell(now: Progress) -> None:
        nonlocal told
        pause = why(now)
        clock = time.monotonic()
        if clock - told >= _EVERY:
            told = clock
            seconds = round(clock - started)
            text = say(f"已处理 {now.done}/{now.of} ({seconds} 秒)", f"{now.done} of {now.of} at rest ({seconds} s)")
            output.note(" · ".join(filter(None, (text, pause))))

    return tell


class _Why:
    """Says a new cause at once and only once; answers with when it is tried again."""

    def __init__(self, say_cause: Callable[[str], None]) -> None:
        self._say = say_cause
        self._told: set[str] = set()

    def __call__(self, now: Progress) -> str:
        trouble = now.trouble
        if trouble is None:
            return ""
        message = trouble.problem.message.for_language(chosen())
        cause = f"{trouble.connection}: {trouble.problem.code}: {message}"
        if cause not in self._told:
            self._told.add(cause)
            self._say(cause)
        seconds = round(trouble.next_try)
        return say(f"{trouble.connection}: {seconds} 秒后重试", f"{trouble.connection}: next try in {seconds} s")
