"""Makes a project's folder: configuration, secrets, rules, tables, mappings and codes that a person can read."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import attrs

from dougong.cli.products import Defaults, defaults_of, examples, sandbox_names
from dougong.cli.project_toml import Erp, Source, config_text, toml_value
from dougong.model.postings import Stage
from dougong.model.problems import DougongError, Problem

__all__ = ["ENTITY", "OTHER", "OTHER_BOOK", "SHORT", "Wanted", "keeps_other", "make_project"]

#: The entity of the example rules, and its book in the first ERP.
ENTITY = "A01"
#: What the examples' invoices and documents call the same entity.
SHORT = "A"
#: Another entity that sandboxes know, and its book.
OTHER, OTHER_BOOK = "B", "B01"

_IGNORED = """\
# 密钥与运行数据不入库 / secrets and run-time data stay out of version control
secrets/
ledger.db*
sandbox*.db*
feedback.jsonl
*.log
"""
_STAGES = re.compile(r"^target_stage *=.*$", re.MULTILINE)
#: Moments ask for the whole way, so that the connection alone decides how far it goes.
_WHOLE_WAY = 'target_stage = "posted"          # 以连接的 target_stage 为上限 / capped by the connection'
#: Of a connection, in a new configuration.
_CAP = re.compile(r"^(target_stage *= *)\"[a-z]+\"", re.MULTILINE)
_BOOKS = re.compile(r"^(books *= *)\[[^\]]*\]", re.MULTILINE)
_PLACEHOLDER = "CHANGE-ME"


@attrs.frozen
class Wanted:
    """An ERP that the project is to talk to.

    :param product: name of its sandbox and connector. :param url: address; empty = a real one, to be filled in.
    :param ca: certificate of the authority behind an https address.
    """

    product: str
    url: str = ""
    ca: Path | None = None


@attrs.frozen
class _Planned:
    wanted: Wanted
    book: str
    defaults: Defaults
    base_path: str

    @property
    def name(self) -> str:
        return self.wanted.product

    def address(self) -> str:
        """As given; the base path is added where only host and port are given."""
        url = self.wanted.url or "https://ERP-HOST"
        bare = re.fullmatch(r"[a-z]+://[^/]+/?", url)
        return url.rstrip("/") + self.base_path if bare else url


def make_project(folder: Path, wanted: Sequence[Wanted], *, actor: str, other: str | None = None) -> list[Path]:
    """Make the folder and everything in it; the codes are imported into its ledger.

    :param folder: must not exist or be empty.
    :param wanted: sandboxes; none = placeholders for the first product that is installed.
    :param other: the product of them that keeps the book of another entity, too.
    :returns: the files, relative to the folder.
    :raises DougongError: the folder is not empty, or a sandbox is not installed.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DougongError(_not_empty(folder))
    planned = _plan(wanted)
    folder.mkdir(parents=True, exist_ok=True)
    _copy_templates(folder, [one.book for one in planned] + ([OTHER_BOOK] if other else []))
    erps = [_erp(folder, one) for one in planned]
    sources = [Source(name, module.settings()) for name, (_, module) in examples().items()]
    keeper = next((attrs.evolve(erp, book=OTHER_BOOK) for erp in erps if erp.name == other), None)
    text = config_text(folder.resolve().name, ENTITY, erps, sources, short=SHORT, other=keeper, other_entity=OTHER)
    _write(folder / "dougong.toml", text)
    _write(folder / ".gitignore", _IGNORED)
    _fill(folder, planned, actor)
    return sorted(
        path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and "ledger.db" not in path.name
    )


def keeps_other(product: str) -> bool:
    """Whether a sandbox knows the book of the other entity."""
    return any((table, ours) == ("account_book", OTHER_BOOK) for table, ours, _ in defaults_of(product)[0].codes)


def _plan(wanted: Sequence[Wanted]) -> list[_Planned]:
    found = list(wanted) or [Wanted(name) for name in sandbox_names()[:1]]
    if not found:
        raise DougongError(_nothing_installed())
    planned = []
    for at, one in enumerate(found):
        defaults, base_path = defaults_of(one.product)
        planned.append(_Planned(one, ENTITY if at == 0 else f"{ENTITY}-{one.product}", defaults, base_path))
    return planned


