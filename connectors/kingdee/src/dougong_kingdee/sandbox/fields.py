"""Fields of the emulated forms: one list each for saving, querying, viewing and describing (kingdee.md §6.1, §6.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from attrs import evolve, field, frozen

from .basedata import BaseData, Item
from .envelope import KingdeeError

__all__ = [
    "BASE_FORMS",
    "VOUCHER_ENTRY",
    "VOUCHER_HEAD",
    "BaseForm",
    "Column",
    "Field",
    "Form",
    "Row",
    "base_form",
    "voucher_form",
]

Row = tuple[Any, Any]
"""One row of a query: the head and one entry line (``None`` where no entry field is asked for)."""
Getter = Callable[[Any, Any], Any]
Special = Callable[[str], "Column | None"]
"""Finds the columns that are not in a form's list, such as ``FDetailID.FFLEX5``."""


@frozen
class Field:
    """One field of GL_VOUCHER.

    :param key: Kingdee's key.
    :param name: member of our voucher record.
    :param kind: ``text``, ``int``, ``money``, ``decimal``, ``flag``, ``date``, ``time``, or ``ref:KIND``.
    :param title: Chinese name.
    :param must: must it be filled?
    :param given: may a client set it by Save?
    """

    key: str
    name: str
    kind: str
    title: str
    must: bool = False
    given: bool = True
    ref: str = field(init=False)
    """Kind of base data that it refers to, or nothing."""
    upper: str = field(init=False)
    """The key in capitals: keys count whatever their letter case."""

    @ref.default
    def _ref(self) -> str:
        return self.kind[4:] if self.kind.startswith("ref:") else ""

    @upper.default
    def _upper(self) -> str:
        return self.key.upper()


VOUCHER_HEAD = (
    Field("FVOUCHERID", "id", "int", "凭证内码", given=False),
    Field("FBillNo", "bill_no", "text", "单据编号"),
    Field("FAccountBookID", "book", "ref:book", "账簿", must=True),
    Field("FDate", "date", "date", "日期", must=True),
    Field("FBUSDATE", "bus_date", "date", "业务日期"),
    Field("FYEAR", "year", "int", "会计年度"),
    Field("FPERIOD", "period", "int", "期间"),
    Field("FVOUCHERGROUPID", "group", "ref:voucher_type", "凭证字", must=True),
    Field("FVOUCHERGROUPNO", "group_no", "int", "凭证号"),
    Field("FATTACHMENTS", "attachments", "int", "附件数"),
    Field("FISADJUSTVOUCHER", "adjust", "flag", "是否调整期凭证"),
    Field("FACCBOOKORGID", "org", "ref:company_org", "核算组织"),
    Field("FSourceBillKey", "source_bill", "text", "业务类型"),
    Field("FIMPORTVERSION", "import_version", "text", "引入版本号"),
    Field("FSystemID", "system", "text", "来源系统"),
    Field("FDocumentStatus", "status", "text", "单据状态", given=False),
    Field("FCreatorId", "creator", "ref:user", "制单人", given=False),
    Field("FCreateDate", "created", "time", "制单日期", given=False),
    Field("FModifyDate", "modified", "time", "修改日期", given=False),
    Field("FApproverId", "auditor", "ref:user", "审核人", given=False),
    Field("FPOSTERID", "poster", "ref:user", "过账人", given=False),
    Field("FCASHIERID", "cashier", "ref:user", "出纳", given=False),
    Field("FInvalid", "invalid", "flag", "作废", given=False),
)

