"""A USB device at the other end of QEMU's ``usb-redir``: what every device does, around what one of them is."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Final, Protocol

from hil.devices import usbredir
from hil.devices.usbredir import Bulk, Kind, Packet
from hil.devices.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CONTROL_ENDPOINTS: Final = tuple(
    usbredir.Endpoint(address, usbredir.EndpointType.CONTROL, 0, 64) for address in (0, usbredir.IN)
)


class Device(Protocol):
    """What makes a device this one."""

    @property
    def descriptor(self) -> bytes:
        """USB device descriptor."""

    @property
    def interfaces(self) -> Sequence[usbredir.Interface]: ...

    @property
    def endpoints(self) -> Sequence[usbredir.Endpoint]:
        """Beside endpoint 0."""

    def control(self, asked: usbredir.Control) -> bytes | None:
        """Answer on endpoint 0; None stalls."""

    def bulk(self, asked: Bulk, pulled: threading.Event) -> bytes:
        """Wait for what the endpoint gives next; anything once ``pulled`` is set."""


class Redirected:
    """Serves one device; ``plug`` and ``unplug`` it."""

    def __init__(self, path: Path, device: Device, name: str) -> None:
        self._device = device
        self._name = name
        self._splitter = usbredir.Splitter()
        self._settings: dict[int, int] = {}
        self._asked: queue.SimpleQueue[tuple[int, Bulk] | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._lock = threading.Lock()
        self._pump: threading.Thread | None = None
        self._wire = Wire(path, self._hear, self._start)
        self.plug = self._wire.plug

    def unplug(self) -> None:
        """Pull it out, in the middle of a transfer if need be."""
        self._wire.unplug()
        self._asked.put(None)
        if self._pump is not None:
            self._pump.join()
            self._pump = None

    def _start(self) -> None:
        if self._pump is not None:  # the machine ended the last time
            self._asked.put(None)
            self._pump.join()
        self._splitter, self._settings, self._cancelled = usbredir.Splitter(), {}, set()
        self._asked = queue.SimpleQueue()
        self._pump = threading.Thread(target=self._serve_bulk, args=(self._asked,), name=self._name, daemon=True)
        self._pump.start()
        self._wire.send(usbredir.greeting(self._name))

    def _hear(self, data: bytes) -> None:
        for packet in self._splitter.feed(data):
            self._obey(packet)

    def _send(self, *packets: Packet) -> None:
        self._wire.send(b"".join(usbredir.pack(packet) for packet in packets))

    def _describe(self) -> tuple[Packet, Packet]:
        return (
            usbredir.interface_info(self._device.interfaces),
            usbredir.ep_info((*_CONTROL_ENDPOINTS, *self._device.endpoints)),
        )

    def _obey(self, packet: Packet) -> None:
        number, body = packet.number, packet.body
        match packet.kind:
            case Kind.HELLO:
                connect = usbredir.device_connect(self._device.descriptor, usbredir.Speed.HIGH)
                self._send(*self._describe(), connect)
            case Kind.SET_CONFIGURATION if body:
                self._send(*self._describe(), usbredir.configuration_status(number, body[0]))
            case Kind.GET_CONFIGURATION:
                self._send(usbredir.configuration_status(number, 1))
            case Kind.SET_ALT_SETTING if len(body) > 1:
                self._settings[body[0]] = body[1]
                self._send(*self._describe(), usbredir.alt_setting_status(number, body[0], body[1]))
            case Kind.GET_ALT_SETTING if body:
                self._send(usbredir.alt_setting_status(number, body[0], self._settings.get(body[0], 0)))
            case Kind.CONTROL_PACKET:
                asked = usbredir.parse_control(body)
                self._send(usbredir.answer_control(number, asked, self._device.control(asked)))
            case Kind.BULK_PACKET:
                self._asked.put((number, usbredir.parse_bulk(body)))
            case Kind.CANCEL_DATA_PACKET:
                with self._lock:
                    self._cancelled.add(number)
            case _:
                pass  # a reset, and what this version says beyond 0.3: nothing to answer

    def _serve_bulk(self, asked: queue.SimpleQueue[tuple[int, Bulk] | None]) -> None:
        """One transfer after the other, as on the bus; one that was cancelled before its turn gives nothing."""
        while (item := asked.get()) is not None and not self._wire.pulled.is_set():
            number, bulk = item
            with self._lock:
                cancelled = number in self._cancelled
                self._cancelled.discard(number)
            if cancelled:
                self._send(usbredir.answer_bulk(number, bulk, b"", usbredir.Status.CANCELLED))
            else:
                self._send(usbredir.answer_bulk(number, bulk, self._device.bulk(bulk, self._wire.pulled)))
