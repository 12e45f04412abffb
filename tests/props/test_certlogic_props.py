"""CertLogic over anything: only values or the declared error, in a bounded number of steps."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gate.rules import certlogic
from gate.rules.certlogic import CertLogicError
from gate.rules.certlogic_syntax import ARITY

dates = st.one_of(
    st.datetimes().map(lambda at: at.isoformat()),
    st.dates().map(str),
    st.from_regex(r"\A[0-9]{4}(-[0-9]{2}){0,2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{1,4})?)?\Z"),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    dates,
    st.sampled_from(["a", "b", "day", "payload", "2022-06-30"]),
)
keys = st.one_of(st.sampled_from(["a", "b", "0", "var", *ARITY]), st.text(max_size=5))
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.sampled_from(["a", "b", "0", "var", *ARITY]), st.text(max_size=5)), inner, max_size=3
        ),
    ),
    max_leaves=20,
)
paths = st.lists(st.sampled_from(["a", "b", "0", "1", "current", "accumulator", "data"]), max_size=4).map(".".join)
data_access = paths.map(lambda path: {"var": path})
literals = st.one_of(st.booleans(), st.integers(-5, 5), dates, st.sampled_from(["a", "b", ""]))


def operations(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def of(operator: str, arity: tuple[int, int]) -> st.SearchStrategy[Any]:
        count = st.lists(inner, min_size=arity[0], max_size=min(arity[1], 4))
        return count.map(lambda operands: {operator: operands})

    amounts = st.integers(-(2**53) + 1, 2**53 - 1)
    plus_time = st.tuples(inner, amounts, st.sampled_from(["year", "month", "day", "hour"]))
    uvci = st.tuples(inner, amounts)
    return st.one_of(
        st.lists(inner, max_size=3),
        plus_time.map(lambda operands: {"plusTime": list(operands)}),
        uvci.map(lambda operands: {"extractFromUVCI": list(operands)}),
        *(of(operator, arity) for operator, arity in ARITY.items() if operator not in {"plusTime", "extractFromUVCI"}),
    )


expressions = st.recursive(st.one_of(data_access, literals), operations, max_leaves=15)


def same_instant(left: Any, right: Any) -> Any:
    return {"and": [{"not-after": [left, right]}, {"not-before": [left, right]}]}


@given(anything, anything)
def test_anything_as_an_expression(expression: Any, data: Any) -> None:
    issues = certlogic.validate(expression)
    try:
        certlogic.evaluate(expression, data)
    except CertLogicError:
        return
    assert issues == []


@given(expressions, anything)
def test_every_valid_expression_compiles_and_gives_a_value_or_the_declared_error(expression: Any, data: Any) -> None:
    compiled = certlogic.compile(expression)
    with contextlib.suppress(CertLogicError):
        compiled(data)


@given(expressions, anything)
def test_evaluation_repeats_itself_and_leaves_the_data_alone(expression: Any, data: Any) -> None:
    compiled = certlogic.compile(expression)

    def outcome() -> str:
        try:
            return repr(compiled(data))
        except CertLogicError as error:
            return str(error)

    before = repr(data)
    assert outcome() == outcome()
    assert repr(data) == before


@given(expressions)
def test_what_is_valid_stays_valid_as_json(expression: Any) -> None:
    assert certlogic.validate(json.loads(json.dumps(expression))) == []


@given(anything, st.sampled_from(list(ARITY)), st.integers(0, 5))
def test_an_operator_with_any_operands(operand: Any, operator: str, count: int) -> None:
    with contextlib.suppress(CertLogicError):
        certlogic.evaluate({operator: [operand] * count}, operand)


@given(st.text(max_size=80))
def test_any_text_as_a_date(text: str) -> None:
    with contextlib.suppress(CertLogicError):
        certlogic.evaluate({"plusTime": [{"var": ""}, 1, "month"]}, text)


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001 - Hypothesis wants it
    st.integers(-100_000, 100_000),
)
def test_days_and_hours_are_real_time(at: datetime, amount: int) -> None:
    at = at.replace(microsecond=0, tzinfo=UTC)
    later = at + timedelta(hours=amount)
    same = {"plusTime": [later.isoformat(), 0, "day"]}
    shifted = {"plusTime": [at.isoformat(), amount, "hour"]}
    assert certlogic.evaluate(same_instant(same, shifted), None) is True


@given(st.dates(), st.integers(-200, 200))
def test_months_keep_the_day_or_run_over_into_the_next_month(day: Any, amount: int) -> None:
    month = (day.month - 1 + amount) % 12 + 1
    year = day.year + (day.month - 1 + amount) // 12
    shifted = {"plusTime": [day.isoformat(), amount, "month"]}
    first = f"{year:04}-{month:02}-01"
    expected = {"plusTime": [first, day.day - 1, "day"]}
    try:
        same = certlogic.evaluate(
            {"and": [{"not-after": [shifted, expected]}, {"not-before": [shifted, expected]}]}, None
        )
    except CertLogicError:
        assert not 1 < year < 9999
    else:
        assert same is True
