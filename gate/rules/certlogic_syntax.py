"""What CertLogic has and has not: finds every fault of an expression before it is ever evaluated.

Source: CertLogic specification 1.3.3, "Operations", and its JSON schema ``CertLogic-expression``. The bounds are ours:
the largest of 580 production rules has 199 nodes and 45 levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gate.rules.certlogic_dates import UNITS
from gate.rules.certlogic_values import MAX_INTEGER, kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_LEVELS: Final = 100
"""Nested JSON arrays and objects."""
MAX_PARTS: Final = 5_000
MAX_TEXT: Final = 10_000
"""Characters of one string literal."""
MAX_PATH: Final = 500
"""Characters of one data access path."""
MAX_ISSUES: Final = 50
_MAX_SHOWN: Final = 30

_UNBOUNDED: Final = MAX_PARTS
ARITY: Final[Mapping[str, tuple[int, int]]] = {
    "if": (3, 3),
    "and": (2, _UNBOUNDED),
    "===": (2, 2),
    "in": (2, 2),
    "+": (2, 2),
    "<": (2, 3),
    ">": (2, 3),
    "<=": (2, 3),
    ">=": (2, 3),
    "after": (2, 3),
    "before": (2, 3),
    "not-after": (2, 3),
    "not-before": (2, 3),
    "!": (1, 1),
    "plusTime": (3, 3),
    "reduce": (3, 3),
    "extractFromUVCI": (2, 2),
    "dccDateOfBirth": (1, 1),
}
"""Operator to its least and greatest number of operands; ``var`` has a form of its own."""


def validate(expression: Any) -> list[str]:
    """Everything in an expression that the language doesn't have, each with the path to it; empty if it is valid.

    A path begins with ``$``, e.g. ``$.if[1].plusTime[2]: ...``. No more than ``MAX_ISSUES`` faults are listed.
    """
    issues: list[str] = []
    parts = 1
    pending: list[tuple[str, Any, int]] = [("$", expression, 0)]
    while pending and len(issues) < MAX_ISSUES:
        path, part, level = pending.pop()
        if level > MAX_LEVELS:
            issues.append(f"{path[:MAX_PATH]}...: nested deeper than {MAX_LEVELS} levels; flatten it")
            continue
        issues.extend(f"{path}: {message}" for message in _faults(part))
        operands = _operands(part)
        parts += len(operands)
        if parts > MAX_PARTS:  # before they are looked at, so that memory is bounded too
            issues.append(f"$: has more than {MAX_PARTS} parts; split the rule")
            break
        pending.extend((path + step, operand, level + deeper) for step, operand, deeper in reversed(operands))
    return issues


def shown(text: str) -> str:
    """A name from outside, made safe for a message: ASCII, escaped, short."""
    return ascii(text[:_MAX_SHOWN])


def _faults(part: Any) -> Iterator[str]:
    if type(part) is bool or type(part) is list:
        return
    if type(part) is int:
        if abs(part) > MAX_INTEGER:
            yield f"is beyond {MAX_INTEGER}, where integers stop being exact; use a smaller one"
    elif type(part) is str:
        if len(part) > MAX_TEXT:
            yield f"is a string of more than {MAX_TEXT} characters; shorten it"
    elif type(part) is float:
        yield "is a non-integer number; use an integer of a smaller unit"
    elif type(part) is dict:
        yield from _operation_faults(part)
    else:
        yield f"{kind(part)} is not an expression; write an operation, a string, an integer or a boolean"


def _operation_faults(operation: dict[Any, Any]) -> Iterator[str]:
    if len(operation) != 1:
        yield f"an operation must have exactly one key, but it has {len(operation)}"
        return
    operator, operands = next(iter(operation.items()))
    if operator == "var":
        yield from _path_faults(operands)
    elif type(operator) is not str:
        yield "an operator must be a string"
    elif type(operands) is not list:
        yield 'not of the form {"<operator>": [<operands>]}'
    elif operator not in ARITY:
        yield f"unknown operator {shown(operator)}; write one of var, {', '.join(ARITY)}"
    else:
        least, most = ARITY[operator]
        if not least <= len(operands) <= most:
            wanted = str(least) if least == most else f"{least} or more" if most == _UNBOUNDED else f"{least} or {most}"
            yield f'"{operator}" must have {wanted} operands, but it has {len(operands)}'
        yield from _literal_faults(operator, operands)


def _path_faults(path: Any) -> Iterator[str]:
    if type(path) is not str:
        yield 'not of the form {"var": "<path>"}'
    elif len(path) > MAX_PATH:
        yield f"a data access path has at most {MAX_PATH} characters"
    elif path and not all(path.split(".")):
        yield f"the data access path {shown(path)} has an empty part; remove the superfluous dot"


def _literal_faults(operator: str, operands: list[Any]) -> Iterator[str]:
    """Faults of the operands that must be literals."""
    if operator in {"plusTime", "extractFromUVCI"} and len(operands) > 1:
        amount = operands[1]
        if type(amount) is not int or abs(amount) > MAX_INTEGER:
            yield f'operand 2 of "{operator}" must be a literal integer, not {kind(amount)}'
    if operator == "plusTime" and len(operands) > 2:  # noqa: PLR2004 - the third operand is the unit
        unit = operands[2]
        if type(unit) is not str or unit not in UNITS:
            yield f'operand 3 of "plusTime" must be one of {", ".join(UNITS)}'


def _operands(part: Any) -> list[tuple[str, Any, int]]:
    """The parts of an array or operation that are expressions themselves: step, part, levels deeper; never too many."""
    if type(part) is list:
        return [(f"[{index}]", item, 1) for index, item in enumerate(part[: MAX_PARTS + 1])]
    if type(part) is not dict or len(part) != 1:
        return []
    operator, operands = next(iter(part.items()))
    if type(operands) is not list or type(operator) is not str or operator not in ARITY:
        return []
    count = 1 if operator in {"plusTime", "extractFromUVCI"} else MAX_PARTS + 1
    return [(f".{operator}[{index}]", operand, 2) for index, operand in enumerate(operands[:count])]
