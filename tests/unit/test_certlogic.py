from __future__ import annotations

from typing import Any

import pytest

from gate.rules import certlogic
from gate.rules.certlogic import CertLogicError


def var(path: str) -> dict[str, str]:
    return {"var": path}


def plus(date: Any, amount: int, unit: str) -> dict[str, list[Any]]:
    return {"plusTime": [date, amount, unit]}


def at_same_time(left: Any, right: Any) -> bool:
    return certlogic.evaluate({"and": [{"not-after": [left, right]}, {"not-before": [left, right]}]}, None) is True


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("falsy", [None, False, 0, 0.0, "", [], {}])
def test_falsy(falsy: Any) -> None:
    assert certlogic.evaluate({"!": [var("")]}, falsy) is True
    assert certlogic.evaluate({"if": [var(""), 1, 2]}, falsy) == 2


@pytest.mark.parametrize("truthy", [True, 1, -1, 2.0, "0", "false", [0], [[]], {"a": None}])
def test_truthy(truthy: Any) -> None:
    assert certlogic.evaluate({"!": [var("")]}, truthy) is False
    assert certlogic.evaluate({"if": [var(""), 1, 2]}, truthy) == 1


@pytest.mark.parametrize("neither", [37.3, float("nan"), float("inf"), b"bytes", object()])
def test_neither_truthy_nor_falsy_is_an_error(neither: Any) -> None:
    for expression in ({"!": [var("")]}, {"if": [var(""), 1, 2]}, {"and": [var(""), True]}, {"and": [True, var("")]}):
        with pytest.raises(CertLogicError):
            certlogic.evaluate(expression, neither)


def test_a_date_time_is_neither_truthy_nor_falsy() -> None:
    with pytest.raises(CertLogicError):
        certlogic.evaluate({"!": [plus("2022-06-30", 0, "day")]}, None)


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1, True),
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (False, None, False),
        (0, None, False),
        ("", None, False),
        ("1", 1, False),
        ("a", "a", True),
        ([], "", False),
        ({}, 0, False),
        (None, None, True),
        (float("nan"), float("nan"), False),
        (0.5, 0.5, True),
        (b"a", "a", False),
    ],
)
def test_equality_is_strict(left: Any, right: Any, *, equal: bool) -> None:
    assert certlogic.evaluate({"===": [var("0"), var("1")]}, [left, right]) is equal
    assert certlogic.evaluate({"in": [var("0"), [var("1")]]}, [left, right]) is equal


@pytest.mark.parametrize("value", [[1], {"a": 1}, []])
def test_equality_of_arrays_and_objects_is_an_error(value: Any) -> None:
    with pytest.raises(CertLogicError):
        certlogic.evaluate({"===": [var(""), var("")]}, value)


# --- data access ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.0.b", 7),
        ("a.1", None),
        ("a.-1", None),
        ("a.00000000000000000000", {"b": 7}),
        ("a.٠", None),
        ("a.length", None),
        ("s.0", None),
        ("s.length", None),
        ("n.m.o", None),
        ("0", "zero"),
    ],
)
def test_data_access(path: str, found: Any) -> None:
    data = {"a": [{"b": 7}], "s": "text", "n": None, "0": "zero"}
    assert certlogic.evaluate(var(path), data) == found


# --- integers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", ["<", ">", "<=", ">=", "+"])
@pytest.mark.parametrize("value", [None, "1", True, 1.5, [1], {}])
def test_arithmetic_wants_integers(operator: str, value: Any) -> None:
    for operands in ([var(""), 1], [1, var("")]):
        with pytest.raises(CertLogicError):
            certlogic.evaluate({operator: operands}, value)


def test_a_comparison_of_three_looks_at_all_three() -> None:
    assert certlogic.evaluate({"<": [1, 2, 3]}, None) is True
    assert certlogic.evaluate({"<": [1, 2, 2]}, None) is False
    assert certlogic.evaluate({"<": [2, 2, 3]}, None) is False
    with pytest.raises(CertLogicError):
        certlogic.evaluate({"<": [2, 1, var("nothing")]}, None)


