"""Settings that the tests of every dist share."""

from __future__ import annotations

from hypothesis import settings

# Machines that run tests are busy; how long one example takes says nothing about it.
settings.register_profile("dougong", deadline=None)
settings.load_profile("dougong")
