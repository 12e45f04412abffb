"""What a fleet may set of a gate's configuration, and how what is set at several levels becomes one. Pure.

A gate's own file is the base: what an installer set by hand. Above it come, from the widest to the narrowest, what was
set for the whole fleet, for a district, a site and the one gate; of each setting the narrowest that says anything
holds. ``SETTINGS`` is the only list of what may be set from there. What is not in it (devices and their names, paths,
the pinned root, where whatever is signed comes from) is nobody's but the installer's; nothing in it is a secret.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from gate.errors import ConfigError

Value = str | int | bool | list[str]
Settings = Mapping[str, Value]
"""E.g. ``{"voice.lead_in_ms": 300}``: section and key with a dot in between."""


class Kind(StrEnum):
    """What a setting looks like."""

    WORD = "word"
    WORDS = "words"
    NUMBER = "number"
    CHOICE = "choice"
    """Yes or no."""


SETTINGS: Final[Mapping[str, Kind]] = {
    "checkpoint.site_class": Kind.WORD,
    "checkpoint.zone": Kind.WORD,
    "checkpoint.direction": Kind.WORD,
    "checkpoint.attended": Kind.CHOICE,
    "checkpoint.time_zone": Kind.WORD,
    "rules.certificate_country": Kind.WORD,
    "trust.server.every_minutes": Kind.NUMBER,
    "status.deadline_ms": Kind.NUMBER,
    "status.lookup.url": Kind.WORD,
    "status.lookup.pins": Kind.WORDS,
    "journal.commit_limit_ms": Kind.NUMBER,
    "journal.keep_days": Kind.NUMBER,
    "journal.most_mb": Kind.NUMBER,
    "voice.languages": Kind.WORDS,
    "voice.lead_in_ms": Kind.NUMBER,
    "kiosk.languages": Kind.WORDS,
    "thermometer.correction.offset_tenths": Kind.NUMBER,
    "thermometer.correction.per_degree_hundredths": Kind.NUMBER,
    "barrier.within_ms": Kind.NUMBER,
    "barrier.jam_ms": Kind.NUMBER,
    "fleet.url": Kind.WORD,
    "fleet.pins": Kind.WORDS,
    "fleet.lease_hours": Kind.NUMBER,
}
"""Everything that may come from a fleet. A new one is written here and nowhere else."""
ASKED_FIRST: Final = frozenset({"fleet.url", "fleet.pins"})
"""Taken by a gate only once the fleet has answered it there: with a wrong one it would be out of reach for good."""
MOST_CHARACTERS: Final = 500
MOST_WORDS: Final = 16
MOST_NUMBER: Final = 2**31
NO_SETTINGS: Final[Settings] = {}

L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class Placed(Generic[L]):
    """A value, and the level that it comes from."""

    value: Value
    level: L


def check(settings: Mapping[str, Any]) -> Settings:
    """What a level says, if it may say all of that.

    Raises:
        ConfigError: a setting that nobody may set from afar, or a value of another kind; the message names it.
    """
    for name, value in settings.items():
        kind = SETTINGS.get(name)
        if kind is None:
            raise ConfigError(f"{name}: can't be set from the fleet; what can be is in docs/fleet.md")
        if not _is(kind, value):
            raise ConfigError(f"{name}: must be {_SAID[kind]}")
    return settings


def merge(levels: Sequence[tuple[L, Settings]]) -> dict[str, Placed[L]]:
    """Of each setting what the last level says that says anything.

    Args:
        levels: from the widest to the narrowest.
    """
    merged: dict[str, Placed[L]] = {}
    for level, settings in levels:
        merged |= {name: Placed(value, level) for name, value in settings.items()}
    return merged


def overlaid(base: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """A configuration's table with what the fleet has set in place of what it said; ``base`` stays as it is.

    Raises:
        ConfigError: a section is no table.
    """
    table = copy.deepcopy(dict(base))
    for name, value in settings.items():
        *sections, key = name.split(".")
        place = table
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise ConfigError(f"[{section}] must be a table")
        place[key] = copy.deepcopy(value)
    return table


def value_in(table: Mapping[str, Any], name: str) -> Any:
    """What a configuration's table itself says of a setting; None: nothing."""
    found: Any = table
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


_SAID: Final[Mapping[Kind, str]] = {
    Kind.WORD: f"a text of 1 to {MOST_CHARACTERS} characters",
    Kind.WORDS: f"1 to {MOST_WORDS} texts",
    Kind.NUMBER: "a whole number",
    Kind.CHOICE: "true or false",
}


def _is(kind: Kind, value: Any) -> bool:
    match kind:
        case Kind.WORD:
            return isinstance(value, str) and 0 < len(value) <= MOST_CHARACTERS and value.isprintable()
        case Kind.WORDS:
            return isinstance(value, list) and 0 < len(value) <= MOST_WORDS and all(_is(Kind.WORD, v) for v in value)
        case Kind.NUMBER:
            return type(value) is int and abs(value) <= MOST_NUMBER
        case Kind.CHOICE:
            return isinstance(value, bool)
