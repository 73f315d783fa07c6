"""The vendor's public sample answers, read where they lie, and the answers that they lack, in the documented shape."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import attrs
import pytest

#: When the later answers were given; the latest sample is of 2023.
LATER = 1_700_000_000_000

#: Hesi's tenants of the documents: of B20000001 and J20000002, of B21000008.
FIRST, SECOND = "djg8LshfUkfM00", "PCx3rwm3aA00qM"


def money(standard: str) -> dict[str, Any]:
    return {"standard": standard, "standardScale": 2, "standardStrCode": "CNY", "standardNumCode": "156"}


def log(action: str, state: str, time: int, **attributes: Any) -> dict[str, Any]:
    return {"action": f"freeflow.{action}", "state": state, "time": time, "attributes": attributes}


def staff(id: str, name: str, code: str, department: str) -> dict[str, Any]:
    return {"id": id, "name": name, "code": code, "defaultDepartment": department, "departments": [department]}


def department(id: str, name: str, code: str) -> dict[str, Any]:
    return {"id": id, "name": name, "code": code, "parentId": "", "active": True, "order": 0, "form": {}}


def payee(id: str, name: str, staff_id: str) -> dict[str, Any]:
    kind = {"type": "个人账户", "owner": "INDIVIDUAL", "sort": "BANK"}
    return {"id": id, "name": name, "cardNo": "6222020000001234567", "staffId": staff_id, "active": True, **kind}


#: What no sample tells of the documents' ids, each as its own answer (expense-side.md §1.4, §1.5).
COMPANIONS: dict[str, list[dict[str, Any]]] = {
    "staffs": [
        staff(f"{FIRST}:Dwk7NVkt7o1E00", "赵一", "H001", FIRST),
        staff(f"{FIRST}:fuwb0AND7Mio00", "钱二", "H002", f"{FIRST}:LcEb0AGaYs1000"),
        staff(f"{SECOND}:VWf3rvZHCb0ghM", "孙三", "H003", SECOND),
    ],
    "departments": [
        department(FIRST, "总部", "HQ"),
        department(f"{FIRST}:LcEb0AGaYs1000", "销售一部", "S1"),
        department(SECOND, "二公司", "HQ2"),
        department(f"{SECOND}:ID_3rw$2RXc5lM", "二公司行政", "ADM"),
    ],
    "fee-types": [
        {"id": f"{FIRST}:office", "name": "办公", "parentId": "", "active": True, "code": "COST1"},
        {"id": f"{SECOND}:hotel", "name": "住宿", "parentId": "", "active": True, "code": "COST5"},
    ],
    "payees": [
        payee("ED0b7ANNOwlI00", "赵一", f"{FIRST}:Dwk7NVkt7o1E00"),
        payee("ID_3s4PKc13U$g", "孙三", f"{SECOND}:VWf3rvZHCb0ghM"),
    ],
    "payment-accounts": [
        {"id": "ID_basic", "name": "基本户", "code": "工行基本户", "detail": {}, "active": True, "sort": "BANK"}
    ],
    "project-items": [
        {"id": "ID_3rw$2RXfelM", "name": "项目一", "code": "PJ1", "dimensionId": f"{SECOND}:项目", "active": True}
    ],
    "invoices": [
        {
            "id": "7ds8qMsl2E0000:042001900211:67083249",
            "entityId": "system_发票主体",
            "E_system_发票主体_发票代码": "042001900211",
            "E_system_发票主体_发票号码": "67083249",
            "E_system_发票主体_发票日期": 1592150400000,
            "E_system_发票主体_发票类别": "VATOrdinaryInvoice",
            "E_system_发票主体_发票金额": money("29.20"),
            "E_system_发票主体_税额": money("3.80"),
            "E_system_发票主体_价税合计": money("33.00"),
            "E_system_发票主体_购买方名称": "示例科技有限公司",
            "E_system_发票主体_验真": True,
        }
    ],
}


@attrs.frozen
class Samples:
    """The folder of the samples.

    :param folder: where they lie.
    """

    folder: Path

    def path(self, name: str) -> Path:
        """One answer's file."""
        return self.folder / f"{name}.json"

    def paths(self, *names: str) -> list[Path]:
        """Files of several answers."""
        return [self.path(name) for name in names]

    def flow(self, name: str) -> dict[str, Any]:
        """The only document of an answer, to be changed."""
        answer = json.loads(self.path(name).read_bytes())
        found = answer.get("flow") or (answer["items"][0] if "items" in answer else answer["value"])
        return deepcopy(found)


