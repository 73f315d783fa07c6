"""One approved report of one line, everything that explains it, and a reader: tests change one thing and look."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import pytest

from dougong.hookspecs import Call
from dougong.model.masterdata import MasterRecord
from dougong.model.sources import SourceDocument
from dougong_hesi.connector import HesiConnector
from dougong_hesi.settings import HesiSettings

SETTINGS = {"entities": {"corp": "A01"}}


def money(standard, **more):
    return {"standard": standard, "standardScale": 2, "standardStrCode": "CNY", **more}


FLOW = {
    "id": "ID_flow1",
    "corporationId": "corp",
    "active": True,
    "version": 1,
    "createTime": 1_731_000_000_000,
    "updateTime": 1_732_000_000_000,
    "formType": "expense",
    "state": "paying",
    "form": {
        "code": "B26110009",
        "title": "出差",
        "submitterId": "corp:s1",
        "expenseDepartment": "corp:d1",
        "payeeId": "ID_p1",
        "expenseMoney": money("100.00"),
        "payMoney": money("100.00"),
        "writtenOffMoney": money("0.00"),
        "companyRealPay": money("0.00"),
        "details": [
            {
                "feeTypeId": "corp:travel",
                "specificationId": "corp:travel:expense:1",
                "feeTypeForm": {
                    "detailId": "l1",
                    "amount": money("100"),
                    "feeDate": 1_731_340_800_000,  # 2024-11-12 00:00 Asia/Shanghai
                    "consumptionReasons": "住宿",
                    "invoiceForm": {"type": "noExist"},
                },
            }
        ],
    },
    "logs": [
        {"action": "freeflow.submit", "state": "approving", "time": 1_731_500_000_000, "attributes": {}},
        {"action": "freeflow.agree", "state": "paying", "time": 1_732_000_000_000, "attributes": {}},
    ],
}
RECORDS = (
    MasterRecord("employee", "corp:s1", "E001", "张三"),
    MasterRecord("employee", "corp:s2", "E002", "李四"),
    MasterRecord("department", "corp:d1", "D01", "行政部"),
    MasterRecord("department", "corp:d2", "D02", "销售部"),
    MasterRecord("fee_type", "corp:travel", "COST10", "差旅费"),
    MasterRecord("project", "ID_r1", "P-R01", "研发一号"),
    MasterRecord("payee", "ID_p1", "", "张三", data={"type": "个人账户", "owner": "INDIVIDUAL", "staff": "corp:s1"}),
    MasterRecord("payment_account", "ID_a1", "工行基本户", "基本户"),
    MasterRecord(
        "invoice",
        "corp:inv1",
        "1",
        "发票主体",
        data={
            "entity": "发票主体",
            "type": "FullDigitalSpecial",
            "number": "26312000000000000001",
            "date": "2024-11-11",
            "buyer": "示例科技",
            "net": "94.34",
            "tax": "5.66",
            "gross": "100.00",
            "currency": "CNY",
            "verified": True,
        },
    ),
)


class Known:
    """Reference data as core would keep it."""

    def __init__(self, records=RECORDS):
        self.records = {(record.kind, record.id): record for record in records}

    def get(self, kind, id):
        return self.records.get((kind, id))

    def add(self, *records):
        self.records.update({(record.kind, record.id): record for record in records})
        return self

    def without(self, kind):
        return Known(record for record in self.records.values() if record.kind != kind)


@pytest.fixture
def flow():
    return copy.deepcopy(FLOW)


@pytest.fixture
def line(flow):
    """The fee form of the only line of `flow`."""
    return flow["form"]["details"][0]["feeTypeForm"]


@pytest.fixture
def known():
    return Known()


@pytest.fixture
def of_money():
    return money


@pytest.fixture
def read_all(known):
    """Everything that is read from a file: `read_all(data, reference=…, fee_type="name")`."""

    def read(data, reference=known, **settings):
        content = data if isinstance(data, bytes) else json.dumps(data).encode()
        connector = HesiConnector(HesiSettings(**{**SETTINGS, **settings}))
        return list(connector.read_documents(content, "application/json", Call(connection="oa", reference=reference)))

    return read


@pytest.fixture
def read(read_all):
    """The one document of a file."""

    def one(data, **options):
        (found,) = (item for item in read_all(data, **options) if isinstance(item, SourceDocument))
        return found

    return one


@pytest.fixture
def codes(read):
    """The codes of the problems that a flow is held with."""
    return lambda data, **options: [problem.code for problem in read(data, **options).problems]


@pytest.fixture(scope="session")
def samples():
    """The folder with the vendor's public sample answers."""
    root = Path(__file__).parents[3]
    folder = Path(os.environ.get("DOUGONG_REFERENCE", root.parent / "shared" / "reference")) / "samples" / "ekuaibao"
    if not folder.is_dir():
        pytest.skip(f"no Hesi samples at {folder} (set DOUGONG_REFERENCE)")
    return folder
