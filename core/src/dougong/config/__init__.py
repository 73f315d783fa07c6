"""`dougong.toml`: read once, frozen, checked, with the file, line and key of whatever is wrong.

`load` reads a project's file; `build_settings` fills a connector's own settings class. Secrets are references
(`{ env = … }`, `{ file = … }`, `{ keyring = … }`) and are resolved only when a connection is opened.
"""

from __future__ import annotations

from dougong.config.errors import ConfigError, Places
from dougong.config.load import FILE_NAME, load, parse
from dougong.config.model import (
    Approve,
    Breaker,
    Config,
    Connection,
    Credential,
    Limits,
    Moment,
    Plugins,
    Project,
    Route,
    Server,
)
from dougong.config.schema import schema
from dougong.config.secrets import SecretRef
from dougong.config.settings import build_settings, references, secret_values

__all__ = [
    "FILE_NAME",
    "Approve",
    "Breaker",
    "Config",
    "ConfigError",
    "Connection",
    "Credential",
    "Limits",
    "Moment",
    "Places",
    "Plugins",
    "Project",
    "Route",
    "SecretRef",
    "Server",
    "build_settings",
    "load",
    "parse",
    "references",
    "schema",
    "secret_values",
]
