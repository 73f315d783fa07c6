"""The acceptance scenarios, as a customer runs them: a project by `init`, files pushed, the ERP's own ledger judged.

Each scenario has its folder: steps to push (`NAME.jsonl`), what of the project is its own (`rules/`, `tables/`,
`routes.toml`, `codes.csv`), and the vouchers that are expected (`expected/NAME.txt`).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import attrs
import pytest

from dougong_sdk.sandbox import launch

sys.path.insert(0, str(Path(__file__).parent))  # the notation is shared by all scenarios

from blocks import Block, Codes, held_block, planned_block, read_block

_COMMAND = [sys.executable, "-c", "import sys; from dougong.cli import main; sys.exit(main())"]


@attrs.frozen
class Product:
    """An ERP that scenarios are run in.

    :param name: of the product; the project's connection is called the same.
    :param refusal: a scripted refusal of a voucher, with proof that nothing is there.
    :param stage: what a voucher rests at. :param lacks: what it has no field for.
    :param red_lines: whether it takes negative amounts; without, they stand on the other side.
    :param one_object: whether a line takes one cost object: the project, else the department.
    """

    name: str
    refusal: Mapping[str, str]
    stage: str = "submitted"
    lacks: frozenset[str] = frozenset()
    red_lines: bool = True
    one_object: bool = False

    def codes(self) -> Codes:
        """The code tables that `init` writes for its sandbox."""
        (entry,) = entry_points(group="dougong.sandboxes", name=self.name)
        return Codes(entry.load().project_defaults().codes)

    def holding(self, block: Block) -> Block:
        """How the ERP shows a voucher that the scenario's own words describe."""
        told = {name: value for name, value in block.carried.items() if name not in self.lacks}
        if "state" in told:
            told["state"] = self.stage
        lines = [line.without(self.lacks) for line in block.lines]
        if not self.red_lines:
            lines = [line.black for line in lines]
        if self.one_object:
            lines = [line.by_project for line in lines]
        return attrs.evolve(block, lines=tuple(lines), carried=told)


KINGDEE = Product("kingdee", {"operation": "Save", "code": "8"})


