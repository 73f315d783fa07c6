"""FIND: what is there is found with what stands there now; what could not be searched is never absent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong.model.messages import Wanted
from dougong.model.outcomes import Absent, CannotTell, Found
from dougong.model.postings import Stage
from dougong_sdk.conformance.checks.push import FAULTS
from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.rules import Level, expect, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dougong.model.postings import Posting
    from dougong_sdk.conformance.direct import Direct, Sent
    from dougong_sdk.conformance.lab import Bench, Lab
    from dougong_sdk.conformance.subject import Subject

_DRIPPING_SECONDS = 0.3


def _finds(subject: Subject) -> str:
    return subject.lacks("find")


def _one(hooks: Direct, sent: Sent, **how: Any) -> Found | Absent | CannotTell:
    answers = hooks.find([sent.wanted(**how)])
    expect(len(answers) == 1, f"find gave {len(answers)} answers for one voucher: {answers}")
    return answers[0]


def _posting(answer: Found | Absent | CannotTell) -> Posting:
    expect(isinstance(answer, Found), f"find answered {answer}")
    assert isinstance(answer, Found)  # noqa: S101 - for the type checker
    return answer.posting


@rule(
    "FIND-001",
    Level.BRONZE,
    title=("不存在时回答 Absent, 并说明查了哪里", "What is not there is Absent, and the answer says what was searched"),
    why=(
        "重发之前要能证明 ERP 中没有; 查的范围写入审计",
        "only a proof of absence allows to send again, and the audit keeps what was searched",
    ),
    todo=(
        "查完全部账簿、期间和页后返回 Absent(item, searched)",
        "answer Absent(item, searched) after all books, periods and pages",
    ),
    needs=_finds,
)
def tells_absence(lab: Lab, cell: str) -> None:
    """A reference that was never sent, in a ledger that holds another voucher."""
    with direct(lab.bench()) as hooks:
        sent = hooks.done(hooks.voucher(1))
        unsent = hooks.item(hooks.voucher(2))
        answers = hooks.find([Wanted(unsent.id, unsent.reference_text, sent.facts)])
    expect(
        len(answers) == 1 and isinstance(answers[0], Absent), f"find answered {answers} for a voucher that is not there"
    )
    told = answers[0].searched if isinstance(answers[0], Absent) else ""
    expect(told.strip(), "Absent does not say what was searched")


def _neighbours(text: str) -> Sequence[str]:
    """References that a careless comparison takes for `text`: another last character, and one that goes on."""
    last = "1" if text[-1] != "1" else "2"
    return text, text[:-1] + last, text[:-1]


@rule(
    "FIND-002",
    Level.SILVER,
    title=(
        "一次查多张, 各得其答; 相近的参考号不混淆",
        "Several at once: each gets its own answer, neighbours are told apart",
    ),
    why=("认错凭证会把别人的凭证记为已送达", "a voucher that is mistaken for another one is never booked"),
    todo=("按完整的参考号比较, 不按前缀或包含", "compare whole references, neither prefixes nor parts"),
    needs=_finds,
)
def tells_neighbours_apart(lab: Lab, cell: str) -> None:
    """Three vouchers with references that are nearly the same, and one that is not there."""
    with direct(lab.bench()) as hooks:
        first = hooks.item(hooks.voucher(1)).reference_text
        sent = []
        for number, text in enumerate(_neighbours(first), 1):
            item = hooks.item(hooks.voucher(number), reference=text)
            sent.append(hooks.send_again(item, hooks.messages([item])[0]))
        absent = hooks.item(hooks.voucher(4), reference=first[:-2] + "ZZ")
        wanted = [*(one.wanted() for one in sent)]
        wanted.insert(1, Wanted(absent.id, absent.reference_text, sent[0].facts))
        answers = hooks.find(wanted)
    keys = {one.item.id: [one.posting.erp_key] for one in sent} | {absent.id: []}
    found: dict[Any, list[str]] = {one.item: [] for one in wanted}
    for answer in answers:
        found[answer.item] += [answer.posting.erp_key] if isinstance(answer, Found) else []
    expect(found == keys, f"asked for {keys}, find answered {found}")
    expect(any(isinstance(one, Absent) and one.item == absent.id for one in answers), "the missing one is not Absent")


def _finds_on_pages(subject: Subject) -> str:
    return subject.lacks("find") or subject.lacks_pages()


@rule(
    "FIND-003",
    Level.SILVER,
    title=("查询翻完所有页", "A search reads every page"),
    why=(
        "只看第一页就说没有, 同一张凭证会入账两次",
        "whoever looks at the first page only and says absent books twice",
    ),
    todo=("翻页直到 ERP 说没有更多", "ask for pages until the ERP has no more"),
    needs=_finds_on_pages,
)
def searches_every_page(lab: Lab, cell: str) -> None:
    """More vouchers than a page holds, and one with more lines than a page."""
    with lab.small_pages() as erp, direct(lab.bench(erp=erp)) as hooks:
        sent = [hooks.done(hooks.voucher(number)) for number in range(1, 6)]
        sent.append(hooks.done(hooks.voucher_of(*(Decimal(n) for n in range(1, 8)), number=6)))
        answers = hooks.find([one.wanted() for one in sent])
    for one in sent:
        mine = [answer for answer in answers if answer.item == one.item.id]
        expect(len(mine) == 1, f"{len(mine)} answers for one voucher: {mine}")
        posting = _posting(mine[0])
        expect(posting.erp_key == one.posting.erp_key, f"{posting.erp_key} was found for {one.posting.erp_key}")
        differing = one.facts.differences(posting)
        expect(not differing, f"a voucher of {len(one.facts.lines)} lines is found with other {', '.join(differing)}")


@rule(
    "FIND-004",
    Level.SILVER,
    title=("查询失败时回答 CannotTell, 绝不是 Absent", "A search that fails is CannotTell, never Absent"),
    why=(
        "把查询失败当作没有, 就会重发已入账的凭证",
        "a failed search that passes for absence sends again what is booked",
    ),
    todo=(
        "只有完整成功的查询才能得出 Absent; 其余返回 CannotTell 或抛出",
        "conclude Absent from a whole answer only; else answer CannotTell or raise",
    ),
    needs=_finds,
)
def never_absent_by_failure(lab: Lab, cell: str) -> None:
    """A voucher that is there, searched while every request of the search goes wrong, and by a user without rights."""
    bench = lab.bench()
    searching = lab.requests.searching
    with direct(bench) as hooks:
        sent = hooks.done(hooks.voucher(1))
        for fault, members in FAULTS.items():
            for operation in searching:
                bench.sandbox.fault(fault, operation=operation, **members)
            seconds = _DRIPPING_SECONDS if fault == "drip" else None
            answers = hooks.find([sent.wanted()], seconds=seconds)
            expect(not _absent(answers), f"{fault} on {', '.join(searching)}: find answered {answers}")
            bench.sandbox.clear_faults()
        _set_roles(bench)
        try:
            answers = hooks.find([sent.wanted()])
        finally:
            _set_roles(bench, "all")
    expect(not _absent(answers), f"a user without rights: find answered {answers}")


def _absent(answers: Sequence[Found | Absent | CannotTell]) -> bool:
    return any(isinstance(answer, Absent) for answer in answers)


def _set_roles(bench: Bench, *roles: str) -> None:
    """Who may log in may do what these say, and without any, nothing else (interfaces.md §4)."""
    kept = ("kind", "id", "user", "issuer")
    rows = bench.sandbox.config()["seed"]["credentials"]
    patch = [{**{name: row[name] for name in kept if name in row}, "roles": list(roles)} for row in rows]
    bench.sandbox.seed({"credentials": patch})


@rule(
    "FIND-005",
    Level.GOLD,
    title=(
        "查到的是此刻的样子: 重新编号、修改、删除都看得见",
        "What is found is what stands there now: renumbered, edited, deleted",
    ),
    why=(
        "人在 ERP 中的改动看不见, 账就对不上",
        "what a person did in the ERP and nobody sees makes the books differ",
    ),
    todo=(
        "不缓存; 返回 ERP 此刻的编号、金额、分录与阶段",
        "keep nothing: answer the number, amounts, lines and stage of this moment",
    ),
    needs=_finds,
    cells=lambda _: ("renumber", "edit", "delete"),
)
def finds_what_stands(lab: Lab, cell: str) -> None:
    """A person's hand on a voucher, and a search by reference, and by reference and id."""
    bench = lab.bench()
    with direct(bench) as hooks:
        sent = hooks.done(hooks.voucher(1))
        hooks.find([sent.wanted()])
        changes: dict[str, dict[str, Any]] = {"renumber": {"to": "77"}, "edit": {"set": {"total": "999.00"}}}
        shown = bench.sandbox.hand(cell, id=sent.posting.erp_key, **changes.get(cell, {}))
        for key in (None, sent.posting.erp_key):
            answer = _one(hooks, sent, key=key)
            if cell == "delete":
                gone = isinstance(answer, Absent) or (isinstance(answer, Found) and answer.posting.stage is Stage.VOID)
                expect(gone, f"a deleted voucher: find answered {answer}")
            elif cell == "edit":
                expect(sent.facts.differences(_posting(answer)), f"edited to 999.00, and find shows {answer}")
            else:
                number = _posting(answer).number
                expect(number == shown["number"], f"renumbered to {shown['number']}, and find shows {number}")


@rule(
    "FIND-006",
    Level.GOLD,
    title=("同一参考号有两张凭证时, 两张都报出", "Two vouchers under one reference are both found"),
    why=("只报一张, 重复入账就没有人知道", "whoever tells one of them hides that something is booked twice"),
    todo=("每张匹配的凭证各返回一个 Found", "answer a Found for each voucher that matches"),
    needs=_finds,
)
def finds_both(lab: Lab, cell: str) -> None:
    """The same message twice; where the ERP refuses that, a person gives another voucher the same reference."""
    bench = lab.bench()
    with direct(bench) as hooks:
        sent = hooks.done(hooks.voucher(1))
        hooks.send_again(sent.item, sent.message)
        if len(bench.sandbox.postings()) == 1:
            other = hooks.done(hooks.voucher(2)).posting
            bench.sandbox.hand("edit", id=other.erp_key, set={"reference": sent.item.reference_text})
        held = {one["id"] for one in bench.sandbox.postings()}
        found = {_posting(answer).erp_key for answer in hooks.find([sent.wanted()])}
    expect(found == held, f"the ERP holds {sorted(held)} under one reference, find answered {sorted(found)}")
