"""Changed after delivery, and merged: killed at every commit point, each voucher stands in Kingdee once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from push_jobs import KINGDEE_LABELS, MERGING_LABELS

from dougong_sdk.conformance.processes import KILLED

pytestmark = pytest.mark.crash

_LATER = "2026-11-20T10:00:00+08:00"
_PASSED = [label for label in KINGDEE_LABELS if label not in ("asked", "resolved")]
#: Passed once for the reversal and once for the new voucher.
_TWICE = ("opened", "prepared", "answered", "outcome", "step_answered", "step_outcome")
_CELLS = [(label, 1) for label in _PASSED] + [(label, 2) for label in _TWICE]


def _vouchers(product):
    """Debits of each voucher in the ERP, by how often; the sum over all has to be the new amount."""
    totals = [Decimal(posting["total"]) for posting in product.sandbox.postings()]
    assert len(product.sandbox.postings(deleted=True)) == len(totals)
    return Counter(totals)


def _rules(product, old, new):
    path = product.folder / "rules" / "a01.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(("label", "passing"), _CELLS)
def test_red_and_new_once_each(product, label, passing):
    product.configure()
    product.completes(product.report())
    changed = product.report(amount="250.00", updated=_LATER)

    assert product.push(changed, crash=f"{label}:{passing}") == KILLED, f"never reached {label}: {product.log}"
    product.push(changed, crash=label)
    product.completes(changed)

    assert _vouchers(product) == Counter(map(Decimal, ("318.00", "-318.00", "250.00")))
    moments = [(row["moment"], row["state"]) for row in product.deliveries()]
    assert moments == [("accrual", "reversed"), ("reversal", "delivered"), ("accrual", "delivered")]
    assert product.audit_is_clean()


@pytest.mark.parametrize("label", ["opened", "prepared", "answered", "outcome", "step_answered"])
def test_a_difference_once(product, label):
    product.configure()
    _rules(product, 'change      = "red_and_new"', 'change      = "difference"')
    product.completes(product.report())
    changed = product.report(amount="250.00", updated=_LATER)

    assert product.push(changed, crash=label) == KILLED
    product.push(changed, crash=label)
    product.completes(changed)

    assert _vouchers(product) == Counter(map(Decimal, ("318.00", "-68.00")))
    assert [row["state"] for row in product.deliveries()] == ["delivered", "delivered"]


@pytest.mark.parametrize("label", [*MERGING_LABELS, "opened", "prepared", "answered", "outcome", "step_answered"])
def test_merged_once(product, label, reports):
    product.configure()
    _rules(product, 'merge        = "none"', 'merge        = "day"')
    file = product.folder / "many.json"
    reports(file, range(1, 6))

    assert product.push(file, crash=label) == KILLED, f"never reached {label}: {product.log}"
    product.push(file, crash=label)
    product.completes(file)

    assert _vouchers(product) == Counter([Decimal("1590.00")])
    (row,) = product.deliveries()
    assert (len(row["documents"]), row["state"]) == (5, "delivered")
    assert product.audit_is_clean()