VOUCHER_ENTRY = (
    Field("FEXPLANATION", "explanation", "text", "摘要"),
    Field("FACCOUNTID", "account", "ref:account", "科目", must=True),
    Field("FCURRENCYID", "currency", "ref:currency", "币别", must=True),
    Field("FEXCHANGERATETYPE", "rate_type", "ref:rate_type", "汇率类型", must=True),
    Field("FEXCHANGERATE", "rate", "decimal", "汇率"),
    Field("FUnitId", "unit", "text", "单位"),
    Field("FPrice", "price", "decimal", "单价"),
    Field("FQty", "quantity", "decimal", "数量"),
    Field("FAMOUNTFOR", "amount_for", "money", "原币金额"),
    Field("FDEBIT", "debit", "money", "借方金额"),
    Field("FCREDIT", "credit", "money", "贷方金额"),
    Field("FSettleTypeID", "settle_type", "ref:settle_type", "结算方式"),
    Field("FSETTLENO", "settle_no", "text", "结算号"),
    Field("FBUSNO", "bus_no", "text", "业务编号"),
    Field("FEXPORTENTRYID", "export_id", "int", "导出分录内码"),
)


@frozen
class Column:
    """One field that can be queried. ``ref`` names the kind of base data whose ``.FNumber`` and so on may follow."""

    key: str
    get: Getter
    kind: str
    title: str = ""
    entry: bool = False
    ref: str = ""
    must: bool = False


@frozen
class Form:
    """What QueryBusinessInfo and the queries know about one form."""

    id: str
    title: str
    key: str
    columns: Mapping[str, Column]
    rows: Callable[[bool], Iterable[Row]]
    data: BaseData
    entry_key: str = ""
    entry_title: str = ""
    special: Special = field(default=lambda _path: None)

    def column(self, path: str) -> Column:
        """The column of a field path such as ``FACCOUNTID.FNumber``.

        :raises KingdeeError: MsgCode 9 if the form has no such field.
        """
        head, _, rest = path.strip().partition(".")
        column = self.columns.get(head.upper())
        if column is None or rest:
            followed = self.special(path.strip()) if column is None else _follow(column, rest, self.data)
            if followed is None:
                if path.strip().upper() == "FID":
                    raise KingdeeError(9, "列名 'FID' 无效")
                raise KingdeeError(9, f"元数据中标识为{path.strip()}的字段不存在")
            return followed
        return _internal_id(column, self.data) if column.ref else column


def _internal_id(column: Column, data: BaseData) -> Column:
    items, get = data.items(column.ref), column.get
    return Column(
        column.key,
        lambda head, line: item.id if (item := items.get(get(head, line))) else 0,
        "int",
        column.title,
        column.entry,
    )


def _follow(column: Column, rest: str, data: BaseData) -> Column | None:
    """``FACCOUNTID.FNumber``: a field of what a reference points to."""
    if not column.ref:
        return None
    items, get = data.items(column.ref), column.get
    reader = _ITEM_FIELDS.get(rest.upper())
    if reader is None:
        return None
    return Column(
        f"{column.key}.{rest}",
        lambda head, line: reader(item) if (item := items.get(get(head, line))) else None,
        "text",
        column.title,
        column.entry,
    )


_ITEM_FIELDS: dict[str, Callable[[Item], Any]] = {
    "FNUMBER": lambda item: item.code,
    "FSTAFFNUMBER": lambda item: item.code,
    "FNAME": lambda item: item.name,
    "FCODE": lambda item: item.row.get("iso", item.code),
}


def voucher_form(data: BaseData, vouchers: Callable[[], Iterable[Mapping[str, Any]]]) -> Form:
    """GL_VOUCHER: the head, one entry, dimensions below FDetailID, and the custom head fields of the seed."""
    columns = [_voucher_column(spec, entry=False) for spec in VOUCHER_HEAD]
    columns += [_custom_column(key) for key in data.native.get("header_fields", [])]
    columns += [_voucher_column(spec, entry=True) for spec in VOUCHER_ENTRY]
    columns.append(Column("FEntity_FEntryID", lambda _, line: line["entry_id"], "int", "分录内码", entry=True))
    columns.append(Column("FDC", lambda _, line: 1 if line["debit"] else -1, "int", "借贷方向", entry=True))

    def rows(entries: bool) -> Iterable[Row]:
        if not entries:
            return ((voucher, None) for voucher in vouchers())
        return ((voucher, line) for voucher in vouchers() for line in voucher["lines"])

    return Form(
        "GL_VOUCHER",
        "凭证",
        "FVOUCHERID",
        {column.key.upper(): column for column in columns},
        rows,
        data,
        "FEntity",
        "凭证分录",
        lambda path: _dimension_column(path, data),
    )


