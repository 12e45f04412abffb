"""A simulated sound card for tests, the bench and the demo: a real ``aplay`` plays to it and every sample is kept.

An ALSA configuration makes the default device a ``file`` plug-in over ``null`` that writes into a FIFO; a thread reads
the FIFO at the pace of sound (48,000 bytes a second), so that the FIFO fills up and ``aplay`` has to wait as it does
for a card. The plug-in holds back one card buffer (half a second), much as a card starts when its buffer is full:
what a killed player has not passed on by then is lost, as it is with a card.
"""

from __future__ import annotations

import fcntl
import os
import select
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from voice.wav import BYTES_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

_PIPE_BYTES = 4096
_CHUNK_BYTES = 960
_PRESENT = """pcm.!default {{
    type file
    slave.pcm {{ type null }}
    file "{fifo}"
    format "raw"
}}
"""
_ABSENT = "# no sound card\n"


@dataclass(slots=True)
class _Announcement:
    """One player's connection: its FIFO, and what came through it."""

    descriptor: int
    first_at: float = 0.0
    pcm: bytearray = field(default_factory=bytearray)

    def due(self) -> float:
        """When the next chunk may be taken."""
        return self.first_at + len(self.pcm) / BYTES_PER_SECOND


class SimulatedSoundCard:
    """A card in ``folder``; plugged in from the start. A context manager: its thread ends with it."""

    def __init__(self, folder: Path) -> None:
        self._config = folder / "asound.conf"
        self._fifo = folder / "card.fifo"
        self._changed = threading.Condition()
        self._announcements: list[_Announcement] = []
        self._finished = 0
        self._stopping, self._stop = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._listen, name="simulated sound card", daemon=True)
        self._offer = self._new_fifo()
        self.plug()
        self._thread.start()

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment of a player that is to play to this card."""
        return {**os.environ, "ALSA_CONFIG_PATH": str(self._config)}

    def plug(self) -> None:
        """Put the card in."""
        self._config.write_text(_PRESENT.format(fifo=self._fifo), encoding="utf-8")

    def unplug(self) -> None:
        """Take the card out: the next player finds none."""
        self._config.write_text(_ABSENT, encoding="utf-8")

    def first_sample_after(self, moment: float, timeout: float = 10.0) -> float | None:
        """``time.monotonic()`` of the first sample of the first announcement that began after ``moment``.

        Waits up to ``timeout`` seconds for it; None where none began.
        """

        def began() -> float | None:
            return next((a.first_at for a in self._announcements if a.first_at > moment), None)

        with self._changed:
            self._changed.wait_for(lambda: began() is not None, timeout)
            return began()

    def heard(self, count: int = 0, timeout: float = 10.0) -> list[bytes]:
        """PCM of every announcement that has ended, oldest first, once there are ``count`` of them.

        A player pads its last period with silence. Returns fewer than ``count`` after ``timeout`` seconds.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._finished >= count, timeout)
            return [bytes(a.pcm) for a in self._announcements[: self._finished]]

    def close(self) -> None:
        """End the thread; a player that still plays finds the card gone."""
        os.close(self._stop)
        self._thread.join()
        os.close(self._stopping)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _new_fifo(self) -> int:
        """Each player gets a FIFO of its own, opened for reading before the player can see it."""
        fresh = self._fifo.with_suffix(".new")
        os.mkfifo(fresh, 0o600)
        descriptor = os.open(fresh, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        fresh.rename(self._fifo)
        return descriptor

    def _listen(self) -> None:
        playing: _Announcement | None = None
        while True:
            if playing is None:
                playing = self._await_player()
                if playing is None:
                    break
            elif not self._take(playing):
                with self._changed:
                    self._finished += 1
                    self._changed.notify_all()
                os.close(playing.descriptor)
                playing = None
        os.close(self._offer)

    def _await_player(self) -> _Announcement | None:
        """The next announcement once its first samples are there; None when the card is being closed."""
        poller = select.poll()
        poller.register(self._stopping, select.POLLIN)
        poller.register(self._offer, select.POLLIN)
        while True:
            ready = dict(poller.poll())
            if self._stopping in ready:
                return None
            if ready.get(self._offer, 0) & select.POLLIN:
                break
            # The player left without a sample. A FIFO keeps reporting that, so the next one gets a fresh one.
            os.close(self._offer)
            poller.unregister(self._offer)
            self._offer = self._new_fifo()
            poller.register(self._offer, select.POLLIN)
        playing = _Announcement(self._offer, time.monotonic())
        self._offer = self._new_fifo()
        with self._changed:
            self._announcements.append(playing)
            self._changed.notify_all()
        return playing

    def _take(self, playing: _Announcement) -> bool:
        """Take one chunk when it is due; False at the end. A player's end is noticed at once."""
        poller = select.poll()
        poller.register(self._stopping, select.POLLIN)
        poller.register(playing.descriptor, 0)
        ready = poller.poll(1000 * max(0.0, playing.due() - time.monotonic()))
        size = _PIPE_BYTES
        if not ready:
            size = _CHUNK_BYTES
            poller.modify(playing.descriptor, select.POLLIN)
            ready = poller.poll()
        if self._stopping in dict(ready):
            return False
        data = os.read(playing.descriptor, size)
        playing.pcm += data
        return bool(data)
