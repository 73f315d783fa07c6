"""The connector as core meets it."""

from __future__ import annotations

import pluggy
import pytest

from dougong.hookspecs import ConnectorSpec
from dougong_hesi.connector import HesiConnector
from dougong_hesi.privacy import mask, mask_text
from dougong_hesi.settings import HesiSettings


def test_a_pure_source():
    manager = pluggy.PluginManager("dougong")
    manager.add_hookspecs(ConnectorSpec)
    manager.register(HesiConnector())
    manager.check_pending()
    assert manager.hook.operations() == ()
    assert {name for name in dir(manager.hook) if name[0] != "_" and getattr(manager.hook, name).get_hookimpls()} == {
        "operations",
        "read_documents",
    }


def test_entry_point():
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="dougong.connectors", name="hesi")
    assert entry.load() is HesiConnector
    assert HesiConnector.about.product == "hesi"
    assert HesiConnector.about.settings is HesiSettings


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"zone": "Asia/Nowhere"}, "Asia/Nowhere"),
        ({"zone": "../etc"}, "zone"),
        ({"currency": "RMB"}, "RMB"),
        ({"fee_type": "path"}, "code, name, id"),
        ({"employee": "name"}, "employee"),
        ({"department": "name"}, "department"),
        ({"missing_invoice": "guess"}, "missing_invoice"),
    ],
)
def test_wrong_settings_name_themselves(wrong, named):
    with pytest.raises(ValueError, match=named):
        HesiSettings(**wrong)


def test_zone_of_the_tenant(read, flow, line):
    assert read(flow).document.lines[0].expense_date.isoformat() == "2024-11-12"
    assert read(flow, zone="America/New_York").document.lines[0].expense_date.isoformat() == "2024-11-11"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a@b.cn 找我", "*** 找我"),
        ("+86 13912345678", "***"),
        ("11010519491231002X", "***"),
        ("6222021234567890123", "***"),
        ("发票 26312000000000000001", "发票 26312000000000000001"),
        ("发票 67083249 代码 042001900211", "发票 67083249 代码 042001900211"),
    ],
)
def test_masking(text, masked):
    assert mask_text(text) == masked


def test_masking_by_name_reaches_inside():
    assert mask({"u": [{"cellphone": "1"}], "on": True}) == {"u": [{"cellphone": "***"}], "on": True}
