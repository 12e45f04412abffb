"""What stands before a folder camera: puts pictures into its folder as a camera would, and makes pictures of codes."""

from __future__ import annotations

import io
import itertools
import time
from pathlib import Path

_PIXELS_PER_MODULE = 4


class SimulatedCamera:
    """Shows pictures to whoever watches ``folder``, which is created.

    Args:
        folder: the camera's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.last_event_monotonic = 0.0
        """When the newest picture was shown."""
        self._folder = folder
        self._numbers = itertools.count()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def show(self, picture: bytes | Path) -> Path:
        """Put one picture into the folder, whole at once; gives the path at which it appeared."""
        data = picture.read_bytes() if isinstance(picture, Path) else picture
        suffix = picture.suffix if isinstance(picture, Path) else ".png"
        final = self._folder / f"{time.monotonic_ns()}-{next(self._numbers)}{suffix}"
        part = final.with_name(f".{final.name}")
        part.write_bytes(data)
        self.last_event_monotonic = time.monotonic()
        return part.rename(final)


def picture_of(content: str | bytes) -> bytes:
    """A PNG file with one QR code.

    Raises:
        ValueError: more than a QR code can hold.
    """
    import zxingcpp  # noqa: PLC0415 - only where pictures are made
    from PIL import Image  # noqa: PLC0415 - only where pictures are made

    barcode = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode)
    file = io.BytesIO()
    Image.fromarray(barcode.to_image(scale=_PIXELS_PER_MODULE)).save(file, "PNG")
    return file.getvalue()
