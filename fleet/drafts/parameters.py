"""The numbers of a rule set as fields of a form: which there are, how each is typed, what comes of it. Pure."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from gate.rules import fields
from gate.rules.parameters import MAX_AGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_FIELDS: Final = 300
"""Of one form; Django reads a thousand, and each may have a unit beside it."""
UNITS: Final = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
_MOST_SHOWN: Final = 20
_MOST_HOURS: Final = 96
"""Longer spans are days, as in ``gate.rules.plain_words``."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_FLAG: Final = {"yes": True, "no": False}


class Kind(Enum):
    """How a value is typed."""

    SPAN = "span"
    """Seconds, as a number and a unit."""
    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"
    LIST = "list"
    """Numbers or texts, with commas."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value in one place."""

    path: tuple[str, ...]
    """``("parameters", "test_max_age_s")``, ``("profiles", "bus", "parameters", "test_max_days")``."""
    kind: Kind
    value: Any
    """None: the profile has none, and the set's own holds."""
    own: Any
    """The set's own, for a profile."""

    @property
    def key(self) -> str:
        """Its name in the form; no name of a sound set has a colon."""
        return ":".join(self.path)

    @property
    def profile(self) -> str:
        """Whose it is; empty: the set's own."""
        return self.path[1] if self.path[0] == "profiles" else ""

    @property
    def parameter(self) -> str:
        """Which parameter."""
        return self.path[3] if self.profile else self.path[1]

    @property
    def member(self) -> str:
        """Which member of it, where it is an object: of ``max_age_s`` the fact."""
        rest = self.path[4:] if self.profile else self.path[2:]
        return rest[0] if rest else ""

    @property
    def unit(self) -> str:
        """In which a span is shown."""
        value = self.own if self.value is None else self.value
        return unit_of(value) if self.kind is Kind.SPAN else ""

    @property
    def text(self) -> str:
        """Its value as it is typed, without its unit; empty for none."""
        return self._written(self.value)

    @property
    def instead(self) -> str:
        """The same of the set's own, which holds where a profile has none."""
        return self._written(self.own) if self.value is None else ""

    def _written(self, value: Any) -> str:
        match value:
            case None:
                return ""
            case bool():
                return "yes" if value else "no"
            case list():
                return ", ".join(map(str, value))
            case int() if self.unit:
                return str(value // UNITS[self.unit])
            case _:
                return str(value)


def unit_of(seconds: int) -> str:
    """The largest unit that people count it in without a rest."""
    fits = (unit for unit, size in UNITS.items() if seconds and seconds % size == 0)
    found = next(fits, "s")
    return "h" if found == "d" and abs(seconds) <= _MOST_HOURS * UNITS["h"] else found


def fields_of(found: Mapping[str, Any]) -> list[Field]:
    """The fields of a set of sound form, at most so many; what is not among them is changed in the text."""
    own = found["parameters"]
    listed = list(_fields(("parameters",), own, own))
    for name, profile in found["profiles"].items():
        listed += _fields(("profiles", name, "parameters"), own, profile["parameters"])
    return listed[:MOST_FIELDS]


def with_typed(found: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, Any]:
    """A set of sound form with what was typed into its fields.

    Args:
        found: the set.
        typed: text by the field's key, and a span's unit by the key with ``.unit``; what is not there stays.

    Raises:
        RuleSetError: it names the field, and what to type.
    """
    made: dict[str, Any] = copy.deepcopy(dict(found))
    for field in fields_of(found):
        text, unit = typed.get(field.key, field.text).strip(), typed.get(f"{field.key}.unit", field.unit)
        if (text, unit) == (field.text, field.unit):
            continue  # a text with a comma in it is not to become two
        value = _typed(field, text, unit)
        *way, last = field.path
        at = made
        for name in way:
            at = at[name]
        if value is None:
            at.pop(last, None)
        else:
            at[last] = value
    return made


def _fields(path: tuple[str, ...], own: Mapping[str, Any], changed: Mapping[str, Any]) -> Iterator[Field]:
    """Those of a set, or of a profile: every single value, and lists and objects that the profile has of its own."""
    is_set = own is changed
    for name, standard in own.items():
        value = changed.get(name)
        if isinstance(standard, dict):
            for member, number in (value or {}).items():
                yield Field((*path, name, member), Kind.SPAN if name == MAX_AGE else _kind(name, number), number, None)
        elif value is not None or not isinstance(standard, list):
            yield Field((*path, name), _kind(name, standard), value, None if is_set else standard)


def _kind(name: str, value: Any) -> Kind:
    match value:
        case bool():
            return Kind.FLAG
        case int():
            return Kind.SPAN if name.endswith("_s") else Kind.NUMBER
        case list():
            return Kind.LIST
        case _:
            return Kind.TEXT


def _typed(field: Field, text: str, unit: str) -> Any:
    """A value; None: the profile is to have none."""
    if not text and field.profile and not field.member and field.kind is not Kind.LIST:
        return None
    match field.kind:
        case Kind.SPAN:
            return _number(field, text) * UNITS.get(unit, UNITS[field.unit])
        case Kind.NUMBER:
            return _number(field, text)
        case Kind.FLAG:
            return fields.one_of(_FLAG.get(text), field.key, (True, False))
        case Kind.LIST:
            items = [item.strip() for item in re.split(r"[,，、]", text) if item.strip()]
            are_numbers = all(isinstance(item, int) for item in field.value or [""])
            return [_number(field, item) for item in items] if are_numbers else items
        case Kind.TEXT:
            return fields.text(text, field.key)


def _number(field: Field, text: str) -> int:
    if not _NUMBER.fullmatch(text):
        fields.refuse(field.key, f"{text[:_MOST_SHOWN]!a} is no whole number; type digits")
    return int(text)
