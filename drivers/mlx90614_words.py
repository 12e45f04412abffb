"""Words of an MLX90614: bytes on the bus to hundredths of a degree; no bus, no clock (PROTOCOLS 4.1).

::

    master: START address+W | command | START address+R | . . .  STOP
    sensor:                                              lo hi PEC

PEC is a CRC-8 over all of it, addresses and command included. Bit 15 of the word says that the sensor itself could not
measure: neither may be dropped, or a broken wire becomes somebody's temperature.
"""

from __future__ import annotations

from typing import Final, Protocol

from gate.errors import ProtocolFault

ADDRESS: Final = 0x5A
AMBIENT: Final = 0x06
OBJECT: Final = 0x07
"""Commands that read a word of the sensor's RAM."""
ANSWER_SIZE: Final = 3

_POLYNOMIAL: Final = 0x07
_ERROR_FLAG: Final = 0x8000
_LOWEST: Final = 0x27AD
"""-70.01 °C; the highest, 382.19 °C, is 7FFF: the largest word without the error flag."""
_ZERO_CELSIUS: Final = 27_315


class Bus(Protocol):
    """An I2C bus, as far as an MLX90614 needs one."""

    def read(self, address: int, command: int, size: int) -> bytes:
        """Write ``command`` and read ``size`` bytes in one transfer, with a repeated start between.

        Raises:
            OSError: nobody answers at ``address``, or the bus hangs.
        """
        ...

    def close(self) -> None: ...


def crc8(data: bytes) -> int:
    """CRC-8 with polynomial 07, from zero, as SMBus has it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ _POLYNOMIAL) & 0xFF if crc & 0x80 else crc << 1
    return crc


def hundredths(address: int, command: int, answer: bytes) -> int:
    """Hundredths of a degree Celsius that the three bytes of an answer say.

    Raises:
        ProtocolFault: they were damaged on the bus, or the sensor says that it could not measure.
    """
    if len(answer) != ANSWER_SIZE:
        raise ProtocolFault(f"{len(answer)} bytes instead of {ANSWER_SIZE}")
    word, pec = answer[:2], answer[2]
    if crc8(bytes((address << 1, command, address << 1 | 1)) + word) != pec:
        raise ProtocolFault("PEC wrong")
    raw = int.from_bytes(word, "little")
    if raw & _ERROR_FLAG:
        raise ProtocolFault("error flag set")
    if raw < _LOWEST:
        raise ProtocolFault("below what the sensor can measure")
    return raw * 2 - _ZERO_CELSIUS
