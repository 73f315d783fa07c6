"""A journal entry's payload: what SAP would refuse, the tax codes of its expense lines, the values of its message."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

from dougong.hookspecs import TargetField
from dougong.model.bookings import Voucher
from dougong.model.identity import Key
from dougong.model.messages import Item, Payload
from dougong.model.problems import Problem
from dougong_sap.documents import object_key
from dougong_sdk import xml

__all__ = [
    "MAX_LINES",
    "entry_problems",
    "message_values",
    "misfits",
    "request_ids",
    "trial_values",
    "with_reversal",
    "with_tax_codes",
]

MAX_LINES = 999
#: Where the mapping puts an element's own text beside its attributes (contract.md §7).
_TEXT = "#text"
#: Kinds of lines of an entry.
_LINES = ("Item", "CreditorItem", "DebtorItem", "ProductTaxItem", "WithholdingTaxItem")
_AMOUNTS = ("AmountInTransactionCurrency", "AmountInCompanyCodeCurrency")
#: Of which a line has one at most that is real; a cost centre beside it is statistical.
_REAL_OBJECTS = ("OrderID", "WBSElement", "SalesOrder", "FixedAsset")


# -- before the freeze ------------------------------------------------------------------------------------------------


def with_tax_codes(payload: Payload, voucher: Voucher) -> Payload:
    """The same entry, with the code of a tax line on the expense lines that its invoices belong to.

    SAP takes a tax line and the lines that it was taken from for one group (TaxItemGroup). Which they are only the
    report tells: its lines behind both. An expense line with several taxes is left without a code.
    """
    numbers = {str(line.number): line for line in voucher.lines}
    taxed: dict[str, set[str]] = defaultdict(set)
    taxes = list(payload.body.get("ProductTaxItem") or ())
    for tax in taxes:
        line = numbers.get(str(tax.get("ReferenceDocumentItem")))
        for source in line.sources if line else ():
            taxed[source].add(str(tax["TaxCode"]))
    codes = list(dict.fromkeys(str(tax["TaxCode"]) for tax in taxes))
    groups = {code: str(at) for at, code in enumerate(codes, 1)}

    def coded(item: Mapping[str, Any]) -> Mapping[str, Any]:
        line = numbers.get(str(item.get("ReferenceDocumentItem")))
        found = {code for source in (line.sources if line else ()) for code in taxed.get(source, ())}
        if len(found) != 1 or item.get("Tax") or not item.get("AccountAssignment"):
            return item
        (code,) = found
        return {**item, "Tax": {"TaxCode": code, "TaxItemGroup": groups[code]}}

    if not taxes:
        return payload
    grouped = [{"TaxItemGroup": groups[str(tax["TaxCode"])], **tax} for tax in taxes]
    items = [coded(item) for item in payload.body.get("Item") or ()]
    return attrs.evolve(payload, body={**payload.body, "Item": items, "ProductTaxItem": grouped})


def with_reversal(payload: Payload, voucher: Voucher, reason: str) -> Payload:
    """The same entry as the reversal of the one that its voucher takes back whole, with SAP's reason for that.

    Its lines go along, on the other side: they say what has to come out.
    """
    if voucher.reverses is None or not reason:
        return payload
    told = {"ReversalReason": reason, "ReversalReferenceDocument": object_key(voucher.reverses.erp_key)}
    return attrs.evolve(payload, body={**payload.body, **told})


def entry_problems(entry: Mapping[str, Any], fields: Sequence[TargetField]) -> Iterator[Problem]:
    """What SAP would refuse, or cut: missing fields, lengths, lines, signs, balance, currencies, cost objects.

    :param entry: the body of a payload. :param fields: of the WSDL in use.
    """
    yield from misfits(entry, "", fields)
    lines = [(f"{kind}[{at}]", line) for kind in _LINES for at, line in enumerate(entry.get(kind) or ())]
    if not 2 <= len(lines) <= MAX_LINES:
        yield Problem.of(
            "LINES_LIMIT",
            f"凭证有 {len(lines)} 行分录, 应为 2 至 {MAX_LINES} 行",
            f"the entry has {len(lines)} lines; 2 to {MAX_LINES} are possible",
        )
    for path, line in lines:
        for problem in (*misfits(line, f"{path.partition('[')[0]}.", fields), *_sign(line), *_objects(line)):
            yield problem.at(path)
    yield from _balance(lines)


def misfits(
    part: Mapping[str, Any], prefix: str, fields: Sequence[TargetField], lines: Sequence[str] = _LINES
) -> Iterator[Problem]:
    """Of a document or a line: what SAP demands and is missing, and what is longer than it takes.

    :param prefix: of the fields of a line; empty for the document's own. :param lines: the names of its lines.
    """
    for field in fields:
        if not field.path.startswith(prefix) or (not prefix and field.path.partition(".")[0] in lines):
            continue
        *above, name = field.path.removeprefix(prefix).split(".")
        holder: Any = part
        for step in above:
            holder = holder.get(step) if isinstance(holder, Mapping) else None
        if holder is None and above:
            continue
        value: Any = holder.get(name) if isinstance(holder, Mapping) else None
        has_attributes = isinstance(value, Mapping)
        text = value.get(_TEXT) if has_attributes else value
        if (field.required or has_attributes) and text in (None, ""):
            zh, en = "必填字段为空", "a required field is empty"
            yield Problem.of("FIELD_MISSING", zh, en, path=".".join((*above, name)))
        elif isinstance(text, str) and field.max_length and len(text) > field.max_length:
            zh = f"有 {len(text)} 个字符, 最多 {field.max_length}"
            en = f"has {len(text)} characters, at most {field.max_length} are possible"
            yield Problem.of("TEXT_TOO_LONG", zh, en, path=".".join((*above, name)))


def _sign(line: Mapping[str, Any]) -> Iterator[Problem]:
    """Debits are positive and marked S, credits negative and marked H."""
    amount, code = _number(line, _AMOUNTS[0]), line.get("DebitCreditCode")
    if (code == "S" and amount < 0) or (code == "H" and amount > 0):
        yield Problem.of(
            "AMOUNT_SIGN",
            f"金额 {amount} 与借贷标识 {code} 不符",
            f"the amount {amount} does not fit the side {code}",
            path=_AMOUNTS[0],
            hint_zh="红字分录改记另一方 (规则的 red_style = opposite)",
            hint_en="book a red line on the other side (red_style = opposite in the rules)",
        )


def _objects(line: Mapping[str, Any]) -> Iterator[Problem]:
    assigned = [name for name in _REAL_OBJECTS if (line.get("AccountAssignment") or {}).get(name)]
    if len(assigned) > 1:
        yield Problem.of(
            "COST_OBJECT_DOUBLE",
            f"一行分录只能有一个实际成本对象, 现有 {', '.join(assigned)}",
            f"a line takes one real cost object; it has {', '.join(assigned)}",
            path="AccountAssignment",
        )


def _balance(lines: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[Problem]:
    """In each currency that is told of: in an entry's own, and where it is another one, in the company's."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    currencies = set()
    for _, line in lines:
        for name in _AMOUNTS:
            sums[name] += _number(line, name)
        amount = line.get(_AMOUNTS[0])
        currencies.add(amount.get("@currencyCode") if isinstance(amount, Mapping) else None)
    for name, left in sums.items():
        if left:
            zh, en = f"借贷不平, 相差 {left}", f"debits and credits differ by {left}"
            yield Problem.of("NOT_BALANCED", zh, en, path=name)
    if len(currencies) > 1:
        shown = ", ".join(sorted(map(str, currencies)))
        zh, en = f"一张凭证只能有一种币种, 现有 {shown}", f"an entry has one currency; this one has {shown}"
        yield Problem.of("CURRENCY_MIXED", zh, en)


