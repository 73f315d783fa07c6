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
        '[changes] approval = "second_person"',
        "[moments.red_invoice]",
        "[moments.tax_confirmed]",
    ]


def test_both_languages_say_the_same_subject(rules):
    for text in deferred(rules):
        assert text.zh.split(": ")[0] == text.en.split(": ")[0]
        assert text.en.isascii()


def test_a_moment_that_is_not_ours_promises_nothing(rules):
    theirs = {name: attrs.evolve(moment, owner="erp") for name, moment in rules.moments.items()}
    assert not [one for one in _subjects(attrs.evolve(rules, moments=theirs)) if one.startswith("[moments")]


@pytest.mark.parametrize(
    ("key", "value"),
    [("target", "payable"), ("target", "claim")],
)
def test_keys_of_an_opened_moment(rules, context, key, value, make):
    accrual = attrs.evolve(rules.moments["accrual"], **{key: value})
    changed = attrs.evolve(rules, moments={"accrual": accrual})
    (text,) = [one for one in deferred(changed) if one.en.startswith("[moments")]
    assert text.en.startswith(f'[moments.accrual] {key} = "{value}": ')

    report = make.report([make.line("1", "差旅费", "100.00")], [make.payee("E001", "100.00")])
    (draft,) = derive(report, context(rules={"A01": changed})).drafts
    assert bool(draft.problems) is ("held" in text.en)


def test_an_event_that_is_not_booked_is_remarked(rules, context, make):
    assert "tax_confirmed" not in OPENED
    told = (make.approved(), Event("t1", "tax_confirmed", make.approved("2026-11-20").on))
    report = make.report([make.line("1", "差旅费", "100.00")], [make.payee("E001", "100.00")], events=told)
    (draft,) = derive(report, context()).drafts
    (note,) = draft.notes
    assert (note.code, note.facts) == ("MOMENT_NOT_BOOKED", {"moment": "tax_confirmed"})
    assert draft.booking is not None

    theirs = {**rules.moments, "tax_confirmed": attrs.evolve(rules.moments["tax_confirmed"], owner="erp")}
    (draft,) = derive(report, context(rules={"A01": attrs.evolve(rules, moments=theirs)})).drafts
    assert draft.notes == ()
