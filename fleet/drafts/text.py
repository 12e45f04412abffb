"""The one way in which a draft is written down, so that two of them differ in nothing but what they say. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

from gate.errors import RuleSetError
from gate.rules import fields

MOST_LEVELS: Final = 250
"""Of nested objects and arrays; CertLogic's own 100 levels need twice as many."""
MOST_BYTES: Final = 256 * 1024
"""Of a draft; the largest set that comes with the program, children.json, has a third of it. A gate takes more."""


def read(blob: bytes) -> dict[str, Any]:
    """A rule set's file as an object that can be written again; what it says is not checked but for id and version.

    Raises:
        RuleSetError: it is no JSON object of a bearable size, or nobody could say which set it is.
    """
    found = fields.an_object(fields.decode(blob, MOST_BYTES), "rule set")
    if missing := sorted({"id", "version"} - found.keys()):
        fields.refuse("rule set", f"lacks {', '.join(missing)}; add it")
    fields.name(found["id"], "id")
    fields.integer(found["version"], "version", least=1)
    _check_depth(found)
    return found


def _check_depth(found: dict[str, Any]) -> None:
    level: list[Any] = [found]
    for _ in range(MOST_LEVELS):
        inner = [each for one in level for each in (one.values() if isinstance(one, dict) else one)]
        level = [each for each in inner if isinstance(each, dict | list)]
        if not level:
            return
    fields.refuse("file", f"is nested deeper than {MOST_LEVELS} levels; flatten it")


def written(found: dict[str, Any]) -> str:
    """A rule set as a draft's text.

    Raises:
        RuleSetError: it is too large when it is indented, or has a number that JSON doesn't have.
    """
    parts, size = [], 0
    try:
        for part in json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=2).iterencode(found):
            parts.append(part)
            size += len(part.encode())
            if size > MOST_BYTES:
                fields.refuse("file", f"has more than {MOST_BYTES} bytes when it is indented; flatten it")
    except ValueError:
        fields.refuse("file", "has a number that is too large; write an integer")
    return "".join([*parts, "\n"])


def taken(text: str) -> dict[str, Any]:
    """What a draft's text says.

    Raises:
        RuleSetError: as ``read``.
    """
    try:
        return read(text.encode())
    except UnicodeEncodeError:
        raise RuleSetError("file: has half of a character; write the character itself") from None
