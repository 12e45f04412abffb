"""A rule set: one JSON file, checked whole when it is loaded and either used as it is or refused as it is.

Besides its form, a set's own examples are checked (``gate.rules.lint``): it must decide them as it says it does, and
must not let anybody through because something is not known. The format is in DESIGN section 5; the example is
``config/rules/station-48h.json``. Signatures are checked before, in ``gate.trust``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from gate.errors import RuleSetError
from gate.model import FactState
from gate.rules import fields
from gate.rules.lint import lint
from gate.rules.rule import EuRule, Rule, load_rule

if TYPE_CHECKING:
    from gate.model import Moment

__all__ = ["EuRule", "Example", "Profile", "Rule", "RuleSet", "accept", "load"]

MAX_BYTES: Final = 2_000_000
MAX_RULES: Final = 2_000
MAX_PROFILES: Final = 200
MAX_PARAMETERS: Final = 200
MAX_LIST: Final = 1_000
MAX_EXAMPLES: Final = 500
MAX_FACTS: Final = 32
MAX_VALUES: Final = 32
FUTURE_TOLERANCE: Final = timedelta(minutes=5)
"""How far ahead of this gate's clock the clock of the publisher may run."""

MAX_AGE: Final = "max_age_s"
"""The one parameter that is not for rules: seconds after which a fact is stale, by fact (``gate.rules.derive``)."""

_TIMES: Final = ("valid_from", "valid_to", "issued_at", "refresh_by", "expires")
_MEMBERS: Final = frozenset({"id", "version", *_TIMES, "when_expired", "parameters", "profiles", "rules", "examples"})
_WHEN_EXPIRED: Final[tuple[Literal["keep-judging"], Literal["refer"]]] = ("keep-judging", "refer")
_STATES: Final = tuple(state.value for state in FactState)

Parameters = Mapping[str, Any]
"""Name to integer, boolean, text, list of integers or texts, or an object of integers by name."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules of one kind of place, in the order in which a failed one is spoken."""

    rules: tuple[Rule, ...]
    parameters: Parameters
    """The set's parameters with those that this profile changes."""


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
    rules: Mapping[str, Rule]
    """By identifier."""
    examples: tuple[Example, ...] = field(repr=False)


def load(blob: bytes) -> RuleSet:
    """Read and check a rule set.

    Args:
        blob: the file, UTF-8 JSON of at most ``MAX_BYTES``.

    Raises:
        RuleSetError: any fault; the message names the rule, the fault and what to write instead.
    """
    found = fields.members(fields.decode(blob, MAX_BYTES), "rule set", _MEMBERS)
    times = {key: fields.instant(found[key], key) for key in _TIMES}
    fields.same_order({key: times[key] for key in ("valid_from", "valid_to")}, "rule set")
    fields.same_order({key: times[key] for key in ("issued_at", "refresh_by", "expires")}, "rule set")
    parameters = fields.by_name(found["parameters"], "parameters", MAX_PARAMETERS, _parameter)
    if type(parameters.get(MAX_AGE, {})) is not dict:
        fields.refuse(f"parameters {MAX_AGE}", 'must be an object from fact to seconds, such as {"code": 86400}')
    rules = _rules(found["rules"], times)
    rule_set = RuleSet(
        id=fields.name(found["id"], "id"),
        version=fields.integer(found["version"], "version", least=1),
        digest=hashlib.sha256(blob).hexdigest(),
        **times,
        when_expired=fields.one_of(found["when_expired"], "when_expired", _WHEN_EXPIRED),
        parameters=MappingProxyType(parameters),
        profiles=MappingProxyType(_profiles(found["profiles"], rules, parameters)),
        rules=MappingProxyType(rules),
        examples=_examples(found["examples"], rules),
    )
    if findings := lint(rule_set):
        raise RuleSetError("; ".join(map(str, findings)))
    return rule_set


