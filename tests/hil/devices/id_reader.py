"""The simulated resident-ID reader behind QEMU's USB serial adapter (an FTDI chip for the guest)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from hil.devices.wire import Wire

from drivers.simulated.id_reader_model import ReaderModel

if TYPE_CHECKING:
    from pathlib import Path


class IdReader:
    """One reader. ``plug`` it in, lay cards on it, ``unplug`` it.

    QEMU's adapter has no line rate: every rate is the right one here. ``tests/wire`` has the rates.

    Args:
        path: QEMU's socket.
        model: the reader's state; set up faults there before they are due.
    """

    def __init__(self, path: Path, model: ReaderModel | None = None) -> None:
        self.model = ReaderModel() if model is None else model
        self.asked: list[bytes] = []
        """Command and parameter bytes of every request so far."""
        self._lock = threading.Lock()
        self._wire = Wire(path, self._hear)
        self.plug, self.unplug = self._wire.plug, self._wire.unplug

    def present(self, block: bytes) -> None:
        """Lay a card with this 256-byte text block on the reader."""
        with self._lock:
            self.model.present(block)

    def remove(self) -> None:
        """Take the card away."""
        with self._lock:
            self.model.remove()

    def _hear(self, data: bytes) -> None:
        with self._lock:
            replies = self.model.feed(data)
        for reply in replies:
            self.asked.append(reply.command)
            if self._wire.pulled.wait(reply.delay):
                return
            self._wire.send(reply.wire)
            if reply.vanish:
                self._wire.unplug()
                return
