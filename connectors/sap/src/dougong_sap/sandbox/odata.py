"""OData V2 as SAP Gateway speaks it: queries over rows, JSON, its errors (sap.md §2.2, §2.6)."""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from attrs import frozen

from dougong_sdk.sandbox import Request, Response

from .edm import SERVICES, EntitySet, metadata
from .filters import BadQuery, compiled

__all__ = ["ETAG", "Address", "RowsOf", "answer", "entity", "function_result", "read_address", "refused"]

#: Every row of a set, by the set's name.
RowsOf = Callable[[str], Sequence[Mapping[str, Any]]]
#: Key of a row's version, where its set has one.
ETAG = "__etag"

ROOT = "/sap/opu/odata/sap/"
_PATH = re.compile(r"(?P<service>\w+)(?:;v=\d+)?/?(?P<set>[\w$]*)(?:\((?P<key>.*)\))?/?(?P<rest>.*)")
_KEY = re.compile(r"(?:(\w+)=)?(?:datetime)?'((?:[^']|'')*)'")
_EPOCH = dt.date(1970, 1, 1)
_DAY = 24 * 60 * 60 * 1000
_INITIAL: Mapping[str, Any] = {"Edm.String": "", "Edm.Boolean": False, "Edm.Decimal": Decimal(0), "Edm.DateTime": None}


@frozen
class Address:
    """What a path names: a service, one of its sets, one entity, something below it."""

    service: str
    set: str = ""
    key: str | None = None
    rest: str = ""


def read_address(path: str) -> Address | None:
    """The address in a path below the root of all services."""
    if not path.startswith(ROOT):
        return None
    found = _PATH.fullmatch(path[len(ROOT) :])
    return None if found is None else Address(found["service"], found["set"], found["key"], found["rest"])


def answer(request: Request, at: Address, rows: RowsOf, most: int) -> Response:
    """What a GET is answered.

    :param rows: of a set, complete. :param most: rows of one page.
    """
    known = SERVICES[at.service].get(at.set)
    if at.set == "$metadata":
        return Response(metadata(at.service), 200, "application/xml")
    if not at.set:
        names = {"d": {"EntitySets": list(SERVICES[at.service])}}
        return Response(json.dumps(names).encode(), 200, "application/json")
    if known is None:
        return refused(
            at.service, 404, "005056A509B11EE1B9A8FEC11C21578E", f"Resource not found for segment '{at.set}'"
        )
    try:
        if at.key is not None:
            return entity(request, at, rows)
        return _many(request, at, known, rows, most)
    except (BadQuery, ValueError) as error:
        return refused(at.service, 400, "005056A509B11EE1B9A8FEC11C21D78E", str(error))


def refused(service: str, status: int, code: str, text: str, details: Sequence[tuple[str, str]] = ()) -> Response:
    """An error in Gateway's own envelope. :param details: each code and text, where there are several."""
    now = dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%S.%f")
    more = {"longtext_url": "", "propertyref": "", "severity": "error", "target": ""}
    application = {"component_id": "FI", "service_namespace": "/SAP/", "service_id": service, "service_version": "0001"}
    inner = {
        "application": application,
        "transactionid": secrets.token_hex(16).upper(),
        "timestamp": now,
        "errordetails": [{"code": one, "message": said, **more} for one, said in details or [(code, text)]],
    }
    error = {"code": code, "message": {"lang": "en", "value": text}, "innererror": inner}
    return Response(json.dumps({"error": error}, ensure_ascii=False).encode(), status, "application/json;charset=utf-8")


def _complete(row: Mapping[str, Any], known: EntitySet) -> dict[str, Any]:
    """Every property: what is not set has its initial value, which is not null for texts."""
    tag = {ETAG: row[ETAG]} if ETAG in row else {}
    return tag | {
        name: row.get(name) if row.get(name) is not None else _INITIAL[kind] for name, kind in known.fields.items()
    }


def entity(request: Request, at: Address, rows: RowsOf, status: int = 200) -> Response:
    """One entity by its key, or what one of its ways leads to.

    :raises BadQuery: `$expand` names no way.
    """
    known = SERVICES[at.service][at.set]
    wanted = {name or known.key[0]: value.replace("''", "'") for name, value in _KEY.findall(at.key or "")}
    row = next((row for row in rows(at.set) if all(_text(row[name]) == wanted.get(name) for name in known.key)), None)
    if row is None or (at.rest and at.rest not in known.ways):
        return refused(at.service, 404, "/IWBEP/CM_MGW_RT/020", "Resource not found for segment")
    expanded = list(known.ways) if status == 201 else _expanded(request, known)
    shown = _shown(request, at, known, _complete(row, known), list(known.fields), rows, expanded)
    if at.rest:
        return _json({"d": {"results": _behind(request, at, known, row, at.rest, rows)}})
    headers = [("etag", row[ETAG])] if ETAG in row else []
    if status == 201:
        headers.append(("location", shown["__metadata"]["uri"]))
    return _json({"d": shown}, status, headers)


