"""How far a voucher goes: never beyond what the connection says, whatever stages its ERP has."""

from __future__ import annotations

import flow_erp
import pytest
from flow_documents import report

from dougong.cli import main
from dougong.model.postings import Stage

D, S, A, P = Stage.DRAFT, Stage.SUBMITTED, Stage.AUDITED, Stage.POSTED


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        ((S,), "submitted"),
        ((D, A), "submitted: this ERP goes to draft"),
        ((P,), "submitted: what this ERP creates is posted at once"),
    ],
)
def test_no_step_beyond_the_target(shop, monkeypatch, capsys, stages, told):
    """The ERP has no hook `complete`: a step that was tried would leave the delivery incomplete."""
    monkeypatch.setattr(flow_erp, "STAGES", stages)
    assert shop.push(report()) == [("R1", "delivered")]
    assert shop.rows()[0]["stage"] == stages[0]
    main(["check", "--project", str(shop.folder), "--lang", "en"])
    assert told in " ".join(capsys.readouterr().out.split())
