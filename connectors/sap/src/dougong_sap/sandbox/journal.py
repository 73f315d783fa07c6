"""What "Journal Entry - Post" does: entries posted or refused whole, each confirmed by itself (sap.md §1.5, §1.9)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lxml import etree

from dougong_sdk.sandbox import Record

from .entries import Malformed, read_entry, same_code
from .envelope import SFIN
from .reversals import faults_of_reversal, mark_reversed, original_of, with_lines
from .rules import Said, faults_of, placed

if TYPE_CHECKING:
    from .product import SapSandbox

__all__ = [
    "REQUEST",
    "confirmation",
    "is_test",
    "kept_line",
    "known_codes",
    "post_all",
    "refusal",
    "strange",
    "try_all",
]

REQUEST = "JournalEntryBulkCreateRequest"
_SYSTEM, _LOGICAL = "0LDG1S4", "0S4HLS"
_ERROR, _INFORMATION = "3", "1"
#: What a test is told that would be posted.
_NO_ERRORS: Said = ("614(RW)", f"Document check - no errors: BKPFF $ {_LOGICAL}")


def post_all(sandbox: SapSandbox, request: Any) -> Any:
    """Post every entry of a message and confirm each.

    :param request: the content of the body. :returns: the confirmation.
    :raises Malformed: it does not fit the schema.
    """
    made = [(id_, *_post(sandbox, entry)) for id_, entry in _entries(sandbox, request)]
    return confirmation(_id(request.find("MessageHeader")), made)


def is_test(request: Any) -> bool:
    """Whether a message wants to know what would happen, and nothing more (sap.md §1.3)."""
    return (request.findtext("MessageHeader/TestDataIndicator") or "").strip() in ("true", "1")


def try_all(sandbox: SapSandbox, request: Any) -> Any:
    """What would become of every entry of a message; nothing is posted. :raises Malformed: as `post_all`."""
    entries = _entries(sandbox, request)
    tried = [(id_, None, _prepared(sandbox, entry)[2] or [_NO_ERRORS]) for id_, entry in entries]
    return confirmation(_id(request.find("MessageHeader")), tried)


def _entries(sandbox: SapSandbox, request: Any) -> list[tuple[str, Record]]:
    """Of each entry the id of its request, and what it says. :raises Malformed: it does not fit the schema."""
    header = request.find("MessageHeader")
    inner = request.findall("JournalEntryCreateRequest")
    if header is None or not header.findtext("CreationDateTime") or not inner:
        raise Malformed(REQUEST)
    known = known_codes(sandbox)
    return [
        (_id(one.find("MessageHeader")), read_entry(one.find("JournalEntry"), known)) for one in inner if _whole(one)
    ]


def _whole(one: Any) -> bool:
    if one.find("MessageHeader") is None or one.find("JournalEntry") is None:
        raise Malformed("JournalEntryCreateRequest")
    return True


def known_codes(sandbox: SapSandbox) -> Any:
    """Codes as the seed writes them, whatever zeros they come with; vendors are employees or suppliers."""

    def known(kind: str, code: str) -> str:
        kinds = ("employee", "supplier") if kind == "supplier" else (kind,)
        rows = [row for name in kinds for row in sandbox.master.rows(name)]
        return next((row for row in rows if same_code(row, code)), code)

    return known


def _post(sandbox: SapSandbox, entry: Record) -> tuple[Record | None, list[Said]]:
    """The document, or what is wrong."""
    entry, original, wrong = _prepared(sandbox, entry)
    return (None, wrong) if wrong else (_posted(sandbox, entry, original), [])


def _prepared(sandbox: SapSandbox, entry: Record) -> tuple[Record, Record | None, list[Said]]:
    """An entry whose lines are placed, what it takes back, and what is wrong with it."""
    native = sandbox.seed["native"]
    original = original_of(sandbox, entry) if entry["reversal_of"] else None
    entry = with_lines(entry, original)
    entry = {**entry, "lines": [placed(line, native, sandbox.master) for line in entry["lines"]]}
    wrong = list(faults_of(entry, native, sandbox.master))
    wrong += faults_of_reversal(entry, original) if entry["reversal_of"] else ()
    return entry, original, wrong


def _posted(sandbox: SapSandbox, entry: Record, original: Record | None) -> Record:
    company, year = entry["company"], entry["period"][:4]
    first = str(sandbox.master.rows("voucher_types")[entry["voucher_type"]].get("first", "0100000000"))
    number = f"{sandbox.store.next_number(f'{company}/{year}/{first}', int(first)):010d}"
    functional = sandbox.master.currency_of(company)
    made = {
        **entry,
        "id": f"{company}/{year}/{number}",
        "number": number,
        "stage": "posted",
        "currency": functional,
        "reverses": original["id"] if original else None,
        "reversed_by": None,
        "lines": [kept_line(line) for line in entry["lines"]],
    }
    sandbox.store.put("voucher", made["id"], made)
    if original:
        mark_reversed(sandbox, original, made["id"])
    return made


def kept_line(line: Record) -> Record:
    """A line in the shape that every voucher sandbox keeps: amounts without sign, a rate."""
    amount = abs(line["signed"])
    base = amount if line["signed_base"] is None else abs(line["signed_base"])
    rate = (base / amount).quantize(Decimal("0.00001")) if amount and base != amount else Decimal(1)
    kept = {name: value for name, value in line.items() if name not in ("signed", "signed_base", "partner")}
    return {**kept, "amount": amount, "base_amount": base, "rate": rate}


# -- what is confirmed ------------------------------------------------------------------------------------------------


def confirmation(outer: str, entries: Sequence[tuple[str, Record | None, Sequence[Said]]]) -> Any:
    """A JournalEntryBulkCreateConfirmation.

    :param outer: id of the message that it answers.
    :param entries: of each entry the id of its request, its document, else what was wrong.
    """
    root = etree.Element(f"{{{SFIN}}}JournalEntryBulkCreateConfirmation", nsmap={"n0": SFIN})
    _header(root, outer, system=True)
    etree.SubElement(root, "ConfirmationInterfaceOrignName")
    for id_, made, wrong in entries:
        _entry(etree.SubElement(root, "JournalEntryCreateConfirmation"), id_, made, wrong)
    etree.SubElement(root, "Log")
    return root


def refusal(request: Any, said: Said) -> Any:
    """A confirmation that refuses every entry of a message with one reason, whatever that is."""
    ids = [_id(node.find("MessageHeader")) for node in request.findall("JournalEntryCreateRequest")]
    return confirmation(_id(request.find("MessageHeader")), [(id_, None, [said]) for id_ in ids])


def strange(request: Any, said: Said) -> Any:
    """An error that is no refusal of SAP's: the line that begins all of those is missing."""
    root = refusal(request, said)
    for log in root.findall("JournalEntryCreateConfirmation/Log"):
        log.remove(log.find("Item"))
    return root


