"""An emulated ERP that keeps vouchers: ledger, stages, rules and a person's hand; a subclass adds its own protocol."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from importlib.resources import files
from typing import Any, ClassVar

from .base import Sandbox
from .defaults import ProjectDefaults
from .hand import Hand, exact
from .master import Master
from .rules import Refusal, check_voucher
from .settings import Setting, Settings
from .store import Record
from .tokens import Tokens

__all__ = ["VoucherSandbox"]

_CLOSED_TO = ("audit", "unaudit")
_NOT_SHOWN = ("maker", "auditor")
#: Members of a line that this ERP has no field for.
_NO_FIELD = dict.fromkeys(("tax_code", "tax_rate", "tax_base", "clears", "cash_flow", "coordination"))


class VoucherSandbox(Sandbox):
    """The part of an emulated ERP that does not depend on its protocol.

    A voucher is a record in our words: ``reference, company, book, date, period, voucher_type, attachments, lines``,
    each line with ``account, side`` (D, C), ``amount`` in ``currency`` at ``rate``, ``base_amount``, ``summary`` and
    ``dimensions``. A subclass reads its own requests into that, calls :meth:`create` and :meth:`step`, and turns a
    :class:`Refusal` into its own envelope. Its master data stands in ``seed.toml`` beside its module; the table
    ``native.codes`` there says which of our codes is which of the ERP's.

    .. versionadded:: 0.1
    """

    ledger_kinds: ClassVar[Sequence[str]] = ("voucher", "deleted", "period", "counter")
    page_setting: ClassVar = "page_limit"
    settings_declared: ClassVar[Sequence[Setting]] = (
        Setting("user", "demo", "制单用户", "user who makes vouchers"),
        Setting("password", "Demo@123", "密码", "password", "secret"),
        Setting("auditor", "auditor", "审核用户", "second user, who audits"),
        Setting("auditor_password", "Audit@123", "审核用户的密码", "password of the second user", "secret"),
        Setting("page_limit", "100", "一页最多的行数", "most rows of one page", "number"),
    )

    page: ClassVar[int] = 100
    """Rows that one answer holds at most; ``page_limit`` may lower it."""

    steps: ClassVar[Mapping[str, tuple[str, str]]] = {
        "submit": ("draft", "submitted"),
        "withdraw": ("submitted", "draft"),
        "audit": ("submitted", "audited"),
        "unaudit": ("audited", "submitted"),
    }
    """Step → stage before, stage after. ``audit`` is what takes a second user; a draft alone can be deleted."""

    unique_reference: ClassVar[bool] = True
    """Whether a second voucher under one reference is refused (class C); else it is simply another one."""

    master: Master
    """The seed, looked up by code."""
    tokens: Tokens
    """Who is logged in."""

    @classmethod
    def project_defaults(cls) -> ProjectDefaults:
        """Both users, and the codes of the seed; the connector calls them ``user`` and ``password``."""
        known, codes = Settings(cls.settings_declared), cls.seed_file().get("native", {}).get("codes", {})
        return ProjectDefaults(
            ca_setting="ca_file",
            settings={"user": known["user"]},
            secrets={"password": known["password"]},
            auditor={"user": known["auditor"]},
            auditor_secrets={"password": known["auditor_password"]},
            codes=[(table, ours, theirs) for table, rows in codes.items() for ours, theirs in rows.items()],
            standard_tables=("account", "currency", "voucher_type"),
        )

    @classmethod
    def seed_file(cls) -> dict[str, Any]:
        """``seed.toml`` beside the module of the class."""
        package = cls.__module__.rpartition(".")[0]
        return tomllib.loads(files(package).joinpath("seed.toml").read_text("utf-8"))

    def default_seed(self) -> Mapping[str, Any]:
        """``seed.toml``, and the two users of the settings."""
        s = self.settings
        users = {s["user"]: s["password"], s["auditor"]: s["auditor_password"]}
        rows = [{"kind": "basic", "user": user, "password": password} for user, password in users.items()]
        return {**self.seed_file(), "credentials": rows}

    def seed_changed(self) -> None:
        """Index the master data again."""
        self.master = Master(self.seed, self.store)
        if not hasattr(self, "tokens"):
            self.tokens = Tokens(self)

    def expire_sessions(self) -> None:
        """Everybody has to log in again."""
        self.tokens.forget()

    # reading

    def vouchers(self, wanted: Callable[[Record], bool] = lambda _: True) -> list[Record]:
        """Vouchers that are not deleted, in the order in which they were made."""
        return [voucher for voucher in self.store.all("voucher").values() if wanted(voucher)]

    def voucher(self, identity: str) -> Record:
        """One voucher by its id.

        :raises Refusal: ``not_found``.
        """
        found = self.store.get("voucher", identity)
        if found is None:
            raise Refusal("not_found", f"凭证 {identity} 不存在")
        return found

    def one_page(self, rows: Iterable[Record], key: str, after: str, limit: int) -> tuple[list[Record], str | None]:
        """One page of rows in the order of their keys, and the key to go on behind; ``None`` when it is the last.

        :param key: member that orders them. :param after: key of the last row before. :param limit: most rows.
        """
        rest = sorted((row for row in rows if str(row[key]) > after), key=lambda row: str(row[key]))
        size = min(limit, int(self.settings["page_limit"]))
        return rest[:size], str(rest[size - 1][key]) if len(rest) > size else None

    # writing

    def create(self, voucher: Record, user: str) -> Record:
        """A new draft, checked and numbered; a reference that is there already is refused (`unique_reference`).

        :raises Refusal: whatever is wrong.
        """
        reference = voucher.get("reference")
        if reference and self.unique_reference and self.vouchers(lambda other: other["reference"] == reference):
            raise Refusal("duplicate", f"外部单号 {reference} 已存在", "reference")
        check_voucher(voucher, self.master)
        made = {
            "id": str(self.store.next_number("voucher", 100001)),
            "number": self._next_number(voucher),
            "stage": "draft",
            "currency": self.master.currency_of(voucher["book"]),
            "reverses": None,
            "maker": user,
            "auditor": None,
            **voucher,
        }
        self.store.put("voucher", made["id"], made)
        return made

    def step(self, identity: str, name: str, user: str) -> Record:
        """One of `steps`, or delete; the voucher as it then is.

        :raises Refusal: ``not_found``, ``wrong_stage``, ``same_user``, ``period_closed``.
        """
        voucher = self.voucher(identity)
        known = {**self.steps, "delete": ("draft", "void")}
        if name not in known:
            raise Refusal("wrong_stage", f"没有 {name} 这一步")
        before, after = known[name]
        if voucher["stage"] != before:
            raise Refusal("wrong_stage", f"凭证 {voucher['number']} 处于 {voucher['stage']}, 不能 {name}")
        if name == "audit" and voucher["maker"] == user and not self.settings["same_user_may_audit"]:
            raise Refusal("same_user", "审核人与制单人不能为同一人")
        if name in _CLOSED_TO and not self.master.is_open(voucher["book"], voucher["period"]):
            raise Refusal("period_closed", f"账簿 {voucher['book']} 的期间 {voucher['period']} 已结账", "period")
        changed = {**voucher, "stage": after, **({"auditor": user} if name == "audit" else {})}
        if name == "delete":
            self.remove(voucher)
        else:
            self.store.put("voucher", identity, changed)
        return changed

    def reverse(self, identity: str, reference: str, date: str, user: str) -> Record:
        """A red draft (红字) of an audited voucher.

        :raises Refusal: as :meth:`create`; ``wrong_stage``.
        """
        voucher = self.voucher(identity)
        if voucher["stage"] != self.steps["audit"][1]:
            raise Refusal("wrong_stage", f"凭证 {voucher['number']} 处于 {voucher['stage']}, 不能红冲")
        head = {name: voucher[name] for name in ("company", "book", "voucher_type", "attachments")}
        red = [
            {**line, "amount": -Decimal(line["amount"]), "base_amount": -Decimal(line["base_amount"])}
            for line in voucher["lines"]
        ]
        more = {"reference": reference, "date": date, "period": date[:7], "reverses": identity, "lines": red}
        return self.create({**head, **more}, user)

    def remove(self, voucher: Record) -> None:
        """Delete it without any rule."""
        self.store.remove("voucher", voucher["id"])
        self.store.put("deleted", voucher["id"], voucher)

    def _next_number(self, voucher: Record) -> str:
        series = f"{voucher['book']}/{voucher['voucher_type']}/{voucher['period']}"
        return f"{voucher['voucher_type']}-{self.store.next_number(series)}"

    # the plane

    def postings(self, *, deleted: bool = False) -> list[dict[str, Any]]:
        """All vouchers; with ``deleted`` also those that are gone."""
        gone = self.store.all("deleted").values() if deleted else ()
        return [
            *({**self.as_posting(voucher), "deleted": False} for voucher in self.vouchers()),
            *({**self.as_posting(voucher), "deleted": True} for voucher in gone),
        ]

    def as_posting(self, voucher: Record) -> dict[str, Any]:
        """One voucher in the shape of interfaces.md §4, amounts as exact texts."""
        functional = voucher["currency"]
        total = sum((Decimal(line["base_amount"]) for line in voucher["lines"] if line["side"] == "D"), Decimal(0))
        shown = {name: value for name, value in voucher.items() if name not in _NOT_SHOWN}
        lines = [self._line(line, functional) for line in voucher["lines"]]
        return {**shown, "type": "voucher", "total": self._text(total, functional), "lines": lines}

    def _line(self, line: Mapping[str, Any], functional: str) -> dict[str, Any]:
        return {
            **line,
            "amount": self._text(line["amount"], line["currency"]),
            "base_amount": self._text(line["base_amount"], functional),
            "rate": f"{Decimal(line['rate']):f}",
            **_NO_FIELD,
        }

    def _text(self, amount: Any, currency: str) -> str:
        value, unit = Decimal(amount), self.master.unit(currency)
        return f"{value.quantize(unit) if value == value.quantize(unit) else value:f}"

    def hand(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """A person in the ERP's own screens."""
        return _VoucherHand(self).do(order)


