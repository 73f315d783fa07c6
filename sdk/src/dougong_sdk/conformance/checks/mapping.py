"""MAP: the shipped mapping fits, amounts stay exact, and our reference arrives whatever people write into a mapping."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from dougong.cli.target_fields import unknown_fields
from dougong.delivery.send import keys_of, reference_text
from dougong.mapping import MappingError
from dougong.model.bookings import Voucher
from dougong.model.outcomes import AlreadyThere, Done, Found, Rejected
from dougong.model.problems import DougongError
from dougong_sdk.conformance.direct import Direct, Sent, direct
from dougong_sdk.conformance.mappings import compiled, places, with_field, without
from dougong_sdk.conformance.rules import Level, Violation, expect, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Bench, Lab

_NUMBER = re.compile(rb"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])")
#: Debits whose sum no float can hold, and some that floats write as 0.30000000000000004.
_AMOUNTS = ((Decimal("1234567890123456.78"), Decimal("0.01")), (Decimal("0.10"), Decimal("0.20"), Decimal("100000.00")))


@rule(
    "MAP-001",
    Level.BRONZE,
    title=(
        "默认映射可编译, 其字段都是 ERP 有的字段",
        "The shipped mapping compiles, and the target knows every field of it",
    ),
    why=("ERP 会默默丢弃不认识的字段", "an ERP drops fields that it does not know without a word"),
    todo=("修正 mappings/ 中的路径, 或补全 target_fields", "mend the path in mappings/, or complete target_fields"),
    needs=Subject.lacks_create,
)
def mapping_fits(lab: Lab, cell: str) -> None:
    """Of each operation that creates vouchers; against the fields of the documentation and of the ERP itself."""
    with direct(lab.bench()) as hooks:
        try:
            mapping = compiled(hooks.door.default_mapping(hooks.operation))
        except MappingError as error:
            raise Violation(f"the shipped mapping cannot be compiled: {error}") from error
        target = (mapping.connector, mapping.target)
        expect(target == (lab.name, hooks.operation.target_type), f"the shipped mapping is one for {target}")
        for session in (None, hooks.session):
            fields = hooks.door.target_fields(hooks.operation, session, hooks.call())
            unknown = [problem.path for problem in unknown_fields(mapping.sources, fields)] if fields else []
            expect(not unknown, f"target_fields does not know {', '.join(unknown)}")


@rule(
    "MAP-002",
    Level.SILVER,
    title=(
        "无论映射如何, 写入的凭证都能按参考号找回",
        "Whatever the mapping, what is booked is found again by its reference",
    ),
    why=(
        "客户会改映射; 找不回的凭证在应答丢失后会重复入账",
        "customers change mappings, and what cannot be found is booked twice after a lost answer",
    ),
    todo=(
        "参考号的字段由核心写入; find 不要依赖映射里可省的字段; 缺少的必填字段由 check_payload 指出",
        "the reference's field is core's; let find lean on nothing that a mapping may leave out",
    ),
    needs=Subject.lacks_create,
    cells=lambda _: ("least", "other text", "longest text"),
)
def found_whatever_the_mapping(lab: Lab, cell: str) -> None:
    """Whatever the ERP takes has to be found; what is held or refused is no harm."""
    with direct(lab.bench()) as hooks:
        text = hooks.door.default_mapping(hooks.operation)
        if cell == "least":
            for place in places(text):
                fewer = without(text, place)
                if _booked_and_found(hooks, hooks.voucher(1), fewer):
                    text = fewer
        elif cell == "other text":
            _booked_and_found(hooks, hooks.voucher(1), _with_another_reference(hooks, text))
        else:
            most = hooks.operation.limits.max_summary
            voucher = hooks.voucher_of(Decimal("318.01"), summary="长" * most)
            expect(_booked_and_found(hooks, voucher, text), f"a text of {most} characters, its own limit, is not taken")


def _with_another_reference(hooks: Direct, text: str) -> str:
    """A mapping that writes what looks like one of our references into the field of ours."""
    reference = hooks.operation.safety.reference
    if reference is None or not reference.field:
        return text
    return with_field(text, reference.field, f"'{reference_text(keys_of('another', 1)[0], reference)}'")


def _booked_and_found(hooks: Direct, voucher: Voucher, mapping: str) -> bool:
    """Whether the ERP takes it.

    :raises Violation: it does, and it is not found.
    """
    try:
        item = hooks.item(voucher, mapping=compiled(mapping))
        if list(hooks.door.check_payload(item.payload, voucher, hooks.session, hooks.call())):
            return False
        message = hooks.messages([item])[0]
    except DougongError:  # held before anything is sent
        return False
    if hooks.operation.safety.reference is not None and item.reference_text.encode() not in message.readable:
        return False  # core refuses to freeze it
    sent = hooks.send_again(item, message)
    if isinstance(sent.outcome, Rejected):
        return False
    expect(isinstance(sent.outcome, Done | AlreadyThere), f"push answered {sent.outcome}")
    _finds(hooks, sent)
    return True


def _finds(hooks: Direct, sent: Sent) -> None:
    if not hooks.door.supports("find"):
        return
    found = [one.posting.erp_key for one in hooks.find([sent.wanted()]) if isinstance(one, Found)]
    expect(found == [sent.posting.erp_key], f"it was booked, and find answers {found or 'nothing'}")


@rule(
    "MAP-003",
    Level.BRONZE,
    title=("金额从映射到 ERP 一分不差", "Amounts are exact from the mapping into the ERP"),
    why=("浮点数会让凭证差一分钱, 月末对不上账", "a float makes vouchers a cent wrong, and the month does not close"),
    todo=(
        "金额始终用 Decimal; 用 dougong.formats.json_text 写 JSON",
        "keep Decimal all the way, and write JSON with dougong.formats.json_text",
    ),
    needs=Subject.lacks_create,
)
def amounts_are_exact(lab: Lab, cell: str) -> None:
    """In the frozen bytes, without an exponent, and in the ERP's ledger."""
    bench = lab.bench()
    with direct(bench) as hooks:
        for amounts in _AMOUNTS:
            voucher = hooks.voucher_of(*amounts)
            item = hooks.item(voucher)
            message = hooks.messages([item])[0]
            _written_out(message.readable, [line.amount for line in voucher.lines])
            sent = hooks.send_again(item, message)
            if isinstance(sent.outcome, Done):
                _kept(bench, sent, amounts)
            else:
                expect(isinstance(sent.outcome, Rejected), f"push answered {sent.outcome}")


def _written_out(body: bytes, amounts: list[Decimal]) -> None:
    numbers = _NUMBER.findall(body)
    scientific = [number.decode() for number in numbers if b"e" in number.lower()]
    expect(not scientific, f"the message writes {', '.join(scientific)}")
    missing = set(amounts) - {abs(Decimal(number.decode())) for number in numbers if b"e" not in number.lower()}
    expect(not missing, f"the message does not hold {', '.join(map(str, sorted(missing)))}")


def _kept(bench: Bench, sent: Sent, amounts: tuple[Decimal, ...]) -> None:
    held = next(one for one in bench.sandbox.postings() if one["id"] == sent.posting.erp_key)
    debits = sorted(Decimal(line["base_amount"]) for line in held["lines"] if line["side"] == "D")
    expect(debits == sorted(amounts), f"{sorted(map(str, amounts))} was sent, and the ERP holds {debits}")
