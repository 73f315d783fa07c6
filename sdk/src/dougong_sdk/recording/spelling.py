"""Every way in which a text can stand on the wire: as it is, escaped for a URL, JSON or XML, in base64, in hex."""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from urllib.parse import quote

__all__ = ["any_spelling", "usual_spellings"]

#: Longer texts (a key in PEM, a long token) are looked for in their usual spellings only.
_LONGEST = 200
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_BASE64 = "[A-Za-z0-9+/_-]"


@lru_cache(maxsize=1024)
def any_spelling(value: str) -> re.Pattern[str]:
    """What matches a text in any of its spellings, mixed ones too; digits only where they are a number of their own."""
    within = "".join(map(_sign, value)) if len(value) <= _LONGEST else re.escape(value)
    if value.isdigit():  # 8888 is not hidden in 18888.00
        within = rf"(?<![\d.]){within}(?!\d|\.\d)"
    # from the beginning of a run: trying at each of its signs would take for ever on an attachment
    within64 = (
        f"(?<!{_BASE64}){_BASE64}*?{_safe_too(part)}{_BASE64}*(?:=|%3[Dd]){{0,2}}" for part in _base64(value.encode())
    )
    return re.compile("|".join([within, f"(?i:{value.encode().hex()})", *within64]))


def usual_spellings(value: str) -> tuple[str, ...]:
    """Texts one of which stands where the value does, unless its spelling is mixed: quick to look for."""
    percent, escaped = quote(value, safe=""), json.dumps(value)[1:-1]
    return (value, percent, percent.lower(), escaped, escaped.upper().replace("\\U", "\\u"), *_base64(value.encode()))


def _sign(sign: str) -> str:
    """One character in any spelling."""
    units = sign.encode("utf-16-be").hex()
    spelt = [
        re.escape(sign),
        "(?i:" + "".join(f"%(?:25)*{byte:02x}" for byte in sign.encode()) + ")",
        "(?i:" + "".join(rf"\\{{1,8}}u{units[at : at + 4]}" for at in range(0, len(units), 4)) + ")",
        f"(?i:&(?:amp;)*#(?:0*{ord(sign)}|x0*{ord(sign):x});)",
    ]
    if sign in _ENTITIES:
        spelt.append(f"&(?:amp;)*{_ENTITIES[sign]};")
    if sign in '"\\/':
        spelt.append(r"\\{1,8}" + re.escape(sign))
    if sign == " ":
        spelt.append(r"\+")
    return f"(?:{'|'.join(spelt)})"


def _base64(value: bytes) -> list[str]:
    """What shows in the base64 of any text that the value stands in it, for the three places where it can begin."""
    found = []
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value).decode()
        # signs that hold bits of a neighbour differ with it
        sure = encoded[-(-before * 8 // 6) : (before + len(value)) * 8 // 6]
        found += [sure] if len(sure) >= 5 else []
    return found


def _safe_too(base64_text: str) -> str:
    """A pattern that takes the alphabet for URLs as well, and what URLs and JSON make of the other one."""
    return "".join({"+": r"(?:[+-]|%2[Bb])", "/": r"(?:\\?/|_|%2[Ff])"}.get(sign, sign) for sign in base64_text)
