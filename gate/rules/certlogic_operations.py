"""The operations of CertLogic as closures: an expression that was found valid becomes one function.

Each closure takes the data and a budget of steps, the only thing that grows with the data rather than with the rule.
Source: CertLogic specification 1.3.3, "Operations".
"""

from __future__ import annotations

import operator as python_operator
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gate.rules.certlogic_dates import Instant, parse, parse_date_of_birth, shift_by
from gate.rules.certlogic_values import MAX_INTEGER, CertLogicError, identical, integer, kind, steps_of, truth

if TYPE_CHECKING:
    from datetime import datetime

Budget = list[int]
"""One cell: how many steps this evaluation may still take."""
Node = Callable[[Any, Budget], Any]

STEPS: Final = 50_000
"""A step is one node evaluated by ``reduce`` (a path counts by its fragments), one item looked at by ``in``, or one
character of a certificate identifier; production rules need below 1,000. All of them take 30 ms at the most."""
MAX_UVCI: Final = 1_000
"""Characters of a certificate identifier; the guidelines allow 72 and real ones run somewhat longer."""

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": python_operator.lt,
    ">": python_operator.gt,
    "<=": python_operator.le,
    ">=": python_operator.ge,
}
_DATE_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "before": python_operator.lt,
    "after": python_operator.gt,
    "not-after": python_operator.le,
    "not-before": python_operator.ge,
}
_UVCI_PREFIX: Final = "URN:UVCI:"
_UVCI_SEPARATORS: Final = re.compile("[/#:]")


def build(part: Any) -> Node:
    """The function of a valid (part of an) expression; see ``certlogic_syntax.validate``."""
    if type(part) is list:
        return _array([build(item) for item in part])
    if type(part) is not dict:
        return lambda _data, _budget: part
    operator, operands = next(iter(part.items()))
    if operator == "var":
        return _var(operands)
    if operator in _COMPARISONS:
        return _compare(_COMPARISONS[operator], _integer, operands)
    if operator in _DATE_COMPARISONS:
        return _compare(_DATE_COMPARISONS[operator], _utc, operands)
    return _BUILDERS[operator](operands)


def _array(items: list[Node]) -> Node:
    return lambda data, budget: [item(data, budget) for item in items]


def _var(path: str) -> Node:
    steps = steps_of(path)

    def access(data: Any, _budget: Budget) -> Any:
        # A third of all time goes by here: no call, and no exception for what is missing.
        for key, index in steps:
            if type(data) is dict:
                data = data.get(key)
            elif index is not None and type(data) is list and index < len(data):
                data = data[index]
            else:
                return None
        return data

    return access


def _if(operands: list[Any]) -> Node:
    guard, then, otherwise = map(build, operands)

    def choose(data: Any, budget: Budget) -> Any:
        outcome = guard(data, budget)
        if outcome is True or (outcome is not False and truth(outcome)):
            return then(data, budget)
        return otherwise(data, budget)

    return choose


def _and(operands: list[Any]) -> Node:
    nodes = [build(operand) for operand in operands]

    def evaluate_and(data: Any, budget: Budget) -> Any:
        value: Any = True
        for node in nodes:
            value = node(data, budget)
            if value is not True and not truth(value):
                break
        return value

    return evaluate_and


def _not(operands: list[Any]) -> Node:
    operand = build(operands[0])
    return lambda data, budget: not truth(operand(data, budget))


def _identical(operands: list[Any]) -> Node:
    left, right = map(build, operands)
    literal = operands[1]
    if type(literal) is str:  # the usual case; in Python, too, nothing but the same string equals a string
        return lambda data, budget: left(data, budget) == literal
    return lambda data, budget: identical(left(data, budget), right(data, budget))


def _in(operands: list[Any]) -> Node:
    needle, haystack = map(build, operands)

    def evaluate_in(data: Any, budget: Budget) -> bool:
        sought, items = needle(data, budget), haystack(data, budget)
        if items is None:  # the specification's text leaves this open, its test suite says false
            return False
        if type(items) is not list:
            raise CertLogicError(f'operand 2 of "in" must be an array or null, not {kind(items)}')
        _spend(budget, len(items))
        if type(sought) is str:
            return sought in items
        return any(identical(sought, item) for item in items)

    return evaluate_in


