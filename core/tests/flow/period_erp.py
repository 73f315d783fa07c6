"""A small ERP with books whose periods close: it tells them, refuses what lies in them, and can lose an answer."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from decimal import Decimal
from typing import ClassVar

import attrs
import flow_erp

from dougong import hookimpl
from dougong.hookspecs import About
from dougong.model.masterdata import MasterRecord
from dougong.model.operations import Ambiguity, Limits, Operation, Reference, Safety
from dougong.model.outcomes import Absent, CannotTell, Done, Found, NotDone, Rejected, Unknown
from dougong.model.postings import Posting, Stage
from dougong.model.problems import Problem, Text

BOOK, TYPE = "001", "PRE001"
CODES = [("account_book", "erp", "A01", BOOK), ("voucher_type", "erp", "*", TYPE)]

MAPPING = """
connector = "periods"
target = "V"
from = "voucher"
[fields]
"book" = "voucher.book | code('account_book')"
"type" = "voucher.voucher_type | code('voucher_type')"
"date" = "voucher.posting_date"
[[rows]]
target = "lines"
each = "voucher.lines"
[rows.fields]
"account" = "line.account"
"amount" = "line.amount"
"side" = "line.side"
"text" = "line.summary"
"""


@attrs.define
class Books:
    """What the ERP holds and what happens to it; one for all tests, made new by each.

    :param closed: periods that refuse; `told` what it says of them, where that is not the same: one closes just now.
    :param closes: period that closes with the next answer, which is lost.
    :param unsure: searching tells nothing.
    :param asked: calls by hook; `down` hooks that fail, and `sending`: nothing reaches it.
    """

    ordered: bool = False
    closed: set[str] = attrs.field(factory=set)
    told: set[str] | None = None
    closes: str | None = None
    booked: list[dict] = attrs.field(factory=list)
    others: list[Posting] = attrs.field(factory=list)
    asked: dict[str, list] = attrs.field(factory=lambda: defaultdict(list))
    unsure: bool = False
    down: set[str] = attrs.field(factory=set)

    def ask(self, hook, what):
        self.asked[hook].append(what)
        if hook in self.down:
            raise ConnectionRefusedError("no connection")


books = Books()


def reset() -> Books:
    books.__init__()
    return books


def _posting(body) -> Posting:
    total = sum(line["amount"] for line in body["lines"] if line["side"] == "D")
    date = dt.date.fromisoformat(body["date"])
    return Posting(
        body["reference"], Stage.SUBMITTED, "N-1", body["reference"], book=body["book"], voucher_type=body["type"],
        date=date, currency="CNY", total=total,
    )  # fmt: skip


@attrs.frozen(eq=False)
class PeriodErp:
    settings: flow_erp.Settings
    about: ClassVar[About] = About(product="periods", title=Text("期", "Periods"), settings=flow_erp.Settings)

    @hookimpl
    def operations(self):
        safety = Safety(Ambiguity.D, Reference("reference"), settle=0.0)
        return [Operation("V", "create", safety, (Stage.SUBMITTED,), limits=Limits(sequence_control=books.ordered))]

    @hookimpl
    def default_mapping(self, operation):
        return MAPPING

    @hookimpl
    def pull_master_data(self, kinds, session):
        books.ask("pull_master_data", tuple(kinds))
        for code, needs in {**flow_erp._NEEDS, "6901": []}.items():
            yield MasterRecord("account", code, code, code, True, {"dimensions": needs})
        closed = books.closed if books.told is None else books.told
        for period in ("2026-10", "2026-11", "2026-12", "2027-01"):
            data = {"book": BOOK, "open": period not in closed}
            yield MasterRecord("period", f"{BOOK}/{period}", period, data=data)
        yield MasterRecord("period", "002/2026-11", "2026-11", data={"book": "002", "open": False})
        yield MasterRecord("period", f"{BOOK}/2026-13", "2026-13", data={"book": BOOK, "open": False})

    @hookimpl
    def push(self, message):
        if "sending" in books.down:
            return NotDone("connection refused", after=0.0)
        body = json.loads(message.body, parse_float=Decimal, parse_int=Decimal)
        books.ask("push", body)
        if body["date"][:7] in books.closed:
            return Rejected((Problem.of("PERIOD_CLOSED", "期间已结账", "the period is closed"),))
        books.booked.append(body)
        if books.closes is not None:
            books.closed.add(books.closes)
            return Unknown("connection reset")
        return Done(_posting(body))

    @hookimpl
    def find(self, wanted):
        books.ask("find", None)
        for want in wanted:
            if books.unsure:
                yield CannotTell(want.item, "busy")
                continue
            found = [body for body in books.booked if body["reference"] == want.reference]
            yield from (Found(want.item, _posting(body)) for body in found)
            if not found:
                yield Absent(want.item, "all")

    @hookimpl
    def list_postings(self, period):
        books.ask("list_postings", period)
        return [*map(_posting, books.booked), *books.others]
