"""JSON Schema (draft 2020-12) of the canonical document, from the classes themselves and their docstrings."""

from __future__ import annotations

import datetime as dt
import inspect
import re
from decimal import Decimal
from functools import cache
from typing import Any, Literal, get_args, get_origin

import attrs

from dougong.formats.converter import ANYTHING
from dougong.formats.shapes import Member, members_of
from dougong.formats.text import MAX_TEXT
from dougong.model import documents
from dougong.model.bookings import LineTax, Original, Voucher, VoucherLine
from dougong.model.money import CURRENCIES

__all__ = ["document_schema", "plan_schema"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_AMOUNT = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?$"
