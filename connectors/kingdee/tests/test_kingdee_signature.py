"""The signature of kingdee.md §2.3, by both of its test vectors."""

from __future__ import annotations

import pytest

from dougong_kingdee.signature import Signer, client_secret

VECTORS = [
    (
        Signer("65a0c1d2e3f4a5", "demo", "210001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "0123456789abcdef" * 2),
        "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.Save.common.kdsvc",
        1700000000,
        "MDE3N2I2PzBrPzg4OD45N3IhK3B1InIk",
        "NzI2MjZlOGJiNjBiYTJkYzM3NTU3NTI0ZGE3YWY4MDhmMDNhMmZmOTc0ZGI4ZWJiYjg0NWFiYWFiNzIwZTczNg==",
        "NjVhMGMxZDJlM2Y0YTUsZGVtbywyMDUyLDA=",
        "MmY2Y2ZjNDgxNWZiNjkxYzA5MjhhOWRmZWE3NjI5N2FlMzdjMzg0YWFiYjNmZGUwMGNjODAyZGE5ZDc1ODUwYg==",
    ),
    (
        Signer(
            "5f3b2c1d0e9f8a",
            "张三",
            "300123_431A7wvE2rka3ZzIx/xKUcTrSKQ8ToPs",
            "fedcba9876543210" * 2,
            lcid=1033,
            org_number="100",
        ),
        "/K3Cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc",
        1767225600,
        "00112233445566778899aabbccddeeff",
        "MjJkMWY5ZWI0Y2E1YWMwMTQzMzYzZWY0YTJhZGEwMGI2YmUxMjg5YzlhM2RkNmE4MGM5M2Q4ODYyMzY1NTcxMw==",
        "NWYzYjJjMWQwZTlmOGEs5byg5LiJLDEwMzMsMTAw",
        "YzRkMGQxM2QyMGJlODI1MzE3MjVkYTgxMzdmYTYwNzNhYmQ3NDhiMzE5YmJkOTJiNWZkNGZmZTg3YTQxODcwMw==",
    ),
]


@pytest.mark.parametrize(
    ("signer", "path", "seconds", "secret", "signature", "data", "app"), VECTORS, ids=["ascii", "chinese user"]
)
def test_vector(signer, path, seconds, secret, signature, data, app):
    assert client_secret(signer.app_id) == (signer.app_id.split("_")[0], secret)
    headers = signer.headers(path, seconds)
    assert headers == {
        "X-Api-ClientID": signer.app_id.split("_")[0],
        "X-Api-Auth-Version": "2.0",
        "x-api-timestamp": str(seconds),
        "x-api-nonce": str(seconds),
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "X-Api-Signature": signature,
        "X-Kd-Appkey": signer.app_id,
        "X-Kd-Appdata": data,
        "X-Kd-Signature": app,
    }


@pytest.mark.parametrize("app_id", ["", "210001", "210001_a_b", "_"])
def test_an_app_id_without_exactly_one_underscore_has_no_secret(app_id):
    assert client_secret(app_id) == ("", "")


def test_secrets_are_not_shown():
    assert "0123456789abcdef" not in repr(VECTORS[0][0])
