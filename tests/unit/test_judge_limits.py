"""Each profile has its own say about old records and retired sources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rules_in_use import profiles

from gate.model import CodeRecord, Colour, CredentialKind, FactState
from gate.rules.judge import facts_of
from gate.rules.profiles import Assignment

STATION = next(each for each in profiles() if str(each) == "station-48h-station")
RED = CodeRecord("old-app", STATION.now, Colour.RED)


def colour(kind: CredentialKind, **parameters: Any) -> str:
    """The state or colour of the code at a gate whose profile for cards has these parameters, and no other ones."""
    cards = replace(STATION.profile, name="cards", parameters=parameters)
    others = replace(STATION.profile, name="others", parameters={})
    rule_set = replace(
        STATION.rule_set,
        profiles={"cards": cards, "others": others},
        assignments=(
            Assignment("cards", {"credential": frozenset({CredentialKind.RESIDENT_ID.value})}),
            Assignment("others", {}),
        ),
    )
    somebody = STATION.somebody
    assert somebody.records is not None
    green = CodeRecord("city", STATION.now.replace(year=STATION.now.year - 1), Colour.GREEN)
    inputs = replace(
        somebody,
        credential=replace(somebody.credential, kind=kind),
        records=replace(somebody.records, codes=(green, RED)),
    )
    fact = facts_of(inputs, rule_set).by_name["code"]
    return str(fact.values["colour"]) if fact.state is FactState.KNOWN else fact.state.value


@pytest.mark.parametrize(
    ("parameters", "card"),
    [
        ({}, "red"),
        ({"retired_sources": ["old-app"]}, "green"),
        ({"retired_sources": ["old-app"], "max_age_s": {"code": 86_400}}, "stale"),
        ({"max_age_s": {"test": 0}}, "red"),
    ],
)
def test_the_profile_of_this_credential_says_which_records_count(parameters: dict[str, Any], card: str) -> None:
    assert colour(CredentialKind.RESIDENT_ID, **parameters) == card
    assert colour(CredentialKind.HCERT, **parameters) == "red"
