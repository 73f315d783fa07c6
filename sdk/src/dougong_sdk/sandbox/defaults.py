"""What a new project needs to talk to a sandbox that nobody has configured (`dougong init --sandbox NAME=URL`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

__all__ = ["ProjectDefaults"]


@frozen(kw_only=True)
class ProjectDefaults:
    """Settings, credentials and codes that fit a sandbox's default seed; a sandbox's `project_defaults()` returns them.

    :param url_setting: the connector's setting that takes the sandbox's address.
    :param ca_setting: the setting that takes the file of its certificate authority; empty = none.
    :param settings: the connector's other settings.
    :param secrets: name → value; `init` writes each into a file of its own.
    :param auditor: plain values of the second credential, `auditor_secrets` its secrets.
    :param codes: rows of the code tables: table, our code, the ERP's code.
    :param standard_tables: code tables that hold in every installation of the product, not only in the sandbox.
    :param book_tables: code tables whose rows are about account books: a project's further book gets such rows, too.

    .. versionadded:: 0.1
    """

    url_setting: str = "base_url"
    ca_setting: str = ""
    settings: Mapping[str, Any] = field(factory=dict)
    secrets: Mapping[str, str] = field(factory=dict)
    auditor: Mapping[str, str] = field(factory=dict)
    auditor_secrets: Mapping[str, str] = field(factory=dict)
    codes: Sequence[tuple[str, str, str]] = ()
    standard_tables: Sequence[str] = ()
    book_tables: Sequence[str] = ("account_book",)
