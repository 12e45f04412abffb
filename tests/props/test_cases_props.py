"""Files of cases over anything: read and judged, or refused with the declared error that names the line."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rule_set_samples as samples
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import RuleSetError
from gate.rules import ruleset
from gate.rules.cases import differences, judge_case, load_cases

SET = ruleset.load(samples.blob(samples.rule_set()))
RECORD = {"source": "city", "as_of": "-1h"}
CASE: dict[str, Any] = {
    "case": "a",
    "order": "凭绿码通行。",
    "at": "2022-04-20T10:00:00+08:00",
    "checkpoint": {"site_class": "station", "lane": "1", "direction": "in", "attended": True, "zone": "public"},
    "card": {"birth": "1990-01-01", "valid_from": "2015-01-01", "valid_to": "长期"},
    "records": {
        "codes": [{**RECORD, "colour": "green"}],
        "pop_ups": [{**RECORD, "active": True, "level": 2, "raised_at": "-3d", "cleared": True, "expires_at": "+1d"}],
        "tests": [{**RECORD, "result": "negative", "sampled_at": "-2d", "reported_at": "-1h", "pool_size": 10}],
        "vaccinations": [{**RECORD, "doses": 3, "last_dose_at": "-90d"}],
        "travel": [{**RECORD, "risk_area": False}],
        "arrivals": [{**RECORD, "arrived_at": "-2d", "risk": "low"}],
        "exemptions": [{**RECORD, "ground": "mobility", "expires_at": "+1d"}],
        "permits": [
            {**RECORD, "zones": ["public"], "valid_from": "-1d", "valid_to": "+1d", "hours": [360, 540], "id": "P-1"}
        ],
    },
    "past": {"direction": "in", "at": "-2h", "entries": {"P-1": 3}},
    "companion": {"records": {"tests": []}},
    "temperature": {"tenths": 365, "measurement": 1},
    "retries": 1,
    "clock_trusted": True,
    "expect": {"outcome": "pass", "reason": "green_code", "failed": [], "marks": []},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


PLACES = [place for place in places(CASE) if place]
moments = st.datetimes().map(lambda at: f"{at.replace(microsecond=0).isoformat()}+08:00")
spans = st.from_regex(r"\A[+-]?([0-9]{1,7}[dhms]){1,4}\Z")
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), moments, spans)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def words_about(blob: bytes) -> list[str]:
    """Read and judge: the refusal, or what was decided otherwise."""
    try:
        cases = load_cases(blob)
    except RuleSetError as refused:
        return [str(refused)]
    return [f"line {case.line}: {text}" for case in cases for text in differences(case, judge_case(case, SET))]


def check(blob: bytes) -> None:
    for text in words_about(blob):
        assert text.startswith(("line ", "file: "))
        assert text.isprintable()


@given(place=st.sampled_from(PLACES), value=anything)
def test_a_case_with_anything_anywhere_is_judged_or_refused(place: tuple[Any, ...], value: Any) -> None:
    changed = json.loads(json.dumps(CASE))
    at = changed
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    check(json.dumps(changed).encode())


@given(blob=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_read_or_refused(blob: bytes) -> None:
    check(blob)


def test_the_case_that_is_changed_is_sound() -> None:
    assert load_cases(json.dumps(CASE).encode())


def test_a_line_of_open_brackets_is_refused() -> None:
    with pytest.raises(RuleSetError, match="nested too deeply"):
        load_cases(b"[" * 100_000)
