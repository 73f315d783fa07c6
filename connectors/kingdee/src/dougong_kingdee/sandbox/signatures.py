"""What the server calculates to check a client (kingdee.md §2.1–2.3).

Written from the description and sharing nothing with the connector, so that one can judge the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from urllib.parse import quote, unquote

__all__ = ["api_signature", "app_signature", "client_secret", "decode_des", "login_signatures", "split_app_id"]

_MASK = b"0054f397c6234378b09ca7d3e5debce7"
_DES_KEY = b"KingdeeK"


def split_app_id(app_id: str) -> tuple[str, str]:
    """Client id and the text that hides the client secret; both empty unless there is exactly one underscore."""
    parts = app_id.split("_")
    return (parts[0], parts[1]) if len(parts) == 2 else ("", "")


def client_secret(app_id: str) -> str:
    """The client secret hidden in an AppID; empty if it holds none."""
    hidden = split_app_id(app_id)[1]
    if len(hidden) != 32:
        return ""
    try:
        plain = base64.b64decode(hidden, validate=True)
    except binascii.Error:
        return ""
    return base64.b64encode(bytes(a ^ b for a, b in zip(plain, _MASK, strict=False))).decode()


def _b64hex(key: str, message: str) -> str:
    mac = hmac.new(key.encode(), message.encode(), hashlib.sha256)
    return base64.b64encode(mac.hexdigest().encode()).decode()


def api_signature(app_id: str, path: str, nonce: str, timestamp: str) -> str:
    """``X-Api-Signature`` over the path as it was sent."""
    encoded = quote(unquote(path), safe="")
    return _b64hex(client_secret(app_id), f"POST\n{encoded}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n")


def app_signature(app_id: str, app_secret: str, app_data: str) -> str:
    """``X-Kd-Signature`` over the AppID and the application data before base64."""
    return _b64hex(app_secret, app_id + app_data)


def login_signatures(account: str, user: str, app_id: str, app_secret: str, timestamp: str) -> set[str]:
    """The signs that LoginBySign takes: SHA-256 of newer servers and SHA-1 of older ones."""
    text = "".join(sorted([account, user, app_id, app_secret, timestamp])).encode()
    return {hashlib.sha256(text).hexdigest(), hashlib.sha1(text).hexdigest()}  # noqa: S324 - the wire format says so


def decode_des(text: str) -> str:
    """Undo the encoding of ValidateUserEnDeCode: DES-CBC, key = IV, PKCS#7, base64.

    :raises ValueError: if it is not that.
    """
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES  # three equal keys are plain DES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    decryptor = Cipher(TripleDES(_DES_KEY * 3), modes.CBC(_DES_KEY)).decryptor()
    padded = decryptor.update(base64.b64decode(text, validate=True)) + decryptor.finalize()
    unpadder = PKCS7(64).unpadder()
    return (unpadder.update(padded) + unpadder.finalize()).decode()
