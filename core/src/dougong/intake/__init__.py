"""Intake: accept = commit. What was accepted is never lost, and the same content is never accepted twice."""

from __future__ import annotations

from dougong.intake.accept import Accepted, Said, accept, is_stale

__all__ = ["Accepted", "Said", "accept", "is_stale"]
