"""Frames of a camera on a Raspberry Pi's ribbon cable, through picamera2 and libcamera, which come from apt.

Never run: no Raspberry Pi was at hand. So it does as little as it can, and the process around it believes it nothing.
Names are those of picamera2 0.3.38, whose source was read, and of libcamera's ``control_ids_core.yaml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gate.errors import DeviceLost

if TYPE_CHECKING:
    from PIL import Image

    from drivers.camera import Camera

_FOCUS_M: Final = 0.15
"""Where telephones are held; the camera's own search for it takes a second and follows the face behind."""
_DARKER: Final = -1.0
"""Steps of exposure: a screen is the brightest thing there, and a code on it must not be washed out."""


class Picamera2Source:
    """An open camera; closed when the process ends.

    Args:
        settings: what is wanted of it.

    Raises:
        DeviceLost: there is none, it is in use, or picamera2 is not installed.
    """

    def __init__(self, settings: Camera.Settings) -> None:
        try:
            from picamera2 import Picamera2  # noqa: PLC0415 - only where the device is opened (DESIGN section 3)
        except ImportError as error:
            raise DeviceLost("picamera2 is not installed: 'apt install python3-picamera2'") from error
        wanted = (settings.width, settings.height)
        try:
            self._camera: Any = Picamera2()
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"size": wanted},
                    lores={"size": wanted, "format": "YUV420"},
                    buffer_count=4,
                    queue=False,  # a frame that was waiting is somebody's from before
                    controls=_controls(self._camera, settings.exposure_us),
                )
            )
            self._size: tuple[int, int] = self._camera.camera_configuration()["lores"]["size"]  # as far as it aligns
            self._camera.start()
        except (IndexError, RuntimeError) as error:  # what picamera2 raises without a camera, or with one in use
            raise DeviceLost("no camera on the ribbon cable, or it is in use: 'rpicam-hello --list-cameras'") from error

    def newest(self) -> Image.Image:
        """Wait for the next frame and take its luma.

        Raises:
            DeviceLost: it is of another form than was agreed.
        """
        from PIL import Image  # noqa: PLC0415 - only in the camera's process

        planes = self._camera.capture_array("lores")  # rows of luma, then those of colour; rows may be longer
        width, height = self._size
        if planes.ndim != 2 or planes.shape[0] < height or planes.shape[1] < width:  # noqa: PLR2004 - rows and columns
            raise DeviceLost("the camera gives frames of another form: set width and height that it has")
        return Image.fromarray(planes[:height, :width])


def _controls(camera: Any, exposure_us: int) -> dict[str, Any]:
    """For a telephone's screen close by, as far as this camera has them."""
    from libcamera import controls  # noqa: PLC0415 - as above

    wanted: dict[str, Any] = {
        "AfMode": controls.AfModeEnum.Manual,
        "LensPosition": 1 / _FOCUS_M,
        "AeExposureMode": controls.AeExposureModeEnum.Short,
        "ExposureValue": _DARKER,
    }
    if exposure_us:
        wanted |= {"AeEnable": False, "ExposureTime": exposure_us}
    return {name: value for name, value in wanted.items() if name in camera.camera_controls}
