"""Rules that are read and have no effect yet are told, one sentence each; what has an effect is not."""

from __future__ import annotations

import attrs
import pytest

from dougong.accounting import OPENED, deferred, derive
from dougong.model.documents import Event


def _subjects(rules):
    return [text.en.split(": ")[0] for text in deferred(rules)]


def test_the_template_tells_what_it_promises_too_early(rules):
    assert _subjects(rules) == [
        '[changes] change = "red_and_new"',
        '[changes] withdraw = "red"',
        '[currency] gain_side = "credit"',
        "[moments.payment]",
        "[moments.payment_returned]",
        "[moments.repayment]",
        "[moments.red_invoice]",
        "[moments.tax_confirmed]",
    ]


def test_both_languages_say_the_same_subject(rules):
    for text in deferred(rules):
        assert text.zh.split(": ")[0] == text.en.split(": ")[0]
        assert text.en.isascii()


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [("changes", "change", "hold"), ("changes", "withdraw", "hold")],
)
def test_what_is_done_anyway_is_no_promise(rules, section, key, value):
    done = attrs.evolve(rules, **{section: attrs.evolve(getattr(rules, section), **{key: value})})
    assert len(deferred(done)) == len(deferred(rules)) - 1
    assert f"{key} =" not in " ".join(_subjects(done))


def test_a_moment_that_is_not_ours_promises_nothing(rules):
    theirs = {name: attrs.evolve(moment, owner="erp") for name, moment in rules.moments.items()}
    assert not [one for one in _subjects(attrs.evolve(rules, moments=theirs)) if one.startswith("[moments")]


@pytest.mark.parametrize(
    ("key", "value"),
    [("target", "payable"), ("merge", "day"), ("mirrors", "loan"), ("after", "loan")],
)
def test_keys_of_an_opened_moment(rules, context, key, value, make):
    accrual = attrs.evolve(rules.moments["accrual"], **{key: value})
    changed = attrs.evolve(rules, moments={"accrual": accrual})
    (text,) = [one for one in deferred(changed) if one.en.startswith("[moments")]
    assert text.en.startswith(f'[moments.accrual] {key} = "{value}": ')

    report = make.report([make.line("1", "差旅费", "100.00")], [make.payee("E001", "100.00")])
    (draft,) = derive(report, context(rules={"A01": changed})).drafts
    assert bool(draft.problems) is ("held" in text.en)


def test_a_payment_that_is_not_booked_is_remarked(rules, context, make):
    assert "payment" not in OPENED
    paid = (make.approved(), Event("p1", "paid", make.approved("2026-11-20").on))
    report = make.report([make.line("1", "差旅费", "100.00")], [make.payee("E001", "100.00")], events=paid)
    (draft,) = derive(report, context()).drafts
    (note,) = draft.notes
    assert (note.code, note.facts) == ("MOMENT_NOT_BOOKED", {"moment": "payment"})
    assert draft.booking is not None

    theirs = {**rules.moments, "payment": attrs.evolve(rules.moments["payment"], owner="erp")}
    (draft,) = derive(report, context(rules={"A01": attrs.evolve(rules, moments=theirs)})).drafts
    assert draft.notes == ()
