"""The host's end of a cable: one of QEMU's socket character devices (``server=on,wait=off``).

QEMU's serial and redirected USB devices are plugged in while somebody is connected, so connecting is plugging.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PIECE = 64 * 1024


class Wire:
    """A cable that may be plugged in and pulled out; what comes over it is heard in a thread of its own.

    Args:
        path: QEMU's socket.
        hear: told what came, in that thread.
        plugged: told each time that it was plugged in, in the caller's thread, before anything is heard.
    """

    def __init__(self, path: Path, hear: Callable[[bytes], None], plugged: Callable[[], None] = lambda: None) -> None:
        self.pulled = threading.Event()
        """Set while it is not plugged in."""
        self.pulled.set()
        self._path = path
        self._hear = hear
        self._plugged = plugged
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._sending = threading.Lock()
        self._closing = threading.Lock()

    def plug(self) -> None:
        """Plug it in; harmless when it is."""
        if not self.pulled.is_set():
            return
        self.unplug()  # the thread of the last time
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        end.connect(str(self._path))
        self._socket = end
        self.pulled.clear()
        self._plugged()
        self._thread = threading.Thread(target=self._listen, args=(end,), name=self._path.name, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull it out, whatever is on its way; harmless when it is not plugged in, and from its own thread too."""
        self.pulled.set()
        with self._closing:
            end, self._socket = self._socket, None
        if end is not None:
            with contextlib.suppress(OSError):  # the machine went first
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None

    def send(self, data: bytes) -> None:
        """Put bytes on the wire; lost where nobody takes them any more."""
        end = self._socket
        if end is not None:
            with self._sending, contextlib.suppress(OSError):
                end.sendall(data)

    def _listen(self, end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not self.pulled.is_set() and (data := end.recv(_PIECE)):
                self._hear(data)
        self.pulled.set()
