"""Facts as JSON: what rules see as ``payload``, read strictly where people write it (examples, files of tools)."""

from __future__ import annotations

from typing import Any, Final

from gate.model import Fact, Facts, FactState
from gate.rules import fields, parameters

MAX_FACTS: Final = 32
MAX_VALUES: Final = 32
_STATES: Final = tuple(state.value for state in FactState)

Payload = dict[str, dict[str, Any]]


def read_payload(value: Any, where: str) -> Payload:
    """Facts by name, each with its state, age and values.

    Raises:
        RuleSetError: a fact is of no such form.
    """
    return fields.by_name(value, where, MAX_FACTS, _fact)


def to_facts(payload: Payload) -> Facts:
    """The facts of a payload that was read; nothing says where they come from."""
    return Facts({name: _of(fact) for name, fact in payload.items()})


def _of(fact: dict[str, Any]) -> Fact:
    values = {name: value for name, value in fact.items() if name not in {"state", "age"}}
    return Fact(FactState(fact["state"]), None, fact["age"], values)


def _fact(value: Any, where: str) -> dict[str, Any]:
    found = dict(fields.an_object(value, where))
    state = fields.one_of(found.pop("state", None), f"{where} state", _STATES)
    age = found.pop("age", None)
    if age is not None:
        fields.integer(age, f"{where} age", least=0)
    values = fields.by_name(found, where, MAX_VALUES, _value)
    if values and state not in {FactState.KNOWN, FactState.STALE}:
        fields.refuse(where, f"is {state} but has values; remove them")
    return {"state": state, "age": age, **values}


def _value(value: Any, where: str) -> int | str | bool:
    return value if type(value) is bool else parameters.scalar(value, where)
