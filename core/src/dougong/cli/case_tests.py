"""`rules test`: the customer's own cases; red where a cent or an account differs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import rich_click as click

from dougong.cli import output, words
from dougong.cli.language import say
from dougong.cli.options import common, opened, options

if TYPE_CHECKING:
    from rich.table import Table

    from dougong.accounting import ComparedVoucher
    from dougong.accounting.casefile import CaseLine
    from dougong.flow import Deriver, Project
    from dougong.model.bookings import VoucherLine
    from dougong.model.problems import Problem

__all__ = ["test"]

#: Where a project keeps its cases.
FOLDER = "cases"


@attrs.frozen
class _Tested:
    """A case and what came of it. :param problems: why its file or documents cannot be read."""

    path: Path
    name: str
    vouchers: tuple[ComparedVoucher, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems and all(one.ok for one in self.vouchers)


@click.command(
    help=say("用例: 单据应得的凭证, 逐分录比对。", "Your cases: documents and the vouchers that they must become.")
)
@common
@click.argument("files", nargs=-1, metavar="[FILE…]", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def test(files: tuple[Path, ...]) -> int:
    """Exit status 0 when every case holds, 2 when one differs or a table has a wrong row, 1 when one cannot be read."""
    from dougong.flow import Deriver, load_inputs

    with opened() as project:
        deriver = Deriver(project, load_inputs(project))
        found = [_test(deriver, path) for path in files or _default(project)]
    _tell_tables(deriver.inputs.problems)
    for one in found:
        if options().json:
            _emit(one)
        else:
            _show(one)
    wrong = [one for one in found if not one.ok]
    if not options().json:
        summary = say(
            f"用例 {len(found)} 个, 不符 {len(wrong)} 个。", f"Cases: {len(found)}, not as expected: {len(wrong)}."
        )
        output.tell(summary, style="red" if wrong else "green")
    return 1 if any(one.problems for one in found) else 2 if wrong or deriver.inputs.problems else 0


def _tell_tables(problems: Sequence[Problem]) -> None:
    """What is wrong with rows of tables, whether a case needs them or not."""
    if not options().json:
        output.problems(problems)
    for file in dict.fromkeys(problem.facts["file"] for problem in problems) if options().json else ():
        mine = [_view(problem) for problem in problems if problem.facts["file"] == file]
        output.emit({"case": None, "file": file, "ok": False, "differences": [], "problems": mine})


def _default(project: Project) -> tuple[Path, ...]:
    from dougong.model.problems import DougongError, Problem

    found = tuple(sorted((project.folder / FOLDER).glob("*.toml")))
    if found:
        return found
    raise DougongError(
        Problem.of(
            "CASES_MISSING",
            f"{FOLDER}/ 中没有用例",
            f"there is no case in {FOLDER}/",
            hint_zh=f"写一个 {FOLDER}/NAME.toml, 格式见 dougong schema case, 或给出文件",
            hint_en=f"write {FOLDER}/NAME.toml (its format: dougong schema case), or name the files",
        )
    )


def _test(deriver: Deriver, path: Path) -> _Tested:
    from dougong.accounting import compare, load_case
    from dougong.flow import run_case
    from dougong.model.problems import DougongError

    name = path.stem
    try:
        case = load_case(path)
        name = case.name
        return _Tested(path, name, compare(case, run_case(deriver, case)))
    except DougongError as error:
        return _Tested(path, name, problems=tuple(error.problems))


def _view(problem: Problem) -> dict[str, Any]:
    from dougong.cli.language import chosen
    from dougong.ledger.views import problem_view

    return problem_view(problem, chosen())


def _emit(one: _Tested) -> None:
    differences = [attrs.asdict(each) for voucher in one.vouchers for each in voucher.differences]
    row: dict[str, Any] = {"case": one.name, "file": str(one.path), "ok": one.ok, "differences": differences}
    if one.problems:
        row["problems"] = [_view(problem) for problem in one.problems]
    output.emit(row)


def _show(one: _Tested) -> None:
    output.tell(f"{'✓' if one.ok else '✗'} {one.name}", style="green" if one.ok else "red")
    output.problems(one.problems, where=str(one.path))
    for voucher in one.vouchers:
        if not voucher.ok:
            _show_voucher(voucher)


def _show_voucher(one: ComparedVoucher) -> None:
    title = say("应有而没有", "missing") if one.got is None else say("用例没有提到", "not in the case")
    output.tell(f"  {one.name}" + ("" if one.expected and one.got else f": {title}"))
    made = output.table("", say("应为", "expected"), say("实为", "got"), say("差异", "differs"))
    for name, expected, got in one.head:
        made.add_row("≠", expected or "–", got or "–", name, style="red")
    for line in one.lines:
        fields = _differs(line.fields) or ("" if line.ok else say("分录", "line"))
        made.add_row(
            "" if line.ok else "≠", _line(line.expected), _line(line.got), fields, style="" if line.ok else "red"
        )
    _whole(made, one)
    if made.row_count:
        output.console().print(made)
    for problem in one.got.problems if one.got else ():
        for text in output.problem_lines(problem, indent="    "):
            output.tell(text)


def _whole(made: Table, one: ComparedVoucher) -> None:
    """A voucher that stands on one side only: all of its lines."""
    if one.got is None and one.expected is not None:
        for line in one.expected.lines or ():
            made.add_row("≠", _line(line), "", say("分录", "line"), style="red")
    if one.expected is None and one.got is not None and one.got.voucher is not None:
        for made_line in one.got.voucher.lines:
            made.add_row("≠", "", _line(made_line), say("分录", "line"), style="red")


def _differs(fields: Sequence[tuple[str, str, str]]) -> str:
    none = say("(空)", "(empty)")
    return "; ".join(f"{name}: {expected or none} ≠ {got or none}" for name, expected, got in fields)


def _line(line: CaseLine | VoucherLine | None) -> str:
    from dougong.accounting.cases import fact_text, line_facts

    if line is None:
        return "–"
    facts = line_facts(line)
    side = say("借", "D") if line.side == "D" else say("贷", "C")
    return " ".join(filter(None, (side, line.account, words.money(line.amount), fact_text(facts.get("dimensions")))))
