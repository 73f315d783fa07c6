"""REST resources of Fusion: conditions, pages with a limit of the server's own, errors in its shape (oracle.md §1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dougong_sdk.sandbox import Request, Response, exact_json

__all__ = ["ROOT", "collection", "finder", "refused"]

ROOT = "/fscmRestApi/resources/"
_CONDITION = re.compile(
    r"\s*(\w+)\s*(!=|<=|>=|=|<|>|\bLIKE\b)\s*('(?:[^']|'')*'|-?[\d.]+|true|false)\s*", re.IGNORECASE
)
_AND = re.compile(r"and\b", re.IGNORECASE)
_DEFAULT_PAGE = 25

Row = Mapping[str, Any]


class BadQuery(Exception):
    """A condition that the resource does not take."""


def refused(status: int, code: str, text: str, path: str = "") -> Response:
    """An error with details."""
    detail = {"detail": text, "o:errorCode": code, "o:errorPath": path}
    body = {"title": "Error", "status": str(status), "o:errorDetails": [detail]}
    return Response(exact_json.dumps(body).encode(), status, "application/vnd.oracle.adf.error+json")


def finder(request: Request) -> tuple[str, dict[str, str]]:
    """Name and values of the finder that a request asks for, empty without one."""
    name, _, told = request.parameters.get("finder", "").partition(";")
    pairs = (part.partition("=") for part in told.split(",") if part)
    return name, {key.strip(): value for key, _, value in pairs}


def collection(
    request: Request, rows: Sequence[Row], known: Sequence[str], most: int, shown: Callable[[Row], Row] = dict
) -> Response:
    """The page of a collection that a request asks for.

    :param known: attributes that may be queried. :param most: rows of the largest page.
    :param shown: the row as it is told.
    """
    asked = request.parameters
    joined = request.headers.get("rest-framework-version", "1") == "1"
    try:
        test = _condition(asked.get("q", ""), known, ";" if joined else "and")
        found = _ordered([row for row in rows if test(row)], asked.get("orderBy", ""), known)
        offset, limit = int(asked.get("offset", "0")), min(int(asked.get("limit", str(_DEFAULT_PAGE))), most)
    except (BadQuery, ValueError) as error:
        return refused(400, "JBO-25005", f"URL request parameter q cannot be used: {error}")
    page = found[offset : offset + limit]
    told = {"items": [shown(row) for row in page], "count": len(page), "hasMore": offset + len(page) < len(found)}
    body = {**told, "limit": limit, "offset": offset, "links": []}
    return Response(exact_json.dumps(body).encode(), 200, "application/vnd.oracle.adf.resourcecollection+json")


def _ordered(rows: list[Row], told: str, known: Sequence[str]) -> list[Row]:
    for part in reversed([one for one in told.split(",") if one]):
        name, _, way = part.partition(":")
        if name not in known:
            raise BadQuery(name)
        rows = sorted(rows, key=lambda row: str(row[name]), reverse=way == "desc")
    return rows


def _condition(text: str, known: Sequence[str], joint: str) -> Callable[[Row], bool]:
    tests: list[Callable[[Row], bool]] = []
    rest = text
    while rest:
        found = _CONDITION.match(rest)
        if found is None or found[1] not in known:
            raise BadQuery(rest)
        tests.append(_test(found[1], found[2].upper(), _value(found[3])))
        rest = rest[found.end() :]
        if rest and joint == "and":
            joined = _AND.match(rest)
            if joined is None:
                raise BadQuery(rest)
            rest = rest[joined.end() :]
        elif rest:
            if rest[0] != ";":
                raise BadQuery(rest)
            rest = rest[1:]
    return lambda row: all(test(row) for test in tests)


def _value(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _test(name: str, operator: str, value: str) -> Callable[[Row], bool]:
    if operator == "LIKE":
        pattern = re.compile("".join(".*" if one in "*%" else re.escape(one) for one in value), re.DOTALL)
        return lambda row: pattern.fullmatch(str(row[name])) is not None
    compare: Mapping[str, Callable[[str], bool]] = {
        "=": lambda held: held == value,
        "!=": lambda held: held != value,
        "<": lambda held: held < value,
        "<=": lambda held: held <= value,
        ">": lambda held: held > value,
        ">=": lambda held: held >= value,
    }
    return lambda row: compare[operator](str(row[name]))
