"""The emulated Kingdee 云星空 (K/3 Cloud): kingdee.md as a server.

Logins, signed headers, every body shape, the envelope with its MsgCodes, and GL_VOUCHER with its stages and rules,
over master data that ``seed.toml`` describes and ``--seed`` replaces.
"""

from __future__ import annotations

from .codes import CodeRow, default_codes, default_seed
from .product import KingdeeSandbox

__all__ = ["CodeRow", "KingdeeSandbox", "default_codes", "default_seed"]
