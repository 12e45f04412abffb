"""What differs between two texts of a rule set, in their own order: what stood there, what stands there. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SHOWN: Final = 300
"""Characters of a value."""
_KEYS: Final = ("Identifier", "name", "lang")
"""What tells the items of a list apart, where they have it: rules, examples, texts in several languages."""
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Line:
    """One value that is another one than before."""

    where: tuple[str, ...]
    """``("parameters", "test_max_age_s")``, ``("rules", "CN-72H-0001", "Reason")``."""
    old: str
    """As JSON, cut short; empty: there was none."""
    new: str
    """The same; empty: there is none any more."""


def lines(old: Any, new: Any, where: tuple[str, ...] = ()) -> Iterator[Line]:
    """Every difference of two decoded texts that are not nested deeper than a draft may be."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _members(old, new, where)
        return
    before, after = _by_key(old), _by_key(new)
    if before is not None and after is not None:
        yield from _members(before, after, where)
        if list(before) != list(after) and before.keys() == after.keys():
            yield Line(where, _shown(list(before)), _shown(list(after)))
    elif not _same(old, new):
        yield Line(where, _shown(old), _shown(new))


def _members(old: dict[str, Any], new: dict[str, Any], where: tuple[str, ...]) -> Iterator[Line]:
    for key in {**old, **new}:
        yield from lines(old.get(key, _NOTHING), new.get(key, _NOTHING), (*where, key))


def _by_key(found: Any) -> dict[str, Any] | None:
    """The items of a list by what each is called; None where they are not, or two are called the same."""
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        return None
    for key in _KEYS:
        named = {item[key]: item for item in found if isinstance(item.get(key), str)}
        if len(named) == len(found) and named:
            return named
    return None


def _same(old: Any, new: Any) -> bool:
    """By what is written: in Python True is 1, and 1 is 1.0."""
    if old is _NOTHING or new is _NOTHING:
        return old is new
    return json.dumps(old) == json.dumps(new)


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
