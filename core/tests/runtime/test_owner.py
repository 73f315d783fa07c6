from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from dougong.runtime import is_dead, owner_name


def test_we_are_alive():
    assert owner_name().startswith(f"{socket.gethostname()}:{os.getpid()}:")
    assert not is_dead(owner_name())


def test_an_ended_process_is_dead():
    code = "from dougong.runtime.owner import owner_name; print(owner_name())"
    name = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert is_dead(name)


def test_a_zombie_is_dead():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        from dougong.runtime.owner import _started

        name = f"{socket.gethostname()}:{process.pid}:{_started(process.pid)}"
        assert not is_dead(name)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has collected it
        assert is_dead(name)
    finally:
        process.communicate()


def test_a_process_id_that_is_used_again_is_another_owner():
    host, pid, started = owner_name().rsplit(":", 2)
    assert is_dead(f"{host}:{pid}:{int(started) + 1}")


@pytest.mark.parametrize("name", ["elsewhere:1:1", "", "x", "a:b:c", f"{socket.gethostname()}:x:1"])
def test_who_cannot_be_judged_is_not_called_dead(name):
    assert not is_dead(name)
