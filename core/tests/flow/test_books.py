"""Whatever routes and rules say, one coverage is booked once: a voucher per book, a book by one file of rules."""

from __future__ import annotations

import flow_erp
import pytest
from flow_documents import report

from dougong.cli import main
from dougong.flow import Project, load_inputs
from dougong.model.problems import DougongError

ROUTE = '[[routes]]\nentity = "A01"\nbook = "{book}"\nconnection = "{to}"\n'


@pytest.fixture
def project(shop):
    """Writes rules and routes; the ERP has two connections."""

    def write(*routes, group="GRP", **more):
        toml = shop.folder / "dougong.toml"
        head = toml.read_text("utf-8").split("[[routes]]")[0]
        second = head.replace("[connections.erp]", "[connections.other]")
        toml.write_text(head + second + "".join(routes), "utf-8")
        text = (shop.folder / "rules" / "a01.toml").read_text("utf-8")
        grouped = text.replace('books      = ["A01"]', f'books      = ["{group}"]')
        assert grouped != text or group == "A01"
        (shop.folder / "rules" / "group.toml").write_text(grouped, "utf-8")
        return shop

    return write


def route(book, to="erp", **more):
    return ROUTE.format(book=book, to=to) + "".join(f'{key} = "{value}"\n' for key, value in more.items())


def placed(shop):
    return [(row["book"], row["moment"], row["connection"], row["state"]) for row in shop.rows()]


def test_the_statutory_and_the_group_book_get_a_voucher_each_and_once(project):
    shop = project(route("A01"), route("GRP", "other"))
    for _ in range(3):
        shop.push(report())
    assert placed(shop) == [("A01", "accrual", "erp", "delivered"), ("GRP", "accrual", "other", "delivered")]
    assert len(flow_erp.BOOKED) == 2


def test_a_book_that_is_routed_twice_is_booked_once_by_the_most_specific(project):
    shop = project(route("A01"), route("A01", "other", document="expense"))
    shop.push(report(), report(number="R2", type="payment_request", id="other"))
    assert placed(shop) == [("A01", "accrual", "other", "delivered"), ("A01", "accrual", "erp", "delivered")]
    assert len(flow_erp.BOOKED) == 2


def test_two_files_of_rules_never_book_one_book(project, capsys):
    shop = project(route("A01"), group="A01")
    with Project(shop.folder) as opened, pytest.raises(DougongError) as refused:
        load_inputs(opened)
    (problem,) = refused.value.problems
    assert (problem.code, problem.facts["book"]) == ("RULES_BOOK_TWICE", "A01")
    assert problem.path.endswith("group.toml rules.books")
    assert main(["check", "--project", str(shop.folder), "--lang", "en"]) == 2
    assert "book A01 stands in rules/a01.toml already" in " ".join(capsys.readouterr().out.split())


PAYMENTS = route("A01", "other", moment="payment") + route("A01", moment="payment")


@pytest.mark.parametrize("second", [route("A01", "other"), route("A01"), PAYMENTS])
def test_routes_that_would_book_one_coverage_twice_are_refused_by_check(project, second, capsys):
    shop = project(route("A01"), second)
    assert main(["check", "--project", str(shop.folder), "--lang", "en"]) == 2
    assert "would be booked twice" in " ".join(capsys.readouterr().out.split())
