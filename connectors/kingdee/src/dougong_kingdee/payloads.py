"""A voucher's payload: what Kingdee would refuse or wrongly take, and the bytes of its Save (kingdee.md §4, §6.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dougong.formats import json_text
from dougong.model.problems import DougongError, Problem

__all__ = ["MAX_EXPLANATION", "MAX_LINES", "payload_problems", "save_body"]

#: Characters of FEXPLANATION (kingdee.md §6.1: about 250); most lines that we put into one voucher.
MAX_EXPLANATION = 250
MAX_LINES = 999

_AMOUNTS = ("FDEBIT", "FCREDIT", "FAMOUNTFOR")


def save_body(models: Sequence[Mapping[str, Any]]) -> bytes:
    """The bytes of a Save, or of a BatchSave when there are several models.

    Texts as they are, decimals as numbers with every digit; the same models, the same bytes. Base data is verified by
    the ERP (`IsVerifyBaseDataField`), since it would otherwise leave an unknown code empty.
    Several vouchers are saved one after the other (`BatchCount` 1), so that their numbers follow their order.

    :raises DougongError: `VOUCHER_ID_GIVEN`: a model would overwrite a voucher.
    """
    if any(model.get("FVOUCHERID") not in (None, 0) for model in models):
        raise DougongError(_overwrites())
    data: dict[str, Any] = {"NeedReturnFields": ["FBillNo", "FVOUCHERGROUPNO"], "IsVerifyBaseDataField": True}
    data |= {"Model": models[0]} if len(models) == 1 else {"BatchCount": 1, "Model": list(models)}
    return json_text.dumps({"formid": "GL_VOUCHER", "data": data}, numbers=True, other=_plain).encode()


def _plain(value: object) -> Any:
    """Dates as Kingdee writes them."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, dt.date) else None


def payload_problems(model: Mapping[str, Any], rate_tolerance: Decimal) -> Iterable[Problem]:
    """What Kingdee would refuse, or worse, would take: an id overwrites a voucher, and balance may be checked late.

    :param rate_tolerance: most by which original amount × rate may differ from the amount in functional currency.
    """
    if model.get("FVOUCHERID") not in (None, 0):
        yield _overwrites()
    for path in ("FAccountBookID.FNumber", "FVOUCHERGROUPID.FNumber", "FDate"):
        if not _at(model, path):
            yield _missing(path)
    lines = model.get("FEntity") or ()
    if not 2 <= len(lines) <= MAX_LINES:
        yield Problem.of(
            "LINES_LIMIT",
            f"凭证有 {len(lines)} 行分录, 应为 2 至 {MAX_LINES} 行",
            f"the voucher has {len(lines)} lines; 2 to {MAX_LINES} are possible",
            path="FEntity",
        )
    for index, line in enumerate(lines):
        for problem in (*_line_problems(line), *_rate_problems(line, rate_tolerance)):
            yield problem.at(f"FEntity[{index}]")
    yield from _balance(lines)


def _line_problems(line: Mapping[str, Any]) -> Iterator[Problem]:
    for path in ("FACCOUNTID.FNumber", "FCURRENCYID.FNumber", "FEXCHANGERATETYPE.FNumber"):
        if not _at(line, path):
            yield _missing(path)
    length = len(str(line.get("FEXPLANATION") or ""))
    if length > MAX_EXPLANATION:
        yield Problem.of(
            "SUMMARY_TOO_LONG",
            f"摘要有 {length} 个字符, 最多 {MAX_EXPLANATION}",
            f"the text has {length} characters, at most {MAX_EXPLANATION} are possible",
            path="FEXPLANATION",
        )
    if not isinstance(line.get("FDetailID", {}), Mapping):
        yield Problem.of("FIELD_INVALID", "FDetailID 必须是一个对象", "FDetailID must be one object", path="FDetailID")
    for key in _AMOUNTS:
        if not isinstance(line.get(key, 0), int | Decimal):
            zh, en = f"{key} 必须是精确数字", f"{key} must be an exact number"
            yield Problem.of("FIELD_INVALID", zh, en, path=key)
    if bool(_amount(line, "FDEBIT")) is bool(_amount(line, "FCREDIT")):
        zh, en = "分录须有借方或贷方金额且只能有一个", "a line has either a debit or a credit"
        yield Problem.of("FIELD_INVALID", zh, en, path="FDEBIT")


def _rate_problems(line: Mapping[str, Any], tolerance: Decimal) -> Iterator[Problem]:
    """Original amount × rate is the amount in functional currency, nearly: each is rounded by itself."""
    rate, original = _amount(line, "FEXCHANGERATE"), _amount(line, "FAMOUNTFOR")
    debit, credit = _amount(line, "FDEBIT"), _amount(line, "FCREDIT")
    amount = debit or credit
    if (
        not rate
        or not original
        or (debit and credit)
        or abs(original * rate - amount) <= (0 if rate == 1 else tolerance)
    ):
        return
    yield Problem.of(
        "RATE_MISMATCH",
        f"原币 {original} × 汇率 {rate} = {original * rate}, 与本位币 {amount} 相差超过 {tolerance}",
        f"original amount {original} × rate {rate} = {original * rate}, which is more than {tolerance} off {amount}",
        path="FAMOUNTFOR",
        hint_zh="请核对汇率; 金蝶允许更大差异时调整 rate_tolerance",
        hint_en="check the rate; where Kingdee takes more than that, raise rate_tolerance",
    )


def _balance(lines: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    difference = sum((_amount(line, "FDEBIT") - _amount(line, "FCREDIT") for line in lines), Decimal(0))
    if difference:
        yield Problem.of(
            "NOT_BALANCED",
            f"借贷不平, 差额 {difference}",
            f"debits and credits differ by {difference}",
            path="FEntity",
            difference=str(difference),
        )


def _amount(line: Mapping[str, Any], key: str) -> Decimal:
    value = line.get(key)
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(0)


def _at(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _missing(path: str) -> Problem:
    return Problem.of(
        "FIELD_MISSING",
        f"缺少必填字段 {path}",
        f"the required field {path} is missing",
        path=path,
        hint_zh="请检查字段映射与代码表",
        hint_en="check the mapping and the code tables",
    )


def _overwrites() -> Problem:
    return Problem.of(
        "VOUCHER_ID_GIVEN",
        "FVOUCHERID 必须为 0, 否则会覆盖已有凭证",
        "FVOUCHERID must be 0: an id overwrites that voucher",
        path="FVOUCHERID",
        hint_zh="请从字段映射中去掉 FVOUCHERID",
        hint_en="take FVOUCHERID out of the mapping",
    )
