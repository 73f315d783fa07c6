"""A session with a Fusion pod: imports and their jobs by either protocol, all else as rows of resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from dougong.hookspecs import Deadline
from dougong_oracle.integration import Integration, RestIntegration, SoapIntegration
from dougong_oracle.login import identity_server, way_in
from dougong_oracle.settings import OracleSettings
from dougong_sdk.rest import BadAnswer, RestSession

__all__ = ["OracleSession"]

#: Rows of one page; a server that gives fewer says so.
_PAGE = 499
#: Version 2: conditions joined by `and`, children of an expanded row as a plain list.
_HEADERS = {"Accept": "application/json", "REST-Framework-Version": "2"}


class OracleSession:
    """One user's calls, for one thread at a time.

    .. versionadded:: 0.1
    """

    def __init__(self, settings: OracleSettings) -> None:
        self.settings = settings
        self._identity = identity_server(settings)
        way = way_in(settings, self._identity)
        self._rest = RestSession(settings.base_url, auth=way, ca_file=settings.ca_file)
        self._root = settings.rest_path.strip("/")
        account, path = settings.import_account, settings.soap_path
        self.imports: Integration = (
            SoapIntegration(self._rest, path, account)
            if settings.transport == "soap"
            else RestIntegration(self._rest, self._root, account, self._page)
        )
        #: Ledger → its currency, filled by `documents`: ledgers do not change while a session lives.
        self.currencies: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<OracleSession {self.settings.user or self.settings.client_id} {self._rest!r}>"

    def rows(self, resource: str, key: str, deadline: Deadline, **query: str) -> Iterator[dict[str, Any]]:
        """Every row of a resource, whatever the size of a page.

        :param key: attribute that orders the rows. :param query: `q`, `expand`, `fields`, `finder`.
        :raises BadAnswer: a page that nothing can be concluded from. :raises BadStatus: the pod does not answer.
        """
        offset, more = 0, True
        while more:
            asked = {**query, "orderBy": key, "onlyData": "true", "limit": str(_PAGE), "offset": str(offset)}
            page = self._page(resource, asked, deadline)
            rows, more = page["items"], page.get("hasMore") is True
            if more and not rows:
                raise BadAnswer("Oracle 应答少于其声明的行数", "Oracle answers fewer rows than it says there are")
            offset += len(rows)
            yield from rows

    def _page(self, resource: str, query: Mapping[str, str], deadline: Deadline) -> dict[str, Any]:
        path = f"{self._root}/{resource}?{urlencode(query, quote_via=quote)}"
        page: Any = self._rest.send("GET", path, deadline=deadline, headers=_HEADERS).expect(200).json()
        items = page.get("items") if isinstance(page, dict) else None
        if not isinstance(items, list) or not all(isinstance(row, dict) for row in items):
            raise BadAnswer("应答不是 Oracle 的行集", "the answer is no page of rows of Oracle")
        return dict(page)

    def close(self) -> None:
        """Close the connections."""
        self._rest.close()
        if self._identity is not None:
            self._identity.close()
