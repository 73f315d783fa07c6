"""Changed after delivery, and merged: killed at every commit point, each voucher stands in Kingdee once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from push_jobs import KINGDEE_LABELS

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


_SENDING = ("prepared", "answered", "outcome", "step_answered")


@pytest.mark.parametrize("label", ["merged", "opened", *_SENDING])
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


@pytest.fixture
def refused(product, reports):
    """Five reports in one voucher that Kingdee refuses, and their file."""
    product.configure()
    _rules(product, 'merge        = "none"', 'merge        = "day"')
    file = product.folder / "many.json"
    reports(file, range(1, 6))
    product.sandbox.fault("business_error", operation="Save", count=1, code="8", match="等5单")
    product.completes(file)
    assert [(len(row["documents"]), row["state"]) for row in product.deliveries()] == [(5, "rejected")]
    return file


@pytest.mark.parametrize("label", ["dissolved", "merged", *_SENDING])
def test_one_member_is_given_up_and_the_others_are_booked_once(product, refused, label):
    if label == "dissolved":
        assert product.cancel("B26110003", crash=label) == KILLED, product.log
    else:
        assert product.cancel("B26110003") == 0, product.log
        assert product.push(refused, crash=label) == KILLED, f"never reached {label}: {product.log}"
    product.completes(refused)

    assert _vouchers(product) == Counter([Decimal("1272.00")])
    rows = {len(row["documents"]): row["state"] for row in product.deliveries()}
    assert rows == {1: "cancelled", 4: "delivered"}
    assert product.audit_is_clean()


@pytest.mark.parametrize("label", ["dissolved", "merged", "prepared"])
def test_who_is_refused_is_taken_out_and_the_others_are_booked_once(product, reports, label):
    product.configure()
    _rules(product, 'merge        = "none"', 'merge        = "day"')
    file, person = product.folder / "many.json", [{"kind": "employee", "code": "E003", "amount": "318.00"}]
    reports(file, range(1, 4))
    files = file, product.report(4, submitter="E003", payees=person)
    product.sandbox.seed({"dimensions": {"employee": [{"code": "E0003", "forbidden": True}]}})
    try:
        passing = f"{label}:{2 if label in ('merged', 'prepared') else 1}"
        assert product.push(*files, crash=passing) == KILLED, f"never reached {label}: {product.log}"
        product.completes(*files)
    finally:
        product.sandbox.seed({"dimensions": {"employee": [{"code": "E0003", "forbidden": False}]}})

    assert _vouchers(product) == Counter([Decimal("954.00")])
    rows = {len(row["documents"]): row["state"] for row in product.deliveries()}
    assert rows == {1: "held", 3: "delivered"}
