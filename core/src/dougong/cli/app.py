"""The tree of commands, each loaded when it is wanted, and the last word on errors and exit status."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import sys
from collections.abc import Sequence

import rich_click as click

from dougong.cli import language, output
from dougong.cli.language import say
from dougong.cli.logs import log_file, start_logging
from dougong.cli.options import Options, common
from dougong.model.problems import DougongError

__all__ = ["COMMANDS", "root", "run"]

#: Command → module that holds it, as a function of the same name. In the order in which help shows them.
COMMANDS: dict[str, str] = {
    "demo": "demo",
    "init": "starting",
    "sandbox": "sandboxing",
    "connectors": "installed",
    "check": "checking",
    "crashpoints": "installed",
    "schema": "installed",
    "convert": "planning",
    "plan": "planning",
    "accept": "pushing",
    "push": "pushing",
    "run": "pushing",
    "status": "looking",
    "show": "looking",
    "trace": "looking",
    "retry": "acting",
    "resolve": "acting",
    "cancel": "acting",
    "reconcile": "reconciling",
    "codes": "coding",
    "tables": "tabling",
    "rules": "explaining",
    "audit": "auditing",
}


class LazyGroup(click.RichGroup):
    """A group whose commands are imported one by one, when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the flow, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"dougong.cli.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name)
        return found


def root() -> click.RichGroup:
    """The command `dougong` in the chosen language."""
    group = LazyGroup(
        "dougong",
        help=say(
            "斗拱: 已批准的报销单在 ERP 中恰好生成一张凭证, 否则明确挂起。",
            "Dougong 斗拱: an approved expense report becomes exactly one voucher in the ERP, or is visibly parked.",
        ),
        epilog=say(
            "退出码: 0 一切就绪 · 2 有待处理 · 1 命令失败。从 dougong demo 开始。",
            "Exit status: 0 in order · 2 something to look at · 1 failed. Begin with: dougong demo",
        ),
        context_settings={"help_option_names": ["-h", "--help"], "obj": Options()},
    )
    return click.version_option(_version(), prog_name="dougong")(common(group))


def _version() -> str:
    from dougong import __version__

    return __version__


def _titles() -> None:
    """Headings of the help in the chosen language."""
    if language.chosen() == "zh":
        click.rich_click.OPTIONS_PANEL_TITLE = "选项"
        click.rich_click.COMMANDS_PANEL_TITLE = "命令"
        click.rich_click.ARGUMENTS_PANEL_TITLE = "参数"
        click.rich_click.ERRORS_PANEL_TITLE = "错误"


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; every failure ends here, in words and with exit status 1."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    language.choose(language.wanted(given))
    _titles()
    _speak_utf8()
    start_logging(debug="--debug" in given)
    try:
        status = root().main(args=given, prog_name="dougong", standalone_mode=False)
    except click.ClickException as error:
        error.show(sys.stderr)
        return 1
    except (click.Abort, KeyboardInterrupt):
        output.note(
            say(
                "已中断; 已提交的内容不会丢失, 再次运行即可继续", "interrupted; nothing committed is lost, run it again"
            )
        )
        return 1
    except DougongError as error:
        output.problems(error.problems)
        return 1
    except BrokenPipeError:
        # whoever read our output has gone; nothing more can be said, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SystemExit as end:
        return 1 if end.code else 0
    except Exception as error:  # noqa: BLE001 - the person gets one line, the log everything
        return _unexpected(error, debug="--debug" in given)
    return status if isinstance(status, int) else 0


def _unexpected(error: Exception, *, debug: bool) -> int:
    logger = logging.getLogger("dougong.cli")
    for handler in logging.getLogger("dougong").handlers:
        if not isinstance(handler, logging.FileHandler) and not debug:
            handler.setLevel(logging.CRITICAL + 1)
    logger.error("unexpected", exc_info=error)
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
