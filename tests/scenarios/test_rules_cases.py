"""The scenarios as an accountant's own cases: `dougong rules test`, without an ERP."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
CASES = sorted((FOLDER / "cases").glob("*.toml"))
MERGED = [path for path in CASES if path.name.startswith("08")]
OTHERS = [path for path in CASES if path not in MERGED]


def _made(customer, rules, *, routes=""):
    """A project with the rules of a scenario, its routes, and the rates of all."""
    shutil.copytree(FOLDER / rules / "rules", customer.folder / "rules", dirs_exist_ok=True)
    if routes:
        with (customer.folder / "dougong.toml").open("a", encoding="utf-8") as file:
            file.write("\n" + (FOLDER / routes / "routes.toml").read_text("utf-8"))
    tables = [(FOLDER / number / "tables" / "rates.csv").read_text("utf-8-sig").splitlines() for number in ("01", "04")]
    rows = [row for table in tables for row in table[1:]]
    (customer.folder / "tables" / "rates.csv").write_text("\n".join([tables[0][0], *rows]) + "\n", "utf-8-sig")
    return customer


@pytest.fixture
def project(customer):
    return _made(customer, "05", routes="05")


def test_every_case_comes_out(project):
    ran = project.dougong("rules", "test", "--json", *map(str, OTHERS))
    assert ran.status == 0, ran.err
    assert [(Path(row["case"]).stem, row["ok"]) for row in ran.printed] == [(path.stem, True) for path in OTHERS]


def test_merged(customer):
    assert _made(customer, "08").dougong("rules", "test", *map(str, MERGED)).status == 0


def test_a_changed_row_of_a_table_is_told_line_by_line(project):
    project.change("tables/expense_account.csv", "差旅费,销售,*,6601.02", "差旅费,销售,*,6601.09")
    ran = project.dougong("rules", "test", *map(str, OTHERS))
    assert ran.status == 2
    for said in ("01-travel-report", "6601.02", "6601.09", "720.00"):
        assert said in ran.out