def _custom_column(key: str) -> Column:
    return Column(key, lambda head, _: head["custom"].get(key), "text", key)


def _voucher_column(spec: Field, *, entry: bool) -> Column:
    name = spec.name
    getters: dict[str, Getter] = {
        "date": lambda head, _: f"{head[name]}T00:00:00" if head[name] else None,
        "flag": lambda head, _: "1" if head[name] else "0",
    }
    plain: Getter = (lambda _, line: line[name]) if entry else (lambda head, _: head[name])
    return Column(spec.key, getters.get(spec.kind, plain), spec.kind, spec.title, entry, spec.ref, spec.must)


def _dimension_column(path: str, data: BaseData) -> Column | None:
    """``FDetailID.FFLEX5.FNumber``: what a line holds in one dimension slot."""
    head, _, rest = path.partition(".")
    slot, _, member = rest.partition(".")
    slot = slot.upper()
    if head.upper() != "FDETAILID":
        return None
    if not rest:
        return Column("FDetailID", lambda _, line: line["entry_id"] if line["dims"] else 0, "int", "核算维度", True)
    if slot not in data.slots:
        return None
    column = Column(path, lambda _, line: line["dims"].get(slot), "text", slot, True, data.slots[slot])
    return _follow(column, member, data) if member else _internal_id(column, data)


@frozen
class BaseForm:
    """A form of base data: its id, key field, kind of item, and fields besides number and name.

    :param periods: it tells with which period each item was put in use and at which it stands.
    """

    id: str
    key: str
    kind: str
    title: str
    fields: Mapping[str, Callable[[Item], Any]] = field(factory=dict)
    refs: Mapping[str, tuple[str, Callable[[Item], Any]]] = field(factory=dict)
    periods: bool = False


def _row(name: str, default: Any = None) -> Callable[[Item], Any]:
    return lambda item: item.row.get(name, default)


_STATES: dict[str, Callable[[Item], Any]] = {
    "FDocumentStatus": lambda _: "C",
    "FForbidStatus": lambda item: "B" if item.row.get("forbidden") else "A",
}
_USE_ORG: dict[str, tuple[str, Callable[[Item], Any]]] = {"FUseOrgId": ("company_org", _row("company"))}

BASE_FORMS = (
    BaseForm("BD_Department", "FDEPTID", "department", "部门", _STATES, _USE_ORG),
    BaseForm("BD_Empinfo", "FID", "employee", "员工", {"FStaffNumber": lambda item: item.code, **_STATES}, _USE_ORG),
    BaseForm("BD_Expense", "FEXPENSEID", "expense_item", "费用项目", _STATES),
    BaseForm("BD_Supplier", "FSupplierId", "supplier", "供应商", _STATES, _USE_ORG),
    BaseForm("BD_Customer", "FCUSTID", "customer", "客户", _STATES, _USE_ORG),
    BaseForm(
        "BD_Account",
        "FACCTID",
        "account",
        "科目",
        {
            "FDC": lambda item: item.row.get("dc", -1 if item.code[:1] == "2" else 1),
            "FAMOUNTDC": lambda item: item.row.get("dc", -1 if item.code[:1] == "2" else 1),
            "FISDETAIL": lambda item: "1" if item.row.get("detail", True) else "0",
            "FISCASH": lambda item: "1" if item.row.get("cash") else "0",
            "FALLCURRENCY": lambda item: "1" if "*" in item.row.get("currencies", []) else "0",
            "FGROUPID": _row("group", 0),
            **_STATES,
        },
    ),
    BaseForm(
        "BD_Currency", "FCURRENCYID", "currency", "币别", {"FCODE": _row("iso"), "FAMOUNTDIGITS": _row("scale", 2)}
    ),
    BaseForm(
        "BD_AccountBook",
        "FBOOKID",
        "book",
        "账簿",
        refs={"FCURRENCYID": ("currency", _row("currency")), "FACCOUNTORGID": ("company_org", _row("company"))},
        periods=True,
    ),
    BaseForm("BD_VOUCHERGROUP", "FVCHGROUPID", "voucher_type", "凭证字"),
    BaseForm("BD_RateType", "FRATETYPEID", "rate_type", "汇率类型"),
    BaseForm("BD_SETTLETYPE", "FSETTLETYPEID", "settle_type", "结算方式"),
    BaseForm("BD_MATERIAL", "FMATERIALID", "material", "物料"),
    BaseForm("BOS_BillType", "FBILLTYPEID", "bill_type", "单据类型"),
    BaseForm("ORG_Organizations", "FORGID", "company_org", "组织机构"),
)
"""Key fields of Expense, VOUCHERGROUP, RateType, SETTLETYPE, BillType and Organizations are our choice, as are
FISDETAIL, FISCASH, FALLCURRENCY, FAMOUNTDIGITS and the references of the book: no public source names them. Those of
the book's periods are columns of a public copy of its table (T_BD_ACCOUNTBOOK)."""


