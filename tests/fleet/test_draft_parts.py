"""What drafts are made of: whatever is typed or uploaded comes to a sound text or to one sentence about a fault."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from drafts_desk import RULES
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.drafts import text
from fleet.drafts.difference import lines
from fleet.drafts.parameters import UNITS, Field, fields_of, unit_of, with_typed
from gate.errors import RuleSetError

SETS = [
    json.loads(path.read_text("utf-8"))
    for path in sorted(RULES.glob("*.json"))
    if path.stem not in {"orders.example", "certificates"}
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=200) | JSON.map(lambda found: json.dumps(found).encode()))
def test_a_file_is_read_or_refused(blob: bytes) -> None:
    with suppress(RuleSetError):
        text.written(text.read(blob))


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_written_says_what_was_read(more: dict[str, Any]) -> None:
    found = {**more, "id": "a", "version": 1}
    with suppress(RuleSetError):
        said = text.written(found)
        again = text.taken(said)
        assert text.written(again) == said
        assert not list(lines(found, again))


@given(JSON, JSON)
def test_two_texts_differ_in_a_line_or_in_nothing(old: Any, new: Any) -> None:
    differ = json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True)
    assert bool(list(lines(old, new))) is differ
    assert not list(lines(old, old))


def test_a_difference_says_where_it_is() -> None:
    rules = [{"Identifier": name, "Logic": {"===": [1, name]}} for name in "ab"]
    other = [*rules[:1], {"Identifier": "b", "Logic": {"===": [2, "b"]}, "Reason": "x"}]
    found = [(line.where, line.old, line.new) for line in lines({"rules": rules}, {"rules": other})]
    assert found == [
        (("rules", "b", "Logic", "==="), '[1, "b"]', '[2, "b"]'),
        (("rules", "b", "Reason"), "", '"x"'),
    ]
    assert [line.where for line in lines({"rules": rules}, {"rules": rules[::-1]})] == [("rules",)], "their order"
    assert [line.new for line in lines([1], [True])] == ["[true]"]


@pytest.mark.parametrize("found", SETS, ids=[one["id"] for one in SETS])
def test_fields_that_nobody_touches_change_nothing(found: dict[str, Any]) -> None:
    listed = fields_of(found)
    assert listed
    typed = {field.key: field.text for field in listed} | {f"{field.key}.unit": field.unit for field in listed}
    assert with_typed(found, typed) == found
    assert with_typed(found, {}) == found


@given(st.integers(-(10**9), 10**9))
def test_a_span_is_shown_in_a_unit_without_a_rest(seconds: int) -> None:
    assert seconds % UNITS[unit_of(seconds)] == 0
    found = one_parameter("x_s", seconds)
    field: Field = fields_of(found)[0]
    assert with_typed(found, {field.key: field.text, f"{field.key}.unit": field.unit}) == found


@pytest.mark.parametrize(
    ("seconds", "unit"), [(259200, "h"), (345600, "h"), (604800, "d"), (5400, "min"), (61, "s"), (0, "s")]
)
def test_spans_are_counted_as_people_count_them(seconds: int, unit: str) -> None:
    assert unit_of(seconds) == unit


@given(st.sampled_from([3, True, "a", [1, 2], [], ["a"], {"code": 5}]), st.text(max_size=20), st.text(max_size=4))
@settings(max_examples=300)
def test_whatever_is_typed_is_a_value_of_the_same_kind_or_refused(value: Any, typed: str, unit: str) -> None:
    found = one_parameter("max_age_s" if isinstance(value, dict) else "x", value)
    field = fields_of(found)[0]
    with suppress(RuleSetError):
        made = with_typed(found, {field.key: typed, f"{field.key}.unit": unit})["parameters"]
        assert type(next(iter(made.values()))) is type(value)


def test_a_text_with_a_comma_stays_one_unless_it_is_typed_anew() -> None:
    found = one_parameter("retired_sources", ["a, b", "c"])
    key = "parameters:retired_sources"
    assert with_typed(found, {key: "a, b, c"}) == found
    assert with_typed(found, {key: "d、e，f"})["parameters"]["retired_sources"] == ["d", "e", "f"]
    assert with_typed(one_parameter("x", [1]), {"parameters:x": "2, 3"})["parameters"]["x"] == [2, 3]


def one_parameter(name: str, value: Any) -> dict[str, Any]:
    return {"parameters": {name: value}, "profiles": {"station": {"rules": [], "parameters": {}}}}
