"""`check`: is everything in order before anything is sent?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import rich_click as click

from dougong.cli import output
from dougong.cli.commands import summary
from dougong.cli.language import chosen, say
from dougong.cli.options import common, opened, options
from dougong.cli.table_names import unknown_scopes, unused_tables
from dougong.model.problems import DougongError, Problem, Text

if TYPE_CHECKING:
    from dougong.config import Connection
    from dougong.flow import Project
    from dougong.plugins import Door

__all__ = ["check"]


@attrs.frozen
class Checked:
    """One line of the result.

    :param connection: `None` for the project as a whole.
    :param message: what was found; empty = nothing to say.
    """

    connection: str | None
    check: str
    ok: bool
    message: Text = Text("", "")
    hint: Text = Text("", "")

    @classmethod
    def of(cls, connection: str | None, name: str, problem: Problem) -> Checked:
        """A problem as a line that failed."""
        place = f"{problem.path}: " if problem.path else ""
        message = Text(f"{place}{problem.message.zh}", f"{place}{problem.message.en}")
        return cls(connection, name, ok=False, message=message, hint=problem.hint)


@click.command(help=summary("check"))
@common
@click.argument("connections", nargs=-1, metavar="[CONNECTION…]")
def check(connections: tuple[str, ...]) -> int:
    """Look at everything, or at these connections; exit status 2 when something is wrong."""
    from dougong.config import ConfigError

    failed = False
    try:
        with opened() as project:
            for name in connections:
                project.config.connection(name)
            for found in _checks(project, connections or tuple(project.config.connections), whole=not connections):
                failed |= not found.ok
                _show(found)
    except ConfigError as error:
        if not (options().folder / "dougong.toml").is_file() or connections:
            raise
        for problem in error.problems:
            _show(Checked.of(None, "config", problem))
        failed = True
    if not options().json:
        output.tell(
            say("有问题需要处理。", "There is something to put right.") if failed else say("一切就绪。", "All is well.")
        )
    return 2 if failed else 0


def _checks(project: Project, names: Sequence[str], *, whole: bool) -> Iterator[Checked]:
    if whole:
        yield Checked(None, "config", ok=True)
        yield from _rules(project)
        yield from _codes(project)
        yield from _routes(project)
    for name in names:
        yield from _connection(project, project.config.connection(name))


def _rules(project: Project) -> Iterator[Checked]:
    from dougong.accounting import deferred, load_rules
    from dougong.flow.inputs import books_twice, read_rates, rule_paths
    from dougong.tables.files import read_own_table

    good = []
    for path in rule_paths(project):
        shown = path.relative_to(project.folder).as_posix()
        try:
            rules = load_rules(path, read_own_table, root=project.folder)
        except DougongError as error:
            yield from (Checked.of(None, f"rules {shown}", problem) for problem in error.problems)
            continue
        good.append(rules)
        yield from _rows(f"rules {shown}", rules.problems)
        for text in deferred(rules):
            yield Checked(None, f"rules {shown}: not yet", ok=True, message=text)
    yield from (Checked.of(None, "rules", problem) for problem in books_twice(good))
    yield from _rows("rates", read_rates(project).problems)


def _rows(name: str, problems: Sequence[Problem]) -> Iterator[Checked]:
    """What is wrong with rows of tables, or that nothing is."""
    yield from (Checked.of(None, name, problem) for problem in problems)
    if not problems:
        yield Checked(None, name, ok=True)


def _codes(project: Project) -> Iterator[Checked]:
    from dougong.ledger import reference
    from dougong.tables.codes import CodeRow, CodeTable

    rows = [CodeRow.from_ledger(row) for row in project.ledger.look(reference.code_rows)]
    yield from _tried(None, "codes", lambda: CodeTable.from_rows(rows))
    yield from (Checked.of(None, "codes", problem) for problem in unknown_scopes(project, rows))
    for unused in unused_tables(project, rows):
        yield attrs.evolve(Checked.of(None, "codes", unused.problem), ok=not unused.near)


def _routes(project: Project) -> Iterator[Checked]:
    """Every book that a route leads to has rules."""
    from dougong.flow.inputs import rule_files

    try:
        books = {book for one in rule_files(project) for book in one.rules.books}
    except DougongError:
        return  # told already
    if not project.config.routes:
        message = Text("没有路由: 什么都不会入账", "there is no route: nothing will be booked")
        yield Checked(None, "routes", ok=False, message=message)
    for book in dict.fromkeys(route.book for route in project.config.routes):
        if book in books:
            yield Checked(None, f"routes {book}", ok=True)
            continue
        message = Text(f"账簿 {book} 没有入账规则", f"there are no rules for book {book}")
        hint = Text(f"请在 rules/*.toml 的 books 中写上 {book}", f"name {book} in `books` of a file in rules/")
        yield Checked(None, f"routes {book}", ok=False, message=message, hint=hint)


def _connection(project: Project, connection: Connection) -> Iterator[Checked]:
    from dougong.config import references

    name = connection.name
    broken = False
    for key, reference in references(connection):
        for found in _tried(name, key, lambda one=reference: one.resolve(project.folder)):
            broken |= not found.ok
            yield found
    if broken:
        return
    try:
        door = project.door(name)
    except DougongError as error:
        yield from (Checked.of(name, "connector", problem) for problem in error.problems)
        return
    yield Checked(name, "connector", ok=True, message=Text(door.package, door.package))
    if name in project.targets:
        yield from _target(project, door)
    if door.supports("read_callback"):
        yield _callback(project, name)
    answered = True
    for found in _asked(project, door):
        answered &= found.ok
        yield found
    if name in project.targets and door.supports("pull_master_data"):
        yield from _accounts(project, name, answered=answered)


def _callback(project: Project, name: str) -> Checked:
    """The address to register in the ERP, for what it tells by itself."""
    public = project.config.server.public_url
    path = f"/v1/callbacks/{name}"
    if public is not None:
        address = public.rstrip("/") + path
        return Checked(name, "callback", ok=True, message=Text(f"在 ERP 中登记 {address}", f"register {address}"))
    message = Text(
        f"在 ERP 中登记 serve 的地址加 {path}; 写明 [server] public_url 即可显示全址",
        f"register the address of `serve` with {path}; [server] public_url makes it whole",
    )
    return Checked(name, "callback", ok=True, message=message)


def _target(project: Project, door: Door) -> Iterator[Checked]:
    """What a connection that is booked to must be able to do."""
    from dougong.flow.inputs import mapping_text
    from dougong.mapping import compile_mapping

    name = door.connection.name
    try:
        operation = door.operation_for()
        text, path = mapping_text(project, name, operation)
    except DougongError as error:
        yield from (Checked.of(name, "operation", problem) for problem in error.problems)
        return
    yield from _tried(name, f"mapping {path}", lambda: compile_mapping(text, path=path))
    yield _stage(door, operation)
    yield _reference(name, operation)
    if operation.limits.drops:
        lost = ", ".join(operation.limits.drops)
        yield Checked(
            name, "drops", ok=True, message=Text(f"ERP 没有字段, 不会写入: {lost}", f"the ERP has no field for: {lost}")
        )


def _stage(door: Door, operation: Any) -> Checked:
    """How far vouchers go: as far as the connection says, or as the ERP has stages below that."""
    name, target = door.connection.name, door.connection.target_stage
    highest, known = operation.highest(target), ", ".join(operation.stages)
    if highest is target:
        message = Text(str(target), str(target))
    elif highest.rank < target.rank:
        message = Text(
            f"{target}: 此 ERP 只到 {highest} ({operation.name} 有 {known})",
            f"{target}: this ERP goes to {highest} ({operation.name} has {known})",
        )
    else:
        message = Text(
            f"{target}: 此 ERP 创建即为 {highest}, 不受 target_stage 限制",
            f"{target}: what this ERP creates is {highest} at once, target_stage cannot keep it below",
        )
    return Checked(name, "target_stage", ok=True, message=message)


def _reference(name: str, operation: Any) -> Checked:
    """Where our reference goes; without a place for it an unknown outcome can only be parked."""
    safety = operation.safety
    level = safety.ambiguity.value
    if safety.reference is None or level == "E":
        message = Text(
            f"{operation.name}: 无处写引用号 (E 类), 结果未知时只能人工处理",
            f"{operation.name}: no field for our reference (class E); an unknown outcome is parked for a person",
        )
        return Checked(name, "reference", ok=True, message=message)
    field = safety.reference.field or "–"
    return Checked(name, "reference", ok=True, message=Text(f"{field} ({level} 类)", f"{field} (class {level})"))


def _asked(project: Project, door: Door) -> Iterator[Checked]:
    """What the connector itself finds (log in, rights, fields), and whether the target knows the mapping's fields."""
    name = door.connection.name
    if not door.supports("check"):
        return
    session = None
    try:
        session = door.open_session(door.call())
        for finding in door.check(session, door.call()):
            if finding.problem is None:
                yield Checked(name, finding.check, finding.ok)
            else:
                found = Checked.of(name, finding.check, finding.problem)
                yield attrs.evolve(found, ok=finding.ok)
        if name in project.targets and door.supports("target_fields"):
            yield from _mapped(project, door, session)
    except DougongError as error:
        yield from (Checked.of(name, "session", problem) for problem in error.problems)
    finally:
        door.close_session(session)


