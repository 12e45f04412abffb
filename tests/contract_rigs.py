"""One small rig for each driver, so that the contract of all of them can be put to the test (``contract``).

A rig is the device at the other end of a driver's wire. Whoever adds a driver adds its rig to ``RIGS``.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from desk import DEADLINE
from pcscd import Pcscd, slot_is_empty

from drivers.simulated import id_cards
from drivers.simulated.camera import SimulatedCamera, picture_of
from drivers.simulated.card_in_slot import CardInSlot
from drivers.simulated.gun import SimulatedGun
from drivers.simulated.id_reader import PtyReader
from drivers.simulated.id_reader_model import READ, Fault
from drivers.simulated.serial_gun import PtyGun
from drivers.simulated.social_security_card import SimulatedSocialSecurityCard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FAST: Final = 100.0
"""Times the speed of a real wire."""
CODE: Final = "HC1:SECRETOFSOMEBODY" + "7" * 80


class Rig(Protocol):
    """A device; it is not plugged in at first, and it is online again each time after ``plug``."""

    driver: ClassVar[str]
    """Its name in ``drivers.DRIVERS``."""
    row: ClassVar[str]
    """What the table calls it: the driver, and the variant where there are several."""
    shared: ClassVar[str]
    """Why a second opening is not refused; empty where it is."""
    settings: Mapping[str, object]
    secrets: tuple[bytes, ...]
    """Parts of what is presented that no log may show."""

    def __init__(self, folder: Path) -> None: ...

    def plug(self) -> None: ...

    def lose(self) -> None:
        """Take the device away, whatever it is doing; harmless when it is gone."""

    async def present(self) -> None:
        """Present something whole, each time something else; gives one reading."""

    async def begin(self) -> None:
        """Have half of something arrive; the rest never comes."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens in a device's own thread."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - a thread can't set an asyncio.Event
            await asyncio.sleep(0.005)


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


class Gun:
    """Keystrokes through the kernel where it makes input devices, else as a recorded stream."""

    driver: ClassVar[str] = "barcode"
    row: ClassVar[str] = "`barcode`"
    shared: ClassVar[str] = "an event node is grabbed; a recorded stream, which stands for it here, can't be"

    def __init__(self, folder: Path) -> None:
        self._gun = SimulatedGun(folder / "gun", seconds_per_character=0)
        self._numbers = itertools.count()
        # The longest gap: what a busy machine tears apart would be two codes.
        self.settings: Mapping[str, object] = {"device": str(folder / "gun"), "gap_ms": 500}
        self.secrets: tuple[bytes, ...] = (CODE[4:20].encode(),)

    def plug(self) -> None:
        self._gun.plug()

    def lose(self) -> None:
        self._gun.unplug()

    async def present(self) -> None:
        await self._gun.type(f"{CODE}{next(self._numbers)}")

    async def begin(self) -> None:
        await self._gun.type(CODE, terminator=None)


class EngineOnPort:
    """A Newland engine on a pseudo-terminal."""

    driver: ClassVar[str] = "barcode-serial"
    row: ClassVar[str] = "`barcode-serial`, Newland"
    shared: ClassVar[str] = ""
    engine: ClassVar[str] = "newland"

    def __init__(self, folder: Path) -> None:
        self._gun = PtyGun(folder / "serial-gun")
        self._gun.model.deaf = self.engine == "plain"
        self._numbers = itertools.count()
        self.settings: Mapping[str, object] = {"port": str(self._gun.port), "engine": self.engine, "gap_ms": 500}
        self.secrets: tuple[bytes, ...] = (CODE[4:20].encode(),)

    def plug(self) -> None:
        self._gun.plug()

    def lose(self) -> None:
        self._gun.unplug()

    async def present(self) -> None:
        self._gun.send(f"{CODE}{next(self._numbers)}\r".encode())

    async def begin(self) -> None:
        self._gun.send(CODE.encode())


class PlainGunOnPort(EngineOnPort):
    """A gun that takes no commands."""

    row: ClassVar[str] = "`barcode-serial`, any other"
    engine: ClassVar[str] = "plain"


class PicturesInFolder:
    """A folder of pictures."""

    driver: ClassVar[str] = "camera"
    row: ClassVar[str] = "`camera`"
    shared: ClassVar[str] = "a folder has no owner; each picture goes to the one who takes it first"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "camera"
        self._numbers = itertools.count()
        self.settings: Mapping[str, object] = {"folder": str(self._folder)}
        self.secrets: tuple[bytes, ...] = (CODE[4:20].encode(),)

    def plug(self) -> None:
        SimulatedCamera(self._folder)

    def lose(self) -> None:
        if self._folder.exists():
            self._folder.rename(self._folder.with_name(f"lost-{next(self._numbers)}"))

    async def present(self) -> None:
        SimulatedCamera(self._folder).show(picture_of(f"{CODE}{next(self._numbers)}"))

    async def begin(self) -> None:
        shown = SimulatedCamera(self._folder).show(picture_of(CODE)[:-200])
        await until(lambda: not shown.exists())


class CardInReader:
    """A card in a virtual reader behind a real pcscd."""

    driver: ClassVar[str] = "smartcard"
    row: ClassVar[str] = "`smartcard`"
    shared: ClassVar[str] = "pcscd serves several programs; the card itself is held exclusively while it is read"

    def __init__(self, _: Path) -> None:
        self._daemon: Pcscd | None = None
        self._card: CardInSlot | None = None
        self._go_on = threading.Event()
        self.settings: Mapping[str, object] = {"reader": "Virtual PCD"}
        self.secrets: tuple[bytes, ...] = (b"999999199001010016",)

    def plug(self) -> None:
        self._daemon = Pcscd()
        slot_is_empty()

    def lose(self) -> None:
        self._go_on.set()
        if self._daemon is not None:
            self._daemon.kill()
        if self._card is not None:
            self._card.take_out()
        self._daemon = self._card = None

    async def present(self) -> None:
        self._card = CardInSlot(SimulatedSocialSecurityCard().transmit)

    async def begin(self) -> None:
        inside, asked = SimulatedSocialSecurityCard(), threading.Event()
        self._go_on.clear()

        def never_ready(apdu: bytes) -> tuple[bytes, int]:
            if apdu[1] == 0xB2:
                asked.set()
                self._go_on.wait(DEADLINE)
            return inside.transmit(apdu)

        self._card = CardInSlot(never_ready)
        await until(asked.is_set)


RIGS: Final[tuple[type[Rig], ...]] = (IdCardOnPort, Gun, EngineOnPort, PlainGunOnPort, CardInReader, PicturesInFolder)
"""In the order of the table."""
