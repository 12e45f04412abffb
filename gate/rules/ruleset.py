"""A rule set: one JSON file, checked whole when it is loaded and either used as it is or refused as it is.

Besides its form, a set's own examples are checked (``gate.rules.lint``): it must decide them as it says it does, and
must not let anybody through because something is not known. The format is in DESIGN section 5; the example is
``config/rules/station-48h.json``. No signature is checked here: one that came in a signed bundle was verified before,
and of any other file decides whoever can write it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from gate.errors import RuleSetError
from gate.rules import fields, parameters, profiles
from gate.rules.lint import lint
from gate.rules.payload import read_payload
from gate.rules.profiles import MAX_RULES, Assignment, Profile
from gate.rules.rule import EuRule, Rule, load_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gate.model import Checkpoint, Facts, Moment
    from gate.rules.parameters import Parameters

__all__ = ["Assignment", "EuRule", "Example", "Profile", "Rule", "RuleSet", "accept", "load", "read"]

MAX_BYTES: Final = 2_000_000
MAX_EXAMPLES: Final = 500
FUTURE_TOLERANCE: Final = timedelta(minutes=5)
"""How far ahead of this gate's clock the clock of the publisher may run."""

_TIMES: Final = ("valid_from", "valid_to", "issued_at", "refresh_by", "expires")
_HEAD: Final = frozenset({"id", "version", *_TIMES, "when_expired"})
MEMBERS: Final = _HEAD | {"parameters", "profiles", "assignments", "rules", "examples"}
_WHEN_EXPIRED: Final[tuple[Literal["keep-judging"], Literal["refer"]]] = ("keep-judging", "refer")


@dataclass(frozen=True, slots=True)
class Example:
    """A case that the set's authors decided by hand."""

    name: str
    facts: Mapping[str, Any] = field(repr=False)
    """What the rules see as ``payload``."""
    expect: Mapping[str, bool]
    """Rule identifier to whether it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """A rule set in which no fault was found. Times are UTC."""

    id: str
    version: int
    digest: str = field(repr=False)
    """SHA-256 of the file, hex."""
    valid_from: datetime
    valid_to: datetime
    """Exclusive."""
    issued_at: datetime
    refresh_by: datetime
    expires: datetime
    when_expired: Literal["keep-judging", "refer"]
    parameters: Parameters
    profiles: Mapping[str, Profile]
    assignments: tuple[Assignment, ...]
    """The first one that matches chooses the profile."""
    rules: Mapping[str, Rule]
    """By identifier."""
    examples: tuple[Example, ...] = field(repr=False)

    def profile_for(self, place: Checkpoint | Facts, kind: str) -> Profile | None:
        """The profile that judges a credential of this kind at this checkpoint, None where none does."""
        name = profiles.choose(self.assignments, profiles.circumstances(place, kind))
        return None if name is None else self.profiles[name]


def load(blob: bytes) -> RuleSet:
    """Read and check a rule set.

    Args:
        blob: the file, UTF-8 JSON of at most ``MAX_BYTES``.

    Raises:
        RuleSetError: any fault; the message names the rule, the fault and what to write instead.
    """
    rule_set = read(blob)
    if findings := lint(rule_set):
        raise RuleSetError("; ".join(map(str, findings)))
    return rule_set


def read(blob: bytes) -> RuleSet:
    """Read a rule set and check its form alone, for tools that show what ``lint`` finds; a gate uses ``load``.

    Raises:
        RuleSetError: a fault of the form; the message names the rule, the fault and what to write instead.
    """
    found = fields.members(fields.decode(blob, MAX_BYTES), "rule set", MEMBERS)
    times = {key: fields.instant(found[key], key) for key in _TIMES}
    fields.same_order({key: times[key] for key in ("valid_from", "valid_to")}, "rule set")
    fields.same_order({key: times[key] for key in ("issued_at", "refresh_by", "expires")}, "rule set")
    own = parameters.read(found["parameters"], "parameters")
    rules = _rules(found["rules"], times, own)
    by_name = profiles.read_profiles(found["profiles"], rules, own)
    return RuleSet(
        id=fields.name(found["id"], "id"),
        version=fields.integer(found["version"], "version", least=1),
        digest=hashlib.sha256(blob).hexdigest(),
        **times,
        when_expired=fields.one_of(found["when_expired"], "when_expired", _WHEN_EXPIRED),
        parameters=MappingProxyType(own),
        profiles=MappingProxyType(by_name),
        assignments=profiles.read_assignments(found["assignments"], by_name),
        rules=MappingProxyType(rules),
        examples=_examples(found["examples"], rules),
    )


def accept(current: RuleSet | None, blob: bytes, now: Moment, others: Iterable[RuleSet] = ()) -> RuleSet:
    """The rule set to hold from now on; on an error the caller keeps ``current``.

    One that becomes valid later is accepted: ``gate.rules.schedule`` says which one is in force.

    Args:
        current: the set to be replaced, None where there is none.
        blob: a new file.
        now: the present moment; on an untrusted clock the set's times can't be checked and are not.
        others: sets that are held beside it.

    Raises:
        RuleSetError: the file has a fault, is older than ``current``, is another one's namesake, or is over.
    """
    new = load(blob)
    name = f"rule set {new.id}@{new.version}"
    if current is not None and new.id == current.id and new.version < current.version:
        fields.refuse(name, f"is older than version {current.version} in use; publish a higher version")
    for held in (*others, *(() if current is None else (current,))):
        if (held.id, held.version) == (new.id, new.version) and held.digest != new.digest:
            fields.refuse(name, "differs from the file of the same version in use; publish a higher version")
    if now.trusted:
        if new.issued_at > now.at + FUTURE_TOLERANCE:
            fields.refuse(name, "was issued in the future; check the publisher's clock")
        if now.at >= new.valid_to:
            fields.refuse(name, "is not valid any more; publish one whose valid_to lies ahead")
    return new


def _rules(value: Any, times: Mapping[str, datetime], own: Parameters) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for item in fields.items(value, "rules", MAX_RULES, least=1):
        rule = load_rule(item)
        where = f"rule {rule.identifier}"
        if rule.identifier in rules:
            fields.refuse(where, "is there twice; give one of them another Identifier")
        if rule.valid_from > times["valid_from"] or rule.valid_to < times["valid_to"]:
            # A rule that lapses on its own would let people through without a word.
            fields.refuse(where, "is not valid for the whole life of the set; widen it, or publish a set for each span")
        if rule.advice is not None and type(own.get(rule.advice.limit)) is not int:
            fields.refuse(
                f"{where} Advisory limit",
                f"names {rule.advice.limit}, which is no integer among the set's parameters; add it there",
            )
        rules[rule.identifier] = rule
    return rules


def _examples(value: Any, rules: Mapping[str, Rule]) -> tuple[Example, ...]:
    examples = []
    for number, item in enumerate(fields.items(value, "examples", MAX_EXAMPLES, least=1), 1):
        found = fields.members(item, f"example {number}", frozenset({"name", "facts", "expect"}))
        name = fields.text(found["name"], f"example {number} name")
        where = f"example {number} ({name[:60]})"
        expect = fields.by_name(
            found["expect"], f"{where} expect", MAX_RULES, lambda holds, at: fields.one_of(holds, at, (True, False))
        )
        if unknown := sorted(expect.keys() - rules.keys()):
            fields.refuse(where, f"expects something of {unknown[0]}, which is not in the set")
        facts = read_payload(found["facts"], f"{where} facts")
        examples.append(Example(name, MappingProxyType(facts), MappingProxyType(expect)))
    return tuple(examples)
