"""Personal data that no booking needs never leaves the reader: phones, mail, card, account and certificate numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dougong.model.money import plain

__all__ = ["MASK", "mask", "mask_text", "scrub"]

MASK = "***"

#: Member names that hold personal data, whatever their value.
_NAMES = re.compile(
    r"cellphone|mobile|phone|e-?mail|^tel$|cardno|certificate|idcard|autograph"
    r"|手机|电话|邮箱|身份证|证件|银行卡|卡号|账号|帐号",
    re.IGNORECASE,
)
#: Members in which people write what they like.
_FREE_TEXTS = frozenset({"title", "description", "consumptionReasons", "comment", "remark", "failureReason"})
#: Mail addresses, mobile numbers, identity cards, bank cards (15–19 digits; invoice numbers have 8, 10, 12 or 20).
_VALUES = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|(?<!\d)(?:\+?86[ -]?)?1[3-9]\d{9}(?!\d)"
    r"|(?<!\d)\d{17}[\dXx](?![\dA-Za-z])"
    r"|(?<!\d)\d{15,19}(?!\d)",
    re.ASCII,
)


def mask_text(text: str) -> str:
    """`text` with what looks like personal data replaced by `***`."""
    return _VALUES.sub(MASK, text)


def mask(value: Any, name: str = "") -> Any:
    """A customer's own field as plain JSON values for `extensions`: personal data masked, decimals as text."""
    if value is not None and not isinstance(value, bool) and _NAMES.search(name):
        return MASK
    if isinstance(value, Mapping):
        return {key: mask(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item, name) for item in value]
    if isinstance(value, Decimal):
        return plain(value)
    return mask_text(value) if isinstance(value, str) else value


def scrub(flow: Mapping[str, Any]) -> dict[str, Any]:
    """A flow as it may be kept: members named like personal data, own fields and free texts are masked.

    Ids, amounts, times and codes are untouched.
    """
    return {key: _scrub(value, key) for key, value in flow.items()}


def _scrub(value: Any, name: str) -> Any:
    if name.startswith("u_"):
        return mask(value, name)
    if isinstance(value, str) and value and _NAMES.search(name):
        return MASK
    if isinstance(value, str) and name in _FREE_TEXTS:
        return mask_text(value)
    if isinstance(value, Mapping):
        return {key: _scrub(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_scrub(item, name) for item in value]
    return value
