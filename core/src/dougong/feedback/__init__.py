"""Feedback 回写: the expense system learns what became of its documents.

`sweep` finds what has changed, writes it into the outbox and tells it: to the source where its connector can write
back, else into the project's sink, a file of JSON Lines.
"""

from __future__ import annotations

from dougong.feedback.send import Sources
from dougong.feedback.step import sweep

__all__ = ["Sources", "sweep"]
