"""The kernel's I2C bus through smbus2. The only part of the MLX90614's driver that needs a kernel."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from gate.errors import DeviceLost

if TYPE_CHECKING:
    from pathlib import Path


class KernelBus:
    """One open ``/dev/i2c-…``. Others may use it as well: the kernel keeps transfers apart.

    Raises:
        DeviceLost: it could not be opened.
    """

    def __init__(self, path: Path) -> None:
        import smbus2  # noqa: PLC0415 - only where a device is opened (DESIGN section 3)

        self._message = smbus2.i2c_msg
        self._bus = smbus2.SMBus()
        try:
            self._bus.open(str(path))
        except OSError as error:
            self._bus.close()  # open by then where the path is no I2C bus
            raise DeviceLost(_explain_refusal(path, error)) from None

    def read(self, address: int, command: int, size: int) -> bytes:
        """See ``mlx90614_words.Bus``.

        One ioctl with two messages: ``read_word_data`` would check neither PEC nor leave the third byte.
        """
        answer = self._message.read(address, size)
        self._bus.i2c_rdwr(self._message.write(address, [command]), answer)
        return bytes(answer)

    def close(self) -> None:
        self._bus.close()


def _explain_refusal(path: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOENT | errno.ENXIO | errno.ENODEV:
            return f"no bus {path}: switch I2C on (dtparam=i2c_arm=on) and compare with 'ls /dev/i2c-*'"
        case errno.EACCES | errno.EPERM:
            return f"no permission to open {path}: add the gate's user to the group that owns it (i2c)"
        case errno.ENOTTY | errno.EISDIR | errno.EINVAL:
            return f"{path} is no I2C bus: compare with 'ls /dev/i2c-*'"
        case _:
            why = os.strerror(error.errno) if error.errno else "no reason given"
            return f"{path} can't be opened ({why}): compare with 'ls /dev/i2c-*'"
