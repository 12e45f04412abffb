"""The review finds a fault wherever a gate refuses, and never fails itself."""

from __future__ import annotations

import contextlib
import copy
from json import dumps
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rule_set_samples import rule, rule_set

from gate.errors import RuleSetError
from gate.rules.review.review import review
from gate.rules.ruleset import load

SOUND = rule_set(
    rules=[rule(), rule("CN-TEST-0002")],
    profiles={"station": {"rules": ["CN-TEST-0001", "CN-TEST-0002"], "parameters": {"min_doses": 3}, "spoken": {}}},
)
json = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 5),
        st.floats(allow_nan=False),
        st.sampled_from(["", "known", "CN-TEST-0002", "station", "refer", "\ud800", "a\nb", "2022-06-01T00:00:00Z"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["if", "and", "var", "rules", "state", "x", "a\nb", "\ud800", "Identifier"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


def places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def with_changed(path: tuple[Any, ...], value: Any, *, remove: bool) -> Any:
    changed = copy.deepcopy(SOUND)
    if not path:
        return value
    parent: Any = changed
    for key in path[:-1]:
        parent = parent[key]
    if remove:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return changed


@given(st.sampled_from(places(SOUND)), json, st.booleans())
def test_whatever_is_changed(path: tuple[Any, ...], value: Any, remove: bool) -> None:
    file = dumps(with_changed(path, value, remove=remove)).encode() if path else b"[1]"
    refused = False
    try:
        load(file)
    except RuleSetError:
        refused = True
    try:
        faults = review(file)
    except RuleSetError:
        assert refused
    else:
        assert not refused or faults
        assert all(text.isprintable() for one in faults for text in (one.where, one.field, one.found, one.fault))


@given(st.binary(max_size=60))
def test_whatever_the_file_holds(file: bytes) -> None:
    with contextlib.suppress(RuleSetError):
        assert review(file)
