"""Colours that people set by hand at the fleet's console, laid over the city's table: the worse one counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate.app.status.rows import People
from gate.errors import ConfigError
from gate.status.cache.payload import worsened

if TYPE_CHECKING:
    from pathlib import Path

    from gate.model import Colour
    from gate.pseudonym import PseudonymKey
    from gate.status.cache.crypto import ListKey
    from gate.status.cache.generation import Generation
    from gate.status.cache.whole import Sorter

COLUMNS: Final = ("holder", "code")
MOST: Final = 1_000_000


class Flags:
    """Colours by pseudonym."""

    def __init__(self, colours: dict[bytes, Colour]) -> None:
        self._colours = colours
        self._left = set(colours)

    @classmethod
    def read(cls, path: Path | None, key: PseudonymKey) -> Flags:
        """A table that ``fleet flags`` wrote; none without a path.

        Raises:
            ConfigError: a row is wrong: of flags none may be left out unseen.
            OSError: it can't be read.
        """
        found: dict[bytes, Colour] = {}
        if path is None:
            return cls(found)
        with path.open("rb") as file:
            people = People(file, key, is_json=False)
            if people.columns != COLUMNS:
                raise ConfigError(f"{path}: line 1 must be {','.join(COLUMNS)}")
            for line, one in people:
                if isinstance(one, str) or one.status.colour is None or len(found) == MOST:
                    raise ConfigError(f"{path}: line {line} is wrong; nothing was made")
                found[one.pseudonym] = one.status.colour
        return cls(found)

    def over(self, pseudonym: bytes, bits: int) -> int:
        """What is said of somebody in the city's table, with the flag if there is one."""
        colour = self._colours.get(pseudonym)
        self._left.discard(pseudonym)
        return bits if colour is None else worsened(bits, colour)

    def add_rest(self, sorter: Sorter, key: ListKey, before: Generation | None) -> None:
        """Everybody who is not in the table.

        Args:
            sorter: of the list.
            key: of the list.
            before: what is to be changed, where it is a change: what it says of them besides stays.
        """
        for pseudonym in self._left:
            bits = before.find(key.hash(pseudonym)) if before is not None else 0
            said = worsened(bits, self._colours[pseudonym])
            if said != bits:
                sorter.add(key.full_hash(pseudonym), said, 0)