def _copy_templates(folder: Path, books: Sequence[str]) -> None:
    with resources.as_file(resources.files("dougong").joinpath("templates", "project")) as template:
        shutil.copytree(template, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    for path in (folder / "rules").glob("*.toml"):
        text = path.read_text("utf-8")
        text = _BOOKS.sub(lambda found: found[1] + toml_value(list(books)), text, count=1)
        _write(path, _STAGES.sub(_WHOLE_WAY, text))


def _erp(folder: Path, one: _Planned) -> Erp:
    defaults, real = one.defaults, not one.wanted.url
    settings = {name: _PLACEHOLDER if real else value for name, value in defaults.settings.items()}
    if one.wanted.ca is not None and defaults.ca_setting and one.wanted.url.startswith("https:"):
        settings[defaults.ca_setting] = str(one.wanted.ca)
    auditor = {name: f"{_PLACEHOLDER}-2" if real else value for name, value in defaults.auditor.items()}
    return Erp(
        name=one.name,
        connector=one.name,
        book=one.book,
        settings={defaults.url_setting: one.address(), **settings},
        secrets={
            name: _secret(folder, f"{one.name}_{name}", _PLACEHOLDER if real else value)
            for name, value in defaults.secrets.items()
        },
        auditor=auditor,
        auditor_secrets={
            name: _secret(folder, f"{one.name}_auditor_{name}", _PLACEHOLDER if real else value)
            for name, value in defaults.auditor_secrets.items()
        },
        sandbox=not real,
    )


def _secret(folder: Path, name: str, value: str) -> str:
    """Write a secret's file, readable by its owner only from the first byte on; returns its relative path."""
    path = folder / "secrets" / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(value + "\n")
    return path.relative_to(folder).as_posix()


def _fill(folder: Path, planned: Sequence[_Planned], actor: str) -> None:
    """Mappings and codes: what only the connectors and the ledger can tell or take."""
    from dougong.flow import Project
    from dougong.ledger import reference
    from dougong.tables.codes import CodeRow, write_code_rows

    with Project(folder) as project:
        rows: list[CodeRow] = []
        for one in planned:
            door = project.door(one.name)
            operation = door.operation_for()
            _cap(folder / "dougong.toml", one.name, operation.highest(Stage.SUBMITTED))
            path = project.config.mapping_path(one.name, operation.target_type)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, door.default_mapping(operation))
            own = [CodeRow(table, one.name, ours, theirs) for table, ours, theirs in _codes(one)]
            (folder / "codes").mkdir(exist_ok=True)
            write_code_rows(own, folder / "codes" / f"{one.name}.csv")
            rows += own
        project.ledger.write(lambda tx: reference.replace_codes(tx, [row.to_ledger() for row in rows], actor=actor))


def _cap(path: Path, connection: str, stage: Stage) -> None:
    """A new project stops where a person has to look; an ERP without that stage stops before it."""
    if stage.rank < Stage.AUDITED.rank:
        before, head, rest = path.read_text("utf-8").partition(f"[connections.{connection}]\n")
        own, next_, others = rest.partition("\n[")  # an ERP without a second user has no such line
        own = _CAP.sub(lambda found: f'{found[1]}"{stage}"', own)
        _write(path, before + head + own + next_ + others)


def _codes(one: _Planned) -> list[tuple[str, str, str]]:
    """The sandbox's codes; of a real ERP only those that are the same everywhere."""
    rows = [tuple(row) for row in one.defaults.codes]
    if not one.wanted.url:
        rows = [row for row in rows if row[0] in one.defaults.standard_tables]
    of_books = one.defaults.book_tables
    more = [(table, one.book, theirs) for table, ours, theirs in rows if table in of_books and ours == ENTITY]
    return list(dict.fromkeys([*rows, *more]))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _not_empty(folder: Path) -> Problem:
    return Problem.of(
        "FOLDER_NOT_EMPTY",
        f"{folder} 已存在且不为空",
        f"{folder} exists and is not empty",
        hint_zh="请换一个目录; 已有的项目不会被覆盖",
        hint_en="name another folder; what exists is never overwritten",
    )


def _nothing_installed() -> Problem:
    return Problem.of(
        "NO_CONNECTOR",
        "没有安装任何 ERP 连接器",
        "no ERP connector is installed",
        hint_zh="例如: pip install dougong-kingdee",
        hint_en="for example: pip install dougong-kingdee",
    )
