"""Things on wires: each driver turns one device into raw payloads.

Contract of a driver (``Driver``):

* ``run(emit)`` opens the device, calls ``emit`` with every ``Reading`` and ``Notice``, and goes on for ever. It ends
  only by ``DeviceLost`` (the device is gone; whoever supervises it opens it again later) or by cancellation,
  after which the device is closed within a second.
* It emits ``Notice(ONLINE)`` once the device has proved that it works.
* Nothing is ever emitted from a partial frame, and no personal data is logged above the level ``TRAFFIC``.
* Device libraries are imported inside the function that opens the device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from gate.model import ReaderEvent, ThermometerReading

TRAFFIC = 5
"""Log level below DEBUG for bytes on the wire, so that DEBUG in the field never shows personal data."""

Emit = Callable[[ReaderEvent], None]
"""Takes one event; must be called on the event loop's thread; never blocks."""


class Driver(Protocol):
    """One device. Constructed with its configured name and its own settings; see ``DRIVERS``."""

    @property
    def name(self) -> str:
        """Configured name of the reader, e.g. ``"id-reader"``."""
        ...

    async def run(self, emit: Emit) -> None:
        """Serve the device until it is lost.

        Raises:
            DeviceLost: the device is gone or could not be opened.
        """
        ...


DRIVERS: Mapping[str, str] = {
    "idcard": "drivers.idcard:IdCardReader",
    "barcode": "drivers.barcode:BarcodeGun",
    "barcode-serial": "drivers.barcode_serial:SerialGun",
    "camera": "drivers.camera:Camera",
    "camera-folder": "drivers.camera_folder:FolderCamera",
    "smartcard": "drivers.smartcard:SmartCardReader",
}
"""Driver name in the configuration -> ``"module:Class"``. Each class has a ``Settings`` frozen dataclass."""

TakeReading = Callable[[ThermometerReading], None]
"""Takes what a thermometer measured; called on the event loop's thread, never blocks."""

THERMOMETERS: Mapping[str, str] = {
    "gy-mcu90614": "drivers.gymcu90614:GyMcu90614",
    "mlx90614": "drivers.mlx90614:Mlx90614",
}
"""As ``DRIVERS``. A thermometer reads no credential: it is handed a ``TakeReading`` and emits only notices."""
