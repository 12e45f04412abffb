"""The numbers and lists that rules compare with: read, and replaced by a profile or an order without losing any.

Three are not for rules: ``max_age_s`` and ``retired_sources`` are for ``gate.rules.derive``, ``retry_limit`` is for
``gate.rules.decide``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gate.rules import fields

MAX_PARAMETERS: Final = 200
MAX_LIST: Final = 1_000

MAX_AGE: Final = "max_age_s"
"""Seconds after which a fact is stale, by fact; a fact that is not listed never is."""
RETIRED_SOURCES: Final = "retired_sources"
"""Sources whose records are ignored."""
RETRY_LIMIT: Final = "retry_limit"
"""How often a holder may be asked to try again."""

Parameters = Mapping[str, Any]
"""Name to integer, boolean, text, list of integers or texts, or an object of integers by name."""


def read(value: Any, where: str) -> dict[str, Any]:
    """Parameters by name.

    Raises:
        RuleSetError: one has a value of no kind that a parameter may have.
    """
    found = fields.by_name(value, where, MAX_PARAMETERS, _parameter)
    if type(found.get(MAX_AGE, {})) is not dict:
        fields.refuse(f"{where} {MAX_AGE}", 'must be an object from fact to seconds, such as {"code": 86400}')
    if RETIRED_SOURCES in found:
        _texts(found[RETIRED_SOURCES], f"{where} {RETIRED_SOURCES}")
    if RETRY_LIMIT in found:
        fields.integer(found[RETRY_LIMIT], f"{where} {RETRY_LIMIT}", least=0)
    return found


def replaced(own: Parameters, changed: Parameters, where: str) -> dict[str, Any]:
    """``own`` with ``changed`` in place of some.

    Raises:
        RuleSetError: a changed one is not among ``own`` or of another type, or ages were left out.
    """
    for name, new in changed.items():
        if type(own.get(name)) is not type(new):
            fields.refuse(where, f"changes the parameter {name}, which the set lacks or has of another type")
    if MAX_AGE in changed and (lost := sorted(own[MAX_AGE].keys() - changed[MAX_AGE].keys())):
        # It replaces the whole object: what is left out would never be stale.
        fields.refuse(where, f"changes the parameter {MAX_AGE} and leaves out {lost[0]}; list every fact of the set's")
    return {**own, **changed}


def _parameter(value: Any, where: str) -> Any:
    if type(value) is dict:
        return fields.by_name(value, where, MAX_PARAMETERS, fields.integer)
    if type(value) is list:
        return [scalar(item, where) for item in fields.items(value, where, MAX_LIST)]
    return value if type(value) is bool else scalar(value, where)


def scalar(value: Any, where: str) -> int | str:
    """An integer or a text of one line."""
    return fields.text(value, where) if type(value) is str else fields.integer(value, where)


def _texts(value: Any, where: str) -> None:
    for item in fields.items(value, where, MAX_LIST):
        fields.text(item, where)
