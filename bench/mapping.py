"""What the mapping language costs: a voucher of 20 lines through a compiled mapping, beside the same mapping by hand.

Eight fields a line, two of them looked up in code tables. Both run in one process, turn by turn, on the same voucher
and codes, and give the same payload (checked). The figure is the ratio of the medians; the goal: 2.

    python bench/mapping.py [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import time
from decimal import Decimal
from typing import Any

from dougong.mapping import compile_mapping
from dougong.model.bookings import Voucher, VoucherLine
from dougong.model.messages import Payload
from dougong.model.problems import DougongError, Problem
from dougong.tables.codes import CodeRow, CodeTable, ScopedCodes

MAPPING = """
connector = "kingdee"
target    = "GL_VOUCHER"
from      = "voucher"

[fields]
"FDate"   = "voucher.posting_date"
"FYEAR"   = "voucher.fiscal_year"
"FPERIOD" = "voucher.period_number"

[[rows]]
target = "FEntity"
each   = "voucher.lines"
[rows.fields]
"FEXPLANATION"                      = "line.summary"
"FACCOUNTID.FNumber"                = "line.account | code('account')"
"FDetailID.FDETAILID__FFLEX5.FNumber" = "line | dimension('department') | code('department')"
"FCURRENCYID.FNumber"               = "voucher.currency"
"FEXCHANGERATE"                     = "line.original.rate if line.original is not None else 1"
"FAMOUNTFOR"                        = "line.amount"
"FDEBIT"                            = "line.amount if line.side == 'D' else 0"
"FCREDIT"                           = "line.amount if line.side == 'C' else 0"
"""
BATCH = 20


def by_hand(voucher: Voucher, codes: ScopedCodes) -> Payload:
    """The same mapping as a Python programmer writes it, with the same demand: no code without a row."""
    on = voucher.posting_date

    def code(table: str, ours: str) -> str:
        theirs = codes.lookup(table, ours, on)
        if theirs is None:
            raise DougongError(Problem.of("CODE_UNMAPPED", f"{table} {ours}", f"{table} {ours}"))
        return theirs

    rows = []
    for line in voucher.lines:
        row: dict[str, Any] = {"FEXPLANATION": line.summary, "FACCOUNTID": {"FNumber": code("account", line.account)}}
        department = line.dimensions.get("department")
        if department is not None:
            row["FDetailID"] = {"FDETAILID__FFLEX5": {"FNumber": code("department", department)}}
        row["FCURRENCYID"] = {"FNumber": voucher.currency}
        row["FEXCHANGERATE"] = line.original.rate if line.original is not None else 1
        row["FAMOUNTFOR"] = line.amount
        row["FDEBIT"] = line.amount if line.side == "D" else 0
        row["FCREDIT"] = line.amount if line.side == "C" else 0
        rows.append(row)
    body = {"FDate": on, "FYEAR": voucher.fiscal_year, "FPERIOD": voucher.period_number, "FEntity": rows}
    return Payload(body)


def voucher_of(lines: int) -> Voucher:
    """A voucher with so many lines."""
    made = tuple(
        VoucherLine(
            number,
            "D" if number % 2 else "C",
            f"6602.{number:02d}",
            Decimal("128.50"),
            f"张三报差旅费 {number} B26110001",
            dimensions={"department": f"D{number % 5:02d}"},
        )
        for number in range(1, lines + 1)
    )
    return Voucher("accrual", "C01", "A01", dt.date(2026, 11, 18), "2026-11", "记", "CNY", made)


def codes_of(voucher: Voucher) -> ScopedCodes:
    """Code tables with a row for everything that the voucher uses."""
    accounts = {line.account for line in voucher.lines}
    departments = {line.dimensions["department"] for line in voucher.lines}
    rows = [CodeRow("account", "*", code, code.replace(".", "")) for code in sorted(accounts)]
    rows += [CodeRow("department", "kingdee", code, f"BM{code}") for code in sorted(departments)]
    return CodeTable.from_rows(rows).for_scope("kingdee/A01", "kingdee")


def measure(rounds: int) -> tuple[float, float]:
    """Median microseconds of one voucher: compiled, by hand; measured turn by turn."""
    voucher = voucher_of(20)
    codes = codes_of(voucher)
    mapping = compile_mapping(MAPPING, path="bench/mapping.py")
    if mapping(voucher, codes).body != by_hand(voucher, codes).body:
        raise SystemExit("the two mappings do not give the same payload")
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, taken in zip((mapping, by_hand), times, strict=True):
            start = time.perf_counter()
            for _ in range(BATCH):
                function(voucher, codes)
            taken.append((time.perf_counter() - start) / BATCH * 1e6)
    compiled, hand = map(statistics.median, times)
    return compiled, hand


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="print the figure as JSON on the last line")
    options = parser.parse_args()
    compiled, hand = measure(options.rounds)
    ratio = compiled / hand
    print(f"compiled {compiled:.1f} µs, by hand {hand:.1f} µs per voucher of 20 lines: ratio {ratio:.2f} (goal: 2)")
    if options.json:
        print(
            json.dumps({"ratio_to_hand": round(ratio, 3), "compiled_us": round(compiled, 1), "hand_us": round(hand, 1)})
        )


if __name__ == "__main__":
    main()
