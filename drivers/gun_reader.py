"""The thread that reads one gun.

The kernel keeps 64 events of a keyboard, five to ten characters; whoever reads later has lost some. So a thread of its
own reads, and does nothing that could take long: cutting records and looking up keys (microseconds), no logging, no
waiting for anybody.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import time
from typing import TYPE_CHECKING, Protocol

from drivers.input_events import RECORD, Records
from drivers.keyboard_node import open_keyboard
from gate.errors import DeviceLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drivers.keyboard_node import EventNode, RecordedStream
    from drivers.wedge import Broken, Code, WedgeDecoder

PERMISSION_PATIENCE = 3.0
"""Seconds for the system to give a new node its permissions (PROTOCOLS §3.2)."""

_PERMISSION_PAUSE = 0.25
_READ_BYTES = RECORD.size * 64
_OLDEST_STAMP = 1.0
"""Seconds; an event that claims to be older, or to come from the future, is taken to have come when it was read."""


class Opened:
    """The gun was opened and is a keyboard."""


class MakeDecoder(Protocol):
    """Makes the decoder when the state of the CapsLock lamp is known."""

    def __call__(self, *, caps_lock: bool) -> WedgeDecoder: ...


class GunReader:
    """Reads one gun in a daemon thread from construction until ``stop``.

    Args:
        path: event node or recorded stream.
        make_decoder: called in the thread once the gun is open.
        post: called in the thread with each report; the last one is the exception that ended reading.
    """

    def __init__(
        self,
        path: Path,
        make_decoder: MakeDecoder,
        post: Callable[[Opened | Code | Broken | BaseException], None],
    ) -> None:
        self._path = path
        self._make_decoder = make_decoder
        self._post = post
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name=f"gun {path.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the gun. Returns at once; only a device driver that hangs makes it wait, for half a second."""
        os.eventfd_write(self._stop, 1)
        self._thread.join(0.5)
        if not self._thread.is_alive():
            os.close(self._stop)

    def _run(self) -> None:
        try:
            with selectors.DefaultSelector() as waiting:
                waiting.register(self._stop, selectors.EVENT_READ)
                keyboard = self._open(waiting)
                if keyboard is not None:
                    with contextlib.closing(keyboard):
                        self._serve(keyboard, waiting)
        except BaseException as fault:  # noqa: BLE001 - nothing may die unseen in a thread: the loop raises it again
            self._post(fault)

    def _open(self, waiting: selectors.BaseSelector) -> EventNode | RecordedStream | None:
        """The open gun, or None when told to stop."""
        give_up = time.monotonic() + PERMISSION_PATIENCE
        while True:
            try:
                return open_keyboard(self._path)
            except PermissionError:
                if time.monotonic() >= give_up:
                    raise DeviceLost(
                        f"no permission to open {self._path}: add the gate's user to the group that owns it"
                    ) from None
            if waiting.select(_PERMISSION_PAUSE):
                return None

    def _serve(self, keyboard: EventNode | RecordedStream, waiting: selectors.BaseSelector) -> None:
        decoder = self._make_decoder(caps_lock=keyboard.caps_lock)
        records = Records()
        waiting.register(keyboard.fd, selectors.EVENT_READ)
        self._post(Opened())
        while True:
            deadline = decoder.deadline
            ready = waiting.select(None if deadline is None else max(0.0, deadline - time.monotonic()))
            fds = [key.fd for key, _ in ready]
            if self._stop in fds:
                return
            if fds:
                self._read(keyboard, records, decoder)
            else:
                self._post_all(decoder.tick(time.monotonic()))

    def _read(self, keyboard: EventNode | RecordedStream, records: Records, decoder: WedgeDecoder) -> None:
        try:
            data = os.read(keyboard.fd, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._post_all(decoder.cut_off(time.monotonic()))
            raise DeviceLost(f"{self._path} is gone ({error.strerror}): check plug and cable") from None
        now = time.monotonic()
        if not data:
            self._post_all(decoder.cut_off(now))
            raise DeviceLost(f"{self._path} is gone: check plug and cable")
        for stamp, event in records.feed(data):
            at = stamp if now - _OLDEST_STAMP < stamp <= now else now
            caps_lock = decoder.caps_lock
            self._post_all(decoder.feed((event,), at))
            if decoder.caps_lock != caps_lock:
                keyboard.show_caps_lock(on=decoder.caps_lock)

    def _post_all(self, reports: list[Code | Broken]) -> None:
        for report in reports:
            self._post(report)