def test_a_whole_float_of_a_certificate_counts_as_an_integer() -> None:
    assert certlogic.evaluate({">=": [var("dn"), 2]}, {"dn": 2.0}) is True


def test_a_sum_too_large_to_be_exact_is_an_error() -> None:
    assert certlogic.evaluate({"+": [2**53 - 2, 1]}, None) == 2**53 - 1
    with pytest.raises(CertLogicError):
        certlogic.evaluate({"+": [2**53 - 1, 1]}, None)


# --- date-times -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "amount", "unit", "result"),
    [
        ("2020-02-29", 1, "day", "2020-03-01"),
        ("2020-02-29", 1, "month", "2020-03-29"),
        ("2020-02-29", 1, "year", "2021-03-01"),
        ("2021-01-31", 1, "month", "2021-03-03"),
        ("2020-01-31", 1, "month", "2020-03-02"),
        ("2021-03-31", -1, "month", "2021-03-03"),
        ("2021-12-31", 2, "month", "2022-03-03"),
        ("2021-01-15", -13, "month", "2019-12-15"),
        ("2021-01-15", -1, "year", "2020-01-15"),
        ("2022-06-28T10:00:00+08:00", 48, "hour", "2022-06-30T02:00:00Z"),
        ("2021-03-28T00:59:59Z", 1, "hour", "2021-03-28T01:59:59Z"),
    ],
)
def test_adding_time_overflows_as_in_javascript(date: str, amount: int, unit: str, result: str) -> None:
    assert at_same_time(plus(date, amount, unit), plus(result, 0, "day"))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2022", "2022-12-31T00:00:00Z"),
        ("2022-06", "2022-06-30T00:00:00Z"),
        ("2024-02", "2024-02-29T00:00:00Z"),
        ("2022-06-30", "2022-06-30T00:00:00Z"),
        ("2022-06-30T10:00:00", "2022-06-30T10:00:00Z"),
        ("2022-06-30T10:00:00+8", "2022-06-30T02:00:00Z"),
        ("2022-06-30T10:00:00+08", "2022-06-30T02:00:00Z"),
        ("2022-06-30T10:00:00+530", "2022-06-30T04:30:00Z"),
        ("2022-06-30T10:00:00+0530", "2022-06-30T04:30:00Z"),
        ("2022-06-30T10:00:00-5:30", "2022-06-30T15:30:00Z"),
        ("2022-06-30T10:00:00-05:30", "2022-06-30T15:30:00Z"),
        ("2022-06-30T10:00:00.9999999999", "2022-06-30T10:00:00.999Z"),
        ("2022-06-30T10:00:00.5+02", "2022-06-30T08:00:00.500Z"),
    ],
)
def test_forms_of_date_times(text: str, meant: str) -> None:
    assert at_same_time(plus(text, 0, "hour"), plus(meant, 0, "hour"))


@pytest.mark.parametrize(
    "text",
    [
        *("", "22", "2022-", "2022-6-1", "20220630", "2022-W01-1", "2022-W01", "2022-13", "2022-00", "2022-06-31"),
        *("2021-02-29", "2021-09-99", "0000-01-01", "2022-06-30 10:00:00", "2022-06-30T10:00", "2022-06-30T25:00:00"),
        *("2022-06-30T24:00:00Z", "2022-06-30T10:60:00Z", "2022-06-30T10:00:60Z", "2022-06-30T10:00:00z"),
        *("2022-06-30T10:00:00+24", "2022-06-30T10:00:00+0860", "2022-06-30T10:00:00.Z", "2022-06-30T10:00:00Z\n"),
        *("２０２２-06-30", "٢٠٢٢", "2022-06-30T10:00:00." + "9" * 1000, "9" * 100_000),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
    ],
)
def test_what_is_no_date_time(text: str) -> None:
    with pytest.raises(CertLogicError):
        certlogic.evaluate(plus(var(""), 0, "day"), text)


