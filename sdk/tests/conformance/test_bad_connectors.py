"""Every rule can fail: a good connector keeps it, and a copy with one defect does not."""

from __future__ import annotations

import defects_hooks
import defects_money
import defects_relay
import pytest

from dougong_sdk.conformance.rules import RULES, Violation

#: A key that a process keeps in its memory is another one in the next process.
_KEY_OF_THE_PROCESS = 'deadline, body.replace(b"DG", str(__import__("os").getpid()).encode())))'

_SORTED = "                return outcome_of(error)\n        reference"
_NOT_SENT = (
    _SORTED,
    """                from dougong.model.outcomes import NotDone

                return outcome_of(error) if isinstance(error, Refused) else NotDone(str(error))
        reference""",
)

_THREE_TIMES = """for _ in range(2):
                try:
                    return Done(session.create(message.body, call.deadline))
                except RestError:
                    pass
            return Done(session.create(message.body"""

#: What no recording holds a second time.
_NEVER_THE_SAME = "f\"api/vouchers?at={__import__('time').time_ns()}\", deadline, body"

#: (rule, way to try it, file, what stands there, what is planted instead)
DEFECTS = [
    *defects_hooks.DEFECTS,
    ("CONTRACT-001", "", "connector.py", "    @hookimpl\n    def find(", "    def find("),
    ("CONTRACT-002", "", "settings.py", 'Text(\n    "Acme ERP"', 'Text(\n    ""'),
    (
        "CONTRACT-003",
        "",
        "connector.py",
        'Reference("externalId", max_length=32)',
        'Reference("externalId", max_length=8)',
    ),
    ("PUSH-001", "", "session.py", "externalId=reference)", 'externalId=reference[:-4] + "0000")'),
    ("PUSH-002", "", "connector.py", "                return outcome_of(error)", '                return Unknown("?")'),
    (  # a new key on retry
        "PUSH-003",
        "reset_after_work",
        "session.py",
        "deadline, body))",
        'deadline, body.replace(b"DG", str(id(object())).encode())))',
    ),
    # a lost answer passes for nothing sent; the repeat, which is refused as known, hides it from the ledger
    ("PUSH-003", "reset_after_work", "connector.py", *_NOT_SENT),
    ("PUSH-003", "status_after_work", "connector.py", *_NOT_SENT),
    ("PUSH-003", "work_late", "connector.py", *_NOT_SENT),
    ("PUSH-004", "answered", "session.py", "deadline, body))", _KEY_OF_THE_PROCESS),
    ("PUSH-005", "reset_after_work-answered", "session.py", "deadline, body))", _KEY_OF_THE_PROCESS),
    # sends up to three times by itself
    ("PUSH-006", "status_before_work", "connector.py", "return Done(session.create(message.body", _THREE_TIMES),
    # time of its own
    ("PUSH-007", "push", "session.py", "deadline=deadline, body=body", "deadline=Deadline.after(120.0), body=body"),
    ("PUSH-007", "find", "session.py", "deadline=deadline, body=body", "deadline=Deadline.after(120.0), body=body"),
    ("WIRE-001", "", "session.py", '"api/vouchers", deadline, body', _NEVER_THE_SAME),
    *defects_money.DEFECTS,
]


#: Of rules with many ways to try them one is enough here; all are tried where a connector is certified whole.
_ONE_WAY = {"COMPLETE-003": "reset_after_work-submitted"}


@pytest.mark.slow  # with the whole certification: tox -e certify
@pytest.mark.parametrize("rule", RULES)
def test_the_good_connector_keeps(good, try_rule, rule):
    if rule == "PUSH-005":
        pytest.skip("PUSH-003 and PUSH-004 together, in some hundred ways: certified whole in test_planted")
    if reason := RULES[rule].needs(good.subject):
        pytest.skip(reason)
    try_rule(good, rule, _ONE_WAY.get(rule))


@pytest.mark.slow
@pytest.mark.parametrize("rule", sorted({rule for rule, *_ in defects_relay.DEFECTS}))
def test_the_good_connector_with_batches_keeps(relay, try_rule, rule):
    try_rule(relay, rule, {"BATCH-001": "answered", "POLL-001": "quiet"}.get(rule))


def _named(defects):
    return [pytest.param(*one, id=f"{one[0]}-{at}") for at, one in enumerate(defects)]


@pytest.mark.parametrize(("rule", "cell", "file", "old", "new"), _named(DEFECTS))
def test_a_defect_is_found(planted, try_rule, rule, cell, file, old, new):
    lab = planted(file, old, new)
    with pytest.raises(Violation):
        try_rule(lab, rule, cell)


@pytest.mark.parametrize(("rule", "cell", "file", "old", "new"), _named(defects_relay.DEFECTS))
def test_a_defect_with_batches_is_found(planted, try_rule, rule, cell, file, old, new):
    lab = planted(file, old, new, like="relay")
    with pytest.raises(Violation):
        try_rule(lab, rule, cell)


def test_every_rule_has_its_bad_connector():
    found = {rule for rule, *_ in [*DEFECTS, *defects_relay.DEFECTS]}
    assert found | {"CONTRACT-004"} == set(RULES)  # that one: test_plugin
