from __future__ import annotations

import csv
import datetime as dt
import io
import string
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dougong.model.problems import InputError
from dougong.tables import files
from dougong.tables.cells import BLANKS, TableFileError, read_day
from dougong.tables.files import Table, dump_table, protect, read_table, unprotect, write_table

FORMULA_STARTS = ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹣", "⁼"]


def problems_of(content, name="t.csv", **options):
    with pytest.raises(TableFileError) as caught:
        read_table(content, name, **options)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def workbook():
    """The bytes of a workbook with these rows."""

    def make(*rows, change=None):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        if change:
            change(book)
        file = io.BytesIO()
        book.save(file)
        return file.getvalue()

    return make


# -- reading csv ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_every_encoding_that_people_have(encoding):
    table = read_table("费用类型,→account\r\n差旅费,6601.02\r\n".encode(encoding), "t.csv")
    assert table.header == ("费用类型", "→account")
    assert [(row.number, dict(row.cells)) for row in table.rows] == [(2, {"费用类型": "差旅费", "→account": "6601.02"})]


def test_rows_have_the_numbers_that_people_see():
    table = read_table(b'\na,b\n\n1,"two\nlines"\n\n,\n3,4\n', "t.csv")
    assert [(row.number, row.cells["a"], row.cells["b"]) for row in table.rows] == [
        (4, "1", "two\nlines"),
        (8, "3", "4"),
    ]


def test_blanks_at_the_ends_are_taken_off_and_short_rows_are_filled_up():
    table = read_table(" a ,b,c\n\u3000差旅费\u00a0, 1\n".encode())
    assert table.rows[0].cells == {"a": "差旅费", "b": "1", "c": ""}


def test_equal_characters_are_made_equal():
    assert read_table("a\ne\u0301\n".encode()).rows[0].cells["a"] == "\u00e9"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the table is empty"),
        (b"\n , \n", "the table is empty"),
        (b"a,a\n1,2\n", "stands twice"),
        (b"a,,c\n1,2,3\n", "t.csv:1: this column has no name"),
        (b"a,b\n1,2,3\n", "t.csv:2: this cell belongs to no column"),
        (b"a;b\n1;2\n", "not separated by commas"),
        (b"a\tb\n1\t2\n", "not separated by commas"),
        (b'a,b\n1,"2\n', "t.csv:2: this is not CSV"),
        (b'a,b\n"1"x,2\n', "t.csv:2: this is not CSV"),
        ("a,b\n1,2\n".encode("utf-16"), "neither UTF-8 nor GB18030"),
        (b"a,b\n\xff\xff,2\n", "neither UTF-8 nor GB18030"),
        (b"a\n1\x002\n", "neither UTF-8 nor GB18030"),
        ("a\n06\u200b01\n".encode(), "t.csv:2: it contains the invisible character U+200B"),
        ("a\n06\u202e01\n".encode(), "U+202E"),
        (b"a\n06\x0701\n", "U+0007"),
        (b"a\n" + b"x" * 10_001 + b"\n", "more than 10000 characters"),
        (b"a\n" + b"x" * 200_000 + b"\n", "this is not CSV"),
        (b",".join([b"c%d" % i for i in range(201)]) + b"\n", "more than 200 columns"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"PK\x03\x04rest", "damaged"),
    ],
)
def test_what_cannot_be_read_is_said(content, words):
    assert words in "\n".join(problems_of(content))


def test_all_problems_are_told_at_once():
    assert len(problems_of("a,b\n1,2,3\n\u200b,\n4,5,6\n".encode())) == 3


def test_sizes_are_limited(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "MAX_ROWS", 3)
    assert len(read_table(b"a\n1\n2\n3\n").rows) == 3
    assert "more than 3 rows" in problems_of(b"a\n1\n2\n3\n4\n")[0]
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    path = tmp_path / "big.csv"
    path.write_bytes(b"a\n" * 10)
    for source in (path, path.read_bytes()):
        with pytest.raises(TableFileError, match="larger than"):
            read_table(source, "big.csv")


def test_an_error_is_an_input_error():
    assert issubclass(TableFileError, InputError)


# -- reading xlsx -----------------------------------------------------------------------------------------------------


def test_a_workbook_of_texts(workbook):
    content = workbook(
        ["table", "ours", "valid_from"], ["account", "0601", dt.date(2026, 1, 31)], [], ["x", None, "2026-02-01"]
    )
    table = read_table(content, "codes.xlsx")
    assert [(row.number, tuple(row.cells.values())) for row in table.rows] == [
        (2, ("account", "0601", "2026-01-31")),
        (4, ("x", "", "2026-02-01")),
    ]


def test_what_excel_may_have_changed_is_refused_with_its_address(workbook):
    def change(book):
        book.active["C3"] = "#N/A"
        book.active["C3"].data_type = "e"

    content = workbook(
        ["ours", "theirs", "note", "valid_from"],
        [601, "=1+1", True, dt.datetime.fromisoformat("2026-01-01T12:30")],
        [dt.date(2026, 3, 1), 1.5, "", "2026-01-01"],
        change=change,
    )
    found = problems_of(content, "codes.xlsx")
    assert [text.split(": ")[0] for text in found] == [
        f"TABLE_INVALID @ codes.xlsx!{address}" for address in ("A2", "B2", "C2", "D2", "A3", "B3", "C3")
    ]
    assert "was it 0601?" in found[0]
    assert "a formula" in found[1]
    assert "did Excel change it?" in found[4]


