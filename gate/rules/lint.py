"""Proof by example that a rule set does what it says, and lets nobody through because something is not known.

Over the set's own examples every fact, every pair of facts and all of them are made unknown, then stale: no rule may
turn from false to true, and none may hold when nothing that it reads is known (DESIGN invariant 1 and section 5).
Rules have no clock and no randomness, so a fact that a rule doesn't read can't change it: only those that it reads
are tried.

Of every profile there must be somebody among the examples who passes it and somebody who doesn't: one that refuses
everybody, for rules that contradict each other, or lets everybody through is a mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any, Final

from gate.model import FactState, Outcome
from gate.rules.certlogic import CertLogicError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gate.rules.profiles import Profile
    from gate.rules.rule import Rule
    from gate.rules.ruleset import Example, RuleSet

MAX_EVALUATIONS: Final = 200_000
"""A few seconds of work; the example set for stations needs about 1,000."""
MAX_FINDINGS: Final = 20

_Facts = Mapping[str, Any]
_UNKNOWN: Final = {"state": FactState.UNKNOWN.value, "age": None}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a rule set."""

    where: str
    """A rule's identifier, ``"profile NAME"``, or ``"examples"``."""
    fault: str
    """What is wrong and what to write instead."""

    def __str__(self) -> str:
        return f"{self.where}: {self.fault}"


def lint(rule_set: RuleSet) -> list[Finding]:
    """The faults that the set's own examples show, at most ``MAX_FINDINGS``; empty if there is none."""
    variants = _variants(rule_set)
    work = sum(_evaluations(rule, rule_set, len(variants[rule.identifier])) for rule in rule_set.rules.values())
    work += len(rule_set.examples) * sum(len(profile.rules) for profile in rule_set.profiles.values())
    if work > MAX_EVALUATIONS:
        return [Finding("examples", f"need more than {MAX_EVALUATIONS} evaluations; use fewer examples or facts")]
    findings: list[Finding] = []
    for rule in rule_set.rules.values():
        faults = chain(
            _wrong_examples(rule, rule_set),
            _missing_examples(rule, rule_set),
            _careless(rule, rule_set, variants[rule.identifier]),
        )
        findings.extend(Finding(rule.identifier, fault) for fault in faults)
        if len(findings) >= MAX_FINDINGS:
            return findings[:MAX_FINDINGS]
    for profile in rule_set.profiles.values():
        findings.extend(Finding(f"profile {profile.name}", fault) for fault in _one_sided(profile, rule_set))
    return findings[:MAX_FINDINGS]


def lint_changed(
    profile: Profile, parameters: Mapping[str, Any], names: Iterable[str], rule_set: RuleSet
) -> list[Finding]:
    """Whether not knowing lets people through a profile once somebody else's parameters are in force.

    Args:
        profile: one of the set's.
        parameters: in place of the profile's own.
        names: those that differ; rules that read none of them need no second look.
        rule_set: whose examples are tried.
    """
    concerned = [rule for rule in profile.rules if any(_reads(rule, name) for name in names)]
    if sum(_evaluations(rule, rule_set, 1) for rule in concerned) > MAX_EVALUATIONS:
        return [Finding("examples", f"need more than {MAX_EVALUATIONS} evaluations; use fewer examples or facts")]
    return [Finding(rule.identifier, fault) for rule in concerned for fault in _careless(rule, rule_set, [parameters])][
        :MAX_FINDINGS
    ]


def _wrong_examples(rule: Rule, rule_set: RuleSet) -> Iterator[str]:
    for example in rule_set.examples:
        expected = example.expect.get(rule.identifier)
        if expected is not None and _holds(rule, example.facts, rule_set.parameters, rule_set) is not expected:
            yield (
                f'is {str(not expected).lower()} in the example "{example.name}", which expects '
                f"{str(expected).lower()}; correct the Logic or the example"
            )


def _missing_examples(rule: Rule, rule_set: RuleSet) -> Iterator[str]:
    expectations = {example.expect.get(rule.identifier) for example in rule_set.examples}
    for holds, words in ((True, "holds"), (False, "does not hold")):
        if holds not in expectations:
            yield f"has no example in which it {words}; add one"


def _one_sided(profile: Profile, rule_set: RuleSet) -> Iterator[str]:
    """Whether the examples show nobody who passes the profile, or nobody whom it refuses."""
    refusing = [rule for rule in profile.rules if rule.outcome is not Outcome.PASS]
    everywhere = (1 << len(rule_set.examples)) - 1
    holds = {rule.identifier: _where_it_holds(rule, profile, rule_set) for rule in refusing}
    passing = everywhere
    for mask in holds.values():
        passing &= mask
    if passing == everywhere:
        yield "has no example in which one of its rules refuses; add one"
    if passing:
        return
    names = {mask: name for name, mask in reversed(holds.items())}  # one name will do for rules that hold alike
    for one, other in combinations(sorted(names), 2):
        if not one & other:
            yield (
                f"can't be passed: {names[one]} and {names[other]} are never both true in an example; "
                "correct one of them, or add an example in which all rules of the profile hold"
            )
            return
    yield "has no example in which all its rules hold; add one"


