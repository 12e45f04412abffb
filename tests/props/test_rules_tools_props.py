"""Explaining and comparing never fail, whatever the facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from full_facts import full_facts
from hypothesis import given
from hypothesis import strategies as st
from vectors import ROOT

from gate.rules import ruleset
from gate.rules.compare import changes, matrix, pairs
from gate.rules.explanation import explanation
from gate.rules.subjects import read_subjects
from gate.rules.vocabulary import FACTS, LANGUAGES, Language, value_of

NOW = datetime(2022, 6, 30, 2, 0, tzinfo=UTC)
FULL = full_facts().to_payload()
DOCUMENTS = {path.stem: json.loads(path.read_bytes()) for path in sorted((ROOT / "config/rules").glob("*.json"))}
SETS = {
    name: (ruleset.load(json.dumps(found).encode()), found)
    for name, found in DOCUMENTS.items()
    if isinstance(found, dict)
}
values = st.one_of(
    st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.sampled_from(["green", "known", "甲", "a-b"])
)


def fact(name: str) -> st.SearchStrategy[dict[str, Any]]:
    def of(value: str) -> st.SearchStrategy[Any]:
        meaning = value_of(f"payload.{name}.{value}")
        choices = list(meaning.choices) if meaning is not None else []
        return st.one_of(values, st.sampled_from(choices)) if choices else values

    known = st.fixed_dictionaries(
        {"state": st.just("known"), "age": st.one_of(st.none(), st.integers(0, 2**40))},
        optional={value: of(value) for value in FACTS[name].values},
    )
    return st.one_of(known, st.sampled_from(["absent", "unknown", "stale"]).map(lambda state: {"state": state}))


payloads = st.fixed_dictionaries(
    {name: st.one_of(st.just(FULL[name]), fact(name)) for name in ("checkpoint", "credential")},
    optional={name: st.one_of(st.just(FULL[name]), fact(name)) for name in FACTS.keys() - {"checkpoint", "credential"}},
)


@given(payloads, st.sampled_from(sorted(SETS)), st.sampled_from(LANGUAGES))
def test_any_facts_can_be_explained(payload: Any, name: str, language: Language) -> None:
    rule_set, document = SETS[name]
    (subject,) = read_subjects(json.dumps(payload).encode(), NOW)
    logics = {rule["Identifier"]: rule["Logic"] for rule in document["rules"]}
    found = explanation(subject, rule_set, logics, language)
    failed = [told.rule.identifier for told in found.rules if told.failure is not None]
    assert set(found.decision.failed_rules) <= set(failed)
    assert all((told.failure is None) is (told.step.met is True) for told in found.rules)
    assert (found.assignment is None) is (found.decision.profile is None)


@given(st.lists(payloads, min_size=1, max_size=3), st.sampled_from(sorted(SETS)))
def test_a_set_never_differs_from_itself(people: list[Any], name: str) -> None:
    rule_set, document = SETS[name]
    lines = b"\n".join(json.dumps({"facts": payload}).encode() for payload in people)
    found = pairs(read_subjects(lines, NOW), rule_set, rule_set)
    assert not [pair for pair in found if pair.differs]
    assert sum(matrix(found).values()) == len(people)
    assert changes(document, document) == []
