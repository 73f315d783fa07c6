"""MASTER: what the ERP knows is read whole, page by page, and anew each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.rules import Level, expect, rule

if TYPE_CHECKING:
    from dougong.model.masterdata import MasterRecord
    from dougong_sdk.conformance.lab import Bench, Lab
    from dougong_sdk.conformance.subject import Subject

_KINDS = ("account", "book", "currency", "period")


def _reads(subject: Subject) -> str:
    return subject.lacks("pull_master_data")


def _reads_pages(subject: Subject) -> str:
    return _reads(subject) or subject.lacks_pages()


def _pulled(bench: Bench) -> list[MasterRecord]:
    """As a new session of this process reads it."""
    with direct(bench) as hooks:
        return list(hooks.door.pull_master_data(_KINDS, hooks.session, hooks.call()))


def _counted(records: Iterable[MasterRecord]) -> Counter[tuple[str, str]]:
    return Counter((one.kind, one.id) for one in records)


@rule(
    "MASTER-001",
    Level.BRONZE,
    title=("主数据可以读取: 科目与期间", "Master data can be read: accounts and periods"),
    why=(
        "没有科目与期间, 任何凭证都无法推送",
        "without accounts and periods nothing can be booked, and nothing else here can be tried",
    ),
    todo=(
        "从 pull_master_data 查起: 登录、应答的结构、行的字段",
        "begin with pull_master_data: the login, the envelope of an answer, the members of a row",
    ),
    needs=_reads,
)
def reads_master_data(lab: Lab, cell: str) -> None:
    """As `dougong check` and the first push read it; each record once."""
    lab.template  # noqa: B018 - raises what is wrong
    records = _counted(_pulled(lab.bench()))
    kinds = {kind for kind, _ in records}
    expect("account" in kinds, f"no account was read, only {', '.join(sorted(kinds)) or 'nothing'}")
    twice = [f"{kind} {id}" for (kind, id), times in records.items() if times > 1]
    expect(not twice, f"read more than once: {', '.join(twice[:5])}")


@rule(
    "MASTER-002",
    Level.SILVER,
    title=("主数据跨多页时也读全", "Master data is read whole over several pages"),
    why=(
        "只读第一页, 其余科目的凭证都会被挡下",
        "with the first page alone, whatever is booked on the other accounts is held",
    ),
    todo=("读到最后一页为止", "go on until the last page"),
    needs=_reads_pages,
)
def reads_every_page(lab: Lab, cell: str) -> None:
    """The same from an ERP with small pages as from one with large ones."""
    whole = _counted(_pulled(lab.bench()))
    with lab.small_pages() as erp:
        paged = _counted(_pulled(lab.bench(erp=erp)))
    missing, more = sorted((whole - paged).keys()), sorted((paged - whole).keys())
    expect(not missing, f"with small pages {len(missing)} of {len(whole)} are not read: {_named(missing)}")
    expect(not more, f"with small pages these are read again: {_named(more)}")


def _named(records: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{kind} {id}" for kind, id in list(records)[:5])


@rule(
    "MASTER-003",
    Level.SILVER,
    title=("主数据每次重新读取: 新科目立即可见", "Master data is read anew each time: a new account is seen"),
    why=(
        "留在进程里的主数据永远看不到新科目与已关闭的期间",
        "what a process keeps never shows a new account or a closed period, until somebody restarts it",
    ),
    todo=(
        "不要在模块或类中缓存主数据, 核心自会保存并按时更新",
        "keep no master data in a module or class: core keeps it, and renews it in time",
    ),
    needs=_reads,
)
def reads_anew(lab: Lab, cell: str) -> None:
    """The ERP gets an account between two sessions of one process."""
    with lab.other_erp() as erp:
        bench = lab.bench(erp=erp)
        before = _counted(_pulled(bench))
        erp.seed({"accounts": [_another(erp.config()["seed"]["accounts"])]})
        fresh = _counted(_pulled(bench)) - before
    expect(any(kind == "account" for kind, _ in fresh), "an account that the ERP got meanwhile is not seen")


def _another(accounts: list[dict[str, Any]]) -> dict[str, Any]:
    """The last account under a code that none has yet."""
    return {**accounts[-1], "code": f"{accounts[-1]['code']}9"}
