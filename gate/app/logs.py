"""Log lines: one line an event, ``key=value`` with JSON values, so that people and programs read the same line.

Nothing from outside reaches a line unescaped: every value goes through ``json.dumps``, which leaves no control
character, and is cut to a length.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

from gate.app.log_tail import TAIL

MAX_VALUE_CHARACTERS = 400
_PAIR = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^ ]+)')


def configure(level: int = logging.INFO) -> None:
    """Log to standard error, where systemd's journal and a terminal both find it; the last lines stay in memory."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler, TAIL], force=True)
    for library in (
        "tuf",
        "securesystemslib",
    ):  # they quote the files that they refuse; gate.trust says it in its own words
        logging.getLogger(library).setLevel(logging.WARNING)


def line(event: str, **values: Any) -> str:
    """``event key=value …``; texts are cut and escaped to ASCII."""
    return " ".join([event, *(f"{key}={_value(value)}" for key, value in values.items())])


def parse(text: str) -> dict[str, Any]:
    """The values of a line made by ``line``."""
    return {key: json.loads(value) for key, value in _PAIR.findall(text)}


def _value(value: Any) -> str:
    if isinstance(value, str):
        value = value[:MAX_VALUE_CHARACTERS]
    elif isinstance(value, float):
        value = round(value, 3)
    return json.dumps(value, separators=(",", ":"))