def _accounts(project: Project, name: str, *, answered: bool) -> Iterator[Checked]:
    """Every account that the rules may choose is one of the ERP's; one that nothing can use is only told."""
    from dougong.cli.known_accounts import unknown_accounts

    try:
        problems, unused = unknown_accounts(project, name)
    except DougongError:
        return  # told already
    unknown = [problem for problem in problems if problem.code == "ACCOUNT_UNKNOWN"]
    if problems and not unknown and not answered:
        return  # an ERP that does not answer was told already
    yield from (Checked.of(name, "accounts", problem) for problem in problems)
    yield from (attrs.evolve(Checked.of(name, "accounts", problem), ok=True) for problem in unused)
    if not problems and not unused:
        yield Checked(name, "accounts", ok=True)


def _mapped(project: Project, door: Door, session: Any) -> Iterator[Checked]:
    """The mapping's fields against those that the ERP itself tells; one that cannot tell is said to."""
    from dougong.cli.target_fields import unknown_fields
    from dougong.flow.inputs import mapping_text
    from dougong.mapping import compile_mapping

    name = door.connection.name
    try:
        operation = door.operation_for()
        text, path = mapping_text(project, name, operation)
        sources = compile_mapping(text, path=path).sources
    except DougongError:
        return  # told already
    try:
        problems = unknown_fields(sources, door.target_fields(operation, session, door.call()))
    except DougongError as error:
        yield attrs.evolve(Checked.of(name, f"fields {path}: not told", error.problems[0]), ok=True)
        return
    yield from (Checked.of(name, f"fields {path}", problem) for problem in problems)
    if not problems:
        yield Checked(name, f"fields {path}", ok=True)


def _tried(connection: str | None, name: str, look: Any) -> Iterator[Checked]:
    """One line that is in order, or one per problem."""
    try:
        look()
    except DougongError as error:
        yield from (Checked.of(connection, name, problem) for problem in error.problems)
    else:
        yield Checked(connection, name, ok=True)


def _show(found: Checked) -> None:
    language = chosen()
    message, hint = found.message.for_language(language), found.hint.for_language(language)
    if options().json:
        row = {"connection": found.connection, "check": found.check, "ok": found.ok, "message": message, "hint": hint}
        output.emit(row)
        return
    sign, style = ("✓", "green") if found.ok else ("✗", "red")
    where = f"{found.connection} " if found.connection else ""
    output.tell(f"{sign} {where}{found.check}" + (f": {message}" if message else ""), style=style)
    if hint and not found.ok:
        output.tell(f"    → {hint}")