class Scenario:
    """A customer with the files of one scenario.

    :param customer: project folder and commands. :param erp: the sandbox. :param folder: the scenario's.
    """

    def __init__(
        self, customer: Any, erp: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, product: Product = KINGDEE
    ) -> None:
        self.customer, self.erp, self.folder, self.product = customer, erp, folder, product
        self._monkeypatch = monkeypatch
        self._codes = product.codes()
        for name in ("rules", "tables"):
            if (folder / name).exists():
                shutil.copytree(folder / name, customer.folder / name, dirs_exist_ok=True)
        if (routes := folder / "routes.toml").exists():
            with (customer.folder / "dougong.toml").open("a", encoding="utf-8") as file:
                file.write("\n" + routes.read_text("utf-8").replace('"kingdee"', f'"{product.name}"'))

    # -- what the customer does ---------------------------------------------------------------------------------------

    def today(self, day: str) -> None:
        """Set the business clock to ten in the morning."""
        self._monkeypatch.setenv("DOUGONG_NOW", f"{day}T10:00:00+08:00")

    def __call__(self, *arguments: str) -> Any:
        """A command that has to succeed, or to find something."""
        ran = self.customer.dougong(*arguments)
        assert ran.status in (0, 2), ran.err
        return ran

    def change(self, old: str, new: str) -> None:
        """The accountant edits the rules."""
        self.customer.change("rules/a01.toml", old, new)

    def step(self, name: str) -> Path:
        """A file to be pushed."""
        return self.folder / f"{name}.jsonl"

    def push(self, *steps: str, on: str | None = None) -> Any:
        """Push steps, one command each; then look at everything. `on` sets the business clock."""
        if on:
            self.today(on)
        pushed = [self.customer.push(self.step(name), source=None) for name in steps or ("input",)]
        assert all(one.status in (0, 2) for one in pushed), [one.err for one in pushed]
        return pushed[-1]

    def dies(self, step: str, *, at: str) -> None:
        """Push in a process of its own that is killed at a crash point."""
        ended = self.start(step, DOUGONG_CRASH=at).wait(60)
        assert ended == -signal.SIGKILL

    def start(self, step: str, **variables: str) -> subprocess.Popen[bytes]:
        """Push in a process of its own."""
        return subprocess.Popen(
            [*_COMMAND, "push", "--json", "--project", str(self.customer.folder), str(self.step(step))],
            env={**os.environ, **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def retry(self, number: str) -> None:
        """Somebody has seen to it; everything goes on."""
        self("retry", number, "--reason", "已处理")
        self("run")

    # -- the hand in the ERP ------------------------------------------------------------------------------------------

    def close(self, *periods: str, book: str = "A01") -> None:
        """Accountants close periods."""
        for period in periods:
            self.erp.hand("close_period", book=self._codes.theirs("account_book", book), period=period)

    def refuse(self, *, match: str | None = None) -> None:
        """The ERP refuses the next voucher that holds a text, with proof that nothing is there."""
        self.erp.fault("business_error", count=1, **self.product.refusal, **({"match": match} if match else {}))

    # -- what there is ------------------------------------------------------------------------------------------------

    def rows(self, number: str | None = None, moment: str | None = None) -> list[dict[str, Any]]:
        """Rows of `status`, stale answers aside."""
        found = self.customer.dougong("status", "--json").printed
        return [
            row
            for row in found
            if number in (None, *row["documents"]) and moment in (None, row.get("moment")) and row["state"] != "stale"
        ]

    def row(self, number: str, moment: str = "accrual") -> dict[str, Any]:
        """The row of a document's moment that counts: the latest that was not cancelled or reversed."""
        rows = [row for row in self.rows(number, moment) if row["state"] not in ("cancelled", "reversed")]
        assert len(rows) == 1, rows
        return rows[0]

    def problems(self, number: str) -> dict[str, str]:
        """Code → message of whatever a document's rows say."""
        return {p["code"]: p["message"] for row in self.rows(number) for p in row["problems"]}

    def blocks(self) -> list[Block]:
        """Every voucher of the ERP's ledger."""
        by_id = {row["erp_id"]: row for row in self.rows() if row.get("erp_id")}
        found = []
        for posting in self.erp.postings():
            assert posting["id"] in by_id, f"nobody knows {posting['number']}"
            row = by_id[posting["id"]]
            (shown,) = self("show", row["delivery"], "--json").printed
            found.append(held_block(posting, shown["booking"], row, self._codes))
        return found

    def expected(self, name: str) -> Block:
        """The block of a file, as this ERP shows it."""
        return self.product.holding(read_block(self.folder / "expected" / f"{name}.txt"))

    def holds(self, *names: str) -> None:
        """The ERP's ledger holds exactly these vouchers, each once."""
        _compare(self.blocks(), [self.expected(name) for name in names])

    def plans(self, *names: str, step: str = "input") -> None:
        """`plan` shows exactly these vouchers and nothing in the way."""
        plans = self("plan", "--json", str(self.step(step))).printed
        _compare([planned_block(one) for one in plans if one["lines"]], [self.expected(n).planned for n in names])

    def posting(self, row: dict[str, Any]) -> dict[str, Any]:
        """What the ERP holds of a delivery."""
        return next(one for one in self.erp.postings() if one["id"] == row["erp_id"])


def _compare(found: list[Block], wanted: Iterable[Block]) -> None:
    """Both hold the same vouchers, and what was found carries what is wanted."""
    assert sorted(block.text for block in found) == sorted(block.text for block in wanted)
    for block in wanted:
        carrying = [one for one in found if one.text == block.text]
        assert any(one.carries(block) for one in carrying), f"{block.full}\n\nis not carried by\n\n{carrying[0].full}"


@pytest.fixture
def scenario(request: pytest.FixtureRequest, customer: Any, erp: Any, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """The scenario whose number the test's file bears, in a fresh project, with an empty ERP whose periods are open."""
    number = request.path.stem.split("_")[1]
    erp.clear_faults()
    open_periods(erp, KINGDEE)
    return Scenario(customer, erp, Path(__file__).parent / number, monkeypatch)


def open_periods(erp: Any, product: Product) -> None:
    """Undo what a scenario may have closed."""
    for book in product.codes().all_of("account_book"):
        for month in range(1, 13):
            erp.hand("open_period", book=book, period=f"2026-{month:02}")


#: The other ERPs, each with scenarios 1, 2, 5 and 9.
OTHERS = (
    Product(
        "sap-s4",
        {"operation": "post", "code": "KI 235"},
        stage="posted",
        lacks=frozenset({"attachments", "cash_flow", "coordination"}),
        red_lines=False,
        one_object=True,
    ),
    Product(
        "oracle-fusion",
        {"operation": "import", "code": "EF04"},
        lacks=frozenset({"attachments", "cash_flow", "coordination", "clears", "opens", "rate", "base"}),
        red_lines=False,
    ),
)


@pytest.fixture(scope="session", params=OTHERS, ids=lambda product: product.name)
def other(request: pytest.FixtureRequest) -> Iterator[tuple[Product, Any]]:
    """Another ERP, and its sandbox."""
    with launch(request.param.name) as running:
        yield request.param, running


@pytest.fixture(scope="session")
def other_project(other: Any, tmp_path_factory: pytest.TempPathFactory, customer_in: Any) -> Path:
    """What `init` makes for its sandbox."""
    product, erp = other
    owner = customer_in(tmp_path_factory.mktemp(product.name) / "project")
    made = owner.dougong("init", str(owner.folder), "--sandbox", f"{product.name}={erp.url}")
    assert made.status == 0, made.err
    owner.change("dougong.toml", "= 2.0 ", "= 0.1 ")
    return Path(owner.folder)


@pytest.fixture
def elsewhere(
    other: Any, other_project: Path, tmp_path: Path, customer_in: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Scenario]:
    """Makes a scenario, by its number, in another ERP than Kingdee."""
    product, erp = other
    erp.reset()
    erp.clear_faults()
    open_periods(erp, product)
    customer = customer_in(Path(shutil.copytree(other_project, tmp_path / "project")))
    return lambda number: Scenario(customer, erp, Path(__file__).parent / number, monkeypatch, product)
