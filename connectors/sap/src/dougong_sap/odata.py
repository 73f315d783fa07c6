"""Reading SAP's OData V2: literals of filters, whole answers over all pages, dates (sap.md §2)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from dougong.hookspecs import Deadline
from dougong_sdk.rest import Answer, BadAnswer, RestSession

__all__ = ["OData", "amount_of", "day_of", "literal", "moment_of"]

#: Rows of one page; a server that gives fewer is asked for the rest.
_PAGE = 500
_SAFE = "$,'()="
_HEADERS = {"Accept": "application/json", "DataServiceVersion": "2.0"}
_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d+)?\)/")
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - an Edm.DateTime has no zone


def literal(text: str) -> str:
    """A text in a filter."""
    return "'" + text.replace("'", "''") + "'"


def day_of(value: str | None) -> dt.date | None:
    """The date in an Edm.DateTime, `/Date(1795478400000)/`.

    :raises BadAnswer: it is none.
    """
    if value is None:
        return None
    found = _DATE.fullmatch(value)
    if found is None:
        raise BadAnswer(f"日期不可读: {value}", f"an unreadable date: {value}")
    return (_EPOCH + dt.timedelta(milliseconds=int(found[1]))).date()


def moment_of(day: dt.date) -> str:
    """A date as an Edm.DateTime."""
    return f"/Date({(day - _EPOCH.date()).days * 86_400_000})/"


class OData:
    """The services of one system, over a session that lets itself in.

    :param rest: the wire. :param root: path that the services stand below. :param client: of an on-premise system.
    """

    def __init__(self, rest: RestSession, root: str, client: str = "") -> None:
        self._rest, self._root, self._client = rest, root.strip("/"), client

    @property
    def headers(self) -> dict[str, str]:
        """Of every call."""
        return {**_HEADERS, **({"sap-client": self._client} if self._client else {})}

    def path(self, service: str, rest: str) -> str:
        """The path of something in a service."""
        return f"{self._root}/{service}/{rest}"

    def rows(
        self,
        service: str,
        entity_set: str,
        fields: Sequence[str],
        deadline: Deadline,
        *,
        where: str = "",
        key: str,
        expand: Sequence[str] = (),
    ) -> Iterator[dict[str, Any]]:
        """Every row, whatever the size of a page, ordered by its key.

        The server says with each page how many there are; fewer in the end, or none where there should be some, is an
        answer that nothing can be concluded from.

        :param fields: those to read. :param where: `$filter`. :param key: fields that order the rows, with commas.
        :param expand: ways to other sets whose rows come along.
        :raises BadAnswer: as said. :raises BadStatus: the service does not answer.
        """
        chosen, ways = ",".join((*fields, *expand)), ",".join(expand)
        query = {"$select": chosen, "$expand": ways, "$orderby": key, "$inlinecount": "allpages", "$format": "json"}
        seen, count = 0, 1
        while seen < count:
            at = {**query, "$filter": where, "$top": _PAGE, "$skip": seen}
            rows, count = self._page(service, entity_set, at, deadline)
            if not rows and seen < count:
                raise BadAnswer("OData 应答少于其声明的行数", "OData answers fewer rows than it says there are")
            seen += len(rows)
            yield from rows

    def _page(
        self, service: str, entity_set: str, query: Mapping[str, Any], deadline: Deadline
    ) -> tuple[list[dict[str, Any]], int]:
        path = self.path(service, f"{entity_set}?{_query(query)}")
        return _rows(self._rest.send("GET", path, deadline=deadline, headers=self.headers).expect(200))

    def one(
        self, service: str, entity: str, deadline: Deadline, *, expand: Sequence[str] = ()
    ) -> tuple[dict[str, Any], str]:
        """One entity, and its version (ETag) where SAP tells one.

        :param entity: `A_Set(key)`.
        :raises BadAnswer: it is none. :raises BadStatus: there is none, or the service does not answer.
        """
        path = self.path(
            service, f"{quote(entity, safe=_SAFE)}?{_query({'$expand': ','.join(expand), '$format': 'json'})}"
        )
        answer = self._rest.send("GET", path, deadline=deadline, headers=self.headers).expect(200)
        row = answer.json().get("d")
        if not isinstance(row, dict):
            raise BadAnswer("应答不是 OData 的实体", "the answer is no entity of OData")
        return row, answer.headers.get("etag", "") or str((row.get("__metadata") or {}).get("etag") or "")


def _query(query: Mapping[str, Any]) -> str:
    return urlencode({name: value for name, value in query.items() if value != ""}, quote_via=quote, safe=_SAFE)


def _rows(answer: Answer) -> tuple[list[dict[str, Any]], int]:
    content = answer.json()
    try:
        rows, count = content["d"]["results"], int(content["d"]["__count"])
        if all(isinstance(row, dict) for row in rows):
            return rows, count
    except (KeyError, TypeError, ValueError):
        pass
    raise BadAnswer("应答不是 OData 的行集", "the answer is no set of rows of OData")


def amount_of(value: Any) -> Decimal:
    """An Edm.Decimal, which travels as a text; an initial one may be missing."""
    return Decimal(value or 0)
