"""Lets only words through that the program itself is made of.

A log line or a fault may hold anything: what a library said, what a file was called, what somebody typed. Nobody can
list what must not get out, but what may is known: the words of this program's own messages, those of the operating
system, those of the configuration, and short numbers. Everything else becomes ``…``.
"""

from __future__ import annotations

import ast
import builtins
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HOUSE: Final = Path(__file__).resolve().parents[3]
_OURS: Final = ("gate", "drivers", "voice")
_NOT_FROM: Final = ("simulated", "demo", "demo_panel")
"""Fictional people live there."""
_SYSTEMD: Final = (
    "Started Starting Stopped Stopping Failed Main process exited code status killed dumped signal ABRT KILL TERM SEGV "
    "FAILURE SUCCESS exec Watchdog timeout limit Scheduled restart job counter is at Deactivated successfully Consumed "
    "CPU time Start request repeated too quickly with result Unit entered failed state main control group Result core "
    "inactive active activating dead running auto gate service camera kiosk KILLSIGNAL sent Triggering OnFailure "
    "dependencies protocol resources Current command vanished from the unit file execution Traceback most recent call "
    "last File line in During handling of above exception another occurred Errno"
)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TOKEN: Final = re.compile(r"\w+|\W", re.ASCII)
_LONGEST_NUMBER: Final = 5
"""An identity number, a telephone number and a date are longer."""
_NUMBERED: Final = re.compile(r"([A-Za-z]{3,})\d{1,2}")
"""``ttyUSB0``; shorter ones would be hex digits."""
_DROPPED: Final = "…"
_MANY_DROPPED: Final = re.compile(r"…(?:[ :./-]?…)+")
_NUMBER_IN_GROUPS: Final = re.compile(r"(?!\d{4}-\d\d-\d\d \d\d:)\d(?:[ .-]?\d){9,}")
"""A telephone number is written like that; a date with a time is none."""
_BIRTH_DATE: Final = re.compile(r"(?:19|200|201)\d{1,2}-\d\d-\d\d")
"""Older than any gate."""
_ESCAPED: Final = re.compile(r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8})")
_LONG_NUMBER: Final = re.compile(r"\d{9,}[xX]?")
_LONG_MIXTURE: Final = re.compile(r"[A-Za-z0-9+=]{24,}")


@dataclass(frozen=True, slots=True)
class Words:
    """Those that may get out."""

    known: frozenset[str]

    def and_those_of(self, texts: Iterable[str]) -> Words:
        """With the words of texts that are told anyway."""
        return Words(self.known | {word for text in texts for word in _WORD.findall(text)})

    def only(self, text: str) -> str:
        """One line, less everything that is not known."""
        for guess in (_ESCAPED, _NUMBER_IN_GROUPS, _BIRTH_DATE):
            text = guess.sub(_DROPPED, text)
        tokens = _TOKEN.findall(text)
        shown = "".join(token if self._may(token) else _DROPPED for token in tokens)
        return _MANY_DROPPED.sub(_DROPPED, shown)

    def _may(self, token: str) -> bool:
        if token in self.known:
            return True
        if token.isdecimal():
            return len(token) <= _LONGEST_NUMBER
        if numbered := _NUMBERED.fullmatch(token):
            return numbered[1] in self.known
        return len(token) == 1 and token.isascii() and token.isprintable() and not token.isalnum()


def own() -> Words:
    """The words of this program and of the operating system."""
    known = set(_WORD.findall(_SYSTEMD))
    known.update(word for number in range(1, 134) for word in _WORD.findall(os.strerror(number)))
    known.update(dir(builtins))
    for file in _sources():
        known.add(file.stem)
        known.add(file.parent.name)
        known.update(_words_of(file))
    return Words(frozenset(known))


def masked(text: str) -> str:
    """Text that an installer chose, without what might be a number of somebody, a password or a key."""
    text = re.sub(r"//[^/@\s]*@", f"//{_DROPPED}@", text)
    text = re.sub(r"\?.*", f"?{_DROPPED}", text)
    return _LONG_MIXTURE.sub(_DROPPED, _LONG_NUMBER.sub(_DROPPED, text))


def _sources() -> Iterator[Path]:
    for top in _OURS:
        for file in sorted((_HOUSE / top).rglob("*.py")):
            if not set(_NOT_FROM).intersection(file.relative_to(_HOUSE).parts):
                yield file


def _words_of(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):  # a damaged installation: fewer words get through
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _WORD.findall(node.value)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
