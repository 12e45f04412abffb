"""The answer as text, and in a box that only its reader opens."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag

from fleet.days.wrapping import SUITE
from fleet.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.days.people import Person, Unlocked
    from fleet.trace.question import Question
    from fleet.trace.rows import Opened

_LABEL: Final = b"gate-trace-1\n"
"""First in the file, and in ``info`` with the reader's name."""


def text(asked: Question, by: str, rows: Sequence[Opened]) -> str:
    """What people read: a line for each who passed."""
    head = (
        f"{asked.site}: {asked}",
        f"asked by {by}",
        counted(rows),
    )
    return "".join(f"{_shown(line)}\n" for line in (*head, *map(_line, rows)))


def counted(rows: Sequence[Opened]) -> str:
    """How many there are, and of how many nobody can tell whose they were; no names."""
    why = Counter("pseudonym alone" if "pseudonym" in one.why_not else one.why_not for one in rows if one.why_not)
    opened = sum(not one.why_not for one in rows)
    return "; ".join((f"{len(rows)} passed, {opened} opened", *(f"{count}: {reason}" for reason, count in why.items())))


def check(rows: Sequence[Opened]) -> None:
    """Refuse an answer in which there are boxes, and none of them opens.

    Raises:
        FleetError: it is that; the message says why.
    """
    if any(one.row.sealed for one in rows) and not any(one.documents for one in rows):
        raise FleetError(f"none of it opens: {counted(rows)}")


def shut(content: str, reader: Person) -> bytes:
    """A file for one reader."""
    return _LABEL + SUITE.encrypt(content.encode(), reader.public_key, _LABEL + reader.name.encode())


def read(file: bytes, reader: Unlocked) -> str:
    """What ``shut`` was given.

    Raises:
        FleetError: it is no such file, or for somebody else.
    """
    try:
        content = SUITE.decrypt(file.removeprefix(_LABEL), reader.private_key, _LABEL + reader.name.encode())
        return content.decode()
    except (InvalidTag, ValueError):
        raise FleetError(f"this is no answer for {reader.name}, or it was changed") from None


def _line(one: Opened) -> str:
    row = one.row
    documents = ", ".join(f"{kind} {number}" for kind, number in one.documents)
    clock = "" if row.clock_trusted else "  (the gate's clock was not trusted)"
    return f"{row.at.isoformat(timespec='seconds')}  {one.gate}  {documents or one.why_not}{clock}"


def _shown(line: str) -> str:
    """Nothing that steers a screen."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