def _number(line: Mapping[str, Any], name: str) -> Decimal:
    amount = line.get(name)
    return Decimal((amount.get(_TEXT) if isinstance(amount, Mapping) else amount) or 0)


# -- the message ------------------------------------------------------------------------------------------------------


def message_values(items: Sequence[Item], sender: str) -> Mapping[str, Any]:
    """The values of a message with these entries, for the WSDL.

    Its ids come from the request ids, so that the same content has the same ids whenever it is sent. So has its time of
    creation, which SAP wants: the first entry's date, since what is frozen knows no clock.
    """
    whole = items[0].request_id if len(items) == 1 else Key(("message", *(item.request_id.text(34) for item in items)))
    first = _made(items[0])
    return {
        "MessageHeader": _header(f"M{whole.text(34)}", str(whole.uuid()), first, sender),
        "JournalEntryCreateRequest": [
            {
                "MessageHeader": _header(item.request_id.text(34), str(item.request_id.uuid()), _made(item), sender),
                "JournalEntry": _values(item.payload.body),
            }
            for item in items
        ],
    }


def trial_values(payload: Payload, sender: str, uuid: str, now: dt.datetime) -> Mapping[str, Any]:
    """The values of a message that is a test.

    :param uuid: another one each time, so that no answer of another message is its.
    """
    header = _header(uuid.replace("-", ""), uuid, now.astimezone(dt.UTC).replace(microsecond=0), sender)
    entry = {"DocumentReferenceID": "DOUGONG-TEST", **payload.body}
    return {
        "MessageHeader": {**header, "TestDataIndicator": True},
        "JournalEntryCreateRequest": [{"MessageHeader": header, "JournalEntry": _values(entry)}],
    }


def _made(item: Item) -> dt.datetime:
    return dt.datetime.combine(item.booking.posting_date, dt.time(), dt.UTC)


def _header(name: str, uuid: str, made: dt.datetime, sender: str) -> Mapping[str, Any]:
    return {"ID": name, "UUID": uuid, "CreationDateTime": made, "SenderBusinessSystemID": sender or None}


def _values(part: Any) -> Any:
    """Values as zeep takes them: an element with attributes holds its own text as `_value_1`."""
    if isinstance(part, Mapping):
        renamed = {"_value_1" if name == _TEXT else name.removeprefix("@"): value for name, value in part.items()}
        return {name: _values(value) for name, value in renamed.items() if value not in (None, "")}
    return [_values(item) for item in part] if isinstance(part, list | tuple) else part


def request_ids(body: bytes) -> list[str]:
    """The ids of the entries of a frozen message, in its order; a confirmation names them."""
    return [str(node.text) for node in xml.parse(body).iterfind(".//JournalEntryCreateRequest/MessageHeader/ID")]
