"""Fuzzes every parser: a table of what came of it, and each input that was not stood, in a file.

Run from the checkout: ``.venv/bin/python tests/fuzz_all.py --inputs 1000000``. The same seed makes the same inputs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.engine import LONGEST_S, MOST_MEMORY
from fuzz.everything import TARGETS, fuzz, shares
from pages import CONFORMANCE, table, with_section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuzz.engine import Result

HEADING = "Fuzzing"


def section(results: Sequence[Result], seed: int) -> str:
    """What a run came to, in words and figures."""
    rows = [
        (
            result.target,
            result.inputs,
            result.answers,
            f"{result.slowest_s * 1000:.1f} ms",
            f"{result.memory / 2**20:.0f} MiB",
            result.finding.what if result.finding else "none",
        )
        for result in results
    ]
    total = sum(result.inputs for result in results)
    said = (
        f"{total:,} inputs on {datetime.now(UTC):%Y-%m-%d}, seed {seed}: saved ones, changes of them, random bytes.",
        f"Each may raise a declared error and no other, take {LONGEST_S * 1000:.0f} ms of processor time, and raise",
        f"the highest use of memory by {MOST_MEMORY >> 20} MiB. Pictures may have 16 million pixels: their limits are",
        "those of the process that decodes them, a second of patience and half of its memory.",
    )
    found = table(("reader", "inputs", "different answers", "slowest", "memory", "found"), rows)
    return "\n".join((*said, "", found))


def main() -> int:
    """Fuzz; 1 where an input was not stood."""
    parser = argparse.ArgumentParser(description="Fuzz every parser.")
    number = parser.add_mutually_exclusive_group()
    number.add_argument("--inputs", type=int, default=100_000, help="in all (100000)")
    number.add_argument("--each", type=int, help="for each reader: 10000000 takes a night")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other inputs (1)")
    parser.add_argument("--seconds", type=float, default=3600, help="the most for one reader (3600)")
    parser.add_argument("--write", action="store_true", help=f"put the table on {CONFORMANCE.name}")
    arguments = parser.parse_args()
    results = []
    began = time.monotonic()
    each = arguments.each
    inputs = shares(arguments.inputs) if each is None else {target.name: each for target in TARGETS}
    for result in fuzz(inputs, arguments.seed, arguments.seconds):
        results.append(result)
        print(f"{result.target}: {result.inputs} inputs, {time.monotonic() - began:.0f} s", file=sys.stderr)  # noqa: T201
        if result.finding:
            path = Path(tempfile.mkstemp(prefix="fuzz-")[1])
            path.write_bytes(result.finding.data)
            print(f"  {result.finding.what}: {path}", file=sys.stderr)  # noqa: T201 - its output
    text = section(results, arguments.seed)
    print(text)  # noqa: T201 - its output
    if arguments.write:
        CONFORMANCE.write_text(with_section(CONFORMANCE.read_text("utf-8"), HEADING, text), encoding="utf-8")
    return 1 if any(result.finding for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
