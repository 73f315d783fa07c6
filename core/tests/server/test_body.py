from __future__ import annotations

import asyncio

import pytest

from dougong.server.body import BodyNotRead, read_body
from dougong.server.replies import language_of


def read(*parts, headers=(), most=10, seconds=0.2, ending=None):
    """What is read of a body that comes in these parts; `ending` is what happens where there is no part left."""
    left = list(parts)

    async def receive():
        if left:
            part = left.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(left) or ending is not None}
        if ending == "silence":
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return asyncio.run(read_body(receive, headers, most=most, seconds=seconds))


def test_whole():
    assert read(b"01234", b"", b"56789") == b"0123456789"
    assert read(b"") == b""


@pytest.mark.parametrize("length", [b"11", b"1000000000000000000000", b"-1", b"1e3", "²".encode("latin-1")])
def test_too_large_as_announced(length):
    with pytest.raises(BodyNotRead) as error:
        read(headers=[(b"content-length", length)], ending="silence")
    assert error.value.status == 413


def test_too_large_without_a_word():
    with pytest.raises(BodyNotRead) as error:
        read(b"0123456789", b"x", ending="silence")
    assert error.value.status == 413


@pytest.mark.parametrize("ending", ["silence", "gone"])
def test_never_ends(ending):
    with pytest.raises(BodyNotRead) as error:
        read(b"01", ending=ending)
    assert error.value.status == 408


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("EN-us", "en"),
        ("fr", "zh"),
        ("fr, en;q=0.1", "en"),
        ("en;q=0.2, zh-Hans;q=0.9", "zh"),
        ("en;q=0", "zh"),
        ("en;q=x", "zh"),
        (",;,=,", "zh"),
    ],
)
def test_language(accepted, language):
    assert language_of(accepted, "zh") == language
