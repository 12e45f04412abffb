"""A smart-card reader for the contract."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from desk import DEADLINE
from pcscd import Pcscd, slot_is_empty
from rig import until

from drivers.simulated.card_in_slot import CardInSlot
from drivers.simulated.social_security_card import SimulatedSocialSecurityCard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
