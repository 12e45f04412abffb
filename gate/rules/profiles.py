"""Profiles, the rules of one kind of place or credential, and the assignments that choose one for a presentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gate.model import Checkpoint, CredentialKind, Direction, Facts, Reason
from gate.rules import fields, parameters
from gate.rules.rule import PASS_REASONS, REFUSAL_REASONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gate.rules.parameters import Parameters
    from gate.rules.rule import Rule

MAX_PROFILES: Final = 200
MAX_ASSIGNMENTS: Final = 500
MAX_CHOICES: Final = 200
MAX_RULES: Final = 2_000

ANY_REASON: Final = "*"
"""In ``spoken``: every reason that is not named."""

_REQUIRED: Final = frozenset({"rules", "parameters"})
_OPTIONAL: Final = frozenset({"admitted", "spoken", "calls_staff"})
_ADMITTED: Final = tuple(sorted(PASS_REASONS - {Reason.EMERGENCY_ORDER}))
_SPOKEN: Final = (*REFUSAL_REASONS, Reason.STAFF_CALLED)

Circumstances = Mapping[str, str | bool | int]
"""The credential's kind and the values of the checkpoint, by the keys that an assignment may ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules of one kind of place, in the order in which a failed one is spoken."""

    name: str
    rules: tuple[Rule, ...]
    parameters: Parameters
    """The set's parameters with those that this profile changes."""
    admitted: Reason
    """The reason that a pass carries."""
    spoken: Mapping[str, Reason]
    """What is said instead of a refusal's reason, by reason or for ``ANY_REASON``."""
    calls_staff: bool
    """On every refusal."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where and for which credentials a profile applies."""

    profile: str
    when: Mapping[str, frozenset[str | bool]]
    """Key of the circumstances to the values that match; a key that is not there matches everything."""

    def matches(self, found: Circumstances) -> bool:
        """Whether every key has one of its values."""
        return all(found[key] in values for key, values in self.when.items())

    def covers(self, other: Assignment) -> bool:
        """Whether this one matches whatever the other one matches."""
        return all(key in other.when and other.when[key] <= values for key, values in self.when.items())


def circumstances(place: Checkpoint | Facts, kind: str) -> Circumstances:
    """What assignments ask about: known beforehand from the checkpoint, or afterwards from the facts alone."""
    if isinstance(place, Checkpoint):
        known = {key: getattr(place, key) for key in _WHEN.keys() - {"credential"}}
    else:
        known = dict(place.by_name["checkpoint"].values) if "checkpoint" in place.by_name else {}
    return {**known, "credential": kind}


def choose(assignments: Iterable[Assignment], found: Circumstances) -> str | None:
    """The profile of the first assignment that matches; None for no match.

    None too where an assignment asks for something that is not known: a later one could be the laxer one.
    """
    for assignment in assignments:
        if not assignment.when.keys() <= found.keys():
            return None
        if assignment.matches(found):
            return assignment.profile
    return None


def read_profiles(value: Any, rules: Mapping[str, Rule], of_set: Parameters) -> dict[str, Profile]:
    """Profiles by name.

    Args:
        value: the decoded ``profiles``.
        rules: the set's rules by identifier; each must be in a profile.
        of_set: the set's parameters.

    Raises:
        RuleSetError: a fault; the message names the profile.
    """
    profiles = fields.by_name(
        value,
        "profiles",
        MAX_PROFILES,
        lambda item, where: _profile(item, where.removeprefix("profiles "), rules, of_set),
    )
    if not profiles:
        fields.refuse("profiles", "is empty; a gate without a profile refers everybody")
    used = {rule.identifier for profile in profiles.values() for rule in profile.rules}
    if unused := sorted(rules.keys() - used):
        fields.refuse(f"rule {unused[0]}", "is in no profile; add it to one or remove it")
    return profiles


