"""``gate rules diff``: who would be decided about differently if another rule set came into force?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gate.app.rules import files
from gate.errors import RuleSetError
from gate.model import Outcome
from gate.rules.compare import Pair, changes, matrix, pairs
from gate.rules.subjects import read_subjects

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gate.model import Decision

SAME, DIFFERENT = 0, 1


def run(args: argparse.Namespace) -> int:
    """Compare, print what changes, and give the exit status."""
    before, after = files.load(args.before), files.load(args.after)
    try:
        subjects = read_subjects(files.read(args.on), datetime.now(UTC))
    except RuleSetError as error:
        raise RuleSetError(f"{args.on}: {error}") from error
    found = pairs(subjects, before.rule_set, after.rule_set)
    different = [pair for pair in found if pair.differs]
    changed = changes(before.found, after.found)
    print(f"A: {args.before}  {before.rule_set.id}@{before.rule_set.version}")
    print(f"B: {args.after}  {after.rule_set.id}@{after.rule_set.version}")
    print("Both are applied to everybody, whatever the dates of their validity.\n")
    print("\n".join(_table(found)))
    print(f"\n{len(different)} of {len(found)} are decided about differently")
    for pair in different:
        print("\n".join(_told(pair)))
    print(f"\nchanged in the file: {len(changed) or 'nothing'}")
    print("\n".join(f"  {line}" for line in changed))
    return DIFFERENT if different or changed else SAME


def _table(found: tuple[Pair, ...]) -> Iterator[str]:
    counts = matrix(found)
    yield "   A | B" + "".join(f"{after.value:>8}" for after in Outcome)
    for before in Outcome:
        yield f"{before.value:>8}" + "".join(f"{counts[before, after]:>8}" for after in Outcome)


def _told(pair: Pair) -> Iterator[str]:
    yield f"  line {pair.subject.line}: {pair.subject.name}"
    yield f"    {_decided(pair.before)} becomes {_decided(pair.after)}"
    no_more, now = pair.responsible
    if no_more:
        yield f"    fails no more: {', '.join(no_more)}"
    if now:
        yield f"    fails now: {', '.join(now)}"


def _decided(decision: Decision) -> str:
    said = "" if decision.announced is decision.reasons[0] else f", said as {decision.announced}"
    advice = "".join(f", advice {one.reason}" for one in decision.advisories)
    return f"{decision.outcome} ({', '.join(decision.reasons)}{said}{advice})"
