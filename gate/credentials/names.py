"""Names of strangers, made fit to be shown: whatever stands in a code or on a chip, a screen keeps its shape.

What is taken out changes no name: characters that don't show (controls, marks of writing direction, zero widths, halves
of characters) and accents piled up by the hundred. Private-use characters stay: rare names are written with them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_PLAIN: Final = re.compile(r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u4e00-\u9fff]*")
"""Letters that need no look at each: Latin without loose accents, and Han."""
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
"""Unicode general categories (Unicode 15, table 4-4): control, format, surrogate, unassigned, separators of lines."""
_MARKS: Final = frozenset({"Mn", "Me"})
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u180e\u034f")
"""They count as letters or marks, and show nothing."""
MOST_MARKS: Final = 3
"""Accents that one letter keeps; Vietnamese has two, a tone mark over a vowel with a point below three."""
LONGEST: Final = 120
"""Characters; the longest name field in use has 60."""
_MOST_READ: Final = 4096
"""Characters that are looked at, so that a text of megabytes costs nothing."""


def shown(name: str) -> str:
    """A name as it may be shown; empty where nothing of it shows."""
    text = unicodedata.normalize("NFC", name[:_MOST_READ])
    if _PLAIN.fullmatch(text) is None:
        text = _without_tricks(text)
    return " ".join(text.split())[:LONGEST].rstrip(" ")


def _without_tricks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in _INVISIBLE or character in _BLANK_LETTERS:
            continue
        marks = marks + 1 if category in _MARKS else 0
        if marks <= MOST_MARKS and (not marks or (kept and not kept[-1].isspace())):
            kept.append(character)
    return "".join(kept)


def masked(name: str) -> str:
    """The first character of each part, for whoever only has to see that something was read: ``张**``, ``G** M**``."""
    return " ".join(f"{part[0]}**" for part in shown(name).split())
