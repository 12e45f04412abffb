"""ID readers for the contract."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, ClassVar

from rig import FAST, until
from usb.backend import libusb1

from drivers.simulated import id_cards
from drivers.simulated.id_reader import PtyReader
from drivers.simulated.id_reader_model import READ, Fault
from drivers.simulated.usb_reader import PRODUCT, VENDOR, UsbBus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class IdCardOnPort:
    """A reader on a pseudo-terminal."""

    driver: ClassVar[str] = "idcard"
    row: ClassVar[str] = "`idcard`"
    shared: ClassVar[str] = ""

    def __init__(self, folder: Path) -> None:
        self._reader = PtyReader(folder / "id-reader", speed=FAST)
        self._people = itertools.count(1)
        self.settings: Mapping[str, object] = {"port": str(self._reader.port)}
        card = id_cards.citizen(1)
        self.secrets: tuple[bytes, ...] = (card[:6], card[122:134])

    def plug(self) -> None:
        self._reader.plug()

    def lose(self) -> None:
        self._reader.unplug()
        self._reader.model.fail_always(READ, None)
        self._reader.remove()

    async def present(self) -> None:
        self._reader.present(id_cards.citizen(next(self._people)))

    async def begin(self) -> None:
        before = len(self._reader.exchanges)
        self._reader.model.fail_always(READ, Fault(cut_at=640))
        self._reader.present(id_cards.citizen(next(self._people)))
        await until(lambda: READ in [exchange.command for exchange in self._reader.exchanges[before:]])


class IdCardOnUsb:
    """A reader with bulk endpoints; from then on this process sees the simulated bus only."""

    driver: ClassVar[str] = "idcard"
    row: ClassVar[str] = "`idcard`, USB bulk"
    shared: ClassVar[str] = ""

    def __init__(self, _: Path) -> None:
        self._bus = UsbBus()
        self._people = itertools.count(1)
        self.settings: Mapping[str, object] = {"usb": f"{VENDOR:04x}:{PRODUCT:04x}"}
        card = id_cards.citizen(1)
        self.secrets: tuple[bytes, ...] = (card[:6], card[122:134])
        libusb1.get_backend = lambda: self._bus

    def plug(self) -> None:
        self._bus.plug()

    def lose(self) -> None:
        self._bus.unplug()
        self._bus.model.fail_always(READ, None)
        self._bus.model.remove()

    async def present(self) -> None:
        self._bus.present(id_cards.citizen(next(self._people)))

    async def begin(self) -> None:
        before = len(self._bus.asked)
        self._bus.model.fail_always(READ, Fault(cut_at=640))
        await self.present()
        await until(lambda: READ in self._bus.asked[before:])