def _plus(operands: list[Any]) -> Node:
    left, right = map(build, operands)

    def evaluate_plus(data: Any, budget: Budget) -> int:
        total = _integer(left(data, budget)) + _integer(right(data, budget))
        if abs(total) > MAX_INTEGER:
            raise CertLogicError(f'the result of "+" is beyond {MAX_INTEGER}')
        return total

    return evaluate_plus


def _compare(holds: Callable[[Any, Any], bool], convert: Callable[[Any], Any], operands: list[Any]) -> Node:
    first, second, *third = (build(operand) for operand in operands)
    if not third:
        return lambda data, budget: holds(convert(first(data, budget)), convert(second(data, budget)))

    def evaluate_between(data: Any, budget: Budget) -> bool:
        low, middle, high = (convert(node(data, budget)) for node in (first, second, *third))
        return holds(low, middle) and holds(middle, high)

    return evaluate_between


def _plus_time(operands: list[Any]) -> Node:
    source = build(operands[0])
    shift = shift_by(operands[1], operands[2])
    return lambda data, budget: Instant(shift(parse(source(data, budget))))


def _date_of_birth(operands: list[Any]) -> Node:
    source = build(operands[0])
    return lambda data, budget: Instant(parse_date_of_birth(source(data, budget)))


def _extract_from_uvci(operands: list[Any]) -> Node:
    source, index = build(operands[0]), operands[1]

    def evaluate_extraction(data: Any, budget: Budget) -> str | None:
        text = source(data, budget)
        if text is None:
            return None
        if type(text) is not str or len(text) > MAX_UVCI:
            raise CertLogicError(
                f'operand 1 of "extractFromUVCI" must be null or a string of at most {MAX_UVCI} characters'
            )
        _spend(budget, len(text))
        fragments = _UVCI_SEPARATORS.split(text.removeprefix(_UVCI_PREFIX))
        return fragments[index] if 0 <= index < len(fragments) else None

    return evaluate_extraction


def _reduce(operands: list[Any]) -> Node:
    items_node, step, initial = map(build, operands)
    cost = _nodes(operands[1])

    def evaluate_reduce(data: Any, budget: Budget) -> Any:
        items = items_node(data, budget)
        accumulator = initial(data, budget)
        if items is None:
            return accumulator
        if type(items) is not list:
            raise CertLogicError(f'operand 1 of "reduce" must be an array or null, not {kind(items)}')
        _spend(budget, len(items) * cost)
        for current in items:
            accumulator = step({"current": current, "accumulator": accumulator, "data": data}, budget)
        return accumulator

    return evaluate_reduce


_BUILDERS: Final[Mapping[str, Callable[[list[Any]], Node]]] = {
    "if": _if,
    "and": _and,
    "!": _not,
    "===": _identical,
    "in": _in,
    "+": _plus,
    "plusTime": _plus_time,
    "dccDateOfBirth": _date_of_birth,
    "extractFromUVCI": _extract_from_uvci,
    "reduce": _reduce,
}


def _spend(budget: Budget, steps: int) -> None:
    budget[0] -= steps
    if budget[0] < 0:
        raise CertLogicError(f"an evaluation may take {STEPS} steps; the data is too large for this rule")


def _integer(value: Any) -> int:
    number = value if type(value) is int else integer(value)
    if number is None:
        raise CertLogicError(f"{kind(value)} stands where an integer is needed")
    return number


def _utc(value: Any) -> datetime:
    if type(value) is not Instant:
        raise CertLogicError(f'{kind(value)} stands where a date-time is needed; wrap it in "plusTime"')
    return value.utc


def _nodes(part: Any) -> int:
    if type(part) is dict:
        return 1 + sum(map(_nodes, part.values()))
    if type(part) is str:  # most long ones are paths
        return 1 + part.count(".")
    return 1 + sum(map(_nodes, part)) if type(part) is list else 1
