"""Whatever a rule asks and whatever is known: an explanation comes out, and it agrees with the evaluator."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gate.rules import certlogic
from gate.rules.certlogic import CertLogicError
from gate.rules.certlogic_syntax import ARITY
from gate.rules.certlogic_values import truth
from gate.rules.explain import Step, explain
from gate.rules.vocabulary import FACTS, LANGUAGES, Language, paths

PATHS = [
    *paths(),
    "external.parameters.limit_s",
    "external.validationClock",
    "payload.foo",
    "payload.a\nb",
    "external.parameters.a\nb",
    "\ud800",
    "current",
    "accumulator",
    "",
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["known", "unknown", "green", "negative", "{}", "{0}", "a\nb", "2022-06-30"]),
)
values = st.one_of(scalars, st.lists(scalars, max_size=3), st.dictionaries(st.text(max_size=4), scalars, max_size=2))
members = st.sampled_from(["state", "age", *{name for fact in FACTS.values() for name in fact.values}])
payloads = st.one_of(
    st.dictionaries(st.sampled_from(list(FACTS)), st.one_of(st.dictionaries(members, values), values)), values
)
literals = st.one_of(st.booleans(), st.integers(-5, 5), st.sampled_from(["known", "green", "2022-06-30", "{}", ""]))
leaves = st.one_of(st.sampled_from(PATHS).map(lambda path: {"var": path}), literals)


def operations(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def of(operator: str, least: int, most: int) -> st.SearchStrategy[Any]:
        return st.lists(inner, min_size=least, max_size=min(most, 3)).map(lambda operands: {operator: operands})

    special = {"plusTime", "extractFromUVCI"}
    return st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, st.integers(-9, 9), st.sampled_from(["year", "month", "day", "hour"])).map(
            lambda operands: {"plusTime": list(operands)}
        ),
        st.tuples(inner, st.integers(-2, 4)).map(lambda operands: {"extractFromUVCI": list(operands)}),
        *(of(operator, *arity) for operator, arity in ARITY.items() if operator not in special),
    )


rules = st.recursive(leaves, operations, max_leaves=20)


def steps(step: Step) -> list[Step]:
    return [step, *(inner for part in step.parts for inner in steps(part))]


@given(rules, payloads, st.sampled_from(LANGUAGES))
def test_any_rule_over_any_facts(logic: Any, payload: Any, language: Language) -> None:
    data = {"payload": payload, "external": {"parameters": {"limit_s": 60}, "validationClock": "2022-06-30T00:00:00Z"}}
    step = explain(logic, data, language)
    try:
        met: bool | None = truth(certlogic.evaluate(logic, data))
    except CertLogicError:
        met = None
    assert step.met is met
    assert all(part.text for part in steps(step))
    assert len(step.lines()) == len(steps(step))
    assert all(line.isprintable() for line in step.lines())
