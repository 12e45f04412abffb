"""The version floor: a bundle older than the one used last is refused, even if everything in it is genuine.

Whoever can put an old bundle back would otherwise bring back a key that was withdrawn, or undo a revocation. The floor
of a role falls only with its keys: once so many of them were replaced that the rest can't sign any more, nothing that
was signed before counts, and the new ones may begin at any number (so a thief who ran the numbers up is got rid of).
So it is with time: what a role said about when it was signed is past, as long as its keys count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads the annotation
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

from gate import durable
from gate.errors import TrustError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.trust.bundle import Bundle
    from gate.trust.metadata import SignedRole

MAX_BYTES: Final = 64 * 1024


class _Last(msgspec.Struct, frozen=True):
    """What was used last of one role."""

    version: int
    keys: frozenset[str]
    issued_at: datetime | None = None
    """The latest that it ever said."""


@dataclass(frozen=True, slots=True)
class Floor:
    """The oldest that is still accepted. An empty one accepts any."""

    last: Mapping[str, _Last]

    def check(self, bundle: Bundle) -> None:
        """Refuse a bundle that is older.

        Raises:
            TrustError: a role of it is.
        """
        for name, role in bundle.roles.items():
            last = self.last.get(name)
            if last is not None and role.version < last.version and (name == "root" or _counts(last, role)):
                raise TrustError(f"{name}: version {role.version} is older than {last.version}, which was used before")

    def raised(self, bundle: Bundle) -> Floor:
        """The floor once a bundle that it accepts is in use."""
        raised = dict(self.last)  # a role that a bundle does not have may come back
        for name, role in bundle.roles.items():
            said = [bundle.issued_at(name)]
            if (last := self.last.get(name)) is not None and _counts(last, role):
                said.append(last.issued_at)
            known = [time for time in said if time is not None]
            raised[name] = _Last(role.version, role.keys, max(known, default=None))
        return Floor(raised)

    @property
    def time(self) -> datetime | None:
        """It is later than this, by the word of everybody whose keys count; None: nobody said anything."""
        return max((last.issued_at for last in self.last.values() if last.issued_at is not None), default=None)

    def write(self, path: Path) -> None:
        """Keep it.

        Raises:
            OSError: it can't be written.
        """
        content = msgspec.json.encode(self.last, order="deterministic")
        durable.write(path, content + b"\n" + sha256(content).hexdigest().encode() + b"\n", 0o644)


def _counts(last: _Last, role: SignedRole) -> bool:
    """Whether the keys that signed then could still sign."""
    return len(last.keys & role.keys) >= role.threshold


NO_FLOOR: Final = Floor({})


def read(path: Path) -> Floor:
    """The floor that was kept; none where there is no file.

    Raises:
        TrustError: the file is damaged.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES)
    except FileNotFoundError:
        return NO_FLOOR
    except OSError as fault:
        raise TrustError(f"{path.name}: can't be read ({fault.strerror})") from None
    content, _, digest = data.partition(b"\n")
    if digest.strip() != sha256(content).hexdigest().encode():
        raise TrustError(f"{path.name}: is damaged")
    try:
        return Floor(msgspec.json.decode(content, type=dict[str, _Last]))
    except msgspec.DecodeError:
        raise TrustError(f"{path.name}: is of no form that this gate knows") from None
