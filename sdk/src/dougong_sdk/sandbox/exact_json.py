"""JSON whose numbers stay exact: read as :class:`~decimal.Decimal`, written digit for digit, never through float.

A sandbox judges what the core writes, so it reads and writes by itself; and it takes what a real ERP takes, a key given
twice included, which the core refuses.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

import simplejson

__all__ = ["dumps", "loads"]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
_ENCODER = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def loads(text: str | bytes) -> Any:
    """Read JSON; fractions become ``Decimal``, whole numbers ``int``; ``NaN`` and ``Infinity`` are refused.

    :raises ValueError: for anything that is not JSON, nesting beyond the interpreter's limit included.

    .. versionadded:: 0.1
    """
    try:
        return _DECODER.decode(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def dumps(value: Any) -> str:
    """Write compact JSON; a ``Decimal`` is written as the number that it is, with all its digits.

    :raises TypeError: for what JSON does not know.

    .. versionadded:: 0.1
    """
    return str(_ENCODER.encode(value))
