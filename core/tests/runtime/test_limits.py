from __future__ import annotations

from types import SimpleNamespace

import pytest

from dougong.delivery.link import backoff_ms
from dougong.model.outcomes import NotDone, Rejected, Unknown
from dougong.runtime import limits
from dougong.runtime.lane import Slot
from dougong.runtime.limits import Breaker, Rate


class Clock:
    """A monotonic clock that moves when somebody sleeps."""

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(limits, "time", made)
    return made


def test_rate_spaces_calls_evenly(clock):
    rate = Rate(4.0)
    for _ in range(4):
        rate.take()
    assert clock.slept == [0.25] * 3
    clock.now += 10
    rate.take()
    assert len(clock.slept) == 3  # what was not used is not saved up
    rate.take()
    assert clock.slept[-1] == 0.25


def test_no_rate_no_pause(clock):
    rate = Rate(None)
    for _ in range(100):
        rate.take()
    assert clock.slept == []


def test_breaker_opens_after_failures_in_a_row(clock):
    breaker = Breaker(3, 2.0)
    for ok in (False, False, True, False, False):
        breaker.report(ok)
    assert (breaker.open_seconds, breaker.tripped) == (0.0, False)
    breaker.report(ok=False)
    assert (breaker.open_seconds, breaker.tripped) == (2.0, True)


@pytest.mark.parametrize(
    ("outcomes", "tripped"),
    [
        ([Unknown("reset")] * 200, False),
        ([Unknown("reset"), Rejected(())], False),
        ([], False),
        ([NotDone("down"), Unknown("reset")], True),
    ],
)
def test_many_that_travelled_together_fail_once(clock, outcomes, tripped):
    breaker = Breaker(2, 2.0)
    slot = Slot(SimpleNamespace(breaker=breaker))
    slot.report(outcomes)
    if tripped:
        slot.report(outcomes)
    assert breaker.tripped is tripped


def test_breaker_lets_one_try_and_closes_when_it_works(clock):
    breaker = Breaker(2, 2.0)
    breaker.report(ok=False)
    breaker.report(ok=False)
    clock.now += 2.0
    assert (breaker.open_seconds, breaker.tripped) == (0.0, True)
    breaker.report(ok=True)
    assert (breaker.open_seconds, breaker.tripped) == (0.0, False)


def test_breaker_opens_again_for_longer(clock):
    breaker = Breaker(2, 2.0)
    pauses = []
    for _ in range(60):
        breaker.report(ok=False)
        pauses.append(breaker.open_seconds)
        clock.now += breaker.open_seconds
    assert pauses[1] == 2.0
    assert pauses == sorted(pauses)
    assert max(pauses) == 600.0


def test_backoff_doubles_with_jitter_up_to_a_minute(monkeypatch):
    from dougong.delivery import link

    monkeypatch.setattr(link, "epoch_ms", lambda: 0)
    for failures in range(12):
        longest = min(250 * 2**failures, 60_000)
        seen = {backoff_ms(failures) for _ in range(50)}
        assert longest / 2 - 1 <= min(seen) <= max(seen) <= longest
        assert len(seen) > 10
    assert backoff_ms(0, after=90.0) == 90_000
    assert backoff_ms(12, after=0.0) >= 30_000


def test_breaker_knows_since_when_it_fails(clock):
    breaker = Breaker(2, 2.0)
    breaker.report(ok=False)
    clock.now += 5.0
    assert breaker.failing_seconds == 0.0
    breaker.report(ok=False)
    assert breaker.failing_seconds == 5.0
    breaker.report(ok=True)
    assert breaker.failing_seconds == 0.0
