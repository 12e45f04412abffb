"""An MLX90614 on an I2C bus, at the level of its transfers: what goes over the two wires, byte for byte.

It stands in for the kernel's bus, not behind it: no kernel here can simulate an I2C device that takes plain transfers.
"""

from __future__ import annotations

import errno
import threading
from typing import Final

SCALE_ZERO: Final = 27_315
_AMBIENT: Final = 0x06
_OBJECTS: Final = (0x07, 0x08)


class SimulatedMlx90614:
    """One sensor and the bus that it is alone on; may be changed from another thread at any time.

    ``target`` and ``ambient`` are hundredths of a degree; the sensor knows only every second one of them.
    """

    def __init__(self, address: int = 0x5A) -> None:
        self.address = address
        self.target = 2200
        self.ambient = 2200
        self.plugged = True
        self.error_flag = False
        """The sensor says that it could not measure, with a PEC that holds."""
        self.noisy = 0
        """In so many answers from now on one bit is wrong."""
        self.free = threading.Event()
        """Cleared: something holds the clock down, and transfers wait."""
        self.free.set()
        self.closed = 0

    def read(self, address: int, command: int, size: int) -> bytes:
        """See ``drivers.mlx90614_words.Bus``."""
        self.free.wait()
        if not self.plugged or address != self.address:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        word = self._word(command)
        answer = bytearray(word + bytes([pec(address, command, word)]))
        if self.noisy:
            self.noisy -= 1
            answer[0] ^= 0x10
        return bytes(answer[:size].ljust(size, b"\xff"))  # an idle bus reads as ones

    def close(self) -> None:
        self.closed += 1

    def _word(self, command: int) -> bytes:
        if command == _AMBIENT:
            raw = (self.ambient + SCALE_ZERO) // 2
        elif command in _OBJECTS:
            raw = (self.target + SCALE_ZERO) // 2 | (0x8000 if self.error_flag else 0)
        else:
            raw = 0
        return raw.to_bytes(2, "little")


def pec(address: int, command: int, word: bytes) -> int:
    """The packet error code of a read, by long division of the whole message as one polynomial over two."""
    message = int.from_bytes(bytes((address << 1, command, address << 1 | 1)) + word) << 8
    while message.bit_length() > 8:  # noqa: PLR2004 - the width of the remainder
        message ^= 0x107 << (message.bit_length() - 9)
    return message
