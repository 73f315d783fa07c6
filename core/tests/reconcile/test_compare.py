from __future__ import annotations

from decimal import Decimal

import attrs
import pytest
from ledger_kit import posting_for

from dougong.model.identity import Key
from dougong.model.postings import Facts, Stage
from dougong.reconcile import Ours, Verdict, compare

D = Decimal
REF = Key(("one",)).text(20)
OTHER = Key(("other",)).text(20)
OURS = Ours(
    "D1",
    ("R1",),
    "A01",
    "delivered",
    sent=True,
    settled=True,
    reference=REF,
    erp_key="100",
    erp_number="记-100",
    stage=Stage.SUBMITTED,
    period="2026-11",
    currency="CNY",
    total=D("100.00"),
    facts=Facts(D("100.00"), "CNY"),
)


def theirs(key="100", **how):
    return posting_for(key, **{"reference": REF, "period": "2026-11", "book": "001", **how})


@pytest.mark.parametrize(
    ("posting", "verdict"),
    [
        (theirs(), Verdict.MATCHED),
        (theirs(total="100.01"), Verdict.AMOUNT),
        (attrs.evolve(theirs(), currency="USD"), Verdict.CURRENCY),
        (theirs(period="2026-12"), Verdict.PERIOD),
        (theirs(stage=Stage.DRAFT), Verdict.STAGE),
        (theirs(stage=Stage.POSTED), Verdict.MATCHED),
        (theirs(stage=Stage.VOID), Verdict.MISSING),
        (theirs(stage=Stage.REVERSED), Verdict.MISSING),
        (theirs(reference=None), Verdict.MATCHED),
        (theirs("101"), Verdict.MATCHED),
    ],
)
def test_one_delivery_one_posting(posting, verdict):
    (row,) = compare([OURS], [posting], "2026-11")
    assert (row.verdict, row.delivery, row.document) == (verdict, "D1", "R1")


def test_what_we_took_back_ourselves_stays_beside_its_red_voucher():
    back = attrs.evolve(OURS, state="reversed")
    (row,) = compare([back], [theirs(stage=Stage.REVERSED)], "2026-11")
    assert (row.verdict, row.theirs) == (Verdict.MATCHED, D("100.00"))


def test_edited_lines_with_the_same_total():
    from dougong.model.postings import PostingLine

    facts = Facts(D("100.00"), "CNY", lines=(("D", D("100.00")), ("C", D("100.00"))))
    lines = (PostingLine("D", "1", D("60.00")), PostingLine("D", "1", D("40.00")), PostingLine("C", "2", D("100.00")))
    (row,) = compare([attrs.evolve(OURS, facts=facts)], [theirs(lines=lines)], "2026-11")
    assert row.verdict is Verdict.EDITED


def test_missing():
    (row,) = compare([OURS], [], "2026-11")
    assert (row.verdict, row.ours, row.theirs, row.difference) == (Verdict.MISSING, D("100.00"), None, D("-100.00"))


def test_doubled_counts_all_of_them():
    (row,) = compare([OURS], [theirs(), theirs("101")], "2026-11")
    assert (row.verdict, row.theirs, row.difference) == (Verdict.DOUBLED, D("200.00"), D("100.00"))
    assert "记-101" in row.detail


def test_a_voided_double_is_none():
    (row,) = compare([OURS], [theirs(), theirs("101", stage=Stage.VOID)], "2026-11")
    assert row.verdict is Verdict.MATCHED


def test_ours_but_unknown_to_us():
    rows = compare([OURS], [theirs(), theirs("7", reference=OTHER, total="5.00")], "2026-11")
    assert [(row.verdict, row.not_ours) for row in rows] == [
        (Verdict.MATCHED, None),
        (Verdict.UNKNOWN_TO_US, D("5.00")),
    ]


@pytest.mark.parametrize("reference", [None, "", "DG1", "合同 12", REF.lower()])
def test_what_others_booked_is_none_of_ours(reference):
    assert len(compare([OURS], [theirs(), theirs("7", reference=reference)], "2026-11")) == 1


def test_in_transit():
    on_its_way = attrs.evolve(OURS, state="unknown", settled=False, erp_key=None, erp_number=None, stage=None)
    (there,) = compare([on_its_way], [theirs()], "2026-11")
    (gone,) = compare([on_its_way], [], "2026-11")
    assert (there.verdict, there.in_transit) == (Verdict.MATCHED, D("100.00"))
    assert (gone.verdict, gone.in_transit, gone.detail) == (Verdict.MISSING, D("100.00"), "unknown")


def test_each_finds_its_own():
    ours = [attrs.evolve(OURS, delivery=f"D{n}", reference=Key((str(n),)).text(20), erp_key=str(n)) for n in range(50)]
    postings = [theirs(one.erp_key, reference=one.reference) for one in reversed(ours)]
    assert [(row.verdict, row.delivery) for row in compare(ours, postings, "2026-11")] == [
        (Verdict.MATCHED, one.delivery) for one in ours
    ]
