"""Which generation of a list served last: an older one is refused, even if everything in it is genuine.

The one before it is let in too, since it stands in where the newest turns out to be damaged; its age is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from gate import durable
from gate.errors import StatusUnavailable

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES: Final = 256


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    used: int
    before: int


@dataclass(frozen=True, slots=True)
class Floor:
    """Numbers of generations; 0: none yet."""

    used: int = 0
    before: int = 0

    def raised(self, number: int) -> Floor:
        """The floor once this generation serves."""
        return Floor(number, self.used) if number > self.used else self


def read(path: Path) -> Floor:
    """The floor that was kept; none where there is no file.

    Raises:
        StatusUnavailable: it is damaged or can't be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
        kept = msgspec.json.decode(data, type=_Kept)
    except FileNotFoundError:
        return Floor()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        raise StatusUnavailable(f"{path.name}: can't be read; which list served last is not known") from None
    return Floor(kept.used, kept.before)


def write(path: Path, floor: Floor) -> None:
    """Keep it.

    Raises:
        OSError: it can't be written.
    """
    durable.write(path, msgspec.json.encode(_Kept(floor.used, floor.before)), 0o600)
