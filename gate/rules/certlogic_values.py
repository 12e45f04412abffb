"""The values that CertLogic expressions work on, and tests, comparisons and paths that are safe on them.

A value is JSON (``None``, ``bool``, ``int``, ``float``, ``str``, ``list``, ``dict``) or an ``Instant``. Python's own
operators are not enough: ``True == 1`` and ``1.0 == 1`` there, a list compares deeply, and -1 indexes a list.
Source: CertLogic specification 1.3.3, "Values" and "Data access".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gate.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_INTEGER: Final = 2**53 - 1
"""Integers beyond this differ between implementations (RFC 8259 section 6)."""

Step = tuple[str, int | None]
"""A fragment of a path, and the array index that it is, if it is one."""

_SCALARS: Final = frozenset({type(None), bool, int, float, str})
_PLAIN: Final = frozenset({type(None), bool, int, str, list, dict})
"""Types whose truth in Python is their truth here."""


class CertLogicError(GateError):
    """An expression is not CertLogic, or can't be evaluated over this data; a rule that raises it does not hold."""


def truth(value: Any) -> bool:
    """Whether a value is truthy; falsy are ``null``, ``false``, 0, and the empty string, array and object.

    Raises:
        CertLogicError: the value is neither truthy nor falsy (an instant, a number with a fraction).
    """
    if type(value) in _PLAIN:
        return bool(value)
    number = integer(value)
    if number is None:
        raise CertLogicError(f"{kind(value)} is neither truthy nor falsy; test it with a comparison")
    return number != 0


def integer(value: Any) -> int | None:
    """The value as an integer, None where it is none; 2.0 is one, for JSON has a single type of number."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    return None


def identical(left: Any, right: Any) -> bool:
    """JavaScript's ``===`` on strings, numbers, booleans and null.

    Raises:
        CertLogicError: both are arrays, objects or instants; implementations differ on what that means.
    """
    if type(left) is type(right) and type(left) in _SCALARS:
        return bool(left == right)
    left_scalar, right_scalar = type(left) in _SCALARS, type(right) in _SCALARS
    if not left_scalar and not right_scalar:
        raise CertLogicError(f"{kind(left)} can't be compared with {kind(right)}; compare strings or integers")
    number = integer(left)
    return number is not None and number == integer(right)


def steps_of(path: str) -> tuple[Step, ...]:
    """The steps of a data access path; the empty path has none and means the data itself."""
    return tuple((key, int(key) if key.isascii() and key.isdigit() else None) for key in path.split(".") if path)


def kind(value: Any) -> str:
    """What a value is, in words; never the value itself, which may be personal."""
    return _WORDS.get(type(value), "a value that is not JSON")


_WORDS: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}
