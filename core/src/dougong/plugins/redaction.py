"""Keeps secrets and bank accounts out of logs and messages: the last stage before text leaves."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterable

__all__ = ["Redactor", "connection_logger"]

MASK = "***"

_PATTERNS = (
    # credentials by their name, as headers, query, form or JSON
    re.compile(
        r"""(?i)(["']?(?:authorization|cookie|set-cookie|x-kdapi-signature|access_?token|refresh_?token|app_?secret|"""
        r"""client_?secret|password|passwd|pwd)["']?\s*[:=]\s*["']?(?:bearer\s+|basic\s+)?)([^"'\s,;&}]+)"""
    ),
    re.compile(r"(?i)\b((?:bearer|basic)\s+)([A-Za-z0-9._~+/=-]{8,})"),
    re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@]*:)([^\s/@]+)(?=@)"),
)
#: Bank accounts and cards have 15 to 19 digits; ids of that length keep enough of both ends to be recognised.
_ACCOUNT = re.compile(r"(?<!\w)(?<!\d\.)(\d{4})\d{7,11}(\d{4})(?!\w|\.\d)", re.ASCII)


class Redactor(logging.Filter):
    """Masks the secrets of one connection, and what looks like a credential or a bank account.

    Works on text, and as a filter of a logger on whole records: message, arguments, extras and traceback.

    .. versionadded:: 0.1
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        # longest first, so that a secret within another leaves nothing behind; very short ones would mask half the text
        self._secrets = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(lambda match: match[1] + MASK, text)
        return _ACCOUNT.sub(r"\1****\2", text)

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record in place; always lets it pass."""
        message = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            record.exc_info = None
        for name, value in vars(record).items():
            if isinstance(value, str) and name not in ("name", "pathname", "filename", "module", "levelname"):
                setattr(record, name, self(value))
        record.msg, record.args = self(message), None
        return True


def connection_logger(connection: str, redactor: Redactor) -> logging.Logger:
    """The logger that a connection's plugins get; a later redactor of the same connection replaces the former."""
    logger = logging.getLogger(f"dougong.connection.{connection}")
    for former in [item for item in logger.filters if isinstance(item, Redactor)]:
        logger.removeFilter(former)
    logger.addFilter(redactor)
    return logger
