"""Who holds a lease: host, process and the moment it started, so that a dead owner is told from a slow one."""

from __future__ import annotations

import os
import socket
from pathlib import Path

__all__ = ["is_dead", "owner_name"]


def owner_name() -> str:
    """This process, as leases name it."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_started(pid) or 0}"


def is_dead(owner: str) -> bool:
    """Whether a lease's owner is certainly gone: a process of this host that no longer runs.

    Owners on other hosts are never called dead; their leases end by time.
    """
    host, _, rest = owner.rpartition(":")
    host, _, pid = host.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    started = _started(int(pid))
    if started is None:
        return not _exists(int(pid))
    return str(started) != rest


def _started(pid: int) -> int | None:
    """Start time in clock ticks since boot (Linux); a process id that is used again has another one."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A zombie still answers to signal 0; where /proc told us so it does not count as alive.
    return not Path("/proc/self/stat").exists()
