"""The readers that can be pulled out of a gate, each with a good and a bad person before it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pcscd import PATIENCE_S, Pcscd, slot_is_empty
from rig import FAST, until
from unplug_parts import Amid, Part

from drivers.simulated.camera import SimulatedCamera, picture_of
from drivers.simulated.card_in_slot import CardInSlot
from drivers.simulated.gun import SimulatedGun
from drivers.simulated.id_reader import Fault, PtyReader
from drivers.simulated.id_reader_model import READ, SELECT
from drivers.simulated.serial_gun import PtyGun
from drivers.simulated.social_security_card import SimulatedSocialSecurityCard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

_ANSWER: Final = 1294
"""Bytes of an ID reader's answer with a card's data."""
_INSTRUCTIONS: Final = {Amid.FOUND: 0xA4, Amid.MIDWAY: 0xB2}
"""Of the card command at which the reader is pulled out: the first SELECT, and READ RECORD."""


class IdReader(Part):
    name = "id-reader"

    def __init__(self, path: Path, blocks: Mapping[bool, bytes]) -> None:
        super().__init__(path)
        self._reader = PtyReader(path, speed=10)
        self._blocks = blocks
        self._own = self._reader.model.sam_id

    async def plug(self) -> None:
        self._reader.model.sam_id = self._own
        self._reader.plug()

    async def pull(self) -> None:
        self._reader.unplug()

    async def pull_amid(self, amid: Amid, random: Random) -> None:
        if amid is Amid.FOUND:
            self._reader.model.fail(SELECT, Fault(cut_at=0, vanish=True))
        else:
            self._reader.model.fail(READ, Fault(cut_at=random.randrange(1, _ANSWER), vanish=True))
        await self.present(good=True)
        await until(lambda: not self.path.is_symlink())
        await self.leave()

    async def present(self, *, good: bool) -> None:
        self._reader.present(self._blocks[good])

    async def leave(self) -> None:
        self._reader.remove()

    async def replace(self) -> None:
        await self.pull()
        self._reader.model.sam_id = bytes(reversed(self._own[:-1])) + self._own[-1:]
        self._reader.plug()


class Gun(Part):
    name = "gun"

    def __init__(self, path: Path, codes: Mapping[bool, str]) -> None:
        super().__init__(path)
        self._gun = SimulatedGun(path, seconds_per_character=0)
        self._codes = codes

    async def plug(self) -> None:
        self.path.unlink(missing_ok=True)
        self._gun.plug()

    async def pull(self) -> None:
        self._gun.unplug()
        self.path.unlink(missing_ok=True)

    async def pull_amid(self, amid: Amid, random: Random) -> None:
        code = self._codes[True]
        await self._gun.type(code[: _cut(amid, code, random)], terminator=None)
        await self.pull()

    async def present(self, *, good: bool) -> None:
        await self._gun.type(self._codes[good])


class SerialGun(Part):
    name = "serial-gun"
    surely = frozenset()

    def __init__(self, path: Path, codes: Mapping[bool, str]) -> None:
        super().__init__(path)
        self._gun = PtyGun(path, speed=FAST)
        self._codes = codes

    async def plug(self) -> None:
        self.path.unlink(missing_ok=True)
        self._gun.plug()

    async def pull(self) -> None:
        self._gun.unplug()
        self.path.unlink(missing_ok=True)

    async def pull_amid(self, amid: Amid, random: Random) -> None:
        code = self._codes[True]
        await asyncio.to_thread(self._gun.send, code[: _cut(amid, code, random)].encode())
        await self.pull()

    async def present(self, *, good: bool) -> None:
        await asyncio.to_thread(self._gun.hold, self._codes[good].encode())


class Camera(Part):
    name = "camera"
    surely = frozenset({Amid.MIDWAY})

    def __init__(self, path: Path, codes: Mapping[bool, str]) -> None:
        super().__init__(path)
        self._pictures = {good: picture_of(code) for good, code in codes.items()}
        self._lost = 0

    async def plug(self) -> None:
        if self.path.is_file():
            self.path.unlink()
        self._camera = SimulatedCamera(self.path)

    async def pull(self) -> None:
        if self.path.exists():
            self._lost += 1
            self.path.rename(self.path.with_name(f"lost-{self._lost}"))

    async def pull_amid(self, amid: Amid, random: Random) -> None:
        """A folder is not pulled in the middle of a picture, but whoever decodes it may die of it."""
        await self.present(good=True)
        if amid is Amid.FOUND:
            await self.pull()
            return
        await asyncio.sleep(random.uniform(0, 0.1))
        for process in _decoders(self.path):
            os.kill(process, signal.SIGKILL)

    async def present(self, *, good: bool) -> None:
        with contextlib.suppress(FileNotFoundError):  # the folder is gone: nobody can hold anything up
            self._camera.show(self._pictures[good])


class CardReader(Part):
    name = "card"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._daemon: Pcscd | None = None
        self._card: CardInSlot | None = None
        self.up = False
        """Whether pcscd runs."""

    async def plug(self) -> None:
        if self._daemon is None:
            self._daemon = await asyncio.to_thread(Pcscd)
        elif not self.up:
            await asyncio.to_thread(self._daemon.start_again)
        self.up = True

    async def pull(self) -> None:
        if self._daemon is not None and self.up:
            self._daemon.kill()
        self.up = False
        await self.leave()

    async def pull_amid(self, amid: Amid, random: Random) -> None:
        del random
        inside, asked, go_on = SimulatedSocialSecurityCard(), threading.Event(), threading.Event()

        def never_ready(apdu: bytes) -> tuple[bytes, int]:
            if apdu[1] == _INSTRUCTIONS[amid]:
                asked.set()
                go_on.wait(PATIENCE_S)
            return inside.transmit(apdu)

        await asyncio.to_thread(slot_is_empty)
        self._card = CardInSlot(never_ready)
        await until(asked.is_set)
        assert self._daemon is not None
        self._daemon.kill()
        go_on.set()
        await self.pull()

    async def present(self, *, good: bool) -> None:
        await asyncio.to_thread(slot_is_empty)
        inside = SimulatedSocialSecurityCard(holder_needs_keys=not good)
        self._card = CardInSlot(inside.transmit)

    async def leave(self) -> None:
        if self._card is not None:
            await asyncio.to_thread(self._card.take_out)
        self._card = None

    async def replace(self) -> None:
        await self.pull()  # what could stand in for pcscd would be a program of the system


def _cut(amid: Amid, code: str, random: Random) -> int:
    """How many characters arrive; so few may be noise on a serial line, and are something that was held up."""
    return 4 if amid is Amid.FOUND else random.randrange(5, len(code))


def _decoders(folder: Path) -> list[int]:
    """The processes that decode the pictures of a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            if b"drivers.camera_worker" in arguments and str(folder).encode() in arguments:
                found.append(int(process.name))
    return found
