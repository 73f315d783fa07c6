from __future__ import annotations

import logging

import pytest

from dougong.plugins import Redactor
from dougong.plugins.redaction import connection_logger


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ("secret s3cr3t here", "secret *** here", "s3cr3t"),
        ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***", "abc.def"),
        ("{'Cookie': 'kdservice=1'}", "Cookie", "kdservice"),
        ('{"password": "pw1"}', '"password": "***"', "pw1"),
        ("appSecret=x1y2&lcid=2052", "lcid=2052", "x1y2"),
        ("postgresql://u:pw1@db/x", "postgresql://u:***@db/x", "pw1"),
        ("账号 6222020200001234567 不存在", "6222****4567", "0200001"),
        ("card 6222021234567890.", "6222****7890", "0212345"),
        ("token: Basic dXNlcjpwYXNz", "***", "dXNlcjpwYXNz"),
    ],
)
def test_what_is_masked(text, kept, gone):
    redacted = Redactor(["s3cr3t"])(text)
    assert kept in redacted
    assert gone not in redacted


@pytest.mark.parametrize(
    "text",
    [
        "amount 12345678.90",
        "voucher 记-44 of 2026-11",
        "reference DG8K2M4N6P8R0T2V4X6Z",
        "at 1732400000123",
        "id 100001",
    ],
)
def test_what_is_kept(text):
    assert Redactor(["s3cr3t"])(text) == text


def test_the_longest_secret_goes_first_and_short_ones_would_mask_everything():
    assert Redactor(["abcd", "abcdefgh", "a", ""])("x abcdefgh a") == "x *** a"


def test_a_logger_masks_message_arguments_extras_and_traceback(caplog):
    log = connection_logger("erp", Redactor(["s3cr3t"]))
    try:
        int("with s3cr3t")
    except ValueError:
        log.exception("call %s failed: %s", 1, {"key": "s3cr3t"}, extra={"body": "s3cr3t"})
    (record,) = caplog.records
    assert record.getMessage() == "call 1 failed: {'key': '***'}"
    assert record.body == "***"
    assert "with ***" in logging.Formatter().format(record)
    assert "s3cr3t" not in logging.Formatter().format(record) + str(vars(record))


def test_a_new_redactor_replaces_the_former(caplog):
    connection_logger("erp", Redactor(["first-secret"]))
    log = connection_logger("erp", Redactor(["second-secret"]))
    log.warning("first-secret second-secret")
    assert caplog.records[0].getMessage() == "first-secret ***"
    assert len([item for item in log.filters if isinstance(item, Redactor)]) == 1


def test_repr_tells_no_secret():
    assert repr(Redactor(["s3cr3t"])) == "Redactor(1 secrets)"