def _where_it_holds(rule: Rule, profile: Profile, rule_set: RuleSet) -> int:
    """A bit for every example in which the rule holds under the profile's parameters."""
    return sum(
        _holds(rule, example.facts, profile.parameters, rule_set) << number
        for number, example in enumerate(rule_set.examples)
    )


def _careless(rule: Rule, rule_set: RuleSet, variants: list[Mapping[str, Any]]) -> Iterator[str]:
    """The first case in which the rule makes something good of facts that are not known."""
    read = _facts_read(rule)
    primary = rule.affected_fields[0].split(".")[0]
    if read is not None and primary not in read:
        yield f"does not read payload.{primary}, its first of AffectedFields; put a fact that it reads first"
        return
    for example in rule_set.examples:
        names = sorted(example.facts if read is None else read)
        for parameters in variants:
            held = _holds(rule, example.facts, parameters, rule_set)
            for lost, state, facts in _losses(example, names):
                if not _holds(rule, facts, parameters, rule_set):
                    continue
                if not held or len(lost) == len(names):
                    yield (
                        f'holds in the example "{example.name}" with {" and ".join(lost)} {state}, '
                        "so not knowing lets people through; let it ask for the state known"
                    )
                    return


def _losses(example: Example, names: list[str]) -> Iterator[tuple[tuple[str, ...], str, _Facts]]:
    """The example with one, two or all of the named facts lost: which, how, and what is left."""
    groups = {group: None for size in (1, 2, len(names)) for group in combinations(names, size)}
    for state, lose in _LOSSES.items():
        for group in groups:
            lost = {name: lose(example.facts.get(name)) for name in group}
            # What was absent has not become stale: then the smaller group without it is the one that says something.
            if all(lost[name] != example.facts.get(name) for name in group):
                yield group, state, {**example.facts, **lost}


def _to_unknown(_fact: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return _UNKNOWN


def _to_stale(fact: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The same values, too old to rely on; what was not known has not become stale."""
    if fact is None or fact["state"] != FactState.KNOWN:
        return _UNKNOWN if fact is None else fact
    return {**fact, "state": FactState.STALE.value}


_LOSSES: Final[Mapping[str, Callable[[Mapping[str, Any] | None], Mapping[str, Any]]]] = {
    "unknown": _to_unknown,
    "stale": _to_stale,
}


def _holds(rule: Rule, facts: _Facts, parameters: Mapping[str, Any], rule_set: RuleSet) -> bool:
    external = {"parameters": dict(parameters), "validationClock": rule_set.issued_at.isoformat()}
    try:
        return rule.holds({"payload": dict(facts), "external": external})
    except CertLogicError:
        return False


def _variants(rule_set: RuleSet) -> dict[str, list[Mapping[str, Any]]]:
    """For every rule the parameters under which it is used, each once; the set's own first."""
    own = repr(sorted(rule_set.parameters.items()))
    found: dict[str, dict[str, Mapping[str, Any]]] = {name: {own: rule_set.parameters} for name in rule_set.rules}
    for profile in rule_set.profiles.values():
        key = repr(sorted(profile.parameters.items()))
        for rule in profile.rules:
            found[rule.identifier][key] = profile.parameters
    return {name: list(variants.values()) for name, variants in found.items()}


def _facts_read(rule: Rule) -> frozenset[str] | None:
    """The facts that a rule reads; None where its paths don't tell, so that it may read every one."""
    names = set()
    for path in rule.paths:
        parts = path.split(".")
        if parts[0] == "external":
            continue
        if parts[0] != "payload" or len(parts) == 1:
            return None
        names.add(parts[1])
    return frozenset(names)


def _reads(rule: Rule, parameter: str) -> bool:
    """Whether a rule may read a parameter; one that reads all of ``external`` may."""
    path = f"external.parameters.{parameter}"
    return any(f"{path}.".startswith(f"{read}.") or read.startswith(f"{path}.") or not read for read in rule.paths)


def _evaluations(rule: Rule, rule_set: RuleSet, variants: int) -> int:
    read = _facts_read(rule)
    most = max(len(example.facts) for example in rule_set.examples) if read is None else len(read)
    losses = len(_LOSSES) * (most + most * (most - 1) // 2 + 1)
    return len(rule_set.examples) * (1 + variants * (1 + losses))
