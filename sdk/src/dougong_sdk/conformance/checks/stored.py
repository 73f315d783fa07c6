"""What stands in the ERP beside what was sent: whole, or refused with a reason, and never something in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from dougong.model.outcomes import AlreadyThere, Done, Rejected
from dougong_sdk.conformance.judge import stands
from dougong_sdk.conformance.rules import Violation, expect

if TYPE_CHECKING:
    from dougong.model.bookings import Voucher, VoucherLine
    from dougong.model.problems import Problem
    from dougong_sdk.conformance.direct import Direct
    from dougong_sdk.conformance.lab import Bench

__all__ = ["Stored", "named_in", "stored", "stored_whole"]


@attrs.frozen
class Stored:
    """What came of sending one voucher.

    :param posting: as the sandbox's plane shows it, equal to what was sent; `None` = nothing stands there.
    :param problems: why not.
    """

    posting: Mapping[str, Any] | None
    problems: tuple[Problem, ...] = ()

    @property
    def why(self) -> str:
        """The problems in words."""
        return "; ".join(f"{one.code} {one.path} {one.message.en}".strip() for one in self.problems)


def stored(bench: Bench, hooks: Direct, voucher: Voucher) -> Stored:
    """Send a voucher and look into the ERP's ledger.

    :raises Violation: it stands there otherwise than it was sent; it was refused and stands there all the same, or
        without a reason; or the outcome is not known although nothing went wrong.
    """
    before = {one["id"] for one in bench.sandbox.postings()}
    if problems := hooks.objections(voucher):
        return Stored(None, problems)
    sent = hooks.send(voucher)
    new = [one for one in bench.sandbox.postings() if one["id"] not in before and stands(one)]
    match sent.outcome:
        case Done() | AlreadyThere():
            expect(len(new) == 1, f"push answered that it is done, and the ERP holds {len(new)} of it")
            _compare(voucher, new[0], sent.item.reference_text)
            return Stored(new[0])
        case Rejected(problems, left):
            expect(problems, "it was refused without a problem that says why")
            expect(
                [one["id"] for one in new] == ([left.erp_key] if left else []), f"it was refused, and there is {new}"
            )
            return Stored(None, problems)
    raise Violation(f"nothing went wrong, and push answered {sent.outcome}")


def stored_whole(bench: Bench, hooks: Direct, voucher: Voucher, what: str) -> Mapping[str, Any]:
    """`stored`, and it has to stand there.

    :param what: what is sent, for the report. :raises Violation: it does not.
    """
    found = stored(bench, hooks, voucher)
    if found.posting is None:
        raise Violation(f"{what}: refused ({found.why})")
    return found.posting


def _compare(voucher: Voucher, posting: Mapping[str, Any], reference: str) -> None:
    """Line by line: side, both amounts, names of dimensions, text."""
    ours, theirs = sorted(map(_ours, voucher.lines)), sorted(_theirs(line) for line in posting["lines"])
    expect(len(ours) == len(theirs), f"{len(ours)} lines were sent, {len(theirs)} stand in the ERP")
    different = [(a, b) for a, b in zip(ours, theirs, strict=True) if not _same(a, b, reference)]
    shown = "; ".join(f"{_words(a)} became {_words(b)}" for a, b in different[:2])
    expect(not different, f"the ERP has stored something else: {shown}")


_Line = tuple[str, Decimal, Decimal, tuple[str, ...], str]


def _ours(line: VoucherLine) -> _Line:
    original = line.original.amount if line.original is not None else line.amount
    return line.side if line.amount else "", line.amount, original, tuple(sorted(line.dimensions)), line.summary


def _theirs(line: Mapping[str, Any]) -> _Line:
    amount = Decimal(line["base_amount"])
    names = tuple(sorted(line["dimensions"]))
    return line["side"] if amount else "", amount, Decimal(line["amount"]), names, str(line["summary"] or "")


def _same(ours: _Line, theirs: _Line, reference: str) -> bool:
    """Core puts a reference behind a text with one blank between them, and takes the blanks at its ends away."""
    return ours[:-1] == theirs[:-1] and theirs[-1] in (ours[-1], f"{ours[-1].strip()} {reference}")


def _words(line: Sequence[Any]) -> str:
    side, amount, original, dimensions, text = line
    return f"{side} {amount} ({original}) {'/'.join(dimensions)} {text!r}"


def named_in(problems: Sequence[Problem], *names: str) -> bool:
    """Whether one of the problems names an account or a line that a person can look up."""
    told = " ".join(f"{one.path} {one.message.zh} {one.message.en}" for one in problems)
    return any(name in told for name in names)
