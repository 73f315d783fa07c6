"""Emulated ERPs: the ERP's wire protocol over real HTTP, with a ledger that outlives both sides.

Subclass :class:`Sandbox`, name the class in the entry-point group ``dougong.sandboxes``, and it can be served
(:func:`serve`, ``dougong sandbox NAME``), launched in a process of its own (:func:`launch`), broken by script and
touched by a person's hand (interfaces.md §4). :class:`VoucherSandbox` brings ledger, stages and rules of vouchers too.
"""

from __future__ import annotations

from .base import Sandbox
from .defaults import ProjectDefaults
from .errors import SandboxError
from .hand import Hand
from .jobs import Jobs
from .launch import RunningSandbox, launch
from .messages import Outgoing, Request, Response
from .registry import find_sandbox, installed_sandboxes
from .rules import RULES, Refusal
from .seed import Seed, merge_seed
from .server import serve
from .settings import COMMON_SETTINGS, Setting, Settings
from .store import Record, Store
from .vouchers import VoucherSandbox

__all__ = [
    "COMMON_SETTINGS",
    "RULES",
    "Hand",
    "Jobs",
    "Outgoing",
    "ProjectDefaults",
    "Record",
    "Refusal",
    "Request",
    "Response",
    "RunningSandbox",
    "Sandbox",
    "SandboxError",
    "Seed",
    "Setting",
    "Settings",
    "Store",
    "VoucherSandbox",
    "find_sandbox",
    "installed_sandboxes",
    "launch",
    "merge_seed",
    "serve",
]
