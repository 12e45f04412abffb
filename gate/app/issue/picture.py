"""A code as a QR picture: level M, and as small as it can be."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from gate import durable
from gate.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_PIXELS: Final = 6
"""Of one module."""


def write(text: str, path: Path, kind: str) -> int:
    """Put a code into a file and give the version of its QR code.

    Args:
        text: of the code.
        path: of the file.
        kind: ``png`` or ``svg``.

    Raises:
        ConfigError: the file can't be written, or no QR code holds so much.
    """
    import zxingcpp  # noqa: PLC0415 - only where pictures are made
    from PIL import Image  # noqa: PLC0415 - only where pictures are made

    try:
        code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    except ValueError as fault:
        raise ConfigError("more than a QR code can hold") from fault
    if kind == "svg":
        content = code.to_svg(scale=_PIXELS).encode()
    else:
        file = io.BytesIO()
        Image.fromarray(code.to_image(scale=_PIXELS)).save(file, "PNG")
        content = file.getvalue()
    try:
        durable.write(path, content, 0o600)
    except OSError as fault:
        raise ConfigError(f"{path}: can't be written ({fault.strerror})") from None
    modules = int(code.to_image(scale=1, add_quiet_zones=False).shape[0])
    return (modules - 17) // 4  # ISO/IEC 18004: version 1 has 21 modules a side, each further one 4 more
