"""Lines that a machine writes into a file of ours, taken as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Feed:
    """One file; it may not be there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._rest = ""

    def lines(self) -> list[str]:
        """The whole lines since the last time."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                data = file.read()
        except FileNotFoundError:
            return []
        self._at += len(data)
        *lines, self._rest = (self._rest + data.decode("utf-8", "replace")).split("\n")
        return lines