@pytest.mark.parametrize("amount", [9000, -9000, 2**53 - 1, -(2**53) + 1])
@pytest.mark.parametrize("unit", ["year", "month", "day", "hour"])
def test_far_times_are_errors_or_dates_but_never_crashes(amount: int, unit: str) -> None:
    expression = {"after": [plus("2022-06-30", amount, unit), plus("2022-06-30", 0, "day")]}
    try:
        assert certlogic.evaluate(expression, None) is (amount > 0)
    except CertLogicError:
        assert unit == "year" or abs(amount) > 9000


def test_years_beyond_9999_are_an_error() -> None:
    with pytest.raises(CertLogicError):
        certlogic.evaluate(plus("2022-06-30", 7978, "year"), None)


@pytest.mark.parametrize("value", ["2022-06-30", 0, None, True])
def test_only_date_times_are_compared_as_date_times(value: Any) -> None:
    for operands in ([var(""), plus("2022", 0, "day")], [plus("2022", 0, "day"), var("")]):
        with pytest.raises(CertLogicError):
            certlogic.evaluate({"before": operands}, value)
    with pytest.raises(CertLogicError):
        certlogic.evaluate({"<": [plus("2022", 0, "day"), 1]}, None)


def test_a_date_of_birth_has_no_time() -> None:
    assert at_same_time({"dccDateOfBirth": ["1990-02"]}, plus("1990-02-28", 0, "day"))
    for value in ("1990-02-28T00:00:00", "1990-02-30", None, 1990):
        with pytest.raises(CertLogicError):
            certlogic.evaluate({"dccDateOfBirth": [var("")]}, value)


# --- the other operations -------------------------------------------------------------------------


def test_in_looks_into_arrays_only() -> None:
    assert certlogic.evaluate({"in": ["b", ["a", "b"]]}, None) is True
    assert certlogic.evaluate({"in": [1, [True, "1"]]}, None) is False
    for value in ("abc", {"a": 1}, 1):
        with pytest.raises(CertLogicError):
            certlogic.evaluate({"in": ["a", var("")]}, value)


def test_and_stops_at_the_first_falsy_value() -> None:
    fails = {"+": ["a", "b"]}
    assert certlogic.evaluate({"and": [True, 0, fails]}, None) == 0
    with pytest.raises(CertLogicError):
        certlogic.evaluate({"and": [True, fails]}, None)


def test_reduce_sees_the_item_the_sum_so_far_and_the_data_around() -> None:
    step = {"+": [var("accumulator"), {"if": [{"===": [var("current"), var("data.wanted")]}, 1, 0]}]}
    count = {"reduce": [var("items"), step, 0]}
    assert certlogic.evaluate(count, {"items": ["a", "b", "a"], "wanted": "a"}) == 2
    assert certlogic.evaluate(count, {"items": None}) == 0
    with pytest.raises(CertLogicError):
        certlogic.evaluate(count, {"items": "aba", "wanted": "a"})


def test_a_uvci_is_cut_at_its_separators() -> None:
    assert certlogic.evaluate({"extractFromUVCI": ["URN:UVCI:01:NL:187/37#4", 2]}, None) == "187"
    assert certlogic.evaluate({"extractFromUVCI": [var("nothing"), 0]}, {}) is None
    for value in (1, "a" * 1_001):
        with pytest.raises(CertLogicError):
            certlogic.evaluate({"extractFromUVCI": [var(""), 0]}, value)


def test_an_expression_is_compiled_once_and_keeps_nothing_between_evaluations() -> None:
    reduce = certlogic.compile({"reduce": [var("items"), {"+": [var("accumulator"), var("current")]}, 0]})
    items = list(range(1_000))
    for _ in range(50):  # the budget of steps is each evaluation's own
        assert reduce({"items": items}) == sum(items)


