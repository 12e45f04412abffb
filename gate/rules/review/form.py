"""What is wrong with the form of a rule set: each piece is tried alone in a set that is sound but for it.

So nothing here says a second time what a rule set is: ``ruleset.read`` does. Faulty pieces are replaced by sound ones,
so that the rest can be looked at too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gate.rules import ruleset
from gate.rules.review.fault import Fault, fault
from gate.rules.review.keys import keys
from gate.rules.review.one_rule import rule_faults
from gate.rules.review.sound import EXAMPLE, RULE, SET, is_name, only_rule, refusal, stub

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SPANS: Final[tuple[tuple[str, ...], ...]] = (("valid_from", "valid_to"), ("issued_at", "refresh_by", "expires"))
_SOUND_PROFILE: Final[dict[str, Any]] = SET["profiles"]["sound"]


@dataclass(slots=True)
class Form:
    """A file with its faults, and the same file with sound pieces in place of faulty ones."""

    file: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)
    mended: dict[str, Any] = field(default_factory=lambda: dict(SET))
    stubs: set[str] = field(default_factory=set)
    """Identifiers of the rules that were replaced."""

    def review(self) -> None:
        """Look at every piece."""
        self.faults += keys("rule set", self.file, ruleset.MEMBERS, frozenset())
        self._head()
        self._parameters()
        self._rules()
        self._profiles()
        self._assignments()
        self._examples()

    def _tried(self, where: str, part: str, found: Any, changed: dict[str, Any]) -> bool:
        if (words := refusal({**SET, **changed})) is not None:
            self.faults.append(fault(where, part, found, words))
        return words is None

    def _head(self) -> None:
        for key in ("id", "version", "when_expired"):
            if key in self.file and self._tried("rule set", key, self.file[key], {key: self.file[key]}):
                self.mended[key] = self.file[key]
        for span in _SPANS:
            times = {key: self.file[key] for key in span if key in self.file}
            # One time alone: the others of its span are set to the same.
            alone = [self._tried("rule set", key, time, dict.fromkeys(span, time)) for key, time in times.items()]
            if len(times) == len(span) and all(alone) and self._tried("rule set", ", ".join(span), None, times):
                self.mended |= times

    def _parameters(self) -> None:
        found = self.file.get("parameters", {})
        if not isinstance(found, dict):
            self._tried("rule set", "parameters", found, {"parameters": found})
            return
        self.mended["parameters"] = {
            name: value
            for name, value in found.items()
            if self._tried("parameters", name, value, {"parameters": {name: value}})
        }

    def _rules(self) -> None:
        kept: dict[str, dict[str, Any]] = {}
        for number, rule in enumerate(self._listed("rules"), 1):
            identifier = rule.get("Identifier") if isinstance(rule, dict) else None
            where = f"rule {identifier}" if is_name(identifier) else f"rule number {number}"
            if is_name(identifier) and identifier in kept:
                self.faults.append(fault(where, "Identifier", identifier, "is there twice; give one of them another"))
                continue
            alone = refusal(self._with_rule(rule))
            if alone is not None:
                self.faults += list(rule_faults(where, rule, self.mended["parameters"])) or [
                    fault(where, "", None, alone)
                ]
            if is_name(identifier):
                kept[identifier] = rule if alone is None else stub(identifier)
                self.stubs |= set() if alone is None else {identifier}
        ever = {"ValidFrom": RULE["ValidFrom"], "ValidTo": RULE["ValidTo"]} if self._life_is_faulty else {}
        self.mended["rules"] = [{**rule, **ever} for rule in kept.values()]

    def _with_rule(self, rule: Any) -> dict[str, Any]:
        """The set with this rule alone; where its times are faulty the rule's own count for the set as well."""
        times = {key: self.mended[key] for key in _SPANS[0]}
        if self._life_is_faulty and isinstance(rule, dict):
            times = {"valid_from": rule.get("ValidFrom"), "valid_to": rule.get("ValidTo")}
        return {**SET, **times, "parameters": self.mended["parameters"], **only_rule(rule)}

    @property
    def _life_is_faulty(self) -> bool:
        return any(self.mended[key] != self.file.get(key) for key in _SPANS[0])

    def _identifiers(self) -> list[str]:
        return [rule["Identifier"] for rule in self.mended["rules"]]

    def _profiles(self) -> None:
        found = self.file.get("profiles", {})
        if not isinstance(found, dict):
            self._tried("rule set", "profiles", found, {"profiles": found})
            return
        kept: dict[str, Any] = {}
        for name, profile in found.items():
            alone = refusal(self._with_profile(name, profile))
            if alone is None:
                kept[name] = profile
                continue
            self.faults += list(self._profile_faults(name, profile)) or [fault(f"profile {name}", "", None, alone)]
            if is_name(name):
                kept[name] = {"rules": self._named(profile) or self._identifiers()[:1], "parameters": {}}
        self._unused(kept)
        self.mended["profiles"] = kept

    def _profile_faults(self, name: str, profile: Any) -> Iterator[Fault]:
        """Every part of a faulty profile alone."""
        where = f"profile {name}"
        if not isinstance(profile, dict):
            yield fault(where, "", profile, "must be an object, written in { }")
            return
        yield from keys(where, profile, frozenset(_SOUND_PROFILE), frozenset({"admitted", "spoken", "calls_staff"}))
        for part, found, alone, choices in self._parts_of_profile(profile):
            if (words := refusal(self._with_profile(name, {**_SOUND_PROFILE, **alone}))) is not None:
                yield fault(where, part, found, words, choices)

    def _parts_of_profile(self, profile: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any], Iterable[str]]]:
        """Name of the part, what stands there, the member of a profile that has only it, words that may be meant."""
        for key, value in profile.items():
            if key == "rules" and isinstance(value, list) and value:
                yield from ((key, rule, {key: [rule]}, self._identifiers()) for rule in value)
            elif key == "parameters" and isinstance(value, dict):
                own = self.mended["parameters"]
                yield from ((key, name, {key: {name: item}}, own) for name, item in value.items())
            elif key == "spoken" and isinstance(value, dict):
                yield from ((f"{key} {name}", item, {key: {name: item}}, ()) for name, item in value.items())
            elif key in {*_SOUND_PROFILE, "admitted", "spoken", "calls_staff"}:
                yield key, value, {key: value}, ()

    def _named(self, profile: Any) -> list[str]:
        """The rules that a profile names and that there are."""
        listed = profile.get("rules") if isinstance(profile, dict) else None
        known = self._identifiers()
        named = [rule for rule in listed if isinstance(rule, str) and rule in known] if isinstance(listed, list) else []
        return list(dict.fromkeys(named))

    def _with_profile(self, name: str, profile: Any) -> dict[str, Any]:
        """A set with this profile alone and stubs of the rules that it names."""
        return {
            **SET,
            "parameters": self.mended["parameters"],
            "rules": [stub(rule) for rule in self._named(profile)] or [RULE],
            "profiles": {name: profile},
            "assignments": [{"profile": name, "when": {}}],
        }

    def _unused(self, profiles: dict[str, Any]) -> None:
        """Rules that no profile names; one takes them in, so that the rest can be read."""
        used = {rule for profile in profiles.values() for rule in profile["rules"]}
        for identifier in [rule for rule in self._identifiers() if rule not in used]:
            words = refusal({**SET, "rules": [RULE, stub(identifier)]})
            self.faults.append(fault(f"rule {identifier}", "", None, words or ""))
            if profiles:
                name, profile = next(iter(profiles.items()))
                profiles[name] = {**profile, "rules": [*profile["rules"], identifier]}

    def _assignments(self) -> None:
        kept = []
        for number, item in enumerate(self._listed("assignments"), 1):
            profile = item.get("profile") if isinstance(item, dict) else None
            known = is_name(profile) and profile in self.mended["profiles"]
            named = profile if known else "sound"
            words = refusal({**SET, "profiles": {named: _SOUND_PROFILE}, "assignments": [item]})
            if words is None and known:
                kept.append(item)
            elif known or not is_name(profile):
                self.faults.append(fault(f"assignment {number}", "", item, words or ""))
            else:
                words = "is no profile of the set; add it or correct the name"
                self.faults.append(fault(f"assignment {number}", "profile", profile, words, self.mended["profiles"]))
        self.mended["assignments"] = kept

    def _examples(self) -> None:
        kept = []
        for number, item in enumerate(self._listed("examples"), 1):
            rules = self._expected(item)
            frame = {**SET, "rules": [stub(rule) for rule in rules] or [RULE]}
            frame["profiles"] = {"sound": {**_SOUND_PROFILE, "rules": rules or [RULE["Identifier"]]}}
            alone = refusal({**frame, "examples": [item]})
            if alone is None:
                kept.append(item)
                continue
            named = isinstance(item, dict) and isinstance(item.get("name"), str)
            where = f"example {number} ({item['name'][:60]})" if named else f"example {number}"
            before = len(self.faults)
            for part, found, piece in _parts_of_example(item):
                if (words := refusal({**frame, "examples": [{**EXAMPLE, **piece}]})) is not None:
                    self.faults.append(
                        fault(where, part, found, words, self._identifiers() if part == "expect" else ())
                    )
            if len(self.faults) == before:
                self.faults.append(fault(where, "", None, alone))
        self.mended["examples"] = kept

    def _expected(self, example: Any) -> list[str]:
        """The rules that an example expects something of and that there are."""
        expect = example.get("expect") if isinstance(example, dict) else None
        return [rule for rule in self._identifiers() if rule in expect] if isinstance(expect, dict) else []

    def _listed(self, key: str) -> list[Any]:
        found = self.file.get(key, [])
        if isinstance(found, list):
            return found
        self.faults.append(fault("rule set", key, found, "must be an array, written in [ ]"))
        return []


def _parts_of_example(item: Any) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    for key, value in item.items() if isinstance(item, dict) else ():
        if key == "expect" and isinstance(value, dict):
            yield from ((key, name, {key: {name: holds}}) for name, holds in value.items())
        elif key == "facts" and isinstance(value, dict):
            yield from ((f"facts {name}", fact, {key: {name: fact}}) for name, fact in value.items())
        else:
            yield key, value, {key: value}
