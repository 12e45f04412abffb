"""Two rule sets side by side: who would be decided about differently, and what was changed in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gate.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gate.model import Decision
    from gate.rules.ruleset import RuleSet
    from gate.rules.subjects import Subject

_RULE_FIELDS = ("Logic", "Outcome", "Reason", "Advisory", "AffectedFields", "Description")
_PROFILE_FIELDS = ("rules", "admitted", "spoken", "calls_staff")


@dataclass(frozen=True, slots=True)
class Pair:
    """What both sets decide about one person."""

    subject: Subject
    before: Decision
    after: Decision

    @property
    def differs(self) -> bool:
        """Whether the person, the screen or the staff would notice."""
        return _noticed(self.before) != _noticed(self.after)

    @property
    def responsible(self) -> tuple[list[str], list[str]]:
        """Rules that fail only under the first set, and those that fail only under the second."""
        before, after = self.before.failed_rules, self.after.failed_rules
        return [rule for rule in before if rule not in after], [rule for rule in after if rule not in before]


def pairs(subjects: Iterable[Subject], before: RuleSet, after: RuleSet) -> tuple[Pair, ...]:
    """Decide about everybody twice."""
    return tuple(Pair(subject, subject.decided(before), subject.decided(after)) for subject in subjects)


def matrix(found: Iterable[Pair]) -> dict[tuple[Outcome, Outcome], int]:
    """How many people go from each outcome to each."""
    counts = {(before, after): 0 for before in Outcome for after in Outcome}
    for pair in found:
        counts[pair.before.outcome, pair.after.outcome] += 1
    return counts


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What was changed in the files, one line each: rules, parameters, profiles, assignments.

    Args:
        before: a decoded rule set in which no fault was found.
        after: another one.
    """
    return [
        *_named("rule", _by_identifier(before), _by_identifier(after), _RULE_FIELDS),
        *_values("parameter", before["parameters"], after["parameters"]),
        *_named("profile", before["profiles"], after["profiles"], _PROFILE_FIELDS),
        *(
            line
            for name in before["profiles"].keys() & after["profiles"].keys()
            for line in _values(
                f"profile {name}, parameter",
                before["profiles"][name]["parameters"],
                after["profiles"][name]["parameters"],
            )
        ),
        *(["assignments: changed"] if not _same(before["assignments"], after["assignments"]) else []),
    ]


def _noticed(decision: Decision) -> tuple[Any, ...]:
    return decision.outcome, decision.reasons, decision.announced, decision.advisories, decision.calls_staff


def _by_identifier(found: Mapping[str, Any]) -> dict[str, Any]:
    return {rule["Identifier"]: rule for rule in found["rules"]}


def _named(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], parts: tuple[str, ...]) -> Iterator[str]:
    yield from (f"{kind} {name}: removed" for name in before if name not in after)
    yield from (f"{kind} {name}: added" for name in after if name not in before)
    for name in before:
        if name in after:
            different = [part for part in parts if not _same(before[name].get(part), after[name].get(part))]
            if different:
                yield f"{kind} {name}: changed ({', '.join(different)})"


def _values(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{kind} {name}: removed" for name in before if name not in after)
    for name, value in after.items():
        if name not in before:
            yield f"{kind} {name}: added, {_shown(value)}"
        elif not _same(before[name], value):
            yield f"{kind} {name}: {_shown(before[name])} becomes {_shown(value)}"


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON; to Python 1 and true are equal too."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004 - one line of a terminal
