"""What starting costs: `dougong --help` as a whole process, beside an interpreter that does nothing, turn by turn.

The goal for `dougong --help`: 0.4 s. It holds because a command's libraries are loaded only when that command runs.

    python bench/startup.py [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time


def main() -> None:
    """Start both in turn and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(chosen.rounds):
        ours.append(_seconds("-m", "dougong", "--help"))
        bare.append(_seconds("-c", "pass"))
    seconds, floor = statistics.median(ours), statistics.median(bare)
    if chosen.json:
        print(json.dumps({"help_seconds": round(seconds, 3), "ratio_to_python": round(seconds / floor, 1)}))
    else:
        print(f"dougong --help {seconds:.3f} s, python {floor:.3f} s, ratio {seconds / floor:.1f} (goal: 0.4 s)")


def _seconds(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
