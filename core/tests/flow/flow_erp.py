"""A small ERP in this process for whole projects: books what it gets, refuses a reference twice, can be down."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import ClassVar

import attrs

from dougong import hookimpl
from dougong.hookspecs import About
from dougong.model.masterdata import MasterRecord
from dougong.model.operations import Ambiguity, Limits, Operation, Reference, Safety
from dougong.model.outcomes import AlreadyThere, Done, NotDone, Rejected, Unknown
from dougong.model.postings import Posting, Stage
from dougong.model.problems import Problem, Text

#: reference → what was booked under it.
BOOKED: dict[str, dict] = {}
#: What it can take.
LIMITS = Limits()
#: The stages that it has; a new voucher stands at the first.
STAGES: tuple[Stage, ...] = (Stage.SUBMITTED,)
#: What it can do with a voucher.
VERBS = ["create"]
#: Words in a body that make the ERP unreachable for it.
DOWN: set[str] = set()
#: Words in a body whose answer is lost before the work.
LOST: set[str] = set()

#: Words in a body that the ERP refuses, and with what.
REFUSED: dict[str, Problem] = {}
NO = Problem.of("ERP_SAYS_NO", "不行", "no")

#: Transitions that the add-on was told of.
SEEN: list[tuple[str, str, str]] = []

_NEEDS = {
    "6601.02": ["department"],
    "6602.02": ["department"],
    "2241.01": ["employee"],
    "1221.01": ["employee"],
    "1002.01": ["bank", "cash_flow"],
    "1221.02": ["employee"],
    "1221.09": ["company"],
    "2241.09": ["company"],
    "6603.02": [],
}

MAPPING = """
connector = "flowerp"
target = "V"
from = "voucher"
[fields]
"date" = "voucher.posting_date"
"back" = "voucher.reverses.number if voucher.reverses is not None else None"
[[rows]]
target = "lines"
each = "voucher.lines"
[rows.fields]
"account" = "line.account"
"amount" = "line.amount"
"side" = "line.side"
"text" = "line.summary"
"""


@attrs.frozen
class Settings:
    pass


@attrs.frozen(eq=False)
class FlowErp:
    settings: Settings
    about: ClassVar[About] = About(product="flowerp", title=Text("试", "Flow"), settings=Settings)

    @hookimpl
    def operations(self):
        safety = Safety(Ambiguity.C, Reference("reference"), settle=0.0)
        return [Operation("V", verb, safety, STAGES, limits=LIMITS) for verb in VERBS]

    @hookimpl
    def default_mapping(self, operation):
        return MAPPING

    @hookimpl
    def pull_master_data(self, kinds, session):
        if "accounts" in DOWN:
            raise ConnectionRefusedError("no connection")
        return [
            MasterRecord("account", code, code, code, True, {"dimensions": needs}) for code, needs in _NEEDS.items()
        ]

    @hookimpl
    def push(self, message):
        body = json.loads(message.body, parse_float=Decimal, parse_int=Decimal)
        if any(word in message.body.decode() for word in DOWN):
            return NotDone("connection refused", after=0.0)
        if any(word in message.body.decode() for word in LOST):
            return Unknown("the connection broke")
        refused = [problem for word, problem in REFUSED.items() if word in message.body.decode()]
        if refused:
            return Rejected(tuple(refused))
        reference, known = body["reference"], body["reference"] in BOOKED
        BOOKED.setdefault(reference, body)
        total = sum(line["amount"] for line in BOOKED[reference]["lines"] if line["side"] == "D")
        posting = Posting(reference, STAGES[0], f"N-{len(BOOKED)}", reference, currency="CNY", total=total)
        return AlreadyThere(posting) if known else Done(posting)


@attrs.frozen(eq=False)
class Watcher:
    """An add-on that notes what happens, and fails when a delivery is delivered."""

    @hookimpl
    def on_transition(self, event):
        SEEN.append((event.delivery, event.before, event.after))
        if event.after == "delivered":
            raise RuntimeError("the pager is out of order")
