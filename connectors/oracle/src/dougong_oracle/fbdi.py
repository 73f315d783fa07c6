"""Files of Oracle's file-based data import: CSV in a zip, the same bytes for the same rows (oracle.md §5)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

__all__ = ["csv_of", "parameters", "zip_of"]

#: A zip has times; what is frozen knows no clock.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def csv_of(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A CSV without a head: every column of every row, quoted where needed, lines ended by a line feed.

    :param rows: column → value; what a row does not name is empty.
    :raises KeyError: a row names a column that the file does not have.
    """
    known, out = set(columns), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        if strange := sorted(set(row) - known):
            raise KeyError(strange[0])
        writer.writerow([_cell(row.get(name)) for name in columns])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date):
        return value.strftime("%Y/%m/%d")
    return "" if value is None else str(value)


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """A zip with these files at its root. :param files: name, as the loader expects it, → content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def parameters(*values: str) -> str:
    """A ParameterList: by position, with commas; a value that holds one is quoted, an empty one is `#NULL`."""
    return ",".join(f'"{value}"' if "," in value else value or "#NULL" for value in values)
