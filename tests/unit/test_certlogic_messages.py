"""What CertLogic says when it can't go on, word for word, and that its bounds are what they say."""

from __future__ import annotations

from typing import Any

import pytest

from gate.rules import certlogic
from gate.rules.certlogic import CertLogicError
from gate.rules.certlogic_syntax import MAX_PARTS, MAX_PATH, MAX_TEXT, validate
from gate.rules.certlogic_values import MAX_INTEGER

DATA: dict[str, str] = {"var": ""}
INSTANT = {"plusTime": ["2022", 0, "day"]}


def said(expression: Any, data: Any = None) -> str:
    with pytest.raises(CertLogicError) as raised:
        certlogic.evaluate(expression, data)
    return str(raised.value)


# --- what can't be evaluated ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "data", "message"),
    [
        ({"!": [DATA]}, 1.5, "a number is neither truthy nor falsy; test it with a comparison"),
        ({"!": [DATA]}, b"", "a value that is not JSON is neither truthy nor falsy; test it with a comparison"),
        ({"===": [DATA, DATA]}, [], "an array can't be compared with an array; compare strings or integers"),
        (
            {"===": [DATA, {"var": "a"}]},
            {"a": [1]},
            "an object can't be compared with an array; compare strings or integers",
        ),
        ({"in": ["a", DATA]}, "abc", 'operand 2 of "in" must be an array or null, not a string'),
        ({"+": [1, DATA]}, MAX_INTEGER, f'the result of "+" is beyond {MAX_INTEGER}'),
        ({"+": [1, DATA]}, True, "a boolean stands where an integer is needed"),
        ({"<": [DATA, 1]}, None, "null stands where an integer is needed"),
        ({"before": [INSTANT, DATA]}, 5, 'an integer stands where a date-time is needed; wrap it in "plusTime"'),
        ({"reduce": [DATA, 0, 0]}, "abc", 'operand 1 of "reduce" must be an array or null, not a string'),
        (
            {"extractFromUVCI": [DATA, 0]},
            "a" * 1_001,
            'operand 1 of "extractFromUVCI" must be null or a string of at most 1000 characters',
        ),
        ({"plusTime": [DATA, 0, "day"]}, 5, "a date-time must be a string, not an integer"),
        ({"plusTime": [DATA, 0, "day"]}, "9" * 65, "a date-time has at most 64 characters"),
        ({"plusTime": [DATA, 0, "day"]}, "9" * 64, "not a date-time; write YYYY-MM-DDThh:mm:ssZ"),
        ({"plusTime": [DATA, 0, "day"]}, "2022-6-1", "not a date; write YYYY, YYYY-MM or YYYY-MM-DD"),
        ({"plusTime": [DATA, 0, "day"]}, "2022-06-31", "no such date or time; give one that exists"),
        ({"plusTime": [DATA, 0, "day"]}, "2022-13", "no such date or time; give one that exists"),
        ({"dccDateOfBirth": [DATA]}, "2022-06-31", "no such date; give one that exists"),
        ({"plusTime": [DATA, 8_000, "year"]}, "2022", "the date-time falls outside the years 1 to 9999"),
    ],
)
def test_what_a_rule_ends_with(expression: Any, data: Any, message: str) -> None:
    assert said(expression, data) == message


def test_a_rule_that_takes_too_long() -> None:
    one_too_many = {"in": [0, DATA]}
    assert certlogic.evaluate(one_too_many, [1] * 50_000) is False
    message = "an evaluation may take 50000 steps; the data is too large for this rule"
    assert said(one_too_many, [1] * 50_001) == message
    # Two halves in one rule count together, and a step costs as many as it has parts.
    both = {"if": [{"in": [0, DATA]}, 1, {"in": [0, DATA]}]}
    assert certlogic.evaluate(both, [1] * 25_000) is False
    assert said(both, [1] * 25_001) == message
    counting = {"reduce": [DATA, {"+": [{"var": "accumulator"}, 1]}, 0]}  # 5 parts a step
    assert certlogic.evaluate(counting, [0] * 10_000) == 10_000
    assert said(counting, [0] * 10_001) == message
    # So does a long path, and a certificate identifier by its characters.
    far = {"reduce": [DATA, {"var": "data.a.b.c.d"}, 0]}  # 1 and 5 fragments a step
    assert said(far, [0] * 8_334) == message
    split = {"extractFromUVCI": [{"var": "current"}, 0]}
    parts = {"reduce": [DATA, split, 0]}
    assert certlogic.evaluate(parts, ["/" * 995] * 50) == ""
    assert said(parts, ["/" * 996] * 50) == message


def test_the_longest_certificate_identifier() -> None:
    assert certlogic.evaluate({"extractFromUVCI": [DATA, 0]}, "a" * 1_000) == "a" * 1_000


def test_fractions_of_seconds_are_milliseconds() -> None:
    later = {"after": [{"plusTime": ["2022-06-30T10:00:00.999", 0, "day"]}, {"plusTime": [DATA, 0, "day"]}]}
    assert certlogic.evaluate(later, "2022-06-30T10:00:00.998999") is True
    assert certlogic.evaluate(later, "2022-06-30T10:00:00.999") is False


# --- operations within operations --------------------------------------------------------------------------

