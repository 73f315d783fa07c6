"""Confirmation: what the ERP tells by itself. A callback is a hint: it is stored, answered, and confirmed by asking.

What it says reaches a delivery in the step that owns it (`delivery.poll`, `delivery.resolve`), never from here.
"""

from __future__ import annotations

from dougong.confirmation.receive import Received, receive

__all__ = ["Received", "receive"]
