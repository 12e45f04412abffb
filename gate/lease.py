"""How long personal caches may stay without a word from the fleet, and their end.

What counts is the time that the machine was on since the last contact, by ``CLOCK_BOOTTIME``: no clock that somebody
can set has a say in it. It is noted every ``NOTED_S``; a start of the machine adds what may have been missed before it,
so that cutting the power again and again makes the lease shorter, not longer. While the power is off nothing counts,
and nothing could be erased either.

An end is noted before the first file is erased: whatever happens in between, the next start goes on with it.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - read by msgspec
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from gate import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from gate.model import Moment

NOTED_S: Final = 300.0
HOURS: Final = 72
"""Where nothing that is signed says otherwise."""
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_MOST_BYTES: Final = 4096
_BESIDE: Final = ("", "-wal", "-shm", "-journal", ".new")
"""What lies beside a file while it is written or read."""


@dataclass(frozen=True, slots=True)
class Uptime:
    """How long the machine is on, and since which of its starts."""

    boot: str
    seconds: float


def uptime() -> Uptime:
    """Of this machine."""
    return Uptime(_BOOT_ID.read_text("ascii").strip(), time.clock_gettime(time.CLOCK_BOOTTIME))


class Phase(StrEnum):
    """How far a lease has come."""

    RUNNING = "running"
    ERASING = "erasing"
    OVER = "over"


class _Noted(msgspec.Struct, frozen=True):
    """The file's content: how things stood at a second of a run of the machine."""

    phase: Phase
    spent_s: float
    boot: str
    uptime_s: float
    heard_at: datetime | None = None


class Lease:
    """The lease of one gate. ``tick`` works on the disk and is called in one thread; the rest is for any.

    Args:
        file: where it is noted.
        length: how long it is, asked at each look.
        personal: files and folders that are erased at its end.
        now: how long the machine is on.
    """

    def __init__(
        self,
        file: Path,
        length: Callable[[], timedelta],
        personal: Sequence[Path],
        now: Callable[[], Uptime] = uptime,
    ) -> None:
        self._file = file
        self._length = length
        self._personal = personal
        self._now = now
        self._heard: datetime | None = None
        """Newest contact that is not noted yet."""
        begun = now()
        self._noted = _read(file) or _Noted(Phase.RUNNING, 0.0, begun.boot, begun.seconds)

    @property
    def over(self) -> bool:
        """Whether personal caches are erased, or about to be; until the fleet is heard again."""
        return self._noted.phase is not Phase.RUNNING

    @property
    def heard_at(self) -> datetime | None:
        """The last contact that was noted, by the gate's clock."""
        return self._noted.heard_at

    @property
    def spent_s(self) -> float:
        """Seconds without contact."""
        now = self._now()
        if now.boot == self._noted.boot:
            return self._noted.spent_s + max(0.0, now.seconds - self._noted.uptime_s)
        return self._noted.spent_s + NOTED_S + now.seconds

    def contact(self, moment: Moment) -> None:
        """The fleet was heard."""
        self._heard = moment.at

    def tick(self) -> None:
        """Take note of the time that has passed, and erase what has to be; once at the start, then every ``NOTED_S``.

        Raises:
            OSError: the disk does not take it; the next call goes on.
        """
        if self._heard is not None:
            now, heard_at, self._heard = self._now(), self._heard, None
            self._write(_Noted(Phase.RUNNING, 0.0, now.boot, now.seconds, heard_at))
        elif not self.over:
            over = self.spent_s >= self._length().total_seconds()
            self._note(Phase.ERASING if over else Phase.RUNNING)
        if self._noted.phase is Phase.ERASING:
            erase(self._personal)
            self._note(Phase.OVER)

    def _note(self, phase: Phase) -> None:
        spent, now = self.spent_s, self._now()
        self._write(_Noted(phase, spent, now.boot, now.seconds, self.heard_at))

    def _write(self, noted: _Noted) -> None:
        self._noted = noted  # first: it holds for this run even if the disk does not take it
        content = msgspec.json.encode(noted)
        durable.write(self._file, content + b"\n" + sha256(content).hexdigest().encode() + b"\n", 0o600)


def erase(paths: Sequence[Path]) -> None:
    """Delete files and folders, and what lies beside them; what is gone already is no matter.

    Raises:
        OSError: one can't be deleted.
    """
    for path in paths:
        for suffix in _BESIDE:
            one = path.with_name(path.name + suffix)
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one)
            else:
                one.unlink(missing_ok=True)
    for folder in {path.parent for path in paths if path.parent.is_dir()}:
        durable.sync_folder(folder)


def _read(file: Path) -> _Noted | None:
    """What was noted; None where there is nothing, or nothing that can be read: then a lease begins.

    Whoever can write the file can read the caches.
    """
    try:
        with file.open("rb") as opened:
            content, _, digest = opened.read(_MOST_BYTES).partition(b"\n")
        if digest.strip() != sha256(content).hexdigest().encode():
            return None
        return msgspec.json.decode(content, type=_Noted)
    except (OSError, msgspec.DecodeError):
        return None
