"""What is set at several levels becomes one configuration: the narrowest holds, and nothing else changes."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.config_levels import SETTINGS, Kind, Settings, check, merge, overlaid, value_in
from gate.errors import ConfigError, TrustError
from gate.trust import settings

WORD = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.WORD: WORD,
    Kind.WORDS: st.lists(WORD, min_size=1, max_size=4),
    Kind.NUMBER: st.integers(-1000, 100_000),
    Kind.CHOICE: st.booleans(),
}
SAID: st.SearchStrategy[Settings] = st.fixed_dictionaries(
    {}, optional={name: VALUES[kind] for name, kind in SETTINGS.items()}
)
BASE: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"voice": st.fixed_dictionaries({}, optional={"lead_in_ms": st.integers()}), "readers": st.just([1])}
)


@given(st.lists(SAID, max_size=5))
def test_the_narrowest_that_says_anything_holds(levels: list[Settings]) -> None:
    found = merge(list(enumerate(levels)))
    assert found.keys() == {name for level in levels for name in level}
    for name, placed in found.items():
        said = [number for number, level in enumerate(levels) if name in level]
        assert (placed.level, placed.value) == (said[-1], levels[said[-1]][name])


@given(SAID, SAID, SAID)
def test_levels_may_be_merged_in_any_grouping(wide: Settings, middle: Settings, narrow: Settings) -> None:
    def values(*levels: Settings) -> Settings:
        return {name: placed.value for name, placed in merge(list(enumerate(levels))).items()}

    assert values(values(wide, middle), narrow) == values(wide, values(middle, narrow)) == values(wide, middle, narrow)


@given(BASE, SAID)
def test_what_the_fleet_has_set_holds_and_the_rest_is_the_installers(base: dict[str, Any], said: Settings) -> None:
    before = copy.deepcopy(base)
    found = overlaid(base, said)
    assert base == before, "what was set by hand stays as it is"
    for name in SETTINGS:
        assert value_in(found, name) == said.get(name, value_in(base, name))
    assert found.get("readers") == base.get("readers")
    assert overlaid(found, said) == found, "set twice is set once"


@given(SAID)
def test_everything_of_the_list_may_be_set(said: Settings) -> None:
    assert check(said) == said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.text() | st.sampled_from(sorted(SETTINGS)), JSON, max_size=4))
def test_whatever_else_comes_is_refused_in_words(said: dict[str, Any]) -> None:
    good, why = True, ""
    try:
        check(said)
    except ConfigError as fault:
        good, why = False, str(fault)
    assert good == (said.keys() <= SETTINGS.keys() and all(fits(name, value) for name, value in said.items()))
    assert good or any(why.startswith(f"{name}: ") for name in said)


def fits(name: str, value: Any) -> bool:
    """Whether a value is of the kind that its setting has; said anew, and more slowly."""
    words = value if SETTINGS[name] is Kind.WORDS and isinstance(value, list) else [value]
    if SETTINGS[name] in {Kind.WORD, Kind.WORDS}:
        listed = isinstance(value, list) == (SETTINGS[name] is Kind.WORDS) and 1 <= len(words) <= 16
        return listed and all(
            isinstance(word, str) and word and word.isprintable() and len(word) <= 500 for word in words
        )
    if SETTINGS[name] is Kind.CHOICE:
        return value is True or value is False
    return isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value <= 2**31


@pytest.mark.parametrize(
    "name", ["trust.root", "trust.bundle", "trust.server.url", "fleet.key", "fleet.device", "readers", "status.key"]
)
def test_what_a_fleet_must_never_reach_is_not_in_the_list(name: str) -> None:
    with pytest.raises(ConfigError, match="can't be set from the fleet"):
        check({name: "x"})


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps({"gates": value}).encode()))
def test_a_file_of_settings_is_read_or_refused(data: bytes) -> None:
    try:
        found = settings.read(data)
    except TrustError:
        return
    assert settings.read(b"".join([b" ", data])) == found
    assert all(isinstance(own, dict) for own in found.values())


@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True), SAID))
def test_each_gate_finds_its_own_in_the_file_that_it_looks_into(said: dict[str, Settings]) -> None:
    files = settings.written(said)
    for device, own in said.items():
        found = settings.read(files[settings.file_of(device)])
        assert found[device] == own
        assert settings.digest(found[device]) == settings.digest(own), "the desk and the gate name it alike"
