"""The command `dougong`: commands loaded when they are wanted, and the last word on errors and exit status."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence

import rich_click as click

from dougong.cli import language, output, usage
from dougong.cli.commands import COMMANDS, GROUPS, command, summary
from dougong.cli.language import say
from dougong.cli.logs import log_file, start_logging
from dougong.cli.options import Options, common
from dougong.crashpoints import check_wanted

__all__ = ["root", "run"]


class LazyGroup(click.RichGroup):
    """A group whose commands are imported one by one, when they are called; to list them nothing is imported."""

    _listing = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the contents, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; for help, a command that has nothing but its sentence."""
        if cmd_name not in COMMANDS:
            return None
        if self._listing:
            return click.RichCommand(name=cmd_name, help=summary(cmd_name))
        found: click.Command = command(cmd_name)
        return found

    def format_help(self, ctx: click.RichContext, formatter: click.RichHelpFormatter) -> None:  # type: ignore[override]
        """The list of all commands."""
        with self._only_listing():
            super().format_help(ctx, formatter)

    @contextlib.contextmanager
    def _only_listing(self) -> Iterator[None]:
        self._listing = True
        try:
            yield
        finally:
            self._listing = False


def root() -> click.Command:
    """The command `dougong` in the chosen language."""
    from dougong import __version__

    group = LazyGroup(
        name="dougong",
        help=say(
            "斗拱: 已批准的报销单在 ERP 中恰好生成一张凭证, 否则明确挂起。",
            "Dougong 斗拱: an approved expense report becomes exactly one voucher in the ERP, or is visibly parked.",
        ),
        epilog=say(
            "退出码: 0 一切就绪 · 2 有待处理 · 1 命令失败",
            "Exit status: 0 in order · 2 something to look at · 1 the command failed",
        ),
        context_settings={"obj": Options()},
    )
    version = click.version_option(__version__, prog_name="dougong", help=say("显示版本", "show the version"))
    return version(common(group))


def _headings() -> None:
    """Headings of the help in the chosen language."""
    style = click.rich_click
    style.COMMAND_GROUPS = {"dougong": [{"name": say(*title), "commands": list(entries)} for title, entries in GROUPS]}
    style.OPTIONS_PANEL_TITLE = say("选项", "Options")
    style.COMMANDS_PANEL_TITLE = say("命令", "Commands")
    style.ERRORS_PANEL_TITLE = say("错误", "Error")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; every failure ends here, in words and with exit status 1."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    language.choose(language.wanted(given))
    _headings()
    _speak_utf8()
    start_logging(debug="--debug" in given)
    try:
        check_wanted(os.environ.get("DOUGONG_CRASH", ""))
        status = root().main(args=given, prog_name="dougong", standalone_mode=False)
    except click.ClickException as error:
        usage.tell(error)
        return 1
    except (click.Abort, KeyboardInterrupt):
        words = "已中断; 已提交的不会丢失, 再次运行即可继续", "interrupted; nothing committed is lost, run it again"
        output.note(say(*words))
        return 1
    except BrokenPipeError:
        # whoever read our output has gone; nothing more can be said, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SystemExit as end:
        return 1 if end.code else 0
    except Exception as error:  # noqa: BLE001 - the person gets words, the log everything
        return _failed(error, debug="--debug" in given)
    return status if isinstance(status, int) else 0


def _failed(error: Exception, *, debug: bool) -> int:
    """Say what is wrong: problems one by one; what nobody foresaw in one line, with its traceback in the log."""
    from dougong.model.problems import DougongError

    if isinstance(error, DougongError):
        output.problems(error.problems)
        if debug:
            logging.getLogger("dougong.cli").debug("failed", exc_info=error)
        return 1
    for handler in logging.getLogger("dougong").handlers:
        if not isinstance(handler, logging.FileHandler) and not debug:
            handler.setLevel(logging.CRITICAL + 1)
    logging.getLogger("dougong.cli").error("unexpected", exc_info=error)
    file = log_file()
    words = " ".join(f"{type(error).__name__}: {error}".split())
    where = str(file) if file else say("加 --debug 查看", "add --debug to see them")
    output.note(say(f"意外错误: {words} (详情: {where})", f"unexpected error: {words} (details: {where})"))
    return 1


def _speak_utf8() -> None:
    """JSON is UTF-8 whatever the locale; what a terminal cannot show must not end a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(io.UnsupportedOperation):
                stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
