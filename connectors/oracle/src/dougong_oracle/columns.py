"""The columns of `GlInterface.csv`, in their order: what Journal Import loads into GL_INTERFACE (oracle.md §5.1)."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["GL_COLUMNS", "LONGEST"]


def _numbered(first: int, last: int, *, name: str) -> Iterator[str]:
    return (f"{name}{number}" for number in range(first, last + 1))


GL_COLUMNS: tuple[str, ...] = (
    *("STATUS", "LEDGER_ID", "ACCOUNTING_DATE", "USER_JE_SOURCE_NAME", "USER_JE_CATEGORY_NAME", "CURRENCY_CODE"),
    *("DATE_CREATED", "ACTUAL_FLAG"),
    *_numbered(1, 30, name="SEGMENT"),
    *("ENTERED_DR", "ENTERED_CR", "ACCOUNTED_DR", "ACCOUNTED_CR"),
    *_numbered(1, 10, name="REFERENCE"),
    *_numbered(21, 30, name="REFERENCE"),
    *("STAT_AMOUNT", "USER_CURRENCY_CONVERSION_TYPE", "CURRENCY_CONVERSION_DATE", "CURRENCY_CONVERSION_RATE"),
    *("GROUP_ID", "ATTRIBUTE_CATEGORY"),
    *_numbered(1, 20, name="ATTRIBUTE"),
    *("ATTRIBUTE_CATEGORY3", "AVERAGE_JOURNAL_FLAG", "ORIGINATING_BAL_SEG_VALUE", "LEDGER_NAME"),
    *("ENCUMBRANCE_TYPE_ID", "JGZZ_RECON_REF", "PERIOD_NAME"),
    *_numbered(18, 20, name="REFERENCE"),
    *_numbered(1, 10, name="ATTRIBUTE_DATE"),
    *_numbered(1, 10, name="ATTRIBUTE_NUMBER"),
    "GLOBAL_ATTRIBUTE_CATEGORY",
    *_numbered(1, 20, name="GLOBAL_ATTRIBUTE"),
    *_numbered(1, 5, name="GLOBAL_ATTRIBUTE_DATE"),
    *_numbered(1, 5, name="GLOBAL_ATTRIBUTE_NUMBER"),
)

#: Most characters of what people and code tables write.
LONGEST = {
    "STATUS": 50,
    "USER_JE_SOURCE_NAME": 25,
    "USER_JE_CATEGORY_NAME": 25,
    "CURRENCY_CODE": 15,
    **dict.fromkeys(_numbered(1, 30, name="SEGMENT"), 25),
    **dict.fromkeys((*_numbered(1, 10, name="REFERENCE"), *_numbered(21, 30, name="REFERENCE")), 240),
    "REFERENCE1": 50,
}
