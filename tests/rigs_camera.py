"""The camera's end of the socket for the contract; its real process is in ``wire/test_camera``."""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import time
from typing import TYPE_CHECKING, ClassVar

from rig import CODE, until

from drivers.camera_link import Link
from drivers.camera_wire import Frame, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TURN = 0.03


class CodesOnSocket:
    """A thread that turns the link as the process does, once a frame, and sends what it is handed."""

    driver: ClassVar[str] = "camera"
    row: ClassVar[str] = "`camera`"
    shared: ClassVar[str] = ""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "codes"
        self._numbers = itertools.count()
        self._waiting: queue.Queue[tuple[bytes, bool]] = queue.Queue()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.settings: Mapping[str, object] = {"socket": str(self._socket)}
        self.secrets: tuple[bytes, ...] = (CODE[4:20].encode(),)

    def plug(self) -> None:
        self.lose()
        self._over.clear()
        self._thread = threading.Thread(target=self._serve, args=(Link.listen(self._socket),))
        self._thread.start()

    def lose(self) -> None:
        if self._thread is not None:
            self._over.set()
            self._thread.join()
            self._thread = None

    async def present(self) -> None:
        self._waiting.put((f"{CODE}{next(self._numbers)}".encode(), True))

    async def begin(self) -> None:
        self._waiting.put((CODE.encode(), False))
        await until(self._waiting.empty)

    def _serve(self, link: Link) -> None:
        with contextlib.closing(link):
            while not self._over.wait(_TURN):
                link.turn()
                link.send(Frame(Kind.IDLE, time.monotonic()))
                if not self._waiting.empty():
                    content, whole = self._waiting.get()
                    frame = Frame(Kind.CODE, time.monotonic(), content)
                    if whole:
                        link.send(frame)
                    elif link._gate is not None:
                        link._gate.send(frame.to_bytes()[:-40])
                        self._over.wait()  # the rest never comes
