"""The sink: every line once, whatever a death has left at its end."""

from __future__ import annotations

import pytest

from dougong.feedback.sink import append_once


@pytest.fixture
def sink(tmp_path):
    return tmp_path / "feedback.jsonl"


def test_lines_come_in_order(sink):
    append_once(sink, [b'{"id":1}', b'{"id":2}'], among=10)
    append_once(sink, [b'{"id":3}'], among=10)
    assert sink.read_bytes() == b'{"id":1}\n{"id":2}\n{"id":3}\n'


def test_what_is_there_is_not_written_again(sink):
    append_once(sink, [b'{"id":1}', b'{"id":2}'], among=2)
    append_once(sink, [b'{"id":1}', b'{"id":2}', b'{"id":3}'], among=2)
    assert sink.read_bytes() == b'{"id":1}\n{"id":2}\n{"id":3}\n'


@pytest.mark.parametrize("cut", [1, 5, 8])
def test_a_line_that_was_cut_off_is_written_anew(sink, cut):
    sink.write_bytes(b'{"id":1}\n' + b'{"id":2}\n'[:cut])
    append_once(sink, [b'{"id":2}', b'{"id":3}'], among=10)
    assert sink.read_bytes() == b'{"id":1}\n{"id":2}\n{"id":3}\n'


def test_the_first_line_may_be_cut_off_too(sink):
    sink.write_bytes(b'{"i')
    append_once(sink, [b'{"id":1}'], among=10)
    assert sink.read_bytes() == b'{"id":1}\n'


def test_only_the_end_of_a_long_file_is_read(sink, monkeypatch):
    from dougong.feedback import sink as module

    monkeypatch.setattr(module, "_BLOCK", 16)
    lines = [b'{"id":%d}' % number for number in range(200)]
    append_once(sink, lines, among=200)
    append_once(sink, [*lines[-3:], b'{"id":200}'], among=3)
    assert sink.read_bytes().splitlines() == [*lines, b'{"id":200}']
