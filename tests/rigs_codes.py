"""Guns and pictures for the contract."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, ClassVar

from rig import CODE, until

from drivers.simulated.camera import SimulatedCamera, picture_of
from drivers.simulated.gun import SimulatedGun
from drivers.simulated.serial_gun import PtyGun

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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

    driver: ClassVar[str] = "camera-folder"
    row: ClassVar[str] = "`camera-folder`"
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
