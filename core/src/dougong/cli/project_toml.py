"""The text of a new project's `dougong.toml`: few keys, each with its reason in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

__all__ = ["Erp", "Source", "config_text", "toml_value"]

_HEAD = """\
# 斗拱项目配置; 修改后运行 dougong check        Dougong project; after a change run: dougong check
# 密钥只写引用, 不写明文                        secrets by reference only:
#   {{ file = "secrets/…" }}   {{ env = "NAME" }}   {{ keyring = "service/user" }}

[project]
name   = {name}
locale = "zh"                    # 写入 ERP 的文字       language of texts that end in the ERP
"""

_ERP = """\

# ---------------------------------------------------------------------------------------------------- ERP: {name}
[connections.{name}]
connector    = {connector}
{stage}{settle}
[connections.{name}.settings]
{settings}
[connections.{name}.secrets]
{secrets}{auditor}"""

_STAGE = """\
target_stage = "submitted"       # 提交后由人审核; 改为 "audited" 则由下面的 auditor 审核
                                 # a person audits; with "audited" the auditor below does
"""

_AUDITOR = """\

[connections.{name}.auditor]     # 第二账号: 制单与审核分离      second credential: maker is not checker
{auditor}"""

_SETTLE = """\
settle       = 2.0               # 沙箱专用: 应答丢失后等待的秒数, 真实 ERP 请删除此行
                                 # for a sandbox: seconds to wait after a lost answer; remove it for a real ERP
"""

_SOURCE = """\

# ------------------------------------------------------------------------------------------- 费用系统 source: {name}
[connections.{name}]
connector = {connector}

[connections.{name}.settings]
{settings}"""

_ROUTES = """\

# ------------------------------------------------------------------------------------------------- 路由 routes
# 法人 → 账簿 → 连接; 可加 moment = "loan" 或 document = "expense"
# entity → book → connection; moment = "loan" or document = "expense" may be added
"""

_SHORT = """\

# 同一法人在单据中的简称; 不需要时删除
# the same entity by its short name in documents; remove what is not needed
"""

_OTHER = """\

# 另一法人, 账簿在另一 ERP              another entity, whose book is in another ERP
"""


@attrs.frozen
class Erp:
    """A connection to an ERP.

    :param book: our account book that it keeps.
    :param settings: plain values; `secrets`: name → file with the secret; likewise for the second credential, which an
        ERP without stages has no use for.
    :param sandbox: whether it is a sandbox: its calls are over within seconds.
    """

    name: str
    connector: str
    book: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    auditor: Mapping[str, str]
    auditor_secrets: Mapping[str, str]
    sandbox: bool


@attrs.frozen
class Source:
    """A connection to an expense system."""

    name: str
    settings: Mapping[str, Any]


def config_text(
    project: str,
    entity: str,
    erps: Sequence[Erp],
    sources: Sequence[Source],
    *,
    short: str = "",
    other: Erp | None = None,
    other_entity: str = "",
) -> str:
    """The whole file.

    :param short: another name that documents use for the entity.
    :param other: who keeps the book of another entity; the short name then means the first book alone, so that a
        report of both entities has one voucher in each of two ERPs.
    """
    parts = [_HEAD.format(name=toml_value(project))]
    parts += [_erp(erp) for erp in erps]
    parts += [
        _SOURCE.format(name=one.name, connector=toml_value(one.name), settings=_keys(one.settings)) for one in sources
    ]
    parts.append(_ROUTES)
    parts += [_route(entity, erp) for erp in erps]
    if short:
        parts.append(_SHORT)
        parts += [_route(short, erp) for erp in (erps if other is None else erps[:1])]
    if other is not None:
        parts += [_OTHER, _route(other_entity, other)]
    return "\n".join("".join(parts).splitlines()) + "\n"


def _erp(erp: Erp) -> str:
    auditor = {**erp.auditor, **_files(erp.auditor_secrets)}
    return _ERP.format(
        name=erp.name,
        connector=toml_value(erp.connector),
        stage=_STAGE if auditor else "",
        settle=_SETTLE if erp.sandbox else "",
        settings=_keys(erp.settings),
        secrets=_keys(_files(erp.secrets)),
        auditor=_AUDITOR.format(name=erp.name, auditor=_keys(auditor)) if auditor else "",
    )


def _files(secrets: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"file": file} for name, file in secrets.items()}


def _route(entity: str, erp: Erp) -> str:
    values = {"entity": entity, "book": erp.book, "connection": erp.name}
    return f"\n[[routes]]\n{_keys(values)}"


def _keys(values: Mapping[str, Any]) -> str:
    width = max(map(len, values), default=0)
    return "".join(f"{name:{width}} = {toml_value(value)}\n" for name, value in values.items())


def toml_value(value: Any) -> str:
    """A value as TOML; tables inline.

    :raises TypeError: for what a settings table does not hold.
    """
    if isinstance(value, str):
        # a JSON text is a basic string of TOML, but for DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Mapping):
        members = ", ".join(f"{_key(name)} = {toml_value(member)}" for name, member in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    raise TypeError(f"no TOML for {type(value).__name__}")


def _key(name: str) -> str:
    return name if name in ("file", "env", "keyring") or re.fullmatch(r"[a-z_]+", name) else toml_value(name)
