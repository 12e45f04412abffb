"""A smart card in the virtual reader of the vsmartcard project: real pcscd, real driver, real PC/SC, no hardware.

The reader (Debian: vsmartcard-vpcd) waits on a TCP port of this machine for somebody who plays the card; messages are
a length of two bytes and that many bytes: one byte is an order (0 off, 1 on, 2 reset, 4 answer to reset), more an APDU.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_PORT: Final = 35963
"""Of the first slot of ``Virtual PCD``."""
CONTACT_ATR: Final = bytes.fromhex("3B680000") + b"GATESSC1"
"""Direct convention, T=0, eight historical bytes."""
_GIVE_ATR: Final = 4


class CardInSlot:
    """Lies in the slot from construction until ``take_out``; answers in a thread of its own.

    Args:
        transmit: command APDU -> data and status word.
        atr: what the card says when it gets power.
    """

    def __init__(
        self,
        transmit: Callable[[bytes], tuple[bytes, int]],
        atr: bytes = CONTACT_ATR,
        port: int = FIRST_PORT,
    ) -> None:
        self._transmit = transmit
        self._atr = atr
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._serve, name="simulated card", daemon=True)
        self._thread.start()

    def take_out(self) -> None:
        """Pull the card, also in the middle of an answer."""
        with contextlib.suppress(OSError):  # the reader went first
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        try:
            while (message := self._receive()) is not None:
                if len(message) == 1:
                    if message[0] == _GIVE_ATR:
                        self._send(self._atr)
                else:
                    data, sw = self._transmit(message)
                    self._send(data + sw.to_bytes(2, "big"))
        except OSError:
            return  # taken out

    def _receive(self) -> bytes | None:
        head = self._exactly(2)
        return None if head is None else self._exactly(struct.unpack(">H", head)[0])

    def _exactly(self, size: int) -> bytes | None:
        data = b""
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                return None
            data += piece
        return data

    def _send(self, message: bytes) -> None:
        self._socket.sendall(struct.pack(">H", len(message)) + message)