class _VoucherHand(Hand):
    def __init__(self, sandbox: VoucherSandbox) -> None:
        self._sandbox = sandbox

    def vouchers(self) -> Iterable[Record]:
        return self._sandbox.vouchers()

    def shown(self, voucher: Record) -> dict[str, Any]:
        return self._sandbox.as_posting(voucher)

    def put(self, voucher: Record) -> None:
        self._sandbox.store.put("voucher", voucher["id"], voucher)

    def remove(self, voucher: Record) -> None:
        self._sandbox.remove(voucher)

    def audited(self, voucher: Record, *, by_hand: bool) -> Record:
        before, after = self._sandbox.steps["audit"]
        return {**voucher, "stage": after if by_hand else before, "auditor": "hand" if by_hand else None}

    def renumbered(self, voucher: Record, number: int) -> Record:
        return {**voucher, "number": f"{voucher['voucher_type']}-{number}"}

    def books(self) -> Collection[str]:
        return self._sandbox.master.rows("books")

    def set_period(self, book: str, period: str, *, is_open: bool) -> None:
        self._sandbox.master.set_period(book, period, is_open=is_open)

    def edited(self, voucher: Record, wanted: dict[str, Any]) -> Record:
        """``set``: members of the head, ``summary`` of all lines, ``total``, ``lines`` by position."""
        names = ("date", "period", "voucher_type", "attachments", "reference")
        changed = {**voucher, **{name: wanted.pop(name) for name in names if name in wanted}}
        lines = [dict(line) for line in voucher["lines"]]
        if "summary" in wanted:
            summary = str(wanted.pop("summary"))
            lines = [{**line, "summary": summary} for line in lines]
        if "total" in wanted or "amount" in wanted:
            lines = _over_total(lines, exact(wanted.pop("total", wanted.pop("amount", None))))
        for at, patch in _by_position(wanted.pop("lines", [])):
            lines[at] = _patched(lines[at], patch)
        return {**changed, "lines": lines}


