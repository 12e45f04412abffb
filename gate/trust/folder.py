"""A folder whose files are read one by one: never more of one than asked for, never anything outside of it."""

from __future__ import annotations

import os
import re
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gate.errors import TrustError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MOST_PARTS: Final = 4
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NO_LINK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_name(name: str) -> bool:
    """Whether it may name a file of such a folder: a few plain words between slashes, no ``..`` and nothing hidden."""
    parts = name.split("/", MOST_PARTS)
    return len(parts) <= MOST_PARTS and all(map(_NAME.fullmatch, parts))


@contextmanager
def reading(folder: Path) -> Iterator[Callable[[str, int], bytes | None]]:
    """Open a folder once, and read from that one even if its name comes to mean another meanwhile.

    Yields:
        A function that gives the bytes of the file of a name (``"a/b.json"``), None where there is none. It reads one
        byte more than the number that it is given at most, and raises ``TrustError`` where the name, or a part of it,
        is a link or anything else than a plain file in plain folders.

    Raises:
        TrustError: the folder can't be opened.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "no name of a folder"
        raise TrustError(f"{folder}: can't be opened ({why})") from None
    try:
        yield lambda name, limit: _read(descriptor, name, limit)
    finally:
        os.close(descriptor)


def _read(folder: int, name: str, limit: int) -> bytes | None:
    if not is_name(name):
        raise TrustError("a name that no file of a bundle has")
    *parents, last = name.split("/")
    opened: list[int] = []
    try:
        for parent in parents:
            opened.append(os.open(parent, _NO_LINK | os.O_DIRECTORY, dir_fd=opened[-1] if opened else folder))
        opened.append(os.open(last, _NO_LINK | os.O_NONBLOCK, dir_fd=opened[-1] if opened else folder))
        if not stat.S_ISREG(os.fstat(opened[-1]).st_mode):
            raise TrustError(f"{name}: is no plain file")
        with os.fdopen(opened.pop(), "rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise TrustError(f"{name}: can't be read ({fault.strerror}); links are not followed") from None
    finally:
        for descriptor in opened:
            os.close(descriptor)
