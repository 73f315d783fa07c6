"""Words of tables."""

from __future__ import annotations

import pytest

from dougong.cli import words


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (None, ""),
        ("记-12", "记-12"),
        ("B" * 24, "B" * 24),
        ("DG00 Spreadsheet A 77 9762903 N", "DG00 Spreadsheet A 77 9…"),
    ],
)
def test_a_number_fits_into_a_table(number, shown):
    assert words.number(number) == shown
