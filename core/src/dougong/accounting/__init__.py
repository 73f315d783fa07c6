"""From settled documents to balanced vouchers: rules choose, the core calculates (posting-rules.md §1).

    rules = load_rules(project / "rules/a01.toml", read_table)
    derivation = derive(document, context)

Everything here is pure except `load_rules`, which reads the files.
"""

from __future__ import annotations

from dougong.accounting.casefile import Case, case_schema, load_case
from dougong.accounting.cases import ComparedVoucher, Got, compare
from dougong.accounting.context import Context, Derivation, Draft, LoanFact, Wait
from dougong.accounting.dates import Dated, business_date, periods_of, reversal_date
from dougong.accounting.deferred import deferred
from dougong.accounting.explain import Explanation, explain
from dougong.accounting.invoices import claim_key
from dougong.accounting.merging import merge, owners
from dougong.accounting.messages import SettlementError
from dougong.accounting.missing import MissingRow, missing_rows
from dougong.accounting.moments import OPENED, derive
from dougong.accounting.named import named_accounts
from dougong.accounting.refusals import account_unknown, set_incomplete
from dougong.accounting.reversals import cancel_out, change_day, difference, part_of, red
from dougong.accounting.rules import RulesError, RuleSet, load_rules
from dougong.accounting.schema import schema
from dougong.accounting.settle import settle

__all__ = [
    "OPENED",
    "Case",
    "ComparedVoucher",
    "Context",
    "Dated",
    "Derivation",
    "Draft",
    "Explanation",
    "Got",
    "LoanFact",
    "MissingRow",
    "RuleSet",
    "RulesError",
    "SettlementError",
    "Wait",
    "account_unknown",
    "business_date",
    "cancel_out",
    "case_schema",
    "change_day",
    "claim_key",
    "compare",
    "deferred",
    "derive",
    "difference",
    "explain",
    "load_case",
    "load_rules",
    "merge",
    "missing_rows",
    "named_accounts",
    "owners",
    "part_of",
    "periods_of",
    "red",
    "reversal_date",
    "schema",
    "set_incomplete",
    "settle",
]