def base_form(spec: BaseForm, data: BaseData) -> Form:
    """The form of one kind of base data."""
    columns = [
        Column(spec.key, lambda item, _: item.id, "int", "内码"),
        Column("FNumber", lambda item, _: item.code, "text", "编码", must=True),
        Column("FName", lambda item, _: item.name, "text", "名称", must=True),
    ]
    columns += [_item_column(key, read) for key, read in spec.fields.items()]
    columns += [_item_column(key, read, ref) for key, (ref, read) in spec.refs.items()]
    columns += _period_columns(data) if spec.periods else []
    items = data.items(spec.kind)

    def rows(entries: bool) -> Iterable[Row]:
        if not entries:
            return ((item, None) for item in items.values())
        return ((item, name) for item in items.values() for name in item.row.get("dimensions") or [None])

    form = Form(spec.id, spec.title, spec.key, {column.key.upper(): column for column in columns}, rows, data)
    return evolve(form, special=partial(_item_property, data=data)) if spec.kind == "account" else form


def _period_columns(data: BaseData) -> list[Column]:
    """Year and number of the period that a book starts with, and of the one that it stands at."""

    def column(key: str, title: str, period_of: Callable[[str], str], part: slice) -> Column:
        return Column(key, lambda item, _: int(period_of(item.code)[part]), "int", title)

    year, number = slice(4), slice(5, None)
    return [
        column("FSTARTYEAR", "启用年度", data.first_period, year),
        column("FSTARTPERIOD", "启用期间", data.first_period, number),
        column("FCURRENTYEAR", "当前年度", data.current_period, year),
        column("FCURRENTPERIOD", "当前期间", data.current_period, number),
    ]


def _item_column(key: str, read: Callable[[Item], Any], ref: str = "") -> Column:
    return Column(key, lambda item, _: read(item), "text", key, ref=ref)


def _item_property(path: str, data: BaseData) -> Column | None:
    """``FFlEXITEMPROPERTYID`` (sic) of an account: one line per dimension that a voucher line on it must fill."""
    head, _, member = path.partition(".")
    if head.upper() != "FFLEXITEMPROPERTYID":
        return None
    slots = list(data.slots)
    readers: dict[str, Getter] = {
        "": lambda _, name: slots.index(data.slot_of[name]) + 1 if name in data.slot_of else 0,
        "FNUMBER": lambda _, name: data.slot_of.get(name),
        "FFLEXNUMBER": lambda _, name: data.slot_of.get(name),
        "FNAME": lambda _, name: name,
    }
    get = readers.get(member.upper())
    return None if get is None else Column(path, get, "int" if not member else "text", "核算维度", True)