def test_numbers_where_they_are_welcome(workbook):
    table = read_table(workbook(["per", "→rate"], [100, 0.9125]), "r.xlsx", numbers=["per", "→rate"])
    assert table.rows[0].cells == {"per": "100", "→rate": "0.9125"}


def test_only_the_first_sheet_counts(workbook):
    content = workbook(["a"], ["1"], change=lambda book: book.create_sheet("other").append(["b"]))
    assert read_table(content, "t.xlsx").header == ("a",)


def test_a_zip_that_is_no_workbook():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "not a readable Excel workbook" in problems_of(file.getvalue(), "t.xlsx")[0]


def test_a_bomb_is_not_expanded(workbook):
    file = io.BytesIO(workbook(["a"], ["1"]))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b"0" * 30_000_000)
    assert "far too large" in problems_of(file.getvalue(), "t.xlsx")[0]


def test_a_document_type_is_refused(workbook):
    source = zipfile.ZipFile(io.BytesIO(workbook(["a"], ["1"])))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for entry in source.namelist():
            content = source.read(entry)
            if entry.endswith("sheet1.xml"):
                content = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "y">]>' + content
            archive.writestr(entry, content)
    assert "DOCTYPE" in problems_of(file.getvalue(), "t.xlsx")[0]


# -- writing ----------------------------------------------------------------------------------------------------------


def test_csv_has_a_bom_and_quotes_every_cell():
    content = dump_table(Table.of(["a", "b"], [{"a": '1"2', "b": "差旅费"}]), "csv")
    assert content == '\ufeff"a","b"\r\n"1""2","差旅费"\r\n'.encode()


def test_xlsx_cells_are_texts():
    content = dump_table(Table.of(["a"], [{"a": "0601"}, {"a": "=1+1"}], "codes"), "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [(cell.value, cell.data_type, cell.number_format) for cell in sheet["A"]] == [
        ("a", "s", "@"),
        ("0601", "s", "@"),
        ("'=1+1", "s", "@"),
    ]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_nothing_that_a_spreadsheet_could_run_leaves_unprotected(start):
    cell = f"{start}HYPERLINK(1)"
    assert protect(cell) == f"'{cell}"
    written = dump_table(Table.of(["a"], [{"a": cell}, {"a": f" \t{cell}"}]), "csv").decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(written))][1:] == [f"'{cell}"] * 2


@pytest.mark.parametrize("cell", ["-12.50", "-1", "a=1", "'a", "'", "", "差旅费"])
def test_what_is_harmless_is_left_alone(cell):
    assert protect(cell) == cell


@pytest.mark.parametrize("cell", ["-12.50a", "--1", "-", "-1+2", "-.5", "- 1", "+1", "-１", "\t1", "\r1"])
def test_almost_numbers_are_protected(cell):
    assert protect(cell) == f"'{cell}"


CELLS = st.text(
    st.sampled_from(["'", *FORMULA_STARTS, *'0123.,;"\n 差旅费\u00e9', *string.ascii_letters[:5]]), max_size=8
).map(lambda text: text.strip(BLANKS))


@given(st.text(max_size=12) | CELLS)
def test_protection_comes_off_exactly(cell):
    assert unprotect(protect(cell)) == cell
    assert unprotect(cell) in (cell, cell[1:])


@settings(max_examples=60)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5), st.sampled_from(["csv", "xlsx"]))
def test_what_is_written_is_read_again(lines, format):
    header = ("a", "b", "→c")
    table = Table.of(header, [dict(zip(header, line, strict=True)) for line in lines])
    back = read_table(dump_table(table, format), "t")
    kept = [line for line in lines if any(line)]
    assert [tuple(row.cells.values()) for row in back.rows] == kept


def test_what_cannot_stand_in_a_file_is_replaced():
    for format in ("csv", "xlsx"):
        table = read_table(dump_table(Table.of(["a"], [{"a": "x\x00\x0b\ud800\u200by"}]), format))
        assert table.rows[0].cells["a"] == "x\ufffd\ufffd\ufffd\ufffdy"


def test_a_file_is_written_completely_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    write_table(Table.of(["a"], [{"a": "1"}]), path)
    before = path.read_bytes()
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_table(Table.of(["a"], [{"a": "2"}]), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ValueError, match="csv or xlsx"):
        write_table(Table.of(["a"], []), tmp_path / "t.ods")


@pytest.mark.parametrize("text", ["2026-01-31", "2026/1/31", "2026-1-31", "2026/01/31"])
def test_dates_as_people_write_them(text):
    assert read_day(text) == dt.date(2026, 1, 31)


@pytest.mark.parametrize(
    "text", ["31/1/2026", "1-31", "20260131", "2026-W05-6", "2026-02-30", "2026-1/31", "２０２６-01-31", ""]
)
def test_dates_are_not_guessed(text):
    with pytest.raises(ValueError):
        read_day(text)
