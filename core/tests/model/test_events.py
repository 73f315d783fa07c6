"""A document that was withdrawn stays so until it is approved again."""

from __future__ import annotations

import datetime as dt

import pytest

from dougong.model.documents import Event
from dougong.model.events import withdrawn


def _events(text):
    """Events as `approved 18, withdrawn 19T10+08`: type, then day or instant of November 2026."""
    events = []
    for at, one in enumerate(text.split(", ")):
        kind, on = one.split()
        day, _, rest = on.partition("T")
        date = dt.date(2026, 11, int(day))
        if rest:
            hour, zone = rest.split("+")
            date = dt.datetime(2026, 11, int(day), int(hour), tzinfo=dt.timezone(dt.timedelta(hours=int(zone))))
        events.append(Event(str(at), kind, date))
    return events


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("approved 18", False),
        ("paid 18", False),
        ("withdrawn 18", True),
        ("approved 18, withdrawn 19", True),
        ("withdrawn 19, approved 18", True),
        ("approved 19, withdrawn 18", False),
        ("approved 18, withdrawn 18", True),
        ("withdrawn 18, approved 18", False),
        ("approved 18, withdrawn 19, approved 20", False),
        ("approved 18, withdrawn 19, approved 20, withdrawn 20", True),
        ("approved 18, approved 20, withdrawn 19", False),
        ("approved 18T10+8, withdrawn 18", True),
        ("withdrawn 18, approved 18T10+8", False),
        ("approved 18T10+8, withdrawn 18T9+8", False),
        ("withdrawn 18T11+8, approved 18T10+8", True),
        ("withdrawn 18T4+0, approved 18T10+8", True),
        ("approved 18T10+8, withdrawn 18T2+0", True),
        ("approved 18, withdrawn 19, paid 20", True),
        ("paid 18, withdrawn 19", True),
        ("withdrawn 18, paid 19", False),
    ],
)
def test_withdrawn(text, expected):
    assert withdrawn(_events(text)) is expected
