"""The words of the facts: as many as ``derive`` writes, no more and no less."""

from __future__ import annotations

import typing
from dataclasses import fields

import pytest
from full_facts import all_sorts_of_facts, full_facts

from gate.model import (
    ArrivalRisk,
    Assurance,
    Colour,
    CredentialKind,
    Direction,
    ExemptionGround,
    FactState,
    TestMethod,
    TestResult,
)
from gate.rules.vocabulary import FACTS, LANGUAGES, Both, Unit, paths, value_of

FULL = full_facts().to_payload()
SORTS = [facts.to_payload() for facts in all_sorts_of_facts()]
CLOSED: dict[str, type] = {
    "code.colour": Colour,
    "companion_code.colour": Colour,
    "test.result": TestResult,
    "test.method": TestMethod,
    "companion_test.result": TestResult,
    "companion_test.method": TestMethod,
    "credential.kind": CredentialKind,
    "credential.assurance": Assurance,
    "checkpoint.direction": Direction,
    "arrival.risk": ArrivalRisk,
}


def test_every_fact_that_is_derived_has_words_and_no_other() -> None:
    assert set(FACTS) == set(FULL)


@pytest.mark.parametrize("name", list(FACTS))
def test_every_value_that_is_derived_has_words_and_no_other(name: str) -> None:
    assert set(FACTS[name].values) == set(FULL[name]) - {"state", "age"}


@pytest.mark.parametrize("name", list(FACTS))
def test_the_states_of_a_fact_are_those_that_it_can_be_in(name: str) -> None:
    assert set(FACTS[name].states) == {FactState(str(sort[name]["state"])) for sort in SORTS}


@pytest.mark.parametrize(("path", "closed"), CLOSED.items())
def test_every_choice_has_words(path: str, closed: type) -> None:
    meaning = value_of(f"payload.{path}")
    assert meaning is not None
    assert set(meaning.choices) == set(closed)  # type: ignore[call-overload]  # each of them is an enumeration


def test_every_ground_of_exemption_is_a_value() -> None:
    assert set(FACTS["exemption"].values) == {ground.value for ground in ExemptionGround}


@pytest.mark.parametrize("path", list(paths()))
def test_a_value_counts_what_it_is(path: str) -> None:
    _, name, value = path.split(".")
    meaning = value_of(path)
    assert meaning is not None
    found = FULL[name][value]
    if meaning.unit is Unit.FLAG:
        assert type(found) is bool
    elif meaning.unit is Unit.NAME or (meaning.unit is Unit.CHOICE and value != "assurance"):
        assert type(found) is str
    else:
        assert type(found) is int


@pytest.mark.parametrize("path", list(paths()))
def test_every_value_has_both_languages_and_a_place_for_itself(path: str) -> None:
    meaning = value_of(path)
    assert meaning is not None
    for language in LANGUAGES:
        assert meaning.words.of(language).strip()
        assert meaning.says.of(language).count("{}") == 1
        assert all(words.of(language).strip() for words in meaning.choices.values())


@pytest.mark.parametrize(
    "path", ["payload.code.color", "payload.foo.state", "payload.code", "external.parameters.x", ""]
)
def test_what_is_not_there_has_no_meaning(path: str) -> None:
    assert value_of(path) is None


def test_there_are_as_many_words_as_languages() -> None:
    assert len(fields(Both)) == len(LANGUAGES)
    assert typing.get_type_hints(Both) == {"zh": str, "en": str}
