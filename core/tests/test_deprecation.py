"""What goes away is announced long enough before, and does not stay longer than announced."""

from __future__ import annotations

import pytest

from dougong import __version__
from dougong.deprecation import DEPRECATED, Deprecation, DougongDeprecationWarning, declare, overdue, warn
from dougong.model.problems import Text


def entry(since="0.2", removed="0.4"):
    return Deprecation(name="Limits.old", since=since, removed=removed, instead=Text("新写法", "Limits.new"))


def test_nothing_is_here_that_this_version_must_be_without():
    assert overdue(__version__, DEPRECATED.values()) == []


@pytest.mark.parametrize(
    ("version", "late"),
    [("0.3.9", []), ("0.4.0", ["Limits.old"]), ("0.4.dev1", ["Limits.old"]), ("1.0", ["Limits.old"])],
)
def test_what_stays_longer_than_announced_is_found(version, late):
    assert overdue(version, [entry()]) == late


def test_ten_comes_after_nine():
    assert overdue("0.9", [entry("0.8", "0.10")]) == []


@pytest.mark.parametrize(("since", "removed"), [("0.2", "0.3"), ("0.2", "0.2"), ("1.4", "1.5"), ("1.4", "0.9")])
def test_two_minor_releases_lie_between(since, removed):
    with pytest.raises(ValueError, match=r"Limits\.old"):
        entry(since, removed)


def test_the_warning_says_what_to_use_instead_and_points_at_its_user():
    def old():
        warn("Limits.old", among=declare(entry()))

    with pytest.warns(DougongDeprecationWarning, match=r"removed in 0\.4; instead: Limits\.new / .*新写法") as told:
        old()
    assert told[0].filename == __file__


def test_only_what_is_declared_can_be_warned_of():
    with pytest.raises(KeyError):
        warn("nobody knows")
