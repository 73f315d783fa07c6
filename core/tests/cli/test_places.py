"""Entity and book stand in lists where there are several, and leave room where there is one."""

from __future__ import annotations

import pytest

from dougong.cli import places
from dougong.flow import Project
from dougong.flow.telling import Teller


def row(entity: str | None, book: str | None) -> dict:
    return {"entity": entity, "book": book}


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ([], []),
        ([row("A", "A01"), row("A", "A01"), row(None, None)], []),
        ([row("A", "A01"), row("A", "A02")], ["book"]),
        ([row("A01", "A01"), row("B01", "B01")], ["book"]),
        ([row("A", "A01"), row("B", "B01")], ["entity", "book"]),
        ([row("A", "G"), row("B", "G")], ["entity"]),
        ([{"book": "A01"}, {"book": "B01"}], ["book"]),
    ],
)
def test_what_tells_places_apart(rows, shown):
    assert list(places.columns(rows)) == shown


def heading(out: str) -> str:
    return out.splitlines()[0]


def test_status_has_room_while_there_is_one_book(run, folder, deliver):
    deliver("B1")
    deliver("B2")
    assert "book" not in heading(run("status", "--project", folder).out)


def test_status_names_the_book_of_each_where_there_are_several(run, folder, deliver, report, write):
    deliver("B1")
    deliver("B2", entity="C02", book="C02")
    run("accept", write("b3.json", report("B3")), "--project", folder)
    out = run("status", "--project", folder).out
    assert "book" in heading(out)
    assert "entity" not in heading(out)
    (second,) = [line for line in out.splitlines() if line.startswith("D2 ") and "B2" in line and "accrual" in line]
    assert " C02 " in second
    assert "账簿" in heading(run("status", "--project", folder, "--lang", "zh").out)


def test_feedback_names_the_book_where_there_are_several(run, folder, deliver, unmapped):
    deliver("B1", problems=[unmapped()])
    with Project(folder) as project, Teller(project):
        pass
    assert "  CODE_UNMAPPED" in run("feedback", "--project", folder).out
    deliver("B2", book="A02", problems=[unmapped()])
    with Project(folder) as project, Teller(project):
        pass
    out = run("feedback", "--project", folder).out
    assert "A01 CODE_UNMAPPED" in out
    assert "A02 CODE_UNMAPPED" in out
    assert "accrual held: CODE_UNMAPPED (done)" in run("trace", "B2", "--project", folder).out
