"""What would have changed: the last day's passages as they were received, under the rules of a release."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fleet.publishing.rejudge import Held, Rejudge, Row
from fleet.publishing.release import ORDERS
from fleet.row_ids import first_id
from gate.errors import GateError, RuleSetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from fleet.publishing.rejudge import Said
    from gate.rules.ruleset import Example, RuleSet

DAY: Final = timedelta(days=1)
HOURS: Final = 24
MOST_CHANGED: Final = 0.05
"""Of the rows; for more, whoever publishes has to say that it is meant."""
IN_AN_EMERGENCY: Final = 50_000
"""Rows; nobody waits for more."""
MOST_COUNTED: Final = 100_000
"""Rows of a day, for whoever waits for a page; counting a city's takes a second of a busy database."""
MOST_KINDS: Final = 100
"""Kinds of rows that are told apart; what is left is one more."""
MOST_REMEMBERED: Final = 50_000
NOT_READ: Final = ("?", "the row can't be read")


@dataclass(slots=True)
class Effect:
    """Rows of one day, counted."""

    rows: int = 0
    same: int = 0
    changed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Outcome before, outcome after, first reason after -> rows."""
    unsaid: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Outcome before, what keeps it from being said -> rows."""
    examples: tuple[str, ...] = ()
    """Examples of the sets that a rule decides otherwise: ``rule: name``."""

    def add(self, row: Row, said: Said) -> None:
        """Count a row."""
        self.rows += 1
        if said.outcome is None:
            self.unsaid[row.outcome.value, said.why] += 1
        elif (said.outcome, said.why) == (row.outcome, row.reasons[0]):
            self.same += 1
        else:
            self.changed[row.outcome.value, said.outcome.value, said.why] += 1

    @property
    def too_much(self) -> bool:
        """Whether so much changes, or may change, that somebody has to say that it is meant."""
        return self.rows - self.same > self.rows * MOST_CHANGED

    def table(self) -> dict[str, Any]:
        """As JSON, the largest first."""
        return {
            "rows": self.rows,
            "same": self.same,
            "changed": [[*kind, count] for kind, count in self.changed.most_common(MOST_KINDS)],
            "unsaid": [[*kind, count] for kind, count in self.unsaid.most_common(MOST_KINDS)],
            "examples": list(self.examples[:MOST_KINDS]),
        }

    def lines(self) -> Iterator[str]:
        """In words."""
        yield f"of {self.rows:,} passages of the last 24 hours, {self.same:,} would have been decided as they were"
        for (before, after, why), count in self.changed.most_common(MOST_KINDS):
            yield f"  {count:>9,}  {before} -> {after} ({why})"
        for (before, why), count in self.unsaid.most_common(MOST_KINDS):
            yield f"  {count:>9,}  {before} -> can't be said ({why}): what is compared is in no row"
        yield from (f"  an example of the rules is decided otherwise by {one}" for one in self.examples[:MOST_KINDS])


def effect(before: Mapping[str, bytes], after: Mapping[str, bytes], now: datetime, most: int | None = None) -> Effect:
    """Judge the last 24 hours again.

    Args:
        before: rule sets that gates have now, by name of the file; one of orders is left alone.
        after: those of the release.
        now: aware.
        most: of the rows, the newest so many; None: all of them.
    """
    old, new = _held(before), _held(after)
    if {one.rule_set.digest for one in old} == {one.rule_set.digest for one in new}:
        count = _rows(now, most).count()
        return Effect(count, count, examples=_named(old, new))
    return judged_again(old, new, _rows(now, most).values_list("body", flat=True).iterator(chunk_size=2000))


def judged_again(before: Iterable[Held], after: Iterable[Held], bodies: Iterable[Any]) -> Effect:
    """Judge rows again.

    Args:
        before: rule sets that judged them.
        after: those that take their place.
        bodies: the rows as they were received.
    """
    before, after = list(before), list(after)
    found = Effect(examples=_named(before, after))
    judge, known = Rejudge(before, after), dict[Any, Any]()
    for row in _read(bodies):
        if row is None:
            found.rows += 1
            found.unsaid[NOT_READ] += 1
            continue
        states = tuple((one.name, one.state) for one in row.facts)
        kind = (row.outcome, row.reasons[0], row.rule_set, row.profile, row.failed_rules, row.clock_trusted, states)
        if (said := known.get((*kind, row.marks))) is None:
            said = judge.of(row)
            if len(known) < MOST_REMEMBERED:
                known[*kind, row.marks] = said
        found.add(row, said)
    return found


def _held(files: Mapping[str, bytes]) -> list[Held]:
    """The sets in which no fault is; one that was published by an older version of this may have one by now."""
    found = []
    for name, blob in files.items():
        with suppress(RuleSetError):
            found += [Held.read(blob)] if name != ORDERS else []
    return found


def decided_otherwise(before: Iterable[Held], after: Iterable[Held]) -> Iterator[tuple[str, str, bool]]:
    """Examples of both sets of a name that a rule of both decides otherwise: rule, example, whether it holds now."""
    old = {one.rule_set.id: one.rule_set for one in before}
    for new in (one.rule_set for one in after if one.rule_set.id in old):
        was = old[new.id]
        for identifier in sorted(was.rules.keys() & new.rules.keys()):
            for example in {one.name: one for one in (*was.examples, *new.examples)}.values():
                holds = _holds(new, identifier, example)
                if _holds(was, identifier, example) is not holds:
                    yield identifier, example.name, holds


def _named(before: Iterable[Held], after: Iterable[Held]) -> tuple[str, ...]:
    return tuple(f"{identifier}: {name}" for identifier, name, _holds_now in decided_otherwise(before, after))


def _holds(rule_set: RuleSet, identifier: str, example: Example) -> bool:
    data = {
        "payload": dict(example.facts),
        "external": {"parameters": dict(rule_set.parameters), "validationClock": rule_set.issued_at.isoformat()},
    }
    try:
        return rule_set.rules[identifier].holds(data)
    except GateError:
        return False


def _rows(now: datetime, most: int | None) -> Any:
    return _between(now - DAY, now).order_by("-id")[:most]


def _between(begins: datetime, ends: datetime) -> Any:
    from fleet.registry.models import Passage  # noqa: PLC0415 - Django is set up by now

    return Passage.objects.filter(id__gte=first_id(begins), id__lt=first_id(ends))


def _read(bodies: Iterable[Any]) -> Iterator[Row | None]:
    """None: one that can't be read, which a newer server may have taken."""
    decoder = msgspec.json.Decoder(Row)
    for body in bodies:
        try:
            yield decoder.decode(bytes(body))
        except (msgspec.DecodeError, UnicodeDecodeError):
            yield None


def sample(now: datetime, most: int) -> tuple[list[Any], int]:
    """Rows of the last 24 hours, of each hour as many (its first), and how many there are; all of them if few.

    Args:
        now: aware.
        most: so many in all.

    Returns:
        Rows, and their number; above ``MOST_COUNTED`` it is one more, however many there are.
    """
    count = _rows(now, MOST_COUNTED + 1).count()
    if count <= most:
        return list(_rows(now, None).values_list("body", flat=True)), count
    found: list[Any] = []
    for hour in range(HOURS):
        begins = now - DAY + DAY * hour / HOURS
        found += _between(begins, begins + DAY / HOURS).order_by("id").values_list("body", flat=True)[: most // HOURS]
    return found, count
