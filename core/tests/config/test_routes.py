from __future__ import annotations

import pytest

from dougong import config

CONNECTIONS = '[connections.a]\nconnector = "x"\n[connections.b]\nconnector = "x"\n[connections.c]\nconnector = "x"\n'


def routes(*rows: dict[str, str]) -> str:
    tables = ("[[routes]]\n" + "".join(f'{key} = "{value}"\n' for key, value in row.items()) for row in rows)
    return CONNECTIONS + "".join(tables)


def row(connection: str, book: str = "A01", entity: str = "A01", **more: str) -> dict[str, str]:
    return {"entity": entity, "book": book, "connection": connection, **more}


def test_books_and_connection_of_an_entity(load):
    made = load(routes(row("a"), row("b", "A01-b"), row("c", "B01", entity="B01")))
    assert made.books_for("A01", "accrual", "expense") == ("A01", "A01-b")
    assert made.books_for("B01", "loan", "loan") == ("B01",)
    assert made.books_for("C01", "loan", "loan") == ()
    assert made.route("A01", "A01-b", "accrual", "expense") == "b"


def test_the_most_specific_route_wins_whatever_the_order(load):
    rows = [row("c", moment="payment", document="loan"), row("b", moment="payment"), row("a")]
    for order in (rows, rows[::-1]):
        made = load(routes(*order))
        assert made.route("A01", "A01", "payment", "loan") == "c"
        assert made.route("A01", "A01", "payment", "expense") == "b"
        assert made.route("A01", "A01", "accrual", "expense") == "a"


def test_a_book_of_one_moment_only(load):
    made = load(routes(row("a"), row("b", "MGMT", moment="payment")))
    assert made.books_for("A01", "accrual", "expense") == ("A01",)
    assert made.books_for("A01", "payment", "expense") == ("A01", "MGMT")


def test_no_route_says_what_to_add(load):
    made = load(routes(row("a", moment="payment")))
    with pytest.raises(config.ConfigError, match=r'add \[\[routes\]\] entity = "A01"') as missing:
        made.route("A01", "A01", "accrual", "expense")
    assert missing.value.problems[0].code == "ROUTE_MISSING"


TIES = [
    (row("a"), row("b")),
    (row("a"), row("a")),
    (row("a", moment="payment"), row("b", moment="payment")),
    (row("a", document="loan"), row("b", document="loan")),
    (row("a", moment="payment", document="loan"), row("b", moment="payment", document="loan")),
    (row("a", moment="payment"), row("b", document="loan")),
    (row("a", document="loan"), row("b", moment="payment")),
]


@pytest.mark.parametrize(("first", "second"), TIES)
def test_routes_that_would_book_the_same_are_refused(problems, first, second):
    (problem,) = problems(routes(first, second))
    assert problem.code == "ROUTE_TIE"
    assert "routes[1]" in problem.path
    assert "entity A01, book A01" in problem.message.en


NO_TIES = [
    [row("a"), row("b", "A02")],
    [row("a"), row("b", entity="B01")],
    [row("a", moment="payment"), row("b", moment="loan")],
    [row("a", moment="payment"), row("b", document="loan"), row("c", moment="payment", document="loan")],
    [row("a", moment="payment"), row("b")],
]


@pytest.mark.parametrize("rows", NO_TIES)
def test_routes_that_can_be_told_apart_are_taken(load, rows):
    assert len(load(routes(*rows)).routes) == len(rows)


def test_a_route_to_an_unknown_connection(problems):
    (problem,) = problems(routes(row("aa")))
    assert problem.code == "CONNECTION_UNKNOWN"
    assert problem.path == "dougong.toml:10 routes[0].connection"


def test_unknown_moments_and_document_types_are_refused(problems):
    moment, document = problems(routes(row("a", moment="acrual", document="report")))
    assert "did you mean 'accrual'" in moment.hint.en
    assert "expense, payment_request" in document.message.en
