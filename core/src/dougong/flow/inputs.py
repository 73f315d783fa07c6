"""What derivations are made with: rules, tables, rates, mappings, codes and the ERP's master data, as one frozen value.

Its hash moves whenever any of it changes; what is held keeps the hash that it was held with and is derived again
under another.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import attrs

from dougong.accounting import RulesError, RuleSet, business_date, load_rules
from dougong.clock import business_now
from dougong.flow.project import Project
from dougong.ledger import reference
from dougong.mapping import CompiledMapping, compile_mapping
from dougong.model.codes import Codes
from dougong.model.masterdata import AccountNeeds, MasterRecord
from dougong.model.operations import Limits, Operation
from dougong.model.problems import DougongError, Problem
from dougong.tables.codes import CodeRow, CodeTable
from dougong.tables.files import read_own_table
from dougong.tables.rates import Rates

__all__ = [
    "Inputs",
    "books_twice",
    "load_codes",
    "load_inputs",
    "mapping_text",
    "read_rates",
    "rule_files",
    "rule_paths",
]


@attrs.frozen(eq=False, slots=False)
class Inputs:
    """Everything that a derivation may depend on beside its document and the ledger's state.

    :param rules: book → rules. :param mappings: (connection, target type) →
        mapping.
    :param needs: connection → the ERP's account code → what that account takes; a connection without an entry has told
        nothing yet.
    :param books: book → connection that serves it. :param operations: connection → its operation for vouchers; without
        those that cannot be used.
    :param artifacts: content hash → (kind, text) of every file and table; under `hash` the list of all of them.
    """

    rules: Mapping[str, RuleSet]
    rates: Rates
    codes: CodeTable
    mappings: Mapping[tuple[str, str], CompiledMapping]
    needs: Mapping[str, Mapping[str, AccountNeeds]]
    books: Mapping[str, str]
    operations: Mapping[str, Operation]
    artifacts: Mapping[str, tuple[str, str]]
    hash: str

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with rows of tables: it holds those alone that would be answered by them."""
        found = [problem for rules in self.rules.values() for problem in rules.problems]
        return tuple(dict.fromkeys([*found, *self.rates.problems]))

    @cached_property
    def blind(self) -> frozenset[str]:
        """Connections whose books' rules need the ERP's accounts, and which have never told them: the ERP was down."""
        return frozenset(
            connection
            for book, connection in self.books.items()
            if book in self.rules and self.rules[book].needs is None and connection not in self.needs
        )

    @cached_property
    def _codes(self) -> dict[tuple[str, str], Codes]:
        return {}

    def codes_for(self, connection: str, book: str) -> Codes:
        """The code tables as a connection's book sees them."""
        key = (connection, book)
        if key not in self._codes:
            self._codes[key] = self.codes.for_scope(connection, f"{connection}/{book}")
        return self._codes[key]

    def today(self, book: str) -> dt.date:
        """The business day where a book is kept, by the zone of its rules."""
        return business_date(business_now(), self.rules[book].rules.zone)

    def account_needs(self, book: str, account: str, on: dt.date) -> AccountNeeds | None:
        """What an account takes, as the ERP of the book told; by our account code, which counts on a business date."""
        connection = self.books.get(book)
        if connection is None:
            return None
        theirs = self.codes_for(connection, book).lookup("account", account, on)
        return self.needs.get(connection, {}).get(theirs or account)

    def limits(self, book: str) -> Limits:
        """What the ERP behind a book can take."""
        operation = self.operations.get(self.books.get(book, ""))
        return operation.limits if operation else Limits()


def load_inputs(project: Project) -> Inputs:
    """Read and check all of it.

    :raises DougongError: any file that is wrong, with place and reason.
    """
    artifacts: dict[str, tuple[str, str]] = {}
    operations = {name: project.door(name).operation_for("voucher", "create") for name in project.usable}
    for name in project.shut:  # what is held for it is derived again when it can be used
        _keep(artifacts, "shut", name)
    rules = _rules(project, artifacts)
    mappings = {
        (name, operation.target_type): _mapping(project, name, operation, artifacts)
        for name, operation in operations.items()
    }
    rates = read_rates(project)
    for table in sorted((project.folder / "tables").glob("*.*")):
        _keep(artifacts, "table", f"{table.name}\n{hashlib.sha256(table.read_bytes()).hexdigest()}")
    rows = project.ledger.look(reference.code_rows)
    version = project.ledger.look(reference.input_version)
    with project.ledger.read() as connection:
        needs = {name: _needs(reference.master_records(connection, name, "account")) for name in project.targets}
    codes = load_codes(project)
    _keep(artifacts, "codes", json.dumps([list(row) for row in rows], ensure_ascii=False))
    books = {route.book: route.connection for route in reversed(project.config.routes)}
    _keep(artifacts, "config", project.config.digest)
    digest = hashlib.sha256("\n".join([version, *sorted(artifacts)]).encode()).hexdigest()
    artifacts[digest] = ("inputs", json.dumps(sorted(artifacts)))
    return Inputs(
        rules, rates, codes, mappings, {n: v for n, v in needs.items() if v}, books, operations, artifacts, digest
    )


