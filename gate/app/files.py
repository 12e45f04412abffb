"""Files that operators hand to the gate: read whole, but never more than they can rightly be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 8 * 1024 * 1024


def read_bounded(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        OSError: it can't be read or is larger than ``MAX_BYTES``.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB")
    return content
