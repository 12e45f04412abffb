"""CertLogic 1.3.3: rules as JSON, compiled once to closures and evaluated over JSON data.

The language has no clock, no floating point and no way to reach outside its data, so a rule gives the same answer on
every device. Evaluation is bounded: a rule has at most ``MAX_PARTS`` parts and a budget of steps over the data.

Source: https://github.com/ehn-dcc-development/eu-dcc-business-rules, ``certlogic/specification``. Stricter than the
JavaScript reference where that goes on with a value that the specification does not define: a date that does not exist,
``===`` between two arrays or objects, integers beyond 2^53. All of these raise, and a rule that raises does not hold.
``reduce`` also offers ``data``, the data around it, which the specification announces as an extension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.rules.certlogic_operations import STEPS, build
from gate.rules.certlogic_syntax import validate
from gate.rules.certlogic_values import CertLogicError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CertLogicError", "compile", "evaluate", "paths", "validate"]


def compile(expression: Any) -> Callable[[Any], Any]:  # noqa: A001 - what it does, and always used as certlogic.compile
    """Turn an expression into a function from JSON data to a value.

    The function raises ``CertLogicError`` where the expression can't be evaluated over the data, and nothing else.

    Raises:
        CertLogicError: the expression is not CertLogic; the message lists every fault with its path.
    """
    if issues := validate(expression):
        raise CertLogicError("; ".join(issues))
    root = build(expression)
    return lambda data: root(data, [STEPS])


def evaluate(expression: Any, data: Any) -> Any:
    """Compile and evaluate at once.

    Raises:
        CertLogicError: the expression is not CertLogic or can't be evaluated over the data.
    """
    return compile(expression)(data)


def paths(expression: Any) -> frozenset[str]:
    """Every data access path in a valid expression, also those inside ``reduce``."""
    if type(expression) is list:
        return frozenset().union(*map(paths, expression))
    if type(expression) is not dict:
        return frozenset()
    operator, operands = next(iter(expression.items()))
    return frozenset({operands}) if operator == "var" else paths(operands)