@pytest.fixture(scope="session")
def samples() -> Samples:
    """The vendor's public sample answers."""
    root = Path(__file__).parents[2]
    folder = Path(os.environ.get("DOUGONG_REFERENCE", root.parent / "shared" / "reference")) / "samples" / "ekuaibao"
    if not folder.is_dir():
        pytest.skip(f"no Hesi samples at {folder} (set DOUGONG_REFERENCE)")
    return Samples(folder)


@pytest.fixture
def companions(customer) -> list[Path]:
    """Answers that explain every id of the samples' documents."""
    return [customer.file(f"{name}.json", {"items": items}) for name, items in COMPANIONS.items()]


@pytest.fixture
def supply(customer, companions) -> Callable[[], list[Path]]:
    """The customer decides what is theirs to decide; returns the answers to push beside."""

    def decide() -> list[Path]:
        customer.settings(entities={FIRST: "A01", SECOND: "A01"}, missing_invoice="none")
        customer.add_rows("departments", "HQ,管理,2020-01-01,", "S1,销售,2020-01-01,", "ADM,管理,2020-01-01,")
        customer.add_rows("projects", "PJ1,一般,2020-01-01,")
        customer.add_rows("bank_account", "(空),CNY,1002.01,ICBC-01")  # what is paid from an account that nobody names
        customer.add_rows("expense_account", "COST1,*,*,6602.05,2020-01-01,,", "COST5,*,*,6602.02,2020-01-01,,")
        customer.add_codes(
            *(("department", ours, "BM000001") for ours in ("HQ", "ADM")),
            ("department", "S1", "BM000002"),
            *(("employee", f"H00{number}", f"E000{number}") for number in (1, 2, 3)),
            ("project", "PJ1", "P-R01"),
        )
        return companions

    return decide


@pytest.fixture
def approved_report(samples) -> dict[str, Any]:
    """B20000001 as corrected in Hesi and approved: the write-off that no amount of it speaks of is gone."""
    flow = samples.flow("apply-list-expense")
    form = flow["form"]
    form["writtenOffRecords"] = []
    flow |= {"state": "paying", "updateTime": LATER}
    flow["logs"] = [entry for entry in flow["logs"] if entry["state"] != "paid"]
    for name in ("payDate", "flowEndTime", "paymentChannel", "paymentAccountId"):
        del form[name]
    return flow


@pytest.fixture
def paid_loan(samples) -> dict[str, Any]:
    """J20000002 as submitted again, approved and paid."""
    flow = samples.flow("flow-details-loan")
    flow |= {"state": "paid", "updateTime": LATER}
    flow["form"] |= {"payDate": LATER - 1000, "paymentAccountId": "ID_basic", "paymentChannel": "OFFLINE"}
    flow["logs"] += [
        log("agree", "paying", LATER - 2000),
        log("pay", "paid", LATER - 1000, channelTradeNo="PB-1", paymentAccountId="ID_basic", failureReason=""),
    ]
    return flow


@pytest.fixture
def written_off_loan(paid_loan) -> dict[str, Any]:
    """The loan that B21000008 writes off; no sample has it."""
    flow = deepcopy(paid_loan)
    flow |= {"id": "ID_loanflow1", "corporationId": SECOND}
    flow["form"] |= {"code": "J21000001", "loanMoney": money("222.00"), "payMoney": money("222.00")}
    flow["form"] |= {"submitterId": f"{SECOND}:VWf3rvZHCb0ghM", "loanDepartment": f"{SECOND}:ID_3rw$2RXc5lM"}
    return flow


@pytest.fixture
def approved_write_off(samples) -> dict[str, Any]:
    """B21000008 as completed in Hesi (which loan it writes off) and approved."""
    flow = samples.flow("create-flow-response")
    flow |= {"state": "paying", "updateTime": LATER, "logs": [log("agree", "paying", LATER)]}
    flow["form"]["writtenOffRecords"] = [{"id": "ID_loanpkg1", "loanId": "ID_loanflow1", "amount": "222"}]
    return flow
