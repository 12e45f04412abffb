"""What other rules would have decided about a passage, as far as its row says. Pure.

A row names the rules that failed, and of each fact whether it was known; never what it said. So a rule that is the same
as before has the same result, a changed one has a result where all that it asks about was not known, and of every other
one nothing can be said. Where that decides, the row is counted as such.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads it
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gate.model import Fact, Facts, FactState, Moment, Outcome, Reason
from gate.rules import ruleset
from gate.rules.decide import REFUSALS, SEVERITY, external, judged
from gate.rules.parameters import MAX_AGE, RETIRED_SOURCES
from gate.rules.unknowns import reason_for
from gate.wire.passages import FactUsed  # noqa: TC001 - msgspec reads it

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gate.rules.profiles import Profile
    from gate.rules.rule import Rule
    from gate.rules.ruleset import RuleSet

ORDERS_APPLIED: Final = "an order was in force"
NO_SUCH_SET: Final = "judged by rules that are not at hand"
NO_SUCCESSOR: Final = "judged by a rule set that the release has no longer"
OTHER_PLACES: Final = "profiles are assigned otherwise"
FOREIGN: Final = "a certificate's own rules"
_NOT_HERE: Final = (FactState.UNKNOWN, FactState.ABSENT)
_A_VALUE: Final = 3
"""Parts of a path such as ``payload.test.result``."""
_PARTS: Final = ("Logic", "Outcome", "Reason", "AffectedFields")


class Row(msgspec.Struct, frozen=True):
    """Of ``gate.wire.passages.Passage``, what is asked here."""

    at: datetime
    clock_trusted: bool
    outcome: Outcome
    reasons: tuple[str, ...]
    rule_set: str | None = None
    profile: str | None = None
    failed_rules: tuple[str, ...] = ()
    facts: tuple[FactUsed, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A rule set, and its rules as they were written."""

    rule_set: RuleSet
    written: Mapping[str, Any]
    """By identifier."""

    @classmethod
    def read(cls, blob: bytes) -> Held:
        """Of a file in which no fault was found."""
        found = {rule["Identifier"]: rule for rule in json.loads(blob)["rules"]}
        return cls(ruleset.load(blob), found)

    def said(self, rule: Rule, profile: Profile) -> str:
        """Everything that its result hangs on besides the facts: the same text, the same result."""
        written = [self.written[rule.identifier].get(part) for part in _PARTS]
        own, ages = profile.parameters, profile.parameters.get(MAX_AGE, {})
        used = {path.split(".")[2]: own.get(path.split(".")[2]) for path in rule.paths if _is_parameter(path)}
        aged = {fact: ages.get(fact) for fact in facts_of(rule)}
        return json.dumps([written, used, aged, sorted(own.get(RETIRED_SOURCES, ()))], sort_keys=True)


@dataclass(frozen=True, slots=True)
class Said:
    """What becomes of a row."""

    outcome: Outcome | None
    """None: it can't be said."""
    why: str
    """The first reason, or a later one where a rule before it can't be tried; or what keeps it from being said."""


class Rejudge:
    """Old rules and new ones.

    Args:
        before: the sets of now.
        after: those that take their place.
    """

    def __init__(self, before: Iterable[Held], after: Iterable[Held]) -> None:
        self._before = {f"{one.rule_set.id}@{one.rule_set.version}": one for one in before}
        newest = sorted(after, key=lambda one: one.rule_set.version)
        self._after = {one.rule_set.id: one for one in newest}

    def of(self, row: Row) -> Said:
        """What the new rules would have decided."""
        if row.outcome is not Outcome.PASS and not row.failed_rules:
            return Said(row.outcome, row.reasons[0])  # refused before any rule was asked
        if any(mark.startswith(("grace:", "emergency:")) for mark in row.marks):
            return Said(None, ORDERS_APPLIED)
        before = self._before.get(row.rule_set or "")
        after = None if before is None else self._after.get(before.rule_set.id)
        if before is None or after is None:
            return Said(None, NO_SUCH_SET if before is None else NO_SUCCESSOR)
        old, new = (one.rule_set.profiles.get(row.profile or "") for one in (before, after))
        if old is None or new is None or before.rule_set.assignments != after.rule_set.assignments:
            return Said(None, OTHER_PLACES)
        if not set(row.failed_rules) <= {rule.identifier for rule in old.rules}:
            return Said(None, FOREIGN)
        return _Results(row, (before, old), (after, new)).said()


