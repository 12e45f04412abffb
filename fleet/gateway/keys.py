"""Keys of interfaces, from files that only their owner can read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from fleet.errors import FleetError

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 4096


class ApiKey:
    """What the city proves itself by at an interface; never shown by ``repr``."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The key itself, for a signature or a header."""
        return self._text


def load_key(path: Path) -> ApiKey:
    """The key in a file: one line of printable ASCII.

    Raises:
        FleetError: it is none, or others could read it.
    """
    try:
        text = guarded(path, MOST_BYTES).decode("ascii").strip()
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable():
        raise FleetError(f"{path}: is no key; it is one line of printable ASCII")
    return ApiKey(text)


def guarded(path: Path, most: int) -> bytes:
    """What is in a file that nobody but its owner, who is us, can read.

    Raises:
        FleetError: it can't be read, is too large, or isn't so.
    """
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o077:
                raise FleetError(f"{path}: others could read this key; chown it to this user and chmod 600")
            content = file.read(most + 1)
    except OSError as fault:
        raise FleetError(f"{path}: key can't be read ({fault.strerror})") from None
    if len(content) > most:
        raise FleetError(f"{path}: is no key; it has more than {most} bytes")
    return content
