"""Which device this is, as it is printed on its claims."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from gate.errors import ConfigError

_BOARD: Final = "proc/device-tree/serial-number"
_INSTALLATION: Final = "etc/machine-id"
_SERIAL: Final = re.compile(r"[A-Za-z0-9._-]{4,64}", re.ASCII)
_MOST_BYTES: Final = 256


def serial_number(root: Path = Path("/")) -> str:
    """The board's own serial number; where it has none that every user may read, one that the installation gives.

    Args:
        root: of the file system.

    Raises:
        ConfigError: there is neither.
    """
    board = _read(root / _BOARD).strip("\0 \n")
    if _SERIAL.fullmatch(board):
        return board
    installation = _read(root / _INSTALLATION).strip()
    if not _SERIAL.fullmatch(installation):
        raise ConfigError(f"this machine has no serial number: neither /{_BOARD} nor /{_INSTALLATION} holds one")
    # systemd asks that the machine-id itself is not shown around.
    return f"m-{hashlib.sha256(b'gate-serial' + installation.encode()).hexdigest()[:16]}"


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("ascii", "replace")
    except OSError:
        return ""
