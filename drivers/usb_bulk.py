"""A USB device with two bulk endpoints as a stream of bytes on the event loop, like ``drivers.stream`` (libusb, pyusb).

libusb has no file descriptor to watch that pyusb would give, and its calls may hang: two daemon threads do nothing but
read and write. Whatever ends the device (unplugged, taken, refused) is one error, ``DeviceLost``. No kernel driver
binds to a device of the vendor class, so that there is none to detach.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Self

from gate.errors import DeviceLost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIMIT: Final = 16_384
"""Bytes kept while nobody reads; what comes beyond is dropped."""
_READ_BYTES: Final = 4096
"""A multiple of every packet size: libusb fails on a packet that does not fit."""
_LOOK_MS: Final = 200
"""How long to wait for bytes before looking whether somebody wants to stop."""
_WRITE_MS: Final = 5000
"""PROTOCOLS 1.6."""
_CLOSING_S: Final = 0.6
_IN: Final = 0x80
_TYPE, _BULK = 0x03, 0x02


class UsbBulkStream:
    """The first bulk endpoint in each direction of a device's first interface, claimed for this program alone.

    To be made and used on the event loop's thread; use it as a context manager, or call ``close``.

    Args:
        vendor: its USB vendor id.
        product: its USB product id; of several such devices the first is taken.

    Raises:
        DeviceLost: no such device, no permission, or another program has it.
    """

    def __init__(self, vendor: int, product: int) -> None:
        import usb.core  # noqa: PLC0415 - only where a device is opened (DESIGN section 3)
        import usb.util  # noqa: PLC0415 - as above

        self.place = f"the USB device {vendor:04x}:{product:04x}"
        self.last_arrival = 0.0
        """``time.monotonic()`` of the newest byte that came."""
        self._usb: Any = usb
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._lock = threading.Lock()
        self._buffer = bytearray()
        self._lost: str | None = None
        self._bug: BaseException | None = None
        self._stopping = threading.Event()
        self._to_write: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._device: Any = None
        try:
            self._device = self._find(vendor, product)
            self._in, self._out = self._claim()
            self.usb_path = usb_path(self._device.bus, self._device.port_numbers)
        except BaseException as error:
            self._dispose()
            if isinstance(error, usb.core.NoBackendError):
                raise DeviceLost("libusb is missing: install the package libusb-1.0-0") from None
            if isinstance(error, usb.core.USBError):
                raise DeviceLost(_explain(self.place, error.errno)) from error
            raise
        self._reader = threading.Thread(target=self._work, args=(self._read_all,), name="usb bulk in", daemon=True)
        self._writer = threading.Thread(target=self._work, args=(self._write_all,), name="usb bulk out", daemon=True)
        self._reader.start()
        self._writer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def read(self) -> bytes:
        """Wait until bytes have arrived and take them all (never empty, at most ``LIMIT``).

        Raises:
            DeviceLost: the device is gone, and everything that came before was taken.
        """
        while True:
            self._arrived.clear()
            with self._lock:
                taken = bytes(self._buffer)
                self._buffer.clear()
            if taken:
                return taken
            self._check()
            await self._arrived.wait()

    def write(self, data: bytes) -> None:
        """Hand ``data`` to the thread that writes; returns at once.

        Raises:
            DeviceLost: the device is gone.
        """
        self._check()
        self._to_write.put(data)

    def flush_input(self) -> None:
        """Forget everything that has arrived.

        Raises:
            DeviceLost: the device is gone.
        """
        self._check()
        with self._lock:
            self._buffer.clear()

    def close(self) -> None:
        """Let go of the device; only a transfer that hangs makes it wait, for ``_CLOSING_S``."""
        self._lost = f"{self.place} was closed"
        self._stopping.set()
        self._to_write.put(None)
        self._reader.join(_CLOSING_S)

    def _check(self) -> None:
        if self._bug is not None:
            raise self._bug
        if self._lost is not None:
            raise DeviceLost(self._lost)

    def _find(self, vendor: int, product: int) -> Any:
        device = self._usb.core.find(idVendor=vendor, idProduct=product)
        if device is None:
            raise DeviceLost(f"{self.place} is not there: check plug and cable, and compare the setting with 'lsusb'")
        return device

    def _claim(self) -> tuple[int, int]:
        """Claim the first interface; gives the addresses of its endpoints."""
        try:
            configuration = self._device.get_active_configuration()
        except self._usb.core.USBError as error:
            if error.errno is not None:
                raise
            self._device.set_configuration()  # it had none yet
            configuration = self._device.get_active_configuration()
        interface = configuration[(0, 0)]
        self._usb.util.claim_interface(self._device, interface)
        bulk = [ep.bEndpointAddress for ep in interface if ep.bmAttributes & _TYPE == _BULK]
        inward, outward = [ep for ep in bulk if ep & _IN], [ep for ep in bulk if not ep & _IN]
        if not inward or not outward:
            raise DeviceLost(f"{self.place} has no bulk endpoints: it is no reader of this kind")
        return inward[0], outward[0]

    def _work(self, thread: Callable[[], None]) -> None:
        try:
            thread()
        except BaseException as bug:  # noqa: BLE001 - nothing may die unseen in a thread: the loop raises it again
            self._bug = bug
            self._wake()

    def _read_all(self) -> None:
        """The reading thread; the last one, which puts everything away."""
        while not self._stopping.is_set():
            try:
                data = self._device.read(self._in, _READ_BYTES, _LOOK_MS).tobytes()
            except self._usb.core.USBTimeoutError:
                continue
            except self._usb.core.USBError as error:
                self._lose(error)
                break
            with self._lock:
                self._buffer += data[: LIMIT - len(self._buffer)]
                self.last_arrival = time.monotonic()
            self._wake()
        self._stopping.set()
        self._to_write.put(None)
        self._writer.join()
        self._dispose()

    def _write_all(self) -> None:
        """The writing thread."""
        while (data := self._to_write.get()) is not None and not self._stopping.is_set():
            try:
                self._device.write(self._out, data, _WRITE_MS)
            except self._usb.core.USBError as error:
                self._lose(error)
                self._stopping.set()

    def _lose(self, error: Any) -> None:
        if self._lost is None:
            self._lost = f"{self.place} is gone ({error.strerror}): check plug and cable"
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended; so has everybody who waits
            self._loop.call_soon_threadsafe(self._arrived.set)

    def _dispose(self) -> None:
        if self._device is not None:
            with contextlib.suppress(self._usb.core.USBError):  # of one that was pulled out
                self._usb.util.dispose_resources(self._device)


def usb_path(bus: int, ports: Iterable[int] | None) -> str:
    """The socket that a device is plugged into, as the kernel names it: ``"1-1.2"``."""
    return f"{bus}-{'.'.join(map(str, ports or ()))}"


def _explain(place: str, number: int | None) -> str:
    match number:
        case errno.EACCES | errno.EPERM:
            return f"no permission to open {place}: a udev rule has to give it to the gate's user (docs/devices.md)"
        case errno.EBUSY:
            return f"{place} is in use by another program: stop that one"
        case errno.ENODEV | errno.ENOENT | errno.EIO:
            return f"{place} is gone: check plug and cable"
        case _:
            return f"{place} can't be opened: unplug it and plug it in again"
