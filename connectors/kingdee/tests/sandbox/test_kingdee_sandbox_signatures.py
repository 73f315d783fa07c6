"""The test vectors of kingdee.md §2.3."""

from __future__ import annotations

import base64

import pytest

from dougong_kingdee.sandbox import signatures

BUSINESS = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService"
VECTORS = [
    {
        "path": f"/k3cloud/{BUSINESS}.Save.common.kdsvc",
        "time": "1700000000",
        "data": ("65a0c1d2e3f4a5", "demo", "2052", "0"),
        "app": "210001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
        "secret": "0123456789abcdef0123456789abcdef",
        "client": "MDE3N2I2PzBrPzg4OD45N3IhK3B1InIk",
        "api": "NzI2MjZlOGJiNjBiYTJkYzM3NTU3NTI0ZGE3YWY4MDhmMDNhMmZmOTc0ZGI4ZWJiYjg0NWFiYWFiNzIwZTczNg==",
        "appdata": "NjVhMGMxZDJlM2Y0YTUsZGVtbywyMDUyLDA=",
        "kd": "MmY2Y2ZjNDgxNWZiNjkxYzA5MjhhOWRmZWE3NjI5N2FlMzdjMzg0YWFiYjNmZGUwMGNjODAyZGE5ZDc1ODUwYg==",
        "sha256": "2216dcf1230170db1163d7377ad8d443ae16c27206197373c92e2dcc3edc8fd2",
        "sha1": "aeaa35f0ae7b2321cb9a88688fb90791343f2400",
    },
    {
        "path": f"/K3Cloud/{BUSINESS}.ExecuteBillQuery.common.kdsvc",
        "time": "1767225600",
        "data": ("5f3b2c1d0e9f8a", "张三", "1033", "100"),
        "app": "300123_431A7wvE2rka3ZzIx/xKUcTrSKQ8ToPs",
        "secret": "fedcba9876543210fedcba9876543210",
        "client": "00112233445566778899aabbccddeeff",
        "api": "MjJkMWY5ZWI0Y2E1YWMwMTQzMzYzZWY0YTJhZGEwMGI2YmUxMjg5YzlhM2RkNmE4MGM5M2Q4ODYyMzY1NTcxMw==",
        "appdata": "NWYzYjJjMWQwZTlmOGEs5byg5LiJLDEwMzMsMTAw",
        "kd": "YzRkMGQxM2QyMGJlODI1MzE3MjVkYTgxMzdmYTYwNzNhYmQ3NDhiMzE5YmJkOTJiNWZkNGZmZTg3YTQxODcwMw==",
        "sha256": "14952146a5b1d9eeb2e8cf915a8d5f5d2ec28f7db9540d38851fd2e9b6d05746",
        "sha1": "ab8b5c99f02cc8df21807bbc00610ca8a59fd28d",
    },
]


@pytest.mark.parametrize("vector", VECTORS, ids=["ascii", "non-ascii"])
def test_vector(vector):
    app, time, data = vector["app"], vector["time"], ",".join(vector["data"])
    assert signatures.client_secret(app) == vector["client"]
    assert signatures.api_signature(app, vector["path"], time, time) == vector["api"]
    assert base64.b64encode(data.encode()).decode() == vector["appdata"]
    assert signatures.app_signature(app, vector["secret"], data) == vector["kd"]
    account, user = vector["data"][:2]
    expected = {vector["sha256"], vector["sha1"]}
    assert signatures.login_signatures(account, user, app, vector["secret"], time) == expected


@pytest.mark.parametrize("app", ["", "210001", "210001_short", "a_b_c", "210001_" + "!" * 32])
def test_an_app_id_that_hides_no_secret(app):
    assert signatures.client_secret(app) == ""


def test_des_of_validate_user_en_de_code():
    # made with OpenSSL: printf demo | openssl enc -des-cbc -K 4b696e676465654b -iv 4b696e676465654b -base64
    assert signatures.decode_des("8pgy+w4WguM=") == "demo"
    with pytest.raises(ValueError, match=r".*"):
        signatures.decode_des("not base64")