def function_result(name: str, result: Mapping[str, Any]) -> Response:
    """What a function import gives."""
    return _json({"d": {name: result}})


def _expanded(request: Request, known: EntitySet) -> list[str]:
    named = [name.strip() for name in request.parameters.get("$expand", "").split(",") if name.strip()]
    if unknown := [name for name in named if name not in known.ways]:
        raise BadQuery(f"Navigation property {unknown[0]} not found")
    return named


def _behind(
    request: Request, at: Address, known: EntitySet, row: Mapping[str, Any], way: str, rows: RowsOf
) -> list[dict[str, Any]]:
    """The rows that a way leads to: those that begin with the same key."""
    target = SERVICES[at.service][known.ways[way]]
    there = Address(at.service, target.name)
    return [
        _shown(request, there, target, _complete(one, target), list(target.fields), rows)
        for one in rows(target.name)
        if all(one[name] == row[name] for name in known.key)
    ]


def _text(value: Any) -> str:
    return f"{value.isoformat()}T00:00:00" if isinstance(value, dt.date) else str(value)


def _many(request: Request, at: Address, known: EntitySet, rows_of: RowsOf, most: int) -> Response:
    options, rows = request.parameters, [_complete(row, known) for row in rows_of(at.set)]
    expanded = _expanded(request, known)
    test = compiled(options["$filter"], known.fields) if options.get("$filter") else None
    found: list[Mapping[str, Any]] = [row for row in rows if test is None or test(row)]
    if at.rest == "$count":
        return Response(str(len(found)).encode(), 200, "text/plain")
    found = _ordered(found, options.get("$orderby") or ",".join(known.key), known)
    skip, top = _number(options, "$skip", 0), _number(options, "$top", len(found))
    page = found[skip : skip + min(top, most)]
    chosen = [name.strip() for name in (options.get("$select") or ",".join(known.fields)).split(",")]
    if unknown := [name for name in chosen if name not in known.fields and name not in expanded]:
        raise BadQuery(f"Property {unknown[0]} not found")
    content: dict[str, Any] = {"results": [_shown(request, at, known, row, chosen, rows_of, expanded) for row in page]}
    if options.get("$inlinecount") == "allpages":
        content["__count"] = str(len(found))
    return _json({"d": content})


def _number(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name)
    if text in (None, ""):
        return default
    if not (text.isascii() and text.isdigit()):
        raise BadQuery(f"Invalid value {text} for {name}")
    return int(text)


def _ordered(rows: list[Mapping[str, Any]], text: str, known: EntitySet) -> list[Mapping[str, Any]]:
    for part in reversed(text.split(",")):
        name, _, way = part.strip().partition(" ")
        if name not in known.fields:
            raise BadQuery(f"Property {name} not found")
        rows = sorted(rows, key=lambda row: (row[name] is not None, row[name]), reverse=way.strip() == "desc")
    return rows


def _shown(
    request: Request,
    at: Address,
    known: EntitySet,
    row: Mapping[str, Any],
    chosen: Sequence[str],
    rows: RowsOf,
    expanded: Sequence[str] = (),
) -> dict[str, Any]:
    host = request.headers.get("host", "localhost")
    key = ",".join(f"{name}={_literal(row[name])}" for name in known.key)
    uri = f"http://{host}{ROOT}{at.service}/{at.set}({key if len(known.key) > 1 else key.partition('=')[2]})"
    about = {"id": uri, "uri": uri, "type": f"{at.service}.{at.set}Type"}
    if ETAG in row:
        about["etag"] = row[ETAG]
    ways: dict[str, Any] = {name: {"__deferred": {"uri": f"{uri}/{name}"}} for name in known.ways}
    ways |= {name: {"results": _behind(request, at, known, row, name, rows)} for name in expanded}
    return {"__metadata": about, **{name: _plain(row[name]) for name in chosen if name in known.fields}, **ways}


def _literal(value: Any) -> str:
    return f"datetime'{value.isoformat()}T00:00:00'" if isinstance(value, dt.date) else f"'{value}'"


def _plain(value: Any) -> Any:
    """Decimals travel as texts, dates as milliseconds."""
    if isinstance(value, dt.date):
        return f"/Date({(value - _EPOCH).days * _DAY})/"
    return f"{value:f}" if isinstance(value, Decimal) else value


def _json(content: Mapping[str, Any], status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Response:
    body = json.dumps(content, ensure_ascii=False).encode()
    return Response(body, status, "application/json;charset=utf-8", [("dataserviceversion", "2.0"), *headers])
