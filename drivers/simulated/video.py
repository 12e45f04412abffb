"""A camera whose pictures are told to it line by line: the real process, the real socket, no device.

``python -m drivers.simulated.video SOCKET``, then on standard input: ``show HEX`` a code's bytes, ``clear``, ``hang``
in the next capture, ``lose`` the camera.
"""

from __future__ import annotations

import io
import os
import select
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.camera_process import serve
from drivers.simulated.camera import picture_of
from gate.errors import DeviceLost

if TYPE_CHECKING:
    from PIL import Image

_SIZE = (640, 480)
_BETWEEN_FRAMES = 1 / 30


class ToldCamera:
    """Does what standard input says, and gives thirty frames a second."""

    def __init__(self) -> None:
        self._lines = open(sys.stdin.fileno(), "rb", buffering=0)  # noqa: PTH123, SIM115 - for the process's whole life
        self._frame = self._showing(None)

    def newest(self) -> Image.Image:
        """Wait for the next frame.

        Raises:
            DeviceLost: it was told to be lost, or nobody is left to tell it anything.
        """
        if select.select([self._lines], [], [], _BETWEEN_FRAMES)[0]:
            match self._lines.readline().decode().split():
                case ["show", content]:
                    self._frame = self._showing(bytes.fromhex(content))
                case ["clear"]:
                    self._frame = self._showing(None)
                case ["hang"]:
                    while True:
                        signal.pause()
                case _:
                    raise DeviceLost("the simulated camera was unplugged")
        return self._frame

    def _showing(self, content: bytes | None) -> Image.Image:
        from PIL import Image  # noqa: PLC0415 - only where pictures are made

        frame = Image.new("L", _SIZE, 90)
        if content is not None:
            frame.paste(Image.open(io.BytesIO(picture_of(content))), (40, 30))
        return frame


def main() -> None:
    """Serve the socket that the command line names."""
    try:
        serve(ToldCamera, Path(sys.argv[1]), os.environ)
    except DeviceLost as lost:
        sys.exit(str(lost))


if __name__ == "__main__":
    main()
