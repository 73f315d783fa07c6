"""Signed headers of a third-party app (kingdee.md §2.3): no login call, every request proves itself."""

from __future__ import annotations

import base64
import hmac
from urllib.parse import quote

import attrs

__all__ = ["Signer", "client_secret"]

#: Mask of the client secret, as the vendor's SDK has it.
_MASK = b"0054f397c6234378b09ca7d3e5debce7"


def client_secret(app_id: str) -> tuple[str, str]:
    """Client id and client secret hidden in an app id; both empty unless it has exactly one underscore."""
    client, _, hidden = app_id.partition("_")
    if not hidden or "_" in hidden:
        return "", ""
    plain = bytes(a ^ b for a, b in zip(base64.b64decode(hidden), _MASK, strict=False))
    return client, base64.b64encode(plain).decode()


def _b64hex(key: str, message: str) -> str:
    """Base64 over the hexadecimal text of an HMAC-SHA256."""
    return base64.b64encode(hmac.digest(key.encode(), message.encode(), "sha256").hex().encode()).decode()


@attrs.define
class Signer:
    """Makes the headers for one user of one app.

    .. versionadded:: 0.1
    """

    acct_id: str
    user: str
    app_id: str
    app_secret: str = attrs.field(repr=False)
    lcid: int = 2052
    org_number: str = "0"
    _client: tuple[str, str] = attrs.field(init=False, repr=False)
    _fixed: dict[str, str] = attrs.field(init=False, repr=False)
    _latest: dict[str, dict[str, str]] = attrs.field(init=False, repr=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self._client = client_secret(self.app_id)
        data = f"{self.acct_id},{self.user},{self.lcid},{self.org_number}"
        self._fixed = {
            "X-Api-ClientID": self._client[0],
            "X-Api-Auth-Version": "2.0",
            "x-api-signheaders": "x-api-timestamp,x-api-nonce",
            "X-Kd-Appkey": self.app_id,
            "X-Kd-Appdata": base64.b64encode(data.encode()).decode(),
            "X-Kd-Signature": _b64hex(self.app_secret, self.app_id + data),
        }

    def headers(self, path: str, seconds: int) -> dict[str, str]:
        """Headers for a POST to `path` (whole path of the address), `seconds` since 1970; the body is not signed.

        Within a second they are the same for each path, so the latest ones are remembered.
        """
        stamp = str(seconds)
        latest = self._latest.get(path)
        if latest is None or latest["x-api-timestamp"] != stamp:
            latest = self._latest[path] = self._signed(path, stamp)
        return latest

    def _signed(self, path: str, stamp: str) -> dict[str, str]:
        text = f"POST\n{quote(path, safe='')}\n\nx-api-nonce:{stamp}\nx-api-timestamp:{stamp}\n"
        signature = _b64hex(self._client[1], text)
        return {**self._fixed, "x-api-timestamp": stamp, "x-api-nonce": stamp, "X-Api-Signature": signature}
