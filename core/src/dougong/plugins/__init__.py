"""Plugins: what is installed (`catalogue`), and the typed door to one connection's connector and add-ons (`open_door`).

stevedore answers "which package", pluggy "which behaviour"; only `plugins.manager` touches pluggy. Trust is decided
before import, and one bad package is a row or an error with its name, never the end of the others.
"""

from __future__ import annotations

from dougong.plugins.catalogue import ADDONS, CONNECTORS, DISABLE, SANDBOXES, Entry, State, catalogue, find_entry
from dougong.plugins.defaults import exact_json
from dougong.plugins.description import describe_connector, write_descriptions
from dougong.plugins.door import Door
from dougong.plugins.errors import PluginError
from dougong.plugins.loading import load_connector, load_plugin
from dougong.plugins.manager import Plugged
from dougong.plugins.opening import build_door, open_door
from dougong.plugins.redaction import Redactor

__all__ = [
    "ADDONS",
    "CONNECTORS",
    "DISABLE",
    "SANDBOXES",
    "Door",
    "Entry",
    "Plugged",
    "PluginError",
    "Redactor",
    "State",
    "build_door",
    "catalogue",
    "describe_connector",
    "exact_json",
    "find_entry",
    "load_connector",
    "load_plugin",
    "open_door",
    "write_descriptions",
]
