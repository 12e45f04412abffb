"""One decision told from beginning to end: which profile and why, every rule in its order, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gate.rules.decide import external, judged
from gate.rules.explain import Step, explain
from gate.rules.orders import laid_over
from gate.rules.profiles import circumstances

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.model import Decision
    from gate.rules.decide import Failure
    from gate.rules.rule import Rule
    from gate.rules.ruleset import RuleSet
    from gate.rules.subjects import Subject
    from gate.rules.vocabulary import Language


@dataclass(frozen=True, slots=True)
class Told:
    """One rule of the profile."""

    rule: Rule
    failure: Failure | None
    """What follows from it; None where it holds."""
    step: Step


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision and everything that led to it."""

    decision: Decision
    assignment: int | None
    """Which assignment chose the profile, from 1; None where none did."""
    rules: tuple[Told, ...]
    """In the profile's order."""


def explanation(subject: Subject, rule_set: RuleSet, logics: Mapping[str, Any], language: Language) -> Explanation:
    """Explain what a rule set decides about somebody, whether it is valid at the moment or not.

    Args:
        subject: who stands at the gate.
        rule_set: the set.
        logics: its rules' CertLogic by identifier, as in the file.
        language: of the words.
    """
    facts = subject.facts(rule_set)
    decision = subject.decided(rule_set)
    profile = rule_set.profiles.get(decision.profile or "")
    if profile is None:
        return Explanation(decision, None, ())
    in_force = laid_over(profile, subject.orders, subject.moment).profile
    data = {"payload": facts.to_payload(), "external": external(in_force, subject.moment)}
    place = circumstances(facts, str(facts.by_name["credential"].values.get("kind")))
    matching = (number for number, each in enumerate(rule_set.assignments, 1) if each.matches(place))
    told = tuple(
        Told(rule, judged(rule, data, facts), explain(logics[rule.identifier], data, language))
        for rule in profile.rules
    )
    return Explanation(decision, next(matching, None), told)
