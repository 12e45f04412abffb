"""The process that watches a folder and decodes its pictures: ``python -m drivers.camera_worker FOLDER``.

Its standard output is the pipe to the gate (``drivers.camera_wire``). It is expendable: whatever a picture does to the
native decoders, it does here. A picture is deleted before it
is decoded: it is personal data, and one that kills the decoder must not be met again. It needs nothing but the folder,
and gives up access to all else before it opens the first one.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import stat
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from drivers import confinement
from drivers.camera_wire import MOST_DATA, Frame, Kind
from drivers.code_decoders import zbar
from drivers.code_reader import read_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
"""Of finished pictures. Who puts one in writes it under a name that begins with a dot and renames it."""

MOST_FILE_BYTES = 8 << 20
MOST_PIXELS = 16_000_000
MEMORY = 512 << 20
"""Bytes of address space."""

HEARTBEAT = 0.5
"""Seconds between signs of life while no picture comes."""

_POLL = 0.05
_USEFUL_SIDE = 2048

NO_CODE = "no code seen in the picture"
DAMAGED = "the picture is damaged or of no known form"
TOO_LARGE = "the picture is too large"
LATE = "a picture came while the camera was not running"


class UnreadableError(Exception):
    """Nothing can be read from a picture; the message is for the guard."""


class Pipe:
    """The pipe to the gate."""

    def __init__(self) -> None:
        self._fd = os.dup(sys.stdout.fileno())
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not spoil a frame

    def send(self, frame: Frame) -> None:
        """Send one frame.

        Raises:
            BrokenPipeError: the gate is gone.
        """
        data = frame.to_bytes()
        while data:
            data = data[os.write(self._fd, data) :]


def watch(folder: Path, pipe: Pipe) -> None:
    """Serve ``folder`` until the gate is gone.

    Raises:
        BrokenPipeError: the gate is gone.
        OSError: the folder is gone, or what lies in it can't be deleted.
    """
    late = _clear(folder)
    pipe.send(Frame(Kind.IDLE, time.monotonic()))
    if late:
        pipe.send(Frame(Kind.UNREADABLE, time.monotonic(), LATE.encode()))
    heartbeat = 0.0
    while True:
        for path in _arrivals(folder):
            _present(path, pipe)
            heartbeat = 0.0
        now = time.monotonic()
        if now >= heartbeat:
            pipe.send(Frame(Kind.IDLE, now))
            heartbeat = now + HEARTBEAT
        time.sleep(_POLL)


def _arrivals(folder: Path) -> Iterator[Path]:
    """Finished pictures, the oldest first."""
    found: list[tuple[int, Path]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            named = not entry.name.startswith(".") and Path(entry.name).suffix.lower() in SUFFIXES
            if named and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):  # taken away again meanwhile
                    found.append((entry.stat(follow_symlinks=False).st_ctime_ns, Path(entry.path)))
    return (path for _, path in sorted(found))


def _clear(folder: Path) -> bool:
    """Delete what lies there at the start: nobody knows any more who held it up, nor when. Tells if there was any."""
    left = list(_arrivals(folder))
    for path in left:
        path.unlink(missing_ok=True)
    return bool(left)


def _present(path: Path, pipe: Pipe) -> None:
    """Decode one picture and tell what was in it."""
    at = time.monotonic()
    pipe.send(Frame(Kind.STARTED, at))
    try:
        codes = decode(_take(path))
    except UnreadableError as reason:
        pipe.send(Frame(Kind.UNREADABLE, at, str(reason).encode()))
    else:
        for code in codes:
            pipe.send(Frame(Kind.CODE, at, code))


def _take(path: Path) -> bytes:
    """The content of a picture, which is deleted."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        path.unlink(missing_ok=True)
        raise UnreadableError(DAMAGED) from None
    with open(fd, "rb") as file:  # noqa: PTH123 - a file descriptor, not a path
        path.unlink(missing_ok=True)
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode):
            raise UnreadableError(DAMAGED)
        if about.st_size > MOST_FILE_BYTES:
            raise UnreadableError(TOO_LARGE)
        return file.read(MOST_FILE_BYTES)


def decode(data: bytes) -> list[bytes]:
    """The codes in a PNG or JPEG file, at least one.

    Raises:
        UnreadableError: none, or the file is damaged or too large.
    """
    try:
        codes = read_codes(_picture(data))
    except UnreadableError:
        raise
    except Exception:  # noqa: BLE001 - image decoders raise whatever a damaged file makes them raise
        raise UnreadableError(DAMAGED) from None
    codes = [code for code in codes if len(code) <= MOST_DATA]
    if not codes:
        raise UnreadableError(NO_CODE)
    return codes


def _picture(data: bytes) -> Image.Image:
    from PIL import Image  # noqa: PLC0415 - only in the process that decodes

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a stranger's picture writes no lines into the log
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableError(TOO_LARGE) from None
    picture.draft("L", (_USEFUL_SIDE, _USEFUL_SIDE))
    if picture.width * picture.height > MOST_PIXELS:
        raise UnreadableError(TOO_LARGE)
    picture.load()
    return picture


def _warm_up() -> None:
    """Load every decoder now: what is missing shows at the start, and the first person does not wait for it."""
    from PIL import Image  # noqa: PLC0415 - only in the process that decodes

    blank = Image.new("L", (64, 64), 255)
    for form in ("PNG", "JPEG"):
        file = io.BytesIO()
        blank.save(file, form)
        read_codes(_picture(file.getvalue()))
    zbar(blank)


def _confine(folder: Path) -> None:
    """Give up what decoding does not need: of files, all but the pictures and the installed programs."""
    confinement.limit(MEMORY)
    confinement.fence(folder, {Path("/usr"), Path(sys.prefix), Path(sys.base_prefix)})


def main() -> None:
    """Serve the folder named on the command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the gate, which ends this process itself
    folder = Path(sys.argv[1])
    pipe = Pipe()
    confinement.die_with_parent()
    try:
        _warm_up()
        _confine(folder)
        watch(folder, pipe)
    except BrokenPipeError:
        return
    except OSError as error:
        sys.exit(f"camera with folder {folder}: {error.strerror}")


if __name__ == "__main__":
    main()
