"""`pytest --connector NAME`: one test per rule and way to try it, a level at the end, `conformance.json` beside it.

pytest loads this module wherever the SDK is installed; nothing else of the SDK is imported without `--connector`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dougong_sdk.conformance.session import Certification

#: The file that stands for all rules among pytest's arguments.
CERTIFY = Path(__file__).with_name("certify.toml")

_KEY: pytest.StashKey[Certification] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of certification."""
    group = parser.getgroup("dougong", "certification of a connector (Dougong)")
    group.addoption("--connector", metavar="NAME", help="certify the installed connector NAME against its sandbox")
    group.addoption(
        "--conformance-out", metavar="FILE", help="where the result goes (conformance.json); FILE.html beside it"
    )
    group.addoption("--record", metavar="DIR", help="make one voucher's exchange with the sandbox and keep it in DIR")
    group.addoption("--replay", metavar="DIR", help="make the same exchange from DIR, without a sandbox")


def pytest_configure(config: pytest.Config) -> None:
    """With `--connector`, the rules stand in for the tests of the folder; paths that are named run as well."""
    name = config.getoption("--connector")
    if not name:
        return
    from dougong_sdk.conformance.session import Certification

    config.stash[_KEY] = Certification(name, config)
    config.pluginmanager.register(config.stash[_KEY], "dougong-certification")
    if str(CERTIFY) not in config.args:
        named = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
        config.args = [*named, str(CERTIFY)]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The rules, where they are asked for."""
    if file_path != CERTIFY or _KEY not in parent.config.stash:
        return None
    from dougong_sdk.conformance.session import RulesFile

    return RulesFile.from_parent(parent, path=file_path)
