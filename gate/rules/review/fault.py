"""One fault of a rule set, told so that whoever wrote the set can mend it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_FOUND: Final = 80
_CHOICES: Final = re.compile(r"must be one of ([\w.*, -]+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file."""

    where: str
    """``"rule set"``, ``"rule CN-STATION-0001"``, ``"profile station"``, ``"assignment 2"``, ``"example 3 (name)"``."""
    field: str
    """Which part of it, ``""`` for all of it."""
    found: str
    """What stands there, as JSON and cut short; ``""`` where there is nothing to show."""
    fault: str
    """What is wrong and what to write instead."""


def fault(where: str, field: str, found: Any, words: str, choices: Iterable[str] = ()) -> Fault:
    """A fault with what was found; where that is nearly one of the choices, they give way to it.

    Args:
        where: the piece of the file.
        field: the part of it.
        found: what stands there, None for nothing.
        words: what is wrong; choices that it lists itself count too.
        choices: words that may have been meant.
    """
    listed = _CHOICES.search(words)
    if listed is not None:
        choices = listed[1].split(", ")
    meant = [choice for choice in choices if choice != found]
    near = get_close_matches(found, meant, 1) if isinstance(found, str) else []
    if near and listed is not None:
        words = f"is not one of the words that may stand here; did you mean {near[0]}?"
    elif near:
        words = f"{words}; did you mean {near[0]}?"
    return Fault(_line(where), _line(field), "" if found is None else shown(found), _line(words))


def shown(value: Any) -> str:
    """A value as it stands in the file, cut short, without characters that could forge a line."""
    text = json.dumps(value, ensure_ascii=False)
    return _line(text if len(text) <= _MAX_FOUND else f"{text[:_MAX_FOUND]}…")


def _line(text: str) -> str:
    return text if text.isprintable() else ascii(text)
