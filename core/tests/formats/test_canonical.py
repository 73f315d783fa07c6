"""Files are told apart by their content; one bad entry does not spoil the good ones."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from dougong import formats
from dougong.model.problems import InputError
from dougong.model.sources import EventsOnly, SourceDocument


@pytest.fixture
def document(plain):
    return formats.document_from_json(plain)


def line(data):
    return json.dumps(data, ensure_ascii=False).encode()


def problems_of(content):
    with pytest.raises(InputError) as caught:
        formats.read_canonical(content)
    return caught.value.problems


def test_an_object_keeps_its_own_bytes(plain, document):
    content = b"\xef\xbb\xbf \n" + json.dumps(plain, indent=2).encode()
    assert formats.read_canonical(content) == [SourceDocument(document, content)]


def test_an_array_with_documents_and_events(plain, document):
    events = {name: plain[name] for name in ("source", "tenant", "type", "id", "events")}
    first, second = formats.read_canonical(line([plain, events]))
    assert first.document == document
    assert json.loads(first.raw) == plain
    assert second == EventsOnly(document.ref, document.events)


def test_json_lines_keep_each_their_line(plain, document):
    content = b"\n" + line(plain) + b"\r\n\n" + line(plain | {"id": "2"})
    first, second = formats.read_canonical(content)
    assert first == SourceDocument(document, line(plain) + b"\r")
    assert second.document.id == "2"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b"{", "JSON_INVALID"),
        (b"garbage", "JSON_INVALID"),
        (b'{"id": NaN}', "NUMBER_INVALID"),
        (b"[" * 300 + b"]" * 300, "JSON_TOO_DEEP"),
        (b'{"id": 1, "id": 2}', "JSON_DUPLICATE_KEY"),
        ('{"id": "差旅"}'.encode("gbk"), "ENCODING_INVALID"),
        (b'{"id": "' + b"x" * 5_000_000 + b'"}', "INPUT_TOO_LARGE"),
        (b'{"value": 1}', "NOT_CANONICAL"),
        (b'{"source": "s", "tenant": "t", "id": "1", "events": []}', "MEMBER_MISSING"),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_bad_line_among_good_ones(plain, document, bad, code, before):
    content = b"\n".join([bad, line(plain)] if before else [line(plain), line(plain), bad, line(plain)])
    entries = formats.canonical_entries(content)
    (broken,) = [entry for entry in entries if isinstance(entry, formats.BadEntry)]
    assert {entry.document for entry in entries if isinstance(entry, SourceDocument)} == {document}
    assert broken.line == (1 if before else 3)
    assert broken.place == f"line {broken.line}"
    assert broken.problems[0].code == code
    assert broken.problems[0].path.startswith(broken.place)
    if "line" in broken.problems[0].facts:
        assert broken.problems[0].facts["line"] == str(broken.line)
    assert problems_of(content) == broken.problems


def test_faults_inside_a_document_say_in_which_line(plain):
    good = line(plain)
    plain["lines"][1]["gross"] = "x"
    assert problems_of(good + b"\n" + line(plain))[0].path == "line 2: lines[1].gross"


def test_faults_inside_a_document_say_at_which_place_of_an_array(plain):
    good = line(plain)
    plain["lines"][1]["gross"] = "x"
    content = b"[" + good + b"," + line(plain) + b", 5]"
    assert [problem.path for problem in problems_of(content)] == ["[1].lines[1].gross", "[2]"]
    assert [type(entry).__name__ for entry in formats.canonical_entries(content)] == [
        "SourceDocument",
        "BadEntry",
        "BadEntry",
    ]


def test_all_faults_of_a_file_are_told(plain):
    bad = line(plain | {"state": "x", "currency": "x"})
    assert len(problems_of(bad + b"\n" + line(plain) + b"\n" + bad)) == 4


def test_a_broken_pretty_printed_document_is_not_taken_for_lines(plain):
    text = json.dumps(plain, indent=1)
    (problem,) = problems_of(text.replace('"lines"', "lines").encode())
    assert problem.code == "JSON_INVALID"
    assert int(problem.facts["line"]) > 5


@pytest.mark.parametrize("content", [b"", b" \n\t", b"\xef\xbb\xbf"])
def test_an_empty_file(content):
    assert problems_of(content)[0].code == "INPUT_EMPTY"
    assert not formats.is_canonical(content)


def test_an_empty_array_holds_nothing():
    assert formats.read_canonical(b"[]") == []


@pytest.mark.parametrize(
    "content",
    [b'{"value": {"id": "ID_1"}}', b'{"items": []}', b"5", b'["x"]', b"<Workbook/>", b'{"id":"1"}\n{"id":"2"}'],
)
def test_files_of_others_are_not_canonical(content):
    assert not formats.is_canonical(content)
    assert problems_of(content)[0].code in ("NOT_CANONICAL", "JSON_INVALID")


def test_the_error_for_files_of_others_says_how_to_name_their_source():
    (problem,) = problems_of(b'{"items": []}')
    assert "--source" in problem.hint.en
    assert "--source" in problem.hint.zh


def test_broken_canonical_files_are_canonical_still(plain):
    for content in (line(plain)[:-1], line(plain).replace(b'"1090.00"', b"NaN"), b"<document>", line(plain) + b"\n{"):
        assert formats.is_canonical(content)
        assert problems_of(content)


def test_a_document_has_a_size(plain):
    plain["u_blob"] = "x" * 5_000_000
    assert problems_of(line(plain))[0].code == "INPUT_TOO_LARGE"


def test_one_document_is_written_as_an_object_several_as_an_array(document):
    assert json.loads(formats.write_canonical([document]))["number"] == "B26000123"
    assert len(json.loads(formats.write_canonical([document, document]))) == 2
    assert json.loads(formats.write_canonical([])) == []
    assert formats.write_canonical([], "jsonl") == ""
    assert formats.write_canonical([document, document], "jsonl").count("\n") == 2


def test_numbers_in_extensions_stay_numbers(plain):
    plain["u_weight"] = Decimal("1.50")
    document = formats.document_from_json(plain)
    for form in ("json", "jsonl", "xml"):
        text = formats.write_canonical([document], form)
        assert "1.50" in text
        assert formats.read_canonical(text.encode())[0].document.extensions == {"u_weight": Decimal("1.50")}
