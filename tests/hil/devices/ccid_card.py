"""A card in QEMU's CCID reader (``usb-ccid`` with ``ccid-card-passthru``)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from hil.devices.vscard import Kind, Message, Splitter, greeting, pack
from hil.devices.wire import Wire

from drivers.simulated.card_in_slot import CONTACT_ATR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_READER: Final = b"gate\0"


class CcidSlot:
    """The reader's slot. The reader itself is plugged and pulled by QMP; cards come and go here."""

    def __init__(self, path: Path) -> None:
        self.commands = 0
        """How many APDUs it was sent."""
        self.asked = threading.Event()
        """Set at each APDU; whoever waits for one clears it before."""
        self._transmit: Callable[[bytes], tuple[bytes, int]] | None = None
        self._answer_after = 0.0
        self._splitter = Splitter()
        self._greeted = False
        self._wire = Wire(path, self._hear, self._start)

    def connect(self) -> None:
        """Be the card of the reader; its slot is empty at first."""
        self._wire.plug()

    def close(self) -> None:
        """Play no card any more."""
        self._wire.unplug()

    def put_in(self, transmit: Callable[[bytes], tuple[bytes, int]], *, answer_after: float = 0.0) -> None:
        """Put a card in: command APDU -> data and status word. ``answer_after`` so many seconds, for a slow one."""
        self._transmit, self._answer_after = transmit, answer_after
        if self._greeted:
            self._wire.send(pack(Kind.ATR, CONTACT_ATR))

    def take_out(self) -> None:
        """Pull the card, also in the middle of an answer."""
        self._transmit = None
        self._wire.send(pack(Kind.CARD_REMOVE))

    def _start(self) -> None:
        self._splitter, self._greeted = Splitter(), False
        self._wire.send(greeting())

    def _hear(self, data: bytes) -> None:
        for message in self._splitter.feed(data):
            self._obey(message)

    def _obey(self, message: Message) -> None:
        match message.kind:
            case Kind.INIT:
                self._wire.send(pack(Kind.READER_ADD, _READER))
            case Kind.ERROR if not self._greeted:  # QEMU's receipt for the reader: from now on there may be a card
                self._greeted = True
                if self._transmit is not None:
                    self._wire.send(pack(Kind.ATR, CONTACT_ATR))
            case Kind.APDU:
                self._answer(message.body)
            case Kind.FLUSH:
                self._wire.send(pack(Kind.FLUSH_COMPLETE))
            case _:
                pass

    def _answer(self, apdu: bytes) -> None:
        self.commands += 1
        self.asked.set()
        card = self._transmit
        if card is None or self._wire.pulled.wait(self._answer_after):
            return
        data, sw = card(apdu)
        if self._transmit is not None:  # pulled meanwhile: a card says nothing after that
            self._wire.send(pack(Kind.APDU, data + sw.to_bytes(2, "big")))
