"""Files that operators hand to the gate: read whole, but never more than they can rightly be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 8 * 1024 * 1024


class TooLargeError(OSError):
    """It is larger than such a file can rightly be."""


def read_bounded(path: Path, most_bytes: int = MAX_BYTES) -> bytes:
    """A file's bytes.

    Raises:
        TooLargeError: it is larger than ``most_bytes``.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise TooLargeError(f"{path.name} is larger than {most_bytes >> 10} KiB")
    return content
