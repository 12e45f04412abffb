"""A resident-ID reader with two bulk endpoints, as pyusb sees it: a backend in libusb's place (PROTOCOLS 1.1).

What stands behind it is the same ``ReaderModel`` as on a serial port. What libusb and the kernel do (hot-plug, stalls,
short packets of a real controller) is not simulated.
"""

from __future__ import annotations

import errno
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from drivers.simulated.id_reader_model import ReaderModel

if TYPE_CHECKING:
    import array

VENDOR: Final = 0x0400
PRODUCT: Final = 0xC35A
PACKET: Final = 64
_IN, _OUT = 0x81, 0x02
_BULK = 0x02
_VENDOR_CLASS = 0xFF


class UsbBus:
    """A bus with one socket, and a reader that is plugged into it or not.

    Attributes:
        model: the reader's state.
        socket: bus and ports.
        other_kind: the device has the ids but no bulk endpoints.
    """

    intr_read = intr_write = iso_read = iso_write = None
    """pyusb looks them up, whatever the endpoint."""

    def __init__(self, model: ReaderModel | None = None) -> None:
        self.model = ReaderModel() if model is None else model
        self.socket: tuple[int, tuple[int, ...]] = (1, (1, 2))
        self.other_kind = False
        self.asked: list[bytes] = []
        self._plugged = 0
        """Odd while a reader is plugged in; a handle is good for one plugging only."""
        self._changed = threading.Condition()
        self._claimed: int | None = None
        self._handles = 0
        self._unread = bytearray()

    def plug(self) -> None:
        """Plug the reader in; nothing happens when it is."""
        with self._changed:
            if not self._plugged % 2:
                self._plugged += 1
                self._claimed = None
                self._unread.clear()

    def unplug(self) -> None:
        """Pull it out, in the middle of an answer if need be."""
        with self._changed:
            self._plugged += self._plugged % 2
            self._changed.notify_all()

    def present(self, block: bytes) -> None:
        """Lay a card on the reader."""
        with self._changed:
            self.model.present(block)

    # --- what pyusb asks of a backend ------------------------------------------------------------------------------

    def enumerate_devices(self) -> list[str]:
        return ["reader"] if self._plugged % 2 else []

    def get_device_descriptor(self, _: str) -> Any:
        bus, ports = self.socket
        known = dict.fromkeys(
            ("bLength", "bDescriptorType", "bcdUSB", "bDeviceClass", "bDeviceSubClass", "bDeviceProtocol"), 0
        ) | dict.fromkeys(("bcdDevice", "iManufacturer", "iProduct", "iSerialNumber"), 0)
        return SimpleNamespace(
            **known,
            bMaxPacketSize0=PACKET,
            idVendor=VENDOR,
            idProduct=PRODUCT,
            bNumConfigurations=1,
            address=7,
            bus=bus,
            port_number=ports[-1],
            port_numbers=ports,
            speed=2,
        )

    def get_configuration_descriptor(self, _: str, config: int) -> Any:
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=32,
            bNumInterfaces=1,
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0x80,
            bMaxPower=50,
            extra_descriptors=[],
        )

    def get_interface_descriptor(self, _: str, intf: int, alt: int, config: int) -> Any:
        if intf or alt or config:
            raise IndexError
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=0,
            bAlternateSetting=0,
            bNumEndpoints=0 if self.other_kind else 2,
            bInterfaceClass=_VENDOR_CLASS,
            bInterfaceSubClass=0,
            bInterfaceProtocol=0,
            iInterface=0,
            extra_descriptors=[],
        )

    def get_endpoint_descriptor(self, _: str, ep: int, *__: int) -> Any:
        return SimpleNamespace(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=(_IN, _OUT)[ep],
            bmAttributes=_BULK,
            wMaxPacketSize=PACKET,
            bInterval=0,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=[],
        )

    def open_device(self, _: str) -> tuple[int, int]:
        self._handles += 1
        return self._plugged, self._handles

    def close_device(self, handle: tuple[int, int]) -> None:
        self._let_go(handle)

    def get_configuration(self, _: tuple[int, int]) -> int:
        return 1

    def claim_interface(self, handle: tuple[int, int], _: int) -> None:
        with self._changed:
            self._still(handle)
            if self._claimed not in {None, handle[1]}:
                raise _error("USBError", "Resource busy", -6, errno.EBUSY)
            self._claimed = handle[1]

    def release_interface(self, handle: tuple[int, int], _: int) -> None:
        self._let_go(handle)

    def bulk_write(self, handle: tuple[int, int], _: int, __: int, data: array.array[int], ___: int) -> int:
        with self._changed:
            self._still(handle)
            for reply in self.model.feed(data.tobytes()):
                self.asked.append(reply.command)
                self._unread += reply.wire
                if reply.vanish:
                    self._plugged += self._plugged % 2
            self._changed.notify_all()
        return len(data)

    def bulk_read(self, handle: tuple[int, int], _: int, __: int, buff: array.array[int], timeout: int) -> int:
        """One transfer: packets until one is short, or the buffer is full, or nothing came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._unread or self._plugged != handle[0], timeout / 1000)
            if not self._unread:
                self._still(handle)
                raise _error("USBTimeoutError", "Operation timed out", -7, errno.ETIMEDOUT)
            size = min(len(buff), len(self._unread), PACKET)
            buff[:size] = type(buff)("B", self._unread[:size])
            del self._unread[:size]
            return size

    def _still(self, handle: tuple[int, int]) -> None:
        if handle[0] != self._plugged:
            raise _error("USBError", "No such device (it may have been disconnected)", -4, errno.ENODEV)

    def _let_go(self, handle: tuple[int, int]) -> None:
        with self._changed:
            if self._claimed == handle[1]:
                self._claimed = None


def _error(kind: str, text: str, code: int, number: int) -> OSError:
    import usb.core  # noqa: PLC0415 - only where a device is opened (DESIGN section 3)

    error: OSError = getattr(usb.core, kind)(text, code, number)
    return error
