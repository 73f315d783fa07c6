"""Tokens: fetched once per expiry, whoever asks, and never in a storm."""

from __future__ import annotations

import threading

import pytest

from dougong.hookspecs import Deadline
from dougong.model.problems import Problem
from dougong_sdk.auth import Token, TokenCache
from dougong_sdk.refusals import Refused
from dougong_sdk.rest import LoginRefused, NotSent, TimedOut, Unreachable


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

    monkeypatch.setattr("dougong_sdk.auth.tokens.time.monotonic", lambda: Clock.now)
    return Clock


def counting(seconds=100.0):
    calls = []

    def fetch(deadline):
        calls.append(deadline)
        return Token(f"token-{len(calls)}", seconds)

    return fetch, calls


def soon():
    return Deadline.after(5)


def test_a_token_is_used_until_shortly_before_its_end(clock):
    fetch, calls = counting()
    cache = TokenCache(fetch, margin=30)
    assert [cache.get(soon()), cache.get(soon())] == ["token-1", "token-1"]
    clock.now += 69
    assert cache.get(soon()) == "token-1"
    clock.now += 2
    assert cache.get(soon()) == "token-2"
    assert len(calls) == 2


def test_a_token_shorter_than_the_margin_is_still_used(clock):
    fetch, calls = counting(seconds=10)
    cache = TokenCache(fetch, margin=30)
    cache.get(soon())
    clock.now += 4
    cache.get(soon())
    assert len(calls) == 1


def test_many_threads_log_in_once():
    gate, calls = threading.Event(), []

    def fetch(deadline):
        calls.append(1)
        assert gate.wait(5)
        return Token("t")

    cache, got = TokenCache(fetch), []
    threads = [threading.Thread(target=lambda: got.append(cache.get(soon()))) for _ in range(16)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert got == ["t"] * 16
    assert len(calls) == 1


def test_only_the_token_that_was_refused_is_forgotten():
    fetch, calls = counting()
    cache = TokenCache(fetch)
    old = cache.get(soon())
    cache.forget(old)
    new = cache.get(soon())
    cache.forget(old)  # another thread, which was refused with the old one, comes late
    assert cache.get(soon()) == new == "token-2"
    assert len(calls) == 2


def test_a_refused_login_is_not_repeated_for_a_while(clock):
    calls = []

    def fetch(deadline):
        calls.append(1)
        raise LoginRefused("拒绝", "refused")

    cache = TokenCache(fetch, pause=30)
    for _ in range(5):
        with pytest.raises(LoginRefused):
            cache.get(soon())
    assert len(calls) == 1
    clock.now += 31
    with pytest.raises(LoginRefused):
        cache.get(soon())
    assert len(calls) == 2


def test_logins_are_not_made_in_a_storm_even_if_each_succeeds(clock):
    fetch, calls = counting()
    cache = TokenCache(fetch, pause=30, most=3)
    for _ in range(3):
        cache.forget(cache.get(soon()))
        clock.now += 1
    with pytest.raises(LoginRefused) as caught:
        cache.get(soon())
    assert (len(calls), caught.value.retry_after) == (3, 27)
    clock.now += 27
    assert cache.get(soon()) == "token-4"


@pytest.mark.parametrize("error", [TimedOut("迟", "late"), Unreachable("断", "down")], ids=["unclear", "not sent"])
def test_a_login_that_failed_otherwise_proves_that_the_call_was_not_made_and_is_tried_again(error):
    answers = [error, Token("t")]

    def fetch(deadline):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    cache = TokenCache(fetch)
    with pytest.raises(NotSent):
        cache.get(soon())
    assert cache.get(soon()) == "t"


def test_waiting_for_another_threads_login_ends_at_the_deadline():
    started, gate = threading.Event(), threading.Event()

    def fetch(deadline):
        started.set()
        assert gate.wait(5)
        return Token("t")

    cache = TokenCache(fetch)
    thread = threading.Thread(target=cache.get, args=(soon(),))
    thread.start()
    assert started.wait(5)
    with pytest.raises(NotSent):
        cache.get(Deadline.after(0.05))
    gate.set()
    thread.join()


def test_tokens_are_not_shown():
    assert "geheim" not in repr(Token("geheim"))


def test_a_login_refused_in_the_erps_own_words_is_a_refused_login_and_not_repeated():
    said = Problem.of("ACME_1002", "密码错误", "wrong password")
    asked = []

    def fetch(deadline):
        asked.append(deadline)
        raise Refused("1002", "refused", said)

    cache = TokenCache(fetch)
    for _ in range(2):
        with pytest.raises(LoginRefused, match="wrong password"):
            cache.get(soon())
    assert len(asked) == 1
