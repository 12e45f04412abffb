"""Rule sets from anywhere: a loaded set or RuleSetError, and planted faults are found."""

from __future__ import annotations

import contextlib
import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_set_samples import GREEN, YELLOW, blob, rule, rule_set

from gate.errors import RuleSetError
from gate.model import Checkpoint, Direction, Moment
from gate.rules import orders
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


ORDER = {
    "id": "LAB-0630",
    "kind": "grace",
    "issued_at": "2022-06-30T08:00:00+08:00",
    "valid_from": "2022-06-30T09:00:00+08:00",
    "valid_to": "2022-07-02T09:00:00+08:00",
    "profiles": ["station"],
    "parameters": {"min_doses": 1, "max_age_s": {"code": 172800}},
    "Description": [{"lang": "zh-CN", "desc": "宽限两天。"}, {"lang": "en", "desc": "Two days of grace."}],
}
HELD = load(blob(rule_set()))


@given(st.sampled_from(places([ORDER])), json_values)
def test_any_value_in_any_place_of_an_order(place: tuple[Any, ...], value: Any) -> None:
    """A loaded order leaves a profile with the parameters that it had, of the types that they had."""
    own = HELD.profiles["station"]
    with contextlib.suppress(RuleSetError):
        found = orders.load(json.dumps(replaced([ORDER], place, value)).encode(), HELD)
        moment = Moment(datetime(2022, 6, 30, 2, tzinfo=UTC), trusted=True)
        left = orders.laid_over(own, found, moment).profile.parameters
        assert {name: type(item) for name, item in left.items()} == {n: type(i) for n, i in own.parameters.items()}
        assert all(order.valid_to - order.valid_from <= orders.LONGEST_LIFE[order.kind] for order in found)


@given(st.binary(max_size=200))
def test_any_bytes_as_orders(file: bytes) -> None:
    with contextlib.suppress(RuleSetError):
        assert orders.load(file, HELD) == ()


WHEN = st.fixed_dictionaries(
    {},
    optional={
        "credential": st.lists(st.sampled_from(["hcert", "resident_id"]), min_size=1, max_size=2),
        "lane": st.lists(st.sampled_from(["1", "2"]), min_size=1, max_size=2),
        "direction": st.lists(st.sampled_from(["in", "out"]), min_size=1, max_size=2),
        "attended": st.booleans(),
    },
)
EVERY_PLACE = [
    (kind, Checkpoint("c", "station", lane, direction, attended))
    for kind in ("hcert", "resident_id")
    for lane in ("1", "2", "3")
    for direction in Direction
    for attended in (True, False)
]


@given(st.lists(WHEN, min_size=1, max_size=4))
def test_assignments_choose_the_first_that_matches(whens: list[dict[str, Any]]) -> None:
    profiles = {f"p{number}": {"rules": ["CN-TEST-0001"], "parameters": {}} for number in range(len(whens))}
    assignments = [{"profile": f"p{number}", "when": when} for number, when in enumerate(whens)]

    def matching(kind: str, place: Checkpoint) -> list[str]:
        found = {"credential": kind, "lane": place.lane, "direction": place.direction, "attended": place.attended}
        return [
            f"p{number}"
            for number, when in enumerate(whens)
            if all(found[key] == value or (key != "attended" and found[key] in value) for key, value in when.items())
        ]

    try:
        loaded = load(blob(rule_set(profiles=profiles, assignments=assignments)))
    except RuleSetError as fault:
        number = str(fault).split("assignment ")[1].split(" ")[0]
        name = f"p{int(number) - 1}"
        assert all(matching(*place)[0] != name for place in EVERY_PLACE if matching(*place)), "it is never chosen"
        return
    for kind, place in EVERY_PLACE:
        chosen = loaded.profile_for(place, kind)
        assert (chosen and chosen.name) == next(iter(matching(kind, place)), None)


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