def read_assignments(value: Any, profiles: Mapping[str, Profile]) -> tuple[Assignment, ...]:
    """Assignments in their order.

    Raises:
        RuleSetError: one is faulty or can't be reached, or a profile is assigned nowhere.
    """
    found: list[Assignment] = []
    for number, item in enumerate(fields.items(value, "assignments", MAX_ASSIGNMENTS, least=1), 1):
        assignment = _assignment(item, f"assignment {number}", profiles)
        for earlier, other in enumerate(found, 1):
            if other.covers(assignment):
                fields.refuse(
                    f"assignment {number} to {assignment.profile}",
                    f"can't be reached: assignment {earlier} matches whatever it matches; "
                    "move it up, narrow the earlier one or remove one",
                )
        found.append(assignment)
    if unassigned := sorted(profiles.keys() - {assignment.profile for assignment in found}):
        fields.refuse(f"profile {unassigned[0]}", "is assigned nowhere; add an assignment or remove it")
    return tuple(found)


def _profile(item: Any, name: str, rules: Mapping[str, Rule], of_set: Parameters) -> Profile:
    where = f"profiles {name}"
    found = fields.members(item, where, _REQUIRED, _OPTIONAL)
    listed = fields.items(found["rules"], f"{where} rules", MAX_RULES, least=1)
    names = [fields.name(rule, f"{where} rules") for rule in listed]
    for rule in names:
        if rule not in rules:
            fields.refuse(where, f"names the rule {rule}, which is not in the set; add it or leave it out")
    if len(set(names)) < len(names):
        fields.refuse(where, "names a rule twice; keep one")
    changed = parameters.read(found["parameters"], f"{where} parameters")
    admitted = found.get("admitted", Reason.GREEN_CODE.value)
    return Profile(
        name=name,
        rules=tuple(rules[rule] for rule in names),
        parameters=MappingProxyType(parameters.replaced(of_set, changed, where)),
        admitted=Reason(fields.one_of(admitted, f"{where} admitted", _values(_ADMITTED))),
        spoken=MappingProxyType(_spoken(found.get("spoken", {}), f"{where} spoken")),
        calls_staff=fields.one_of(found.get("calls_staff", False), f"{where} calls_staff", (True, False)),
    )


def _spoken(value: Any, where: str) -> dict[str, Reason]:
    found: dict[str, Reason] = {}
    instead_of = (*_values(REFUSAL_REASONS), ANY_REASON)
    for key, instead in fields.an_object(value, where).items():
        reason = fields.one_of(key, f"{where}, reason", instead_of)
        found[reason] = Reason(fields.one_of(instead, f"{where} {reason}", _values(_SPOKEN)))
    return found


def _assignment(item: Any, where: str, profiles: Mapping[str, Profile]) -> Assignment:
    found = fields.members(item, where, frozenset({"profile", "when"}))
    profile = fields.name(found["profile"], f"{where} profile")
    if profile not in profiles:
        fields.refuse(where, f"names the profile {profile}, which is not in the set; add it or correct the name")
    when = fields.members(found["when"], f"{where} when", frozenset(), frozenset(_WHEN))
    return Assignment(
        profile, MappingProxyType({key: _WHEN[key](value, f"{where} when {key}") for key, value in when.items()})
    )


def _kinds(value: Any, where: str) -> frozenset[str | bool]:
    return _some(value, where, lambda item: fields.one_of(item, where, _values(CredentialKind)))


def _directions(value: Any, where: str) -> frozenset[str | bool]:
    return _some(value, where, lambda item: fields.one_of(item, where, _values(Direction)))


def _texts(value: Any, where: str) -> frozenset[str | bool]:
    return _some(value, where, lambda item: fields.text(item, where))


def _some(value: Any, where: str, read: Callable[[Any], str]) -> frozenset[str | bool]:
    return frozenset(read(item) for item in fields.items(value, where, MAX_CHOICES, least=1))


def _truth(value: Any, where: str) -> frozenset[str | bool]:
    return frozenset({fields.one_of(value, where, (True, False))})


def _values(choices: Iterable[str]) -> tuple[str, ...]:
    """The plain texts of enumeration members, as they are in the file."""
    return tuple(str(choice) for choice in choices)


_WHEN: Final[Mapping[str, Callable[[Any, str], frozenset[str | bool]]]] = {
    "credential": _kinds,
    "site_class": _texts,
    "zone": _texts,
    "lane": _texts,
    "direction": _directions,
    "attended": _truth,
}