def load_codes(project: Project) -> CodeTable:
    """What the ERPs call things, as the ledger holds it.

    :raises CodeError: two rows contradict each other.
    """
    return CodeTable.from_rows([CodeRow.from_ledger(row) for row in project.ledger.look(reference.code_rows)])


def _keep(artifacts: dict[str, tuple[str, str]], kind: str, text: str) -> None:
    artifacts[hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()] = (kind, text)


def rule_paths(project: Project) -> list[Path]:
    """The files of posting rules, by the patterns of the configuration."""
    return sorted({path for pattern in project.config.project.rules for path in project.folder.glob(pattern)})


def rule_files(project: Project) -> list[RuleSet]:
    """The posting rules of every file.

    :raises RulesError: a file is wrong, with every problem of it.
    """
    return [load_rules(path, read_own_table, root=project.folder) for path in rule_paths(project)]


def read_rates(project: Project) -> Rates:
    """The exchange rates, if there are any; a file that is no table of rates holds those who need a rate."""
    path = project.folder / "tables" / "rates.csv"
    name = path.relative_to(project.folder).as_posix()
    if not path.exists():
        return Rates(name)
    try:
        return Rates.from_table(read_own_table(path, name), name)
    except DougongError as error:
        return Rates.unreadable(name, error.problems)


def books_twice(files: Sequence[RuleSet]) -> list[Problem]:
    """Books that several files of rules name: each would book the same, and nobody can say which one counts."""
    first: dict[str, RuleSet] = {}
    named = [(book, one) for one in files for book in dict.fromkeys(one.rules.books)]
    return [
        _book_twice(book, first[book].path, one.path) for book, one in named if first.setdefault(book, one) is not one
    ]


def _book_twice(book: str, first: str, second: str) -> Problem:
    return Problem.of(
        "RULES_BOOK_TWICE",
        f"账簿 {book} 已在 {first} 中",
        f"book {book} stands in {first} already",
        path=f"{second} rules.books",
        hint_zh="一个账簿只由一个规则文件入账: 请从其中一个的 books 中删去",
        hint_en="a book is booked by one file of rules: remove it from `books` of one of them",
        book=book,
    )


def _rules(project: Project, artifacts: dict[str, tuple[str, str]]) -> dict[str, RuleSet]:
    files = rule_files(project)
    if problems := books_twice(files):
        raise RulesError(problems)
    for path in rule_paths(project):
        _keep(artifacts, "rules", path.read_text(encoding="utf-8-sig"))
    return {book: one for one in files for book in one.rules.books}


def _mapping(
    project: Project, connection: str, operation: Operation, artifacts: dict[str, tuple[str, str]]
) -> CompiledMapping:
    text, name = mapping_text(project, connection, operation)
    _keep(artifacts, "mapping", text)
    return compile_mapping(text, path=name)


def mapping_text(project: Project, connection: str, operation: Operation) -> tuple[str, str]:
    """The mapping of a target type and what it is called: the project's file, else the connector's own."""
    path: Path = project.config.mapping_path(connection, operation.target_type)
    if path.exists():
        return path.read_text(encoding="utf-8-sig"), str(path.relative_to(project.folder))
    return project.door(connection).default_mapping(operation), f"{connection}:{operation.target_type}"


def _needs(records: list[MasterRecord]) -> dict[str, AccountNeeds]:
    return {
        record.code: AccountNeeds(
            frozenset(record.data.get("dimensions", ())),
            frozenset(record.data.get("currencies", ())),
            bool(record.data.get("cash")),
            frozenset(record.data.get("optional", ())),
        )
        for record in records
        if record.active
    }