TWO = {"reduce": [[1, 1], {"+": [{"var": "accumulator"}, {"var": "current"}]}, 0]}
YES = {"in": [1, [1]]}
TEXT = {"if": [YES, "2022-06-30", ""]}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ([TWO, TWO], [2, 2]),
        ({"if": [YES, TWO, 0]}, 2),
        ({"if": [{"!": [YES]}, 0, TWO]}, 2),
        ({"and": [YES, TWO]}, 2),
        ({"!": [TWO]}, False),
        ({"===": [TEXT, "2022-06-30"]}, True),
        ({"===": [TWO, 2]}, True),
        ({"===": [2, TWO]}, True),
        ({"in": [TWO, [1, 2]]}, True),
        ({"in": [2, [TWO]]}, True),
        ({"+": [TWO, TWO]}, 4),
        ({"<": [TWO, 3]}, True),
        ({">": [3, TWO]}, True),
        ({"<=": [TWO, TWO, TWO]}, True),
        ({"not-after": [{"plusTime": [TEXT, 0, "day"]}, {"dccDateOfBirth": [TEXT]}]}, True),
        ({"extractFromUVCI": [TEXT, 0]}, "2022-06-30"),
        ({"reduce": [[TWO, TWO], {"+": [{"var": "accumulator"}, TWO]}, TWO]}, 6),
        ({"reduce": [{"if": [YES, [5], []]}, TWO, 0]}, 2),
        ({"reduce": [[], TWO, {"var": "start"}]}, 7),
    ],
)
def test_every_operation_works_within_every_other(expression: Any, value: Any) -> None:
    assert certlogic.evaluate(expression, {"start": 7}) == value


def test_a_budget_is_shared_by_all_operations_of_a_rule() -> None:
    big = {"in": [0, DATA]}
    for expression in (
        [big, big],
        {"and": [{"!": [big]}, big]},
        {"===": [big, big]},
        {"+": [{"if": [big, 1, 1]}, {"if": [big, 1, 1]}]},
        {"if": [big, 0, big]},
    ):
        assert certlogic.evaluate(expression, [1] * 25_000) is not None
        assert "50000 steps" in said(expression, [1] * 25_001)


# --- what is no expression ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (1.5, "is a non-integer number; use an integer of a smaller unit"),
        (None, "null is not an expression; write an operation, a string, an integer or a boolean"),
        (2**53, f"is beyond {MAX_INTEGER}, where integers stop being exact; use a smaller one"),
        ("a" * 10_001, "is a string of more than 10000 characters; shorten it"),
        ({}, "an operation must have exactly one key, but it has 0"),
        ({1: []}, "an operator must be a string"),
        ({"!": True}, 'not of the form {"<operator>": [<operands>]}'),
        ({"var": 0}, 'not of the form {"var": "<path>"}'),
        ({"var": "a" * 501}, "a data access path has at most 500 characters"),
        ({"var": "a..b"}, "the data access path 'a..b' has an empty part; remove the superfluous dot"),
        ({"!": [1, 2]}, '"!" must have 1 operands, but it has 2'),
        ({"<": [1]}, '"<" must have 2 or 3 operands, but it has 1'),
        ({"and": [1]}, '"and" must have 2 or more operands, but it has 1'),
        ({"===": [1]}, '"===" must have 2 operands, but it has 1'),
        ({"plusTime": ["2022", "1", "day"]}, 'operand 2 of "plusTime" must be a literal integer, not a string'),
        ({"plusTime": ["2022", 1, "week"]}, 'operand 3 of "plusTime" must be one of year, month, day, hour'),
        ({"extractFromUVCI": ["a", None]}, 'operand 2 of "extractFromUVCI" must be a literal integer, not null'),
        (
            {"or": [1, 2]},
            (
                "unknown operator 'or'; write one of var, if, and, ===, in, +, <, >, <=, >=, after, before, not-after, "
                "not-before, !, plusTime, reduce, extractFromUVCI, dccDateOfBirth"
            ),
        ),
    ],
)
def test_what_is_wrong_with_an_expression(expression: Any, message: str) -> None:
    assert validate(expression) == [f"$: {message}"]


def test_every_fault_is_listed_once_with_its_place() -> None:
    assert said([None, {"!": [1.5]}]) == (
        "$[0]: null is not an expression; write an operation, a string, an integer or a boolean; "
        "$[1].![0]: is a non-integer number; use an integer of a smaller unit"
    )
    # Operands that must be literals are no expressions of their own.
    assert len(validate({"plusTime": ["2022", None, None]})) == 2
    assert len(validate({"extractFromUVCI": ["a", None]})) == 1
    assert validate({"plusTime": [1]}) == ['$: "plusTime" must have 3 operands, but it has 1']
    assert validate({"extractFromUVCI": [1]}) == ['$: "extractFromUVCI" must have 2 operands, but it has 1']
    assert validate({"plusTime": ["2022", 1]}) == ['$: "plusTime" must have 3 operands, but it has 2']


@pytest.mark.parametrize("largest", [MAX_INTEGER, -MAX_INTEGER])
def test_the_largest_of_everything_is_an_expression(largest: int) -> None:
    assert validate(largest) == []
    assert validate({"plusTime": ["2022", largest, "hour"]}) == []
    assert validate("a" * MAX_TEXT) == []
    assert validate({"var": "a" * MAX_PATH}) == []


def test_so_many_parts_and_no_more() -> None:
    assert validate([1] * (MAX_PARTS - 1)) == []
    too_many = [f"$: has more than {MAX_PARTS} parts; split the rule"]
    assert validate([1] * MAX_PARTS) == too_many
    assert validate([[1] * (MAX_PARTS // 2)] * 2) == too_many
    assert validate({"and": [1] * (MAX_PARTS - 1)}) == []
    assert validate({"and": [1] * MAX_PARTS}) == too_many


def test_so_many_levels_and_no_more() -> None:
    def arrays(levels: int) -> Any:
        expression: Any = 1
        for _ in range(levels):
            expression = [expression]
        return expression

    assert validate(arrays(100)) == []
    (issue,) = validate(arrays(101))
    assert issue.endswith("...: nested deeper than 100 levels; flatten it")
    # What is too deep is left out; the rest is still looked at.
    assert len(validate([arrays(101), None])) == 2
