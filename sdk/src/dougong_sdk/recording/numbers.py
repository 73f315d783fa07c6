"""Numbers of persons and banks, wherever they stand; check digits tell them from amounts and voucher numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["hide_numbers", "looks_like_account"]

#: A card of ISO/IEC 7812: 15 to 19 digits, in one piece or in groups of four. Ids that count up begin with 1 for long.
_CARD = re.compile(r"(?<![A-Za-z0-9.])[3-69](?:\d{14,18}|\d{3}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,4})?)(?![A-Za-z0-9]|\.\d)")
#: 公民身份号码 (GB 11643): region, date of birth, sequence, check digit.
_PERSON = re.compile(
    r"(?<![A-Za-z0-9.])[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![A-Za-z0-9]|\.\d)"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")


def hide_numbers(text: str, token: Callable[[str], str]) -> str:
    """`text` with the token of each bank card, id card and IBAN in its place."""
    for pattern, check in ((_PERSON, _is_person), (_CARD, _is_card), (_IBAN, _is_iban)):
        text = pattern.sub(lambda match, check=check: token(match[0]) if check(match[0]) else match[0], text)  # type: ignore[misc]
    return text


def looks_like_account(text: str) -> bool:
    """Whether a value of a member called `account` is one at a bank: those of a general ledger are shorter."""
    bare = re.sub(r"[\s-]", "", text)
    return bool(re.fullmatch(r"\d{12,}", bare)) or _is_iban(bare)


def _is_card(text: str) -> bool:
    """Luhn (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in re.sub(r"\D", "", text)]
    if not 15 <= len(digits) <= 19:
        return False
    doubled = [digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4) for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_person(text: str) -> bool:
    """ISO 7064 MOD 11-2 (GB 11643)."""
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _is_iban(text: str) -> bool:
    """ISO 7064 MOD 97-10 (ISO 13616)."""
    bare = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", bare):
        return False
    return int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1
