"""The acceptance scenarios of posting-rules.md §10 that this version books, to the cent, lines as a set."""

from __future__ import annotations

import datetime as dt

import attrs

from dougong.accounting import Wait, derive
from dougong.model.postings import Stage


def test_scenario_1_travel_report(make, context, lines_of):
    derivation = derive(make.scenario_1(), context())
    (draft,) = derivation.drafts
    assert draft.problems == ()
    voucher = draft.booking
    assert lines_of(voucher) == {
        "D 6601.02 720.00 department=D02",
        "D 5301.01.02 480.00 department=D03 project=P-R01",
        "D 6601.02 1050.00 department=D02",
        "D 6601.03 636.00 department=D02",
        "D 6601.02 300.00 department=D02",
        "D 2221.01.01 72.00 rate=0.06 base=1200.00",
        "D 2221.01.01 90.00 rate=0.09 base=1000.00",
        "C 1221.01 2000.00 employee=E001 clears=J26100007",
        "C 2241.01 1348.00 employee=E001",
    }
    assert (voucher.posting_date, voucher.period, voucher.voucher_type) == (dt.date(2026, 11, 18), "2026-11", "记")
    assert (voucher.attachments, voucher.prepared_by, voucher.documents) == (3, "E900", ("B26110001",))
    assert (draft.target_stage, draft.waits_for) == (Stage.SUBMITTED, (Wait("loan", "J26100007"),))
    assert [line.number for line in voucher.lines] == list(range(1, 10))
    assert voucher.lines[0].summary == "张三报差旅费 上海客户现场实施 B26110001"