# --- what the language doesn't have -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "path", "words"),
    [
        (None, "$", "null"),
        (3.14, "$", "non-integer"),
        (42.0, "$", "non-integer"),
        (2**53, "$", "beyond"),
        ({}, "$", "exactly one key"),
        ({"or": [True, False]}, "$", "unknown operator 'or'"),
        ({"==": [1, 1]}, "$", "unknown operator"),
        ({"if": [True, 1]}, "$", "3 operands"),
        ({"if": [True, 1, 2, 3]}, "$", "3 operands"),
        ({"and": [True]}, "$", "2 or more"),
        ({"!": True}, "$", "not of the form"),
        ({"!": [1, 2]}, "$", "1 operands"),
        ({"<": [1, 2, 3, 4]}, "$", "2 or 3"),
        ({"if": [True, {"+": [1, {"max": [1]}]}, 2]}, "$.if[1].+[1]", "unknown operator"),
        ([1, [2, None]], "$[1][1]", "null"),
        ({"var": 0}, "$", "var"),
        ({"var": ["a", 1]}, "$", "var"),
        ({"var": "a..b"}, "$", "superfluous dot"),
        ({"plusTime": ["2022", {"var": "x"}, "day"]}, "$", "literal integer"),
        ({"plusTime": ["2022", True, "day"]}, "$", "literal integer"),
        ({"plusTime": ["2022", 1, "week"]}, "$", "one of year, month, day, hour"),
        ({"plusTime": ["2022", 1, ["day"]]}, "$", "one of year"),
        ({"extractFromUVCI": ["a", 1.0]}, "$", "literal integer"),
        ({1: [True]}, "$", "must be a string"),
        ((1, 2), "$", "not JSON"),
        ("a" * 10_001, "$", "shorten"),
        ({"var": "a." * 300 + "a"}, "$", "at most 500"),
    ],
)
def test_what_the_language_does_not_have_is_named_with_its_place(expression: Any, path: str, words: str) -> None:
    issues = certlogic.validate(expression)
    assert any(issue.startswith(f"{path}: ") and words in issue for issue in issues), issues
    with pytest.raises(CertLogicError):
        certlogic.compile(expression)


def test_an_operator_name_from_outside_is_escaped_and_cut() -> None:
    (issue,) = certlogic.validate({"\n\x1b[31m" + "x" * 500: [1]})
    assert "\n" not in issue
    assert "\x1b" not in issue
    assert "x" * 50 not in issue


# --- bounds -----------------------------------------------------------------------------------------


def nested(levels: int) -> Any:
    expression: Any = True
    for _ in range(levels):
        expression = {"!": [expression]}
    return expression


def test_deep_expressions_work_to_the_limit_and_are_refused_beyond() -> None:
    assert certlogic.evaluate(nested(50), None) is True
    for levels in (51, 10_000, 100_000):
        with pytest.raises(CertLogicError):
            certlogic.compile(nested(levels))


def test_wide_expressions_are_refused() -> None:
    with pytest.raises(CertLogicError):
        certlogic.compile([1] * 1_000_000)


def test_a_long_list_of_faults_is_cut() -> None:
    assert len(certlogic.validate([None] * 4_000)) == 50


def test_nested_reduces_over_large_data_end_with_an_error() -> None:
    expression: Any = var("accumulator")
    for depth in reversed(range(10)):
        expression = {"reduce": [var("data." * depth + "items"), expression, 0]}
    wide = {"reduce": [var("items"), {"reduce": [var("data.items"), {"+": [var("accumulator"), 1]}, 0]}, 0]}
    for rule in (expression, wide):
        with pytest.raises(CertLogicError, match="steps"):
            certlogic.evaluate(rule, {"items": [0] * 1_000})


def test_a_value_that_doubles_with_every_item_stays_small() -> None:
    doubling = {"reduce": [var(""), [var("accumulator"), var("accumulator")], 0]}
    value = certlogic.evaluate({"!": [doubling]}, [0] * 10_000)
    assert value is False


def test_every_access_path_is_known() -> None:
    expression = {"reduce": [var("payload.v"), {"if": [var("current.x"), 1, {"!": [var("")]}]}, [0, var("a")]]}
    assert certlogic.paths(expression) == {"payload.v", "current.x", "", "a"}
