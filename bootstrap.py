# -*- coding: utf-8 -*-
"""From a fresh clone to a running program with nothing but Python.

    python3 bootstrap.py demo [ARGUMENT...]    installs all dists into .venv and runs `dougong demo`
    python3 bootstrap.py test [ARGUMENT...]    installs tox into .venv-tox and runs it

Run it again after any change: sources that changed are installed again. It needs the standard library only, and any
Python from 2.7 on can read this file far enough to say that it is too old.
"""

from __future__ import print_function

import glob
import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
OLDEST = (3, 11)
TOOLS = ["tox", "tox-uv"]
NO_NETWORK = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "NameResolutionError",
    "ReadTimeoutError",
    "ProxyError",
    "No route to host",
    "Network is unreachable",
    "SSLError",
)


class Missing(Exception):
    """Something that only the person at the keyboard can supply; the text says what, in Chinese and in English."""


def say(*lines):
    for line in lines:
        print(line, file=sys.stderr)
    sys.stderr.flush()


def newer_python():
    """The newest usable Python on PATH; each is asked, because a pyenv shim may exist and not answer."""
    for minor in range(30, OLDEST[1] - 1, -1):
        name = "python3.{}".format(minor)
        try:
            subprocess.check_output([name, "-c", "import venv, ensurepip"], stderr=subprocess.STDOUT)
        except (OSError, subprocess.CalledProcessError):
            continue
        return name
    return None


def check_python():
    """Hands over to a newer Python where this one is too old; says what is missing where there is none."""
    if sys.version_info < OLDEST:
        found = newer_python()
        if found:
            sys.exit(subprocess.call([found] + sys.argv))
        raise Missing(
            "需要 Python 3.11 或更新版本，当前是 {0}，PATH 里也没有更新的。请安装后重试。\n"
            "Python 3.11 or newer is needed; this is {0}, and PATH has no newer one. "
            "Install it and try again.".format(sys.version.split()[0])
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Missing(
            "此 Python 没有 venv 或 ensurepip 模块。Debian、Ubuntu：apt install python3-venv\n"
            "This Python lacks the module venv or ensurepip. Debian, Ubuntu: apt install python3-venv"
        )


def binary(folder, name):
    if os.name == "nt":
        return os.path.join(folder, "Scripts", name + ".exe")
    return os.path.join(folder, "bin", name)


def answers(command):
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def environment(name):
    """The folder of a working virtual environment with pip; made, or made anew when its Python is gone or has moved."""
    import venv

    folder = os.path.join(ROOT, name)
    python = binary(folder, "python")
    try:
        if not answers([python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
            venv.create(folder, clear=os.path.exists(os.path.join(folder, "pyvenv.cfg")), symlinks=os.name != "nt")
        if not answers([python, "-m", "pip", "--version"]):
            subprocess.check_output([python, "-m", "ensurepip", "--default-pip"], stderr=subprocess.STDOUT)
    except (OSError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "output", None) or str(error).encode()
        raise Missing(
            "无法建立虚拟环境 {0}\n{1}\nA virtual environment could not be made in {0}; the reason is above.".format(
                folder, detail.decode(errors="replace").strip()
            )
        )
    return folder


def fingerprint(paths):
    """One hash over names and contents, so that a second run installs what changed since and nothing otherwise."""
    digest = hashlib.sha256(ROOT.encode())
    for path in sorted(paths):
        with open(path, "rb") as file:
            content = file.read()
        digest.update(repr((os.path.relpath(path, ROOT), len(content))).encode() + content)
    return digest.hexdigest()


def sources(dist):
    found = [os.path.join(dist, "pyproject.toml"), os.path.join(dist, "README.md")]
    for folder, _, names in os.walk(os.path.join(dist, "src")):
        if os.path.basename(folder) != "__pycache__":
            found += [os.path.join(folder, name) for name in names]
    return found


def run_pip(python, arguments):
    """Runs pip; what it says is shown only if it fails, and looked through for the network being the cause."""
    command = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    # by environment, because pip starts itself again to fetch what builds need
    env = dict(os.environ, PIP_RETRIES=os.environ.get("PIP_RETRIES", "1"))
    process = subprocess.Popen(command + arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.communicate()[0].decode(errors="replace").strip()
    if process.returncode == 0:
        return
    say(said)
    if any(word in said for word in NO_NETWORK):
        raise Missing(
            "无法连接软件包索引（PyPI）。请检查网络；公司内网请设置 HTTPS_PROXY，或用 PIP_INDEX_URL 指定镜像。\n"
            "The package index (PyPI) cannot be reached. Check the network; behind a company's firewall set "
            "HTTPS_PROXY, or name a mirror in PIP_INDEX_URL."
        )
    raise Missing("安装失败，原因见上方 pip 的信息。\nInstalling failed; pip says above why.")


def install(folder, arguments, paths):
    stamp = os.path.join(folder, "installed-by-bootstrap")
    state = fingerprint(paths)
    if os.path.exists(stamp):
        with open(stamp) as file:
            if file.read() == state:
                return
        os.remove(stamp)
    say("正在安装到 {0}（首次约一分钟）… / installing into {0} (the first time takes about a minute) …".format(folder))
    run_pip(binary(folder, "python"), ["--constraint", os.path.join(ROOT, "constraints.txt")] + arguments)
    with open(stamp, "w") as file:
        file.write(state)


def uv_settings(python):
    """The environment for tox, whose installer does not read pip's settings.

    The same index, the authorities that the system trusts (a company's own among them), and no other Python.
    """
    env = dict(os.environ, UV_PYTHON_DOWNLOADS="never")
    env.setdefault("UV_SYSTEM_CERTS", "true")
    index = os.environ.get("PIP_INDEX_URL", "")
    if not index:
        process = subprocess.Popen(
            [python, "-m", "pip", "config", "get", "global.index-url"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        index = process.communicate()[0].decode().strip()
    if index:
        env.setdefault("UV_DEFAULT_INDEX", index)
    return env


def demo(arguments):
    dists = [os.path.join(ROOT, "core"), os.path.join(ROOT, "sdk")]
    dists += sorted(
        os.path.dirname(path) for path in glob.glob(os.path.join(ROOT, "connectors", "*", "pyproject.toml"))
    )
    folder = environment(".venv")
    paths = [os.path.join(ROOT, "constraints.txt")] + [path for dist in dists for path in sources(dist)]
    install(folder, dists, paths)
    return subprocess.call([binary(folder, "dougong"), "demo"] + arguments)


def test(arguments):
    folder = environment(".venv-tox")
    install(folder, TOOLS, [os.path.join(ROOT, "constraints.txt")])
    python = binary(folder, "python")
    return subprocess.call([python, "-m", "tox"] + arguments, cwd=ROOT, env=uv_settings(python))


def main(arguments):
    commands = {"demo": demo, "test": test}
    if not arguments or arguments[0] not in commands:
        say(__doc__.strip())
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 1
    try:
        check_python()
        status = commands[arguments[0]](arguments[1:])
    except Missing as missing:
        say("", str(missing))
        return 1
    except (IOError, OSError) as error:
        say("", "无法读写或执行 / cannot read, write or run: {0}".format(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
