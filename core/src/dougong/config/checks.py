"""What the parts of a configuration must say of each other: names that exist, routes that agree, sensible numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from dougong.config.model import Config, Connection, Route, Server, connection_unknown
from dougong.config.positions import Path
from dougong.model import words
from dougong.model.postings import Stage
from dougong.model.problems import Problem

__all__ = ["problems_between"]

Located = Iterator[tuple[Path, Problem]]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII)
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?", re.ASCII)
_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@")


def problems_between(config: Config) -> Located:
    """Every contradiction of a configuration that is well-formed, with the path of its key."""
    yield from _ledger(config)
    yield from _server(config.server)
    for connection in config.connections.values():
        yield from _connection(connection)
    for index, route in enumerate(config.routes):
        if route.connection not in config.connections:
            yield ("routes", index, "connection"), connection_unknown(route.connection, config.connections)
    for (_, first), (second_index, second) in combinations(enumerate(config.routes), 2):
        if _tie(first, second, config.routes):
            yield ("routes", second_index), _tied(first, second)


def _ledger(config: Config) -> Located:
    ledger = config.project.ledger
    if isinstance(ledger, str) and _PASSWORD.search(ledger):
        yield (
            ("project", "ledger"),
            Problem.of(
                "SECRET_IN_PLAIN",
                "数据库密码不能直接写在配置里",
                "a database password must not stand in the configuration",
                hint_zh='请写 ledger = { env = "DOUGONG_LEDGER" }, 变量中放完整的 URL',
                hint_en='write ledger = { env = "DOUGONG_LEDGER" } and put the whole URL there',
            ),
        )


def _server(server: Server) -> Located:
    if server.public_url is not None and not _ADDRESS.fullmatch(server.public_url):
        yield (
            ("server", "public_url"),
            Problem.of(
                "CONFIG_VALUE",
                "应为地址, 不含密码与参数, 例: https://dougong.example.com",
                "has to be an address without password and query, for example https://dougong.example.com",
            ),
        )
    lowest = {"callback_limit": 1, "document_limit": 1, "body_seconds": 0.1}
    for key, least in lowest.items():
        if getattr(server, key) < least:
            yield ("server", key), _too_small(least)


def _too_small(least: float) -> Problem:
    return Problem.of("CONFIG_VALUE", f"不能小于 {least}", f"must not be less than {least}")


def _connection(connection: Connection) -> Located:
    path: Path = ("connections", connection.name)
    if not _NAME.fullmatch(connection.name):
        yield (
            path,
            Problem.of(
                "CONFIG_VALUE",
                "连接名只能用字母, 数字, _ 和 -, 且以字母或数字开头",
                "a connection's name has letters, digits, _ and - only and starts with a letter or digit",
                hint_zh="它也用作目录名和网址",
                hint_en="it is a folder's name and part of an address, too",
            ),
        )
    if connection.target_stage.rank >= Stage.AUDITED.rank and connection.auditor is None:
        yield (
            (*path, "target_stage"),
            Problem.of(
                "AUDITOR_MISSING",
                f"目标状态“{words.stage(connection.target_stage).zh}”需要第二个账号 (制单与审核分离)",
                f"target_stage {connection.target_stage} needs a second credential: maker is not checker",
                hint_zh=f"请增加 [connections.{connection.name}.auditor], 或用 submitted 由人审核",
                hint_en=f"add [connections.{connection.name}.auditor], or keep submitted and let a person audit",
            ),
        )
    if doubled := sorted({name for name in connection.addons if connection.addons.count(name) > 1}):
        names = ", ".join(doubled)
        yield (*path, "addons"), Problem.of("CONFIG_VALUE", f"重复: {names}", f"named twice: {names}")
    if (approve := connection.approve) is not None:
        if approve.above is not None and approve.above < 0:
            yield (*path, "approve", "above"), _too_small(0)
        if approve.moments == ():
            yield (
                (*path, "approve", "moments"),
                Problem.of(
                    "CONFIG_VALUE",
                    "为空则没有凭证需要审批",
                    "is empty: no voucher would need approval",
                    hint_zh="删去该键表示所有时点",
                    hint_en="leave the key out for all moments",
                ),
            )
    yield from _numbers(connection, path)


def _numbers(connection: Connection, path: Path) -> Located:
    limits = connection.limits
    lowest: list[tuple[Path, float | None, float]] = [
        (("settle",), connection.settle, 0),
        (("limits", "concurrency"), limits.concurrency, 1),
        (("limits", "batch"), limits.batch, 1),
        (("limits", "rate"), limits.rate, 0.001),
        (("limits", "deadline"), limits.deadline, 0.001),
        (("limits", "breaker", "failures"), limits.breaker.failures, 1),
        (("limits", "breaker", "open_seconds"), limits.breaker.open_seconds, 0),
    ]
    for key, value, least in lowest:
        if value is not None and value < least:
            yield (*path, *key), _too_small(least)


def _tie(first: Route, second: Route, routes: tuple[Route, ...]) -> bool:
    """Whether some booking fits both equally well and no other route decides."""
    if (first.entity, first.book) != (second.entity, second.book) or first.specificity != second.specificity:
        return False
    if first.specificity == 1 and (first.moment is None) != (second.moment is None):
        moment, document = first.moment or second.moment, first.document or second.document
        decided = [(route.entity, route.book, route.moment, route.document) for route in routes]
        return (first.entity, first.book, moment, document) not in decided
    return (first.moment, first.document) == (second.moment, second.document)


def _tied(first: Route, second: Route) -> Problem:
    zh = f"与另一条路由 (→ {first.connection}) 同样具体: 法人 {first.entity} 账簿 {first.book} 会被记两次"
    en = f"ties with the route to {first.connection}: entity {first.entity}, book {first.book} would be booked twice"
    same = (first.moment, first.document) == (second.moment, second.document)
    return Problem.of(
        "ROUTE_TIE",
        zh,
        en,
        hint_zh="请删除其中一条" if same else "请增加一条同时给出 moment 和 document 的路由",
        hint_en="remove one of them" if same else "add a route that names both moment and document",
    )
