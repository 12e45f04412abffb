"""One announcement through one child ``aplay``, fed on its standard input.

A child can be cut off at once by killing it, which no in-process player measured allows (AV, "Voice": old sound stops
0.6 ms after the kill). The child's pipe starts small, so that the moment when it takes the first bytes shows: by then
it has opened the sound card. Afterwards the pipe is made large, and a busy event loop can't make the sound stutter.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from voice.wav import RATE, seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COMMAND = ("aplay", "-q", "-t", "raw", "-f", "S16_LE", "-r", str(RATE), "-c", "1", "-")
"""Plays to ALSA's default card; ``ALSA_CARD`` in the environment chooses another."""
TAKE_SECONDS = 2.0
"""A player that has taken nothing by then hangs: opening a card takes milliseconds."""
OVERRUN_SECONDS = 3.0
"""Grace for the card's own buffer after the length of the sound itself."""
KILL_SECONDS = 0.5

_SMALL_PIPE = 4096
_LARGE_PIPE = 1024 * 1024
_COMPLAINT_MAX_BYTES = 4096


class SoundFault(Exception):  # noqa: N818 - the field's word; never leaves ``voice``
    """The player could not be started, failed or hung; the text says which."""


class Playback:
    """A running child and the sound that it still has to get.

    Must be made on the running event loop's thread. ``taken`` gets ``time.monotonic()`` of the moment when the child
    took the first bytes; it stays pending where it never did.

    Raises:
        SoundFault: the player could not be started.
    """

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], pcm: bytes, taken: asyncio.Future[float | None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = memoryview(pcm)
        self._seconds = seconds_of(pcm)
        self._taken = taken
        self._filled = False
        self._cut = False
        self._complaint = ""
        self._ended: asyncio.Future[int] = self._loop.create_future()
        try:
            read_end, self._input = os.pipe2(os.O_CLOEXEC)
        except OSError as error:
            raise SoundFault(f"no pipe to the player: {error.strerror}") from error
        try:
            fcntl.fcntl(self._input, fcntl.F_SETPIPE_SZ, _SMALL_PIPE)
            os.set_blocking(self._input, False)
            self._child, self._exit = _start(arguments, environment, read_end)
        except OSError as error:
            self._close_input()
            raise SoundFault(f"{arguments[0]}: {error.strerror}") from error
        finally:
            os.close(read_end)
        self._loop.add_reader(self._exit, self._reap)
        self._feed()
        if self._input >= 0:
            self._loop.add_writer(self._input, self._feed)

    def cut(self) -> None:
        """Silence it now."""
        self._cut = True
        if self._child.returncode is None:
            self._child.kill()

    async def finished(self) -> bool:
        """Wait for the end; True where everything was played, False where it was cut.

        Raises:
            SoundFault: the child failed, or hung and was killed.
        """
        either: set[asyncio.Future[Any]] = {self._ended, self._taken}
        await asyncio.wait(either, timeout=TAKE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if self._taken.done():
            await asyncio.wait({self._ended}, timeout=self._seconds + OVERRUN_SECONDS)
        hung = not self._ended.done() and not self._cut
        if not self._ended.done():
            await self.close()
        if hung:
            raise SoundFault("the player hung and was killed")
        if self._cut:
            return False
        if self._ended.result() != 0:
            raise SoundFault(self._complaint or f"the player ended with status {self._ended.result()}")
        return True

    async def close(self) -> None:
        """Kill the child and wait for it; one that even so does not end is reaped whenever it does."""
        self.cut()
        await asyncio.wait({self._ended}, timeout=KILL_SECONDS)

    def _feed(self) -> None:
        """Give the pipe what it takes; room in a pipe that was full shows that the child reads."""
        try:
            while self._left:
                count = os.write(self._input, self._left)
                self._left = self._left[count:]
                if self._filled:
                    self._mark_taken()
        except BlockingIOError:
            self._filled = True
        except BrokenPipeError:
            self._close_input()  # the exit status will say why
        else:
            self._mark_taken()  # a sound shorter than the smallest pipe: nothing better is known
            self._close_input()

    def _mark_taken(self) -> None:
        if not self._taken.done():
            self._taken.set_result(time.monotonic())
            with suppress(OSError):  # the system's limit for pipes: then it stays small
                fcntl.fcntl(self._input, fcntl.F_SETPIPE_SZ, _LARGE_PIPE)

    def _close_input(self) -> None:
        if self._input >= 0:
            self._loop.remove_writer(self._input)
            os.close(self._input)
            self._input = -1

    def _reap(self) -> None:
        if self._child.poll() is None:
            return
        self._loop.remove_reader(self._exit)
        os.close(self._exit)
        self._close_input()
        self._complaint = self._read_complaint()
        self._ended.set_result(self._child.returncode)

    def _read_complaint(self) -> str:
        """The last line that the child wrote, fit for a log."""
        stream = self._child.stderr
        if stream is None:
            return ""
        os.set_blocking(stream.fileno(), False)  # a grandchild could hold it open
        with stream, suppress(BlockingIOError):
            lines = os.read(stream.fileno(), _COMPLAINT_MAX_BYTES).decode("utf-8", "replace").splitlines()
            return "".join(c if c.isprintable() else "?" for c in lines[-1])[:200] if lines else ""
        return ""


def _start(
    arguments: Sequence[str], environment: Mapping[str, str], standard_input: int
) -> tuple[subprocess.Popen[bytes], int]:
    """The child, and a descriptor that becomes readable when it ends: no thread and no signal handler is needed."""
    child = subprocess.Popen(  # noqa: S603 - a fixed program, its arguments from the configuration
        arguments,
        stdin=standard_input,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(environment),
    )
    try:
        return child, os.pidfd_open(child.pid)
    except OSError:
        child.kill()
        child.wait()
        raise
