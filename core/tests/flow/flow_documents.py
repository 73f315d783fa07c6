"""Documents in canonical form, as a source would push them."""

from __future__ import annotations

from decimal import Decimal


def report(number="R1", amount="300.00", *, state="approved", day=18, loans=(), fee_type="差旅费", **changes):
    """A report in canonical form; `loans` are (number, amount) that it writes off."""
    owed = sum((Decimal(one) for _, one in loans), Decimal(0))
    return {
        "source": "s",
        "tenant": "T",
        "type": "expense",
        "id": f"id-{number}",
        "number": number,
        "state": state,
        "updated_at": f"2026-11-{day:02}T10:00:00+08:00",
        "entity": "A01",
        "submitter": "E002",
        "department": "D01",
        "currency": "CNY",
        "reason": "出差",
        "lines": [{"id": "1", "fee_type": fee_type, "gross": amount, "expense_date": "2026-11-12"}],
        "advances": [{"loan": loan, "amount": one} for loan, one in loans],
        "payees": [{"kind": "employee", "code": "E002", "amount": str(Decimal(amount) - owed)}],
        "events": [{"id": "a1", "type": "approved", "on": "2026-11-18"}],
        **changes,
    }


def loan(number="L1", amount="200.00", *, state="paid", day=10, **changes):
    """A loan that was paid out."""
    payment = {"id": f"p-{number}", "payee": "E002", "amount": amount, "account": "工行基本户"}
    return {
        "source": "s",
        "tenant": "T",
        "type": "loan",
        "id": f"id-{number}",
        "number": number,
        "state": state,
        "updated_at": f"2026-11-{day:02}T10:00:00+08:00",
        "entity": "A01",
        "submitter": "E002",
        "department": "D01",
        "currency": "CNY",
        "reason": "备用金",
        "lines": [{"id": "1", "fee_type": "借款", "gross": amount}],
        "payees": [{"kind": "employee", "code": "E002", "amount": amount}],
        "events": [
            {"id": "a1", "type": "approved", "on": "2026-11-09"},
            {"id": "p1", "type": "paid", "on": "2026-11-10", "payments": [payment]},
        ],
        **changes,
    }
