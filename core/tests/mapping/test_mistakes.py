"""What is wrong in a mapping file is told when it is compiled: all of it, each with its line."""

from __future__ import annotations

import pytest

from dougong.mapping import MappingError, compile_mapping


@pytest.fixture
def mistakes(compiled):
    def find(body):
        with pytest.raises(MappingError) as caught:
            compiled(body, path="m.toml")
        return [str(problem) for problem in caught.value.problems]

    return find


def test_all_mistakes_at_once_each_with_its_line(mistakes):
    found = mistakes("""
[fields]
"A.B" = "voucher.totl"
C = "voucher.lines"
[[rows]]
target = "E"
each = "voucher.lines"
when = "line.sde == 'D'"
[rows.fields]
"D" = "line.amount if line.side == 'X' else 0"
F = "line | dimension('department') | cod('department')"
""")
    assert [text.split(": ")[0] for text in found] == [
        "EXPRESSION_NAME @ m.toml:6",
        "EXPRESSION_TYPE @ m.toml:7",
        "EXPRESSION_NAME @ m.toml:8",
        "EXPRESSION_NAME @ m.toml:13",
        "EXPRESSION_NAME @ m.toml:14",
    ]
    assert "A.B: voucher (a Voucher) has no totl (did you mean total?)" in found[0]
    assert "voucher.lines | join(',')" in found[1]
    assert "did you mean side" in found[2]
    assert "did you mean code" in found[4]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "the mapping has no fields"),
        ("[fields\n", "not TOML"),
        ('[felds]\na = "1"\n', "did you mean fields"),
        ("[fields]\na = 5\n", 'write "5"'),
        ("[fields]\na = 1.5\n", 'write "1.5"'),
        ("[fields]\na = true\n", "in quotes"),
        ("[fields]\na = ['1']\n", "in quotes"),
        ('[fields]\na = ""\n', "is empty"),
        ('[fields]\n"A[0].B" = "1"\n', "no path of a field"),
        ('[fields]\n"A..B" = "1"\n', "no path of a field"),
        ('[fields]\n"A.@b.C" = "1"\n', "no path of a field"),
        ('[fields]\n"A.B" = "1"\nA.B = "2"\n', "B is a value already"),
        ('[fields]\nA = "1"\n"A.B" = "2"\n', "A is a value already"),
        ('[fields]\n"A.B" = "2"\nA = "1"\n', "A is an object already"),
        ("[fields]\nA = []\n", "no [[rows]] fills this array"),
        ('[fields]\n"' + ".".join("abcdefghijk") + '" = "1"\n', "more than 10 deep"),
        ("rows = 1\n", "written as [[rows]]"),
        ('[[rows]]\ntarget = "E"\neach = "voucher.lines"\n', "[rows.fields] is missing"),
        ('[[rows]]\neach = "voucher.lines"\n[rows.fields]\na = "1"\n', "target must be a text"),
        ('[[rows]]\ntarget = "E"\n[rows.fields]\na = "1"\n', "each must be a text"),
        ('[[rows]]\ntarget = "E"\neach = "voucher.lines"\nwhn = "1"\n[rows.fields]\na = "1"\n', "did you mean when"),
        ('[[rows]]\ntarget = "E"\neach = "voucher.book"\n[rows.fields]\na = "1"\n', "each must be a list"),
        ('[[rows]]\ntarget = "E"\neach = "voucher.lnes"\n[rows.fields]\na = "1"\n', "did you mean lines"),
        ('[[rows]]\ntarget = "E"\neach = "voucher.lines"\nas = "code"\n[rows.fields]\na = "1"\n', "is a function"),
        ('[[rows]]\ntarget = "E"\neach = "voucher.lines"\nas = "voucher"\n[rows.fields]\na = "1"\n', "is taken"),
        ('[fields]\nE = "1"\n[[rows]]\ntarget = "E"\neach = "voucher.lines"\n[rows.fields]\na = "1"\n', "E is a value"),
        (
            '[fields]\n"E.x" = "1"\n[[rows]]\ntarget = "E"\neach = "voucher.lines"\n[rows.fields]\na = "1"\n',
            "E is an object",
        ),
        ("[fields]\na = \"voucher | dimension('x')\"\n", "has no dimensions"),
        ('[fields]\na = "voucher.book | code(voucher.book)"\n', "must be written out"),
        ('[fields]\na = "voucher.summary | summary(0)"\n', "from 1 to 4000"),
        ('[fields]\na = "voucher"\n', "a field cannot be a Voucher"),
        ('[fields]\na = "voucher.extensions"\n', "a field cannot be a table of keys"),
        ('[fields]\na = "(x for x in voucher.lines).gi_frame.f_globals"\n', "EXPRESSION_REFUSED"),
        ('[fields]\na = "voucher.book.upper"\n', "has no upper"),
        ('[fields]\na = "voucher.book * 1000000 * 1000000"\n', "numbers only"),
    ],
)
def test_one_mistake(mistakes, body, words):
    assert words in "\n".join(mistakes(body))


def test_the_head_must_be_complete():
    with pytest.raises(MappingError) as caught:
        compile_mapping('connector = "x"\nfrom = "vouchr"\n[fields]\na = "1"\n', path="m.toml")
    words = str(caught.value)
    assert "target must be a text" in words
    assert "did you mean voucher" in words


def test_a_file_that_is_far_too_large_is_not_read():
    with pytest.raises(MappingError, match="too large"):
        compile_mapping("#" * 600_000, path="m.toml")


def test_expressions_may_stand_on_several_lines(compiled, voucher, codes):
    mapping = compiled(
        '[fields]\na = """\nvoucher.book  # the book\n+ \'=\'\n"""\nb = "voucher.bok"\n'.replace("bok", "book")
    )
    assert mapping(voucher, codes).body == {"a": "A01=", "b": "A01"}
