"""What a gate knows of its clock, kept: the floor for good, and since when it is right until the machine restarts."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from gate import durable
from gate.clock_trust import ClockTrust, Keeper, Look
from gate.errors import ClockFileFault

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = "clock"
"""In the state directory."""
_MOST_BYTES: Final = 4096

_Zoned = Annotated[datetime, msgspec.Meta(tz=True)]


class _Anchor(msgspec.Struct, frozen=True):
    boot: str
    at: _Zoned
    steady: float
    keeper: Keeper


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    floor: _Zoned
    anchor: _Anchor | None = None


def write(path: Path, trust: ClockTrust, boot: str) -> None:
    """Keep what is known.

    Raises:
        OSError: it can't be written.
    """
    anchor = None
    if trust.anchor is not None and trust.keeper is not None and boot:
        anchor = _Anchor(boot, trust.anchor.at, trust.anchor.steady, trust.keeper)
    content = msgspec.json.encode(_Kept(trust.floor, anchor))
    durable.write(path, content + b"\n" + sha256(content).hexdigest().encode() + b"\n", 0o644)


def read(path: Path, built_at: datetime, boot: str) -> ClockTrust:
    """What was known; nothing but the build where there is no file.

    Args:
        path: the file.
        built_at: when this software was built: the floor is never lower.
        boot: which start of the machine this is; an anchor of another one tells nothing.

    Raises:
        ClockFileFault: the file can't be read or is damaged.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return ClockTrust(built_at)
    except OSError as fault:
        raise ClockFileFault(f"{path.name}: can't be read ({fault.strerror})") from None
    content, _, digest = data.partition(b"\n")
    if digest.strip() != sha256(content).hexdigest().encode():
        raise ClockFileFault(f"{path.name}: is damaged; the floor is the build of this software again")
    try:
        kept = msgspec.json.decode(content, type=_Kept)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ClockFileFault(f"{path.name}: is of no form that this gate knows") from None
    floor, found = max(built_at, kept.floor), kept.anchor
    if found is None or not boot or found.boot != boot:
        return ClockTrust(floor)
    return ClockTrust(floor, Look(found.at, found.steady), found.keeper)
