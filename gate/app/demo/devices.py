"""The devices of the demonstration: what stands at the other end of the daemon's wires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.simulated.camera import SimulatedCamera, picture_of
from drivers.simulated.gun import SimulatedGun
from drivers.simulated.id_reader import PtyReader
from drivers.simulated.id_reader_model import READ, Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from gate.app.demo.people import Person

_CARD_S: Final = 0.4
"""The card's own time for a read; real ones take one to two seconds, most of it inside the chip."""
_PULLED_AT: Final = 640
"""So many bytes of a card's answer get through before the cable is pulled: half of them."""


class Devices:
    """A reader, a gun and a camera; plugged in from the start.

    Args:
        folder: where their nodes appear, the daemon's state directory.
        people: who has a card.
        online: waits until the daemon has noticed that a reader is back.
        offline: waits until the daemon has noticed that a reader is gone.
    """

    def __init__(
        self,
        folder: Path,
        people: Mapping[str, Person],
        offline: Callable[[str], Awaitable[None]],
        online: Callable[[str], Awaitable[None]],
    ) -> None:
        self._people = people
        self._offline = offline
        self._online = online
        self._reader = PtyReader(folder / "id-reader")
        self._gun = SimulatedGun(folder / "gun")
        self._camera = SimulatedCamera(folder / "camera")
        self._reader.model.card_times[READ] = _CARD_S
        self._reader.plug()
        self._gun.plug()

    async def lay_card(self, person: str) -> None:
        """Lay a card on the reader; it stays until ``clear``."""
        self._reader.present(self._people[person].block)

    async def lay_unreadable_card(self, person: str) -> None:
        """Lay a card down that the reader finds but can't read: lifted too early, every time."""
        self._reader.model.fail_always(READ, Fault(status=0x41))
        self._reader.present(self._people[person].block)

    async def pull_reader_out(self, person: str) -> None:
        """Pull the reader's cable while it reads a card."""
        self.plug_reader()
        await self._online("id-reader")
        self._reader.model.fail(READ, Fault(cut_at=_PULLED_AT, vanish=True))
        self._reader.present(self._people[person].block)
        await self._offline("id-reader")
        self.unplug_reader()

    async def put_reader_back(self, person: str) -> None:
        """Put the cable back, wait until the daemon has opened the reader again, lay the card down."""
        self._reader.remove()
        self.plug_reader()
        await self._online("id-reader")
        await self.lay_card(person)

    def unplug_reader(self) -> None:
        """Pull the ID reader's cable."""
        self._reader.unplug()

    def plug_reader(self) -> None:
        """Put it back."""
        self._reader.plug()

    async def type_code(self, text: str) -> None:
        """Read a code with the gun."""
        await self._gun.type(text)

    async def show_code(self, text: str, picture: bytes | None) -> None:
        """Hold a code to the camera."""
        await self.show_picture(picture_of(text) if picture is None else picture)

    async def show_picture(self, picture: bytes) -> None:
        """Hold any picture to the camera."""
        self._camera.show(picture)

    def clear(self) -> None:
        """The person takes the card along."""
        self._reader.model.fail_always(READ, None)
        self._reader.remove()

    def close(self) -> None:
        """Unplug everything."""
        self._reader.unplug()
        self._gun.unplug()