def _by_position(patches: Any) -> Iterable[tuple[int, Mapping[str, Any]]]:
    pairs = enumerate(patches) if isinstance(patches, list) else ((int(at), one) for at, one in dict(patches).items())
    return ((at, patch or {}) for at, patch in pairs)


def _patched(line: Record, patch: Mapping[str, Any]) -> Record:
    """One line as a person changes it; its amount in functional currency follows the original one."""
    changed = {**line, **patch}
    for name in ("amount", "base_amount", "rate"):
        changed[name] = exact(changed[name])
    if "amount" in patch and "base_amount" not in patch:
        changed["base_amount"] = (changed["amount"] * changed["rate"]).quantize(Decimal("0.01"))
    return changed


def _over_total(lines: list[Record], total: Decimal) -> list[Record]:
    """The same voucher over another total: the difference goes to the first debit and the first credit line."""
    difference = total - sum((Decimal(line["base_amount"]) for line in lines if line["side"] == "D"), Decimal(0))
    for side in ("D", "C"):
        at = [line["side"] for line in lines].index(side)
        base = Decimal(lines[at]["base_amount"]) + difference
        original = base if Decimal(lines[at]["rate"]) == 1 else lines[at]["amount"]
        lines[at] = {**lines[at], "base_amount": base, "amount": original}
    return lines
