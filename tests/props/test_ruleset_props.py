"""Rule sets from anywhere: a loaded set or RuleSetError, and planted faults are found."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_set_samples import GREEN, YELLOW, blob, rule, rule_set

from gate.errors import RuleSetError
from gate.rules.eu_rules import EuRules
from gate.rules.ruleset import load

STATION = (Path(__file__).parents[2] / "config" / "rules" / "station-48h.json").read_bytes()

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=10), inner, max_size=3)),
    max_leaves=10,
)


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [place]
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += places(item, (*place, index))
    return found


def replaced(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    changed = copy.deepcopy(value)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = new
    return changed


@given(st.binary(max_size=200))
def test_any_bytes(file: bytes) -> None:
    with pytest.raises(RuleSetError):
        load(file)


@given(st.sampled_from(places(rule_set())), json_values)
def test_any_value_in_any_place(place: tuple[Any, ...], value: Any) -> None:
    with contextlib.suppress(RuleSetError):
        load(json.dumps(replaced(rule_set(), place, value)).encode())


@given(st.sampled_from(places(rule())), json_values)
def test_any_value_in_a_rule_of_another_country(place: tuple[Any, ...], value: Any) -> None:
    found = {**rule(), "Country": "XX", "CertificateType": "General"}
    with contextlib.suppress(RuleSetError):
        EuRules.from_json([replaced(found, place, value)])


@given(st.integers(0, len(STATION) - 1), st.integers(0, 255))
def test_a_damaged_byte_is_harmless(position: int, byte: int) -> None:
    damaged = STATION[:position] + bytes([byte]) + STATION[position + 1 :]
    with contextlib.suppress(RuleSetError):
        load(damaged)


@given(st.integers(0, len(STATION) - 3))
def test_a_set_cut_off_is_refused(length: int) -> None:
    with pytest.raises(RuleSetError):
        load(STATION[:length])


STATION_RULES = json.loads(STATION)["rules"]


def refused_with(identifier: str, logic: Any) -> None:
    found = json.loads(STATION)
    (one,) = [one for one in found["rules"] if one["Identifier"] == identifier]
    one["Logic"] = logic
    with pytest.raises(RuleSetError, match=identifier):
        load(blob(found))


@pytest.mark.parametrize("one", STATION_RULES, ids=lambda one: one["Identifier"])
def test_a_rule_turned_into_a_constant_is_found(one: dict[str, Any]) -> None:
    refused_with(one["Identifier"], logic=True)
    refused_with(one["Identifier"], logic=False)


@pytest.mark.parametrize(
    "one", [one for one in STATION_RULES if "and" in one["Logic"]], ids=lambda one: one["Identifier"]
)
def test_a_rule_that_no_longer_asks_whether_its_fact_is_known_is_found(one: dict[str, Any]) -> None:
    _known, *asked = one["Logic"]["and"]
    refused_with(one["Identifier"], {"and": [True, *asked]})


@pytest.mark.parametrize("one", STATION_RULES, ids=lambda one: one["Identifier"])
def test_a_rule_that_also_holds_on_an_unknown_fact_is_found(one: dict[str, Any]) -> None:
    state = {"var": f"payload.{one['AffectedFields'][0].split('.')[0]}.state"}
    refused_with(one["Identifier"], {"if": [{"===": [state, "unknown"]}, True, one["Logic"]]})


@given(st.sampled_from(["yellow", "red", "grey"]))
def test_a_rule_that_forbids_instead_of_asking_is_found(colour: str) -> None:
    forbids = {"!": [{"===": [{"var": "payload.code.colour"}, colour]}]}
    bad = {**YELLOW, "facts": {"code": {"state": "known", "age": 1, "colour": colour}}}
    with pytest.raises(RuleSetError, match="not knowing lets people through"):
        load(blob(rule_set(rules=[rule(logic=forbids)], examples=[GREEN, bad])))
