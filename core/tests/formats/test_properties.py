"""Whatever the document: writing and reading gives it back, and the fingerprint sees money, nothing else."""

from __future__ import annotations

import json
import random
from decimal import Decimal

import attrs
import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dougong import formats
from dougong.formats.schemas import document_schema
from dougong.model.identity import content_fingerprint, document_content
from dougong.model.sources import EventsOnly

# Documents are large, so generating one takes longer than hypothesis expects.
whatever = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def fingerprint(document):
    return content_fingerprint(document_content(document))


@whatever
@given(data=st.data())
@pytest.mark.parametrize("form", ["json", "jsonl", "xml"])
def test_every_form_brings_the_document_back(documents, form, data):
    wanted = data.draw(st.lists(documents, min_size=1, max_size=2))
    text = formats.write_canonical(wanted, form)
    assert [entry.document for entry in formats.read_canonical(text.encode())] == wanted
    assert formats.is_canonical(text.encode())


@whatever
@given(data=st.data())
def test_a_raw_entry_reads_as_the_same_document(documents, data):
    wanted = data.draw(documents)
    for form in ("json", "jsonl", "xml"):
        (entry,) = formats.read_canonical(formats.write_canonical([wanted], form).encode())
        assert formats.read_canonical(entry.raw)[0].document == wanted


@whatever
@given(data=st.data())
def test_events_travel_alone(documents, data):
    document = data.draw(documents)
    assume(document.events)
    wanted = EventsOnly(document.ref, document.events)
    for form in ("json", "jsonl", "xml"):
        assert formats.read_canonical(formats.write_canonical([wanted], form).encode()) == [wanted]
    for event in document.events:
        assert formats.event_from_json(formats.event_to_json(event)) == event


@whatever
@given(data=st.data())
def test_the_schema_takes_every_document(documents, data):
    text = formats.write_canonical([data.draw(documents)], "json")
    jsonschema.Draft202012Validator(document_schema()).validate(json.loads(text))


@whatever
@given(data=st.data(), seed=st.integers(0, 1000))
def test_order_of_members_does_not_move_the_fingerprint(documents, data, seed):
    document = data.draw(documents)
    shuffled = formats.document_from_json(_shuffle(formats.document_to_json(document), random.Random(seed)))
    assert shuffled == document
    assert fingerprint(shuffled) == fingerprint(document)


@whatever
@given(data=st.data(), zeros=st.integers(1, 2))
def test_zeros_behind_an_amount_do_not_move_the_fingerprint(documents, data, zeros):
    document = data.draw(documents)
    written = formats.document_to_json(document)
    assert fingerprint(formats.document_from_json(_pad(written, zeros))) == fingerprint(document)


@whatever
@given(data=st.data())
def test_facts_that_are_not_content_do_not_move_the_fingerprint(documents, data):
    document, other = data.draw(documents), data.draw(documents)
    changed = attrs.evolve(
        document,
        state=other.state,
        updated_at=other.updated_at,
        events=other.events,
        number=other.number,
        reason=other.reason,
        submitter_name=other.submitter_name,
        finance_approver=other.finance_approver,
        extensions=other.extensions,
        payees=tuple(attrs.evolve(payee, account="62220000", extensions={"x": 1}) for payee in document.payees),
    )
    assert fingerprint(changed) == fingerprint(document)


@whatever
@given(data=st.data())
def test_a_changed_amount_moves_the_fingerprint(documents, data):
    document = data.draw(documents)
    places = [(name, item) for name in ("lines", "invoices", "advances", "payees") for item in getattr(document, name)]
    assume(places)
    name, item = data.draw(st.sampled_from(places))
    amount = "gross" if name in ("lines", "invoices") else "amount"
    changed = attrs.evolve(item, **{amount: getattr(item, amount) + Decimal("0.01")})
    items = tuple(changed if other is item else other for other in getattr(document, name))
    assert fingerprint(attrs.evolve(document, **{name: items})) != fingerprint(document)


def _shuffle(value, chance):
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: _shuffle(value[name], chance) if name != "extensions" else value[name] for name in names}
    return [_shuffle(item, chance) for item in value] if isinstance(value, list) else value


AMOUNTS = {"gross", "rate", "base", "approved", "share", "amount", "net", "tax", "fund", "fee"}


def _pad(value, zeros, name=""):
    if isinstance(value, dict):
        return {key: _pad(item, zeros, key) if key != "extensions" else item for key, item in value.items()}
    if isinstance(value, list):
        return [_pad(item, zeros, name) for item in value]
    if name in AMOUNTS:
        return value + ("" if "." in value else ".") + "0" * zeros
    return value