def _entry(node: Any, id_: str, made: Record | None, wrong: Sequence[Said]) -> None:
    _header(node, id_)
    inner = etree.SubElement(node, "JournalEntryCreateConfirmation")
    # of a refused entry SAP sends blanks and zeros
    number, company, year = (made["number"], made["company"], made["period"][:4]) if made else (" ", " ", "0000")
    for name, value in (("AccountingDocument", number), ("CompanyCode", company), ("FiscalYear", year)):
        etree.SubElement(inner, name).text = value
    if made:
        said = [("605(RW)", f"Document posted successfully: BKPFF {number}{company}{year} {_LOGICAL}")]
    elif _NO_ERRORS in wrong:
        said = list(wrong)
    else:
        said = [("609(RW)", f"Error in document: BKPFF $ {_LOGICAL}"), *wrong]
    _log(node, said, _INFORMATION if made or _NO_ERRORS in wrong else _ERROR)


def _log(node: Any, said: Sequence[Said], severity: str) -> None:
    log = etree.SubElement(node, "Log")
    etree.SubElement(log, "MaximumLogItemSeverityCode").text = severity
    for type_id, note in said:
        item = etree.SubElement(log, "Item")
        etree.SubElement(item, "TypeID").text = type_id
        etree.SubElement(item, "SeverityCode").text = severity
        etree.SubElement(item, "Note").text = note[:200]


def _header(node: Any, answers: str, *, system: bool = False) -> None:
    header = etree.SubElement(node, "MessageHeader")
    etree.SubElement(header, "UUID").text = str(uuid.uuid4())
    if answers:
        etree.SubElement(header, "ReferenceID").text = answers
    now = dt.datetime.now(dt.UTC)
    etree.SubElement(header, "CreationDateTime").text = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if system:
        etree.SubElement(header, "SenderBusinessSystemID").text = _SYSTEM


def _id(header: Any) -> str:
    return (header.findtext("ID") or "").strip() if header is not None else ""
