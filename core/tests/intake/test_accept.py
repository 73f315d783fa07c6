"""What is told twice, changed, changed back, taken back, or told too late (contract.md §2)."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from ledger_kit import MISSING, report_of

from dougong import intake
from dougong.ledger import audit, deliveries, documents
from dougong.ledger.states import DeliveryState, DocumentState
from dougong.ledger.views import documents_view, trace_view
from dougong.model.documents import Event, SourceRef
from dougong.model.identity import Coverage
from dougong.model.postings import Stage
from dougong.model.sources import EventsOnly

REF = SourceRef("src", "T", "expense", "id-R1")


@pytest.fixture
def tell(ledger):
    """What became of one document that a source tells."""

    def told(*items, **changes):
        outcomes = intake.accept(ledger, items or [report_of(**changes)], connection="hesi")
        return outcomes[0] if len(outcomes) == 1 else outcomes

    return told


@pytest.fixture
def opened(ledger, row_of):
    """Opens the newest revision: its delivery, as the flow would make it."""

    def make(state=DeliveryState.READY):
        row = row_of("R1")
        cover = Coverage(row.ref, "A01", "A01", "accrual")
        new = deliveries.NewDelivery("erp", "V", ((row.id, cover),), ("R1",), row.revision, Stage.SUBMITTED, state)

        def work(tx):
            documents.change(tx, row, event="opened", state=DocumentState.OPEN, inputs="i")
            return deliveries.create(tx, new)

        return ledger.write(work)

    return make


@pytest.fixture
def states(sql):
    return lambda: sql("SELECT revision, state, source_state FROM document ORDER BY id")


def test_told_twice(tell, states):
    assert (tell().outcome, tell().outcome) == ("new", "known")
    assert states() == [(1, "accepted", "approved")]


def test_told_twice_in_one_call(tell):
    assert [one.outcome for one in tell(report_of(), report_of(), report_of(gross="2.00", minutes=1))] == [
        "new",
        "known",
        "revised",
    ]


def test_a_newer_time_or_state_is_no_revision(tell, states):
    tell()
    assert tell(minutes=5, state="paying").outcome == "known"
    assert tell(minutes=9, state="archived").outcome == "known"
    assert states() == [(1, "accepted", "archived")]


def test_money_back_and_forth_is_three_revisions(tell, states):
    tell(gross="100.00")
    assert tell(gross="90.00", minutes=1).outcome == "revised"
    assert tell(gross="100.00", minutes=2).outcome == "revised"
    assert states() == [(1, "superseded", "approved"), (2, "superseded", "approved"), (3, "accepted", "approved")]


def test_the_same_amount_written_otherwise_is_the_same(tell):
    tell(gross="100.00")
    assert tell(gross="100.0", minutes=1).outcome == "known"


@pytest.mark.parametrize(
    ("minutes", "gross", "state"),
    [(0, "90.00", "approved"), (-5, "90.00", "approved"), (0, "100.00", "rejected"), (-5, "100.00", "draft")],
)
def test_stale(tell, states, opened, now, minutes, gross, state):
    tell(state="paid")
    delivery = opened()
    told = tell(gross=gross, minutes=minutes, state=state)

    assert (told.outcome, told.problems[0].code) == ("stale", "STALE")
    assert tell(gross=gross, minutes=minutes, state=state).document_id == told.document_id
    assert states() == [(1, "open", "paid"), (-1, "stale", state)]
    assert now(delivery) == delivery
    assert tell(state="paid").outcome == "known"


@pytest.mark.parametrize("again", [5, None])
def test_the_same_told_with_an_older_time_or_none_is_no_way_back(tell, again):
    tell(gross="100.00", minutes=10)
    assert tell(gross="100.00", minutes=again, state="paid").outcome == "known"
    assert tell(gross="90.00", minutes=7).outcome == "stale"


def test_what_lacks_facts_told_without_a_time_is_no_way_back(tell):
    tell(_without_entity(minutes=10))
    assert tell(report_of(raw=b"{1}", minutes=None)).outcome == "events"
    assert tell(gross="90.00", minutes=7).outcome == "stale"


def test_several_stale_answers_are_all_kept(tell, states):
    tell()
    tell(gross="90.00")
    tell(gross="80.00")
    assert [row[0] for row in states()] == [1, -1, -2]


@pytest.mark.parametrize("newer", ["revision", "time", "events", "events_only"])
def test_what_was_stale_is_settled_by_a_newer_answer(tell, states, newer, ledger, sql):
    tell(gross="100.00")
    tell(gross="90.00")
    assert states()[1:] == [(-1, "stale", "approved")]
    match newer:
        case "revision":
            tell(gross="80.00", minutes=1)
        case "time":
            assert tell(gross="100.00", minutes=1).outcome == "known"
        case "events":
            tell(gross="100.00", events=["a1"])
        case "events_only":
            tell(_events("p1"))
    assert states()[1] == (-1, "superseded", "approved")
    assert sql("SELECT count(*) FROM audit WHERE event = 'superseded'")[0][0] >= 1
    with ledger.read() as connection:
        assert audit.verify(connection) == []


def test_what_says_nothing_new_settles_nothing(tell, states):
    tell(gross="100.00", events=["a1"])
    tell(gross="90.00")
    tell(gross="100.00", events=["a1"])
    assert states()[1:] == [(-1, "stale", "approved")]


def test_a_stale_answer_of_a_document_that_lacks_facts_is_settled_too(tell, states):
    tell(_without_entity(state="paid"))
    tell(report_of(raw=b"{1}", state="rejected"))
    tell(report_of(raw=b"{2}", state="paid", minutes=1))
    assert states() == [(1, "accepted", "paid"), (-1, "superseded", "rejected")]


def test_a_settled_answer_told_again_is_known_and_a_later_one_of_its_content_is_stale(tell, states, row_of):
    tell(gross="100.00")
    tell(gross="90.00")
    tell(gross="100.00", minutes=5)
    told = tell(gross="90.00")
    assert (told.outcome, told.document_id, told.problems) == ("known", row_of("R1").id, ())
    assert states()[1:] == [(-1, "superseded", "approved")]
    assert tell(gross="90.00", minutes=5).outcome == "stale"
    assert states()[1:] == [(-1, "stale", "approved")]


def test_a_stale_answer_is_shown_with_the_revision_that_it_did_not_replace(ledger, tell):
    tell(gross="100.00")
    tell(gross="90.00", minutes=1)
    tell(gross="80.00")
    with ledger.read() as connection:
        rows = documents_view(connection, "en")
    assert [(row["state"], row["revision"]) for row in rows] == [("accepted", 2), ("stale", 2)]

    tell(gross="80.00", minutes=9)
    with ledger.read() as connection:
        traced = trace_view(connection, "R1", "en")
    assert [row["revision"] for row in traced] == [1, 2, 2, 3]
    assert traced[2]["audit"][0]["revision"] is None


def test_without_times_other_content_is_a_revision(tell):
    tell(minutes=None)
    assert tell(minutes=None, gross="90.00").outcome == "revised"


# -- events -----------------------------------------------------------------------------------------------------------


def _events(*names):
    return EventsOnly(REF, tuple(Event(name, "paid", dt.date(2026, 11, 20)) for name in names))


def test_events_open_the_document_again_once(tell, states, opened):
    tell()
    opened()
    assert tell(_events("p1")).outcome == "events"
    assert states() == [(1, "accepted", "approved")]
    assert tell(_events("p1")).outcome == "known"


def test_events_within_the_document(tell):
    tell(events=["a1"])
    assert tell(events=["a1"]).outcome == "known"
    assert tell(events=["a1", "a2"], minutes=1).outcome == "events"


def test_events_of_an_unknown_document_wait_for_it(ledger, tell, sql):
    told = tell(_events("p1", "p2"))
    assert (told.outcome, told.document_id, told.problems[0].code) == ("waiting", None, "DOCUMENT_UNKNOWN")

    assert tell(events=["a1"]).outcome == "new"

    texts = ledger.look(lambda tx: documents.events_of(tx, REF))
    assert [text.count(f'"{name}"') for text, name in zip(texts, ("p1", "p2", "a1"), strict=True)] == [1, 1, 1]
    assert sql("SELECT count(*) FROM event") == [(3,)]


def test_the_first_telling_of_an_event_counts(ledger, tell):
    tell()
    tell(EventsOnly(REF, (Event("c1", "tax_confirmed", dt.date(2026, 11, 20)),)))
    assert tell(EventsOnly(REF, (Event("c1", "tax_confirmed", dt.date(2030, 1, 1)),))).outcome == "known"
    (text,) = ledger.look(lambda tx: documents.events_of(tx, REF))
    assert "2026-11-20" in text


def test_money_that_is_told_otherwise_is_kept_beside_once(ledger, tell):
    tell()
    tell(_events("p1"))
    other = EventsOnly(REF, (Event("p1", "paid", dt.date(2030, 1, 1)),))
    assert [tell(one).outcome for one in (other, _events("p1"), other)] == ["events", "known", "known"]
    first, second = ledger.look(lambda tx: documents.events_of(tx, REF))
    assert "2026-11-20" in first
    assert "2030-01-01" in second


# -- taken back -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["rejected", "draft", "void", "deleted"])
def test_taken_back_before_anything_was_sent(tell, states, opened, now, state):
    tell()
    delivery = opened()
    assert tell(state=state, minutes=1).outcome == "events"
    assert now(delivery).state is DeliveryState.CANCELLED
    assert states() == [(1, "accepted", state)]


def _withdrawn_and(*names):
    told = (Event("w1", "withdrawn", dt.date(2026, 11, 19)),)
    return EventsOnly(REF, told + tuple(Event(name, "approved", dt.date(2026, 11, 20)) for name in names))


def test_withdrawn_before_anything_was_sent(tell, states, opened, now):
    tell(events=["a1"])
    delivery = opened()
    assert tell(_withdrawn_and()).outcome == "events"
    assert (now(delivery).state, now(delivery).reason) == (DeliveryState.CANCELLED, "withdrawn")
    assert states() == [(1, "accepted", "approved")]


def test_withdrawn_and_approved_again_leaves_its_delivery(tell, opened, now):
    tell(events=["a1"])
    delivery = opened()
    tell(_withdrawn_and("a2"))
    assert now(delivery).state is DeliveryState.READY


def test_taken_back_after_it_was_sent_touches_no_delivery(tell, opened, now, sql):
    tell()
    delivery = opened()
    sql("UPDATE delivery SET state = 'delivered'")
    tell(state="rejected", minutes=1)
    assert now(delivery).state is DeliveryState.DELIVERED


def test_revised_before_anything_was_sent(tell, states, opened, now):
    tell()
    delivery = opened()
    tell(gross="90.00", minutes=1)
    assert (now(delivery).state, now(delivery).reason) == (DeliveryState.CANCELLED, "superseded")
    assert states() == [(1, "superseded", "approved"), (2, "accepted", "approved")]


@pytest.mark.parametrize("state", ["sending", "waiting", "unknown", "incomplete", "delivered", "parked"])
def test_revised_after_it_was_or_may_have_been_sent(tell, states, opened, now, sql, state):
    tell()
    delivery = opened()
    sql("UPDATE delivery SET state = ?", state)
    tell(gross="90.00", minutes=1)
    assert now(delivery).state == state
    assert states() == [(1, "open", "approved"), (2, "accepted", "approved")]


def test_a_held_revision_gives_way_to_the_next(ledger, tell, states, opened, row_of, sql):
    tell()
    opened()
    sql("UPDATE delivery SET state = 'delivered'")
    tell(gross="90.00", minutes=1)
    held = row_of("R1")
    ledger.write(lambda tx: documents.change(tx, held, event="held", state=DocumentState.HELD, inputs="i"))

    tell(gross="100.00", minutes=2)

    assert states() == [(1, "open", "approved"), (2, "superseded", "approved"), (3, "accepted", "approved")]


# -- facts that come later --------------------------------------------------------------------------------------------


def _without_entity(**changes):
    item = report_of(problems=MISSING, raw=b"{}", **changes)
    return attrs.evolve(item, document=attrs.evolve(item.document, entity=None))


def test_missing_facts_hold_and_reference_data_frees(tell, states):
    told = tell(_without_entity())
    assert (told.outcome, told.problems) == ("new", MISSING)
    assert states() == [(1, "held", "approved")]

    assert tell(_without_entity()).outcome == "known"
    tell(report_of(raw=b"{}"))
    assert states() == [(1, "accepted", "approved")]


def test_approving_then_approved_with_reference_data_in_between(tell, states):
    tell(_without_entity(state="approving"))
    tell(report_of(raw=b"{1}", state="approved", minutes=3, events=["a1"]))
    assert states() == [(1, "accepted", "approved")]


def test_an_earlier_answer_does_not_replace_what_is_held(tell, states):
    tell(_without_entity(state="paid"))
    assert tell(report_of(raw=b"{1}", state="rejected")).outcome == "stale"
    assert tell(report_of(raw=b"{2}", gross="90.00", minutes=-5)).outcome == "stale"
    assert states()[0] == (1, "held", "paid")


def test_events_do_not_free_what_lacks_facts(tell, states):
    tell(_without_entity())
    assert tell(_events("p1")).outcome == "events"
    assert states() == [(1, "held", "approved")]


@pytest.fixture
def unusable(tell, opened, sql):
    """A document, what was made of it, and a newer answer of the same money that cannot be used."""

    def make(state="delivered"):
        tell(report_of(raw=b"{1}"))
        delivery = opened()
        sql("UPDATE delivery SET state = ?", state)
        return delivery, tell(report_of(raw=b"{2}", minutes=60, problems=MISSING))

    return make


def test_a_newer_answer_that_cannot_be_used_holds_what_is_posted(ledger, unusable, states, now, row_of):
    delivery, told = unusable()
    assert (told.outcome, told.problems) == ("events", MISSING)
    assert states() == [(1, "held", "approved")]
    assert now(delivery).state is DeliveryState.DELIVERED
    with ledger.read() as connection:
        (row,) = documents_view(connection, "en")
    assert row["problems"][0]["code"] == "ENTITY_UNKNOWN"
    assert row_of("R1").raw == b"{2}", "read again with more reference data"


def test_and_goes_on_with_the_correction(unusable, tell, states):
    unusable()
    assert tell(report_of(raw=b"{3}", minutes=90)).outcome == "events"
    assert states() == [(1, "accepted", "approved")]


def test_other_money_after_an_unusable_answer_is_a_revision(unusable, tell, states):
    unusable()
    assert tell(report_of(gross="90.00", raw=b"{3}", minutes=90)).outcome == "revised"
    assert states() == [(1, "open", "approved"), (2, "accepted", "approved")]


def test_what_was_not_sent_waits_for_a_usable_answer(unusable, tell, states, now):
    delivery, _ = unusable("ready")
    assert (now(delivery).state, now(delivery).reason) == (DeliveryState.CANCELLED, "unusable")
    tell(report_of(raw=b"{3}", minutes=90))
    assert states() == [(1, "accepted", "approved")]


def test_the_same_answer_read_with_other_settings_holds_nothing_that_is_posted(tell, opened, sql, states):
    tell(report_of(raw=b"{1}"))
    opened()
    sql("UPDATE delivery SET state = 'delivered'")
    tell(report_of(raw=b"{1}", problems=MISSING))
    assert states() == [(1, "open", "approved")]


def test_audited(ledger, tell, sql):
    tell()
    tell(gross="90.00", minutes=1)
    tell(gross="80.00")
    assert sql("SELECT event FROM audit ORDER BY id") == [("accepted",), ("superseded",), ("accepted",), ("stale",)]
    with ledger.read() as connection:
        assert audit.verify(connection) == []