def accept(current: RuleSet | None, blob: bytes, now: Moment) -> RuleSet:
    """The rule set to use from now on; on an error the caller keeps ``current``.

    Args:
        current: the set in use, None where there is none.
        blob: a new file whose signature was checked.
        now: the present moment; on an untrusted clock the set's times can't be checked and are not.

    Raises:
        RuleSetError: the file has a fault, is older than ``current``, or is not valid now.
    """
    new = load(blob)
    name = f"rule set {new.id}@{new.version}"
    if current is not None and new.id == current.id:
        if new.version < current.version:
            fields.refuse(name, f"is older than version {current.version} in use; publish a higher version")
        if new.version == current.version and new.digest != current.digest:
            fields.refuse(name, "differs from the file of the same version in use; publish a higher version")
    if now.trusted:
        if new.issued_at > now.at + FUTURE_TOLERANCE:
            fields.refuse(name, "was issued in the future; check the publisher's clock")
        if not new.valid_from <= now.at < new.valid_to:
            fields.refuse(name, "is not valid now; publish one whose valid_from and valid_to include today")
    return new


def _parameter(value: Any, where: str) -> Any:
    if where.rsplit(maxsplit=1)[-1] == MAX_AGE and type(value) is not dict:
        fields.refuse(where, 'must be an object from fact to seconds, such as {"code": 86400}')
    if type(value) is dict:
        return fields.by_name(value, where, MAX_PARAMETERS, fields.integer)
    if type(value) is list:
        return [_scalar(item, where) for item in fields.items(value, where, MAX_LIST)]
    return value if type(value) is bool else _scalar(value, where)


def _scalar(value: Any, where: str) -> int | str:
    return fields.text(value, where) if type(value) is str else fields.integer(value, where)


def _rules(value: Any, times: Mapping[str, datetime]) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for item in fields.items(value, "rules", MAX_RULES, least=1):
        rule = load_rule(item)
        where = f"rule {rule.identifier}"
        if rule.identifier in rules:
            fields.refuse(where, "is there twice; give one of them another Identifier")
        if rule.valid_from > times["valid_from"] or rule.valid_to < times["valid_to"]:
            # A rule that lapses on its own would let people through without a word.
            fields.refuse(where, "is not valid for the whole life of the set; widen it, or publish a set for each span")
        rules[rule.identifier] = rule
    return rules


def _profiles(value: Any, rules: Mapping[str, Rule], parameters: Parameters) -> dict[str, Profile]:
    def read(item: Any, where: str) -> Profile:
        found = fields.members(item, where, frozenset({"rules", "parameters"}))
        listed = fields.items(found["rules"], f"{where} rules", MAX_RULES, least=1)
        names = [fields.name(name, f"{where} rules") for name in listed]
        for name in names:
            if name not in rules:
                fields.refuse(where, f"names the rule {name}, which is not in the set; add it or leave it out")
        if len(set(names)) < len(names):
            fields.refuse(where, "names a rule twice; keep one")
        changed = fields.by_name(found["parameters"], f"{where} parameters", MAX_PARAMETERS, _parameter)
        for name, new in changed.items():
            if type(parameters.get(name)) is not type(new):
                fields.refuse(where, f"changes the parameter {name}, which the set lacks or has of another type")
        return Profile(tuple(rules[name] for name in names), MappingProxyType({**parameters, **changed}))

    profiles = fields.by_name(value, "profiles", MAX_PROFILES, read)
    if not profiles:
        fields.refuse("profiles", "is empty; a gate without a profile refers everybody")
    used = {rule.identifier for profile in profiles.values() for rule in profile.rules}
    if unused := sorted(rules.keys() - used):
        fields.refuse(f"rule {unused[0]}", "is in no profile; add it to one or remove it")
    return profiles


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
        facts = fields.by_name(found["facts"], f"{where} facts", MAX_FACTS, _fact)
        examples.append(Example(name, MappingProxyType(facts), MappingProxyType(expect)))
    return tuple(examples)


def _fact(value: Any, where: str) -> dict[str, Any]:
    found = dict(fields.an_object(value, where))
    state = fields.one_of(found.pop("state", None), f"{where} state", _STATES)
    age = found.pop("age", None)
    if age is not None:
        fields.integer(age, f"{where} age", least=0)
    values = fields.by_name(found, where, MAX_VALUES, _fact_value)
    if values and state not in {FactState.KNOWN, FactState.STALE}:
        fields.refuse(where, f"is {state} but has values; remove them")
    return {"state": state, "age": age, **values}


def _fact_value(value: Any, where: str) -> int | str | bool:
    return value if type(value) is bool else _scalar(value, where)
