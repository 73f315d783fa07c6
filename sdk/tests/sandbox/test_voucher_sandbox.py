"""The part of an emulated ERP that every product shares: rules, stages, periods, a hand. No server is needed for it."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from dougong_sdk.sandbox import Refusal, Response, SandboxError, Settings, Store, VoucherSandbox


class Plain(VoucherSandbox):
    name, title = "plain", "Plain ERP"

    def default_seed(self):
        return {
            "credentials": [
                {"kind": "basic", "user": "ann", "password": "pw"},
                {"kind": "basic", "user": "bob", "password": "pw", "roles": []},
            ],
            "companies": [{"code": "100", "currency": "CNY"}],
            "books": [{"code": "001", "company": "100"}],
            "voucher_types": [{"code": "记"}],
            "accounts": [
                {"code": "6602", "dimensions": ["department"]},
                {"code": "2241"},
                {"code": "66", "detail": False},
            ],
            "dimensions": {"department": [{"code": "D01"}], "project": [{"code": "P1"}]},
            "native": {"currencies": [{"code": "CNY"}, {"code": "USD"}, {"code": "JPY", "scale": 0}]},
        }

    def operation(self, request):
        return ""

    def handle(self, request):
        return Response()

    def business_error(self, request, code):
        return Response()


@pytest.fixture
def make(tmp_path):
    stores = []

    def new(**given):
        stores.append(Store(tmp_path / "ledger.db"))
        return Plain(stores[-1], Settings((), given))

    yield new
    for store in stores:
        store.close()


@pytest.fixture
def erp(make):
    return make()


def line(account, side, amount="100.00", **more):
    value = {"amount": Decimal(amount), "base_amount": Decimal(amount), "rate": 1, "currency": "CNY"}
    return {"account": account, "side": side, "summary": "x", "dimensions": {}, **value, **more}


def voucher(reference="R1", **more):
    lines = [line("6602", "D", dimensions={"department": "D01"}), line("2241", "C")]
    head = {"reference": reference, "company": "100", "book": "001", "date": "2026-01-15", "period": "2026-01"}
    return {**head, "voucher_type": "记", "attachments": 2, "lines": lines, **more}


def first_line(**more):
    return {"lines": [{**voucher()["lines"][0], **more}, line("2241", "C")]}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"date": ""}, "required"),
        ({"lines": []}, "required"),
        ({"book": "002"}, "unknown_code"),
        ({"voucher_type": "付"}, "unknown_code"),
        ({"period": "2031-01"}, "period_closed"),
        (first_line(base_amount=Decimal("100.01"), amount=Decimal("100.01")), "unbalanced"),
        (first_line(amount=Decimal("100.001"), base_amount=Decimal("100.001")), "amount"),
        (first_line(amount=Decimal(90)), "amount"),
        (first_line(amount=Decimal("13.5"), currency="JPY", rate=Decimal("7.4074")), "amount"),
        (first_line(account="9999"), "unknown_code"),
        (first_line(account="66"), "unknown_code"),
        (first_line(dimensions={}), "dimension_missing"),
        (first_line(dimensions={"department": "D01", "project": "P1"}), "dimension_superfluous"),
        (first_line(dimensions={"department": "D09"}), "unknown_code"),
        (first_line(currency="QQQ"), "unknown_code"),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_nothing(erp, change, rule):
    with pytest.raises(Refusal) as refused:
        erp.create(voucher(**change), "ann")
    assert refused.value.rule == rule
    assert erp.postings() == []


def test_a_voucher_goes_up_and_down_and_is_shown_exactly(erp):
    made = erp.create(voucher(), "ann")
    assert [erp.step(made["id"], step, "bob")["stage"] for step in ("submit", "audit")] == ["submitted", "audited"]
    (shown,) = erp.postings()
    assert (shown["stage"], shown["number"], shown["total"], shown["currency"]) == ("audited", "记-1", "100.00", "CNY")
    assert shown["lines"][0]["dimensions"] == {"department": "D01"}
    assert "maker" not in shown
    for step in ("unaudit", "withdraw", "delete"):
        erp.step(made["id"], step, "ann")
    assert erp.postings() == []
    assert [one["deleted"] for one in erp.postings(deleted=True)] == [True]


@pytest.mark.parametrize(("step", "stage"), [("audit", "draft"), ("withdraw", "draft"), ("unaudit", "draft")])
def test_no_step_leads_from_another_stage(erp, step, stage):
    made = erp.create(voucher(), "ann")
    with pytest.raises(Refusal, match=stage) as refused:
        erp.step(made["id"], step, "ann")
    assert refused.value.rule == "wrong_stage"


def test_a_reference_is_taken_once_until_its_voucher_is_deleted(erp):
    made = erp.create(voucher(), "ann")
    with pytest.raises(Refusal) as refused:
        erp.create(voucher(), "ann")
    assert refused.value.rule == "duplicate"
    erp.step(made["id"], "delete", "ann")
    assert erp.create(voucher(), "ann")["id"] != made["id"]


def test_the_maker_is_not_the_auditor_where_the_erp_says_so(make):
    erp = make(same_user_may_audit="false")
    made = erp.create(voucher(), "ann")
    erp.step(made["id"], "submit", "ann")
    with pytest.raises(Refusal) as refused:
        erp.step(made["id"], "audit", "ann")
    assert refused.value.rule == "same_user"


def test_a_red_voucher_takes_an_audited_one_back(erp):
    made = erp.create(voucher(), "ann")
    for step in ("submit", "audit"):
        erp.step(made["id"], step, "ann")
    red = erp.reverse(made["id"], "R2", "2026-02-01", "ann")
    assert (red["reverses"], red["period"], red["lines"][0]["base_amount"]) == (
        made["id"],
        "2026-02",
        Decimal("-100.00"),
    )


def test_a_period_that_a_hand_closed_takes_no_voucher_and_no_audit(erp):
    made = erp.create(voucher(), "ann")
    erp.step(made["id"], "submit", "ann")
    assert erp.hand({"action": "close_period", "period": "2026-01"})["open"] is False
    for work in (lambda: erp.create(voucher("R2"), "ann"), lambda: erp.step(made["id"], "audit", "ann")):
        with pytest.raises(Refusal) as refused:
            work()
        assert refused.value.rule == "period_closed"
    assert [one["open"] for one in erp.master.periods() if one["period"] == "2026-01"] == [False]
    erp.hand({"action": "open_period", "period": "2026-01", "book": "001"})
    assert erp.step(made["id"], "audit", "ann")["stage"] == "audited"


@pytest.mark.parametrize(
    ("order", "seen"),
    [
        ({"action": "audit"}, {"stage": "audited"}),
        ({"action": "renumber", "to": "记-9"}, {"number": "记-9"}),
        ({"action": "edit", "set": {"total": "250.00"}}, {"total": "250.00"}),
        ({"action": "edit", "set": {"date": "2026-01-20", "summary": "改"}}, {"date": "2026-01-20"}),
        ({"action": "edit", "set": {"lines": {"1": {"amount": "7.00"}}}}, {"total": "100.00"}),
    ],
)
def test_a_hand_changes_a_voucher_without_any_rule(erp, order, seen):
    made = erp.create(voucher(), "ann")
    shown = erp.hand({**order, "number": made["number"], "book": "001"})
    assert {name: shown[name] for name in seen} == seen
    assert erp.postings()[0].items() >= seen.items()


@pytest.mark.parametrize(
    "order",
    [
        {"action": "fly", "id": "100001"},
        {"action": "audit", "id": "1"},
        {"action": "edit", "id": "100001", "set": {"colour": "red"}},
        {"action": "edit", "id": "100001", "set": {"total": "much"}},
        {"action": "renumber", "id": "100001", "to": "x"},
        {"action": "close_period", "period": "2026-13"},
        {"action": "close_period", "period": "2026-01", "book": "009"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(erp, order):
    erp.create(voucher(), "ann")
    with pytest.raises(SandboxError):
        erp.hand(order)


def test_a_number_that_two_books_have_needs_more_than_itself(erp):
    for reference in ("R1", "R2"):
        erp.create(voucher(reference), "ann")
    erp.hand({"action": "renumber", "id": "100002", "to": "记-1"})
    with pytest.raises(SandboxError, match="100001, 100002"):
        erp.hand({"action": "audit", "number": "记-1"})


def test_tokens_are_for_known_users_for_a_while(make, monkeypatch):
    erp = make(token_seconds="10")
    assert [erp.tokens.log_in("ann", "no"), erp.tokens.log_in("eve", "pw")] == [None, None]
    token = erp.tokens.log_in("ann", "pw")
    assert erp.tokens.user(token) == "ann"
    assert (erp.tokens.may_work("ann"), erp.tokens.may_work("bob")) == (True, False)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 11)
    assert erp.tokens.user(token) is None
    other = erp.tokens.log_in("ann", "pw")
    erp.expire_sessions()
    assert erp.tokens.user(other) is None


def test_what_was_booked_and_closed_is_there_after_a_restart(make):
    first = make()
    first.create(voucher(), "ann")
    first.hand({"action": "close_period", "period": "2026-02"})
    first.store.flush()
    again = make()
    assert [one["total"] for one in again.postings()] == ["100.00"]
    assert not again.master.is_open("001", "2026-02")
    with pytest.raises(Refusal):
        again.create(voucher(), "ann")


def test_an_erp_with_another_ladder_and_references_that_are_not_unique(erp, monkeypatch):
    monkeypatch.setattr(Plain, "steps", {"audit": ("draft", "audited"), "unaudit": ("audited", "draft")})
    monkeypatch.setattr(Plain, "unique_reference", False)
    first, second = (erp.create(voucher(), "ann")["id"] for _ in range(2))
    with pytest.raises(Refusal):
        erp.step(first, "submit", "bob")
    assert erp.step(first, "audit", "bob")["stage"] == "audited"
    assert erp.hand({"action": "unaudit", "id": first})["stage"] == "draft"
    assert erp.hand({"action": "audit", "id": second})["stage"] == "audited"
    assert erp.reverse(second, "R2", "2026-01-20", "ann")["reverses"] == second
