"""A Kingdee that answers at once: Rust reads the requests, a few lines of Python say yes. Nothing is checked or kept.

It numbers what is saved, answers queries with what a voucher of the benchmark looks like, and hands out at `/sent` what
it was sent since it was last asked, so that plain httpx can send the same bodies again.

    python bench/stub.py PORT
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from typing import Any

_numbers = itertools.count(10_000_001)  # beyond the ids of the sandbox, which the same ledger knows
_saved: dict[int, dict[str, Any]] = {}
_submitted: set[int] = set()
_sent: list[tuple[str, str]] = []
_HEADERS = [("content-type", "application/json")]
_OK = (
    '{"Result":{"ResponseStatus":{"ErrorCode":0,"IsSuccess":true,"Errors":[],"SuccessEntitys":'
    '[{"Id":%d,"Number":"%d","DIndex":0}],"SuccessMessages":[],"MsgCode":0},'
    '"Id":%d,"Number":"%d","NeedReturnData":[{}]}}'
)


async def app(scope: Any, protocol: Any) -> None:
    """One request, one answer (granian's RSGI)."""
    body = (await protocol()).decode()
    if scope.path == "/sent":
        protocol.response_str(200, _HEADERS, json.dumps(_sent))
        _sent.clear()
        return
    _sent.append((scope.path, body))
    operation = scope.path.rsplit(".", 3)[-3]
    protocol.response_str(200, _HEADERS, _answer(operation, body))


def _answer(operation: str, body: str) -> str:
    if operation == "Save":
        number = next(_numbers)
        _saved[number] = json.loads(body)["data"]["Model"]
        return _OK % (number, number, number, number)
    if operation == "Submit":
        number = int(re.search(r'"Ids":\s*"?(\d+)', body).group(1))  # type: ignore[union-attr] - our own body
        _submitted.add(number)
        return _OK % (number, number, number, number)
    if operation == "ExecuteBillQuery":
        return _rows(json.loads(body)["data"])
    return "[]"


def _rows(query: dict[str, Any]) -> str:
    keys = query["FieldKeys"].split(",")
    wanted = re.search(r"FVOUCHERID\s*=\s*(\d+)", query["FilterString"])
    number = int(wanted.group(1)) if wanted else 0
    model = _saved.get(number)
    if model is None:
        return "[]"
    return json.dumps([[_field(key, number, model, line) for key in keys] for line in enumerate(model["FEntity"], 1)])


def _field(key: str, number: int, model: dict[str, Any], numbered: tuple[int, dict[str, Any]]) -> Any:
    position, line = numbered
    if key == "FVOUCHERID":
        return number
    if key == "FDocumentStatus":
        return "B" if number in _submitted else "A"
    if key == "FEntity_FEntryID":
        return position
    if key == "FCURRENCYID.FCODE":
        return "CNY"
    if key == "FVOUCHERGROUPID.FName":
        return "记"
    if key in ("FVOUCHERGROUPNO", "FBillNo"):
        return str(number)
    head, _, tail = key.partition(".")
    value = line.get(head, model.get(head))
    return value.get(tail) if tail and isinstance(value, dict) else value


if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "stub:app", address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.RSGI, log_enabled=False
    ).serve()