class _Results:
    def __init__(self, row: Row, before: tuple[Held, Profile], after: tuple[Held, Profile]) -> None:
        self._row = row
        (held, old), (self._held, self._profile) = before, after
        self._old = {rule.identifier: held.said(rule, old) for rule in old.rules}
        self._states = {fact.name: fact.state for fact in row.facts}
        # What was known has values that nobody wrote down, but for the clock's; no rule that asks for them is tried.
        found = {one.name: Fact(one.state, one.source, one.age_s, {}) for one in row.facts}
        if "clock" in found:
            found["clock"] = Fact(found["clock"].state, None, None, {"trusted": row.clock_trusted})
        self._facts = Facts(found)

    def said(self) -> Said:
        refusing = [rule for rule in self._profile.rules if rule.outcome is not Outcome.PASS]
        same = {rule.identifier for rule in refusing if self._is_same(rule)}
        if len(same) == len(refusing) and set(self._row.failed_rules) <= same:
            return Said(self._row.outcome, self._row.reasons[0])
        failed, open_ = list[tuple[Outcome, str]](), list[str]()
        for rule in refusing:
            if rule.identifier in same:
                failed += [self._again(rule)] if rule.identifier in self._row.failed_rules else []
            elif all(map(self._is_told, rule.paths)):
                failed += self._tried(rule)
            else:
                open_.append(rule.identifier)
        surest = max((SEVERITY[outcome] for outcome, _why in failed), default=0)
        if open_ and surest < SEVERITY[Outcome.REFER]:
            return Said(None, ", ".join(open_))
        if not failed:
            return Said(Outcome.PASS, str(self._profile.admitted))
        outcome, why = next(one for one in failed if SEVERITY[one[0]] == surest)
        if outcome is Outcome.RETRY and self._row.reasons[0] == Reason.RETRIES_EXHAUSTED:
            return Said(Outcome.REFER, str(Reason.RETRIES_EXHAUSTED))
        return Said(outcome, why)

    def _is_same(self, rule: Rule) -> bool:
        return self._old.get(rule.identifier) == self._held.said(rule, self._profile)

    def _again(self, rule: Rule) -> tuple[Outcome, str]:
        """A rule that failed and is the same."""
        reason = reason_for(rule.affected_fields[0].split(".")[0], self._facts)
        if reason is None:
            return rule.outcome, str(rule.reason)
        return REFUSALS.get(reason, Outcome.REFER), str(reason)

    def _tried(self, rule: Rule) -> list[tuple[Outcome, str]]:
        """Another rule, on what the row tells."""
        moment = Moment(self._row.at, self._row.clock_trusted)
        data = {"payload": self._facts.to_payload(), "external": external(self._profile, moment)}
        failure = judged(rule, data, self._facts)
        return [] if failure is None else [(failure.outcome, str(failure.reason))]

    def _is_told(self, path: str) -> bool:
        parts = path.split(".")
        if parts[0] == "external" or path == "payload.clock.trusted":
            return True
        if parts[0] != "payload" or len(parts) != _A_VALUE or parts[1] not in self._states:
            return False
        return parts[2] == "state" or self._states[parts[1]] in _NOT_HERE


def facts_of(rule: Rule) -> Iterator[str]:
    """The facts that a rule asks about."""
    return (path.split(".")[1] for path in sorted(rule.paths) if path.startswith("payload."))


def _is_parameter(path: str) -> bool:
    return path.startswith("external.parameters.")
