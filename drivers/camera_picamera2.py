"""Frames of a camera on a Raspberry Pi's ribbon cable, through picamera2 and libcamera, which come from apt.

Never run on a Raspberry Pi, for none was at hand; a camera on USB stood for the ribbon's (docs/hil.md). So it does as
little as it can, and the process around it believes it nothing.
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
            raise DeviceLost(f"picamera2 can't be used ({error}): 'apt install python3-picamera2'") from error
        try:
            self._camera: Any = Picamera2()
            self._stream, configuration = _configuration(self._camera, settings)
            self._camera.configure(configuration)
            taken = self._camera.camera_configuration()[self._stream]
            self._size: tuple[int, int] = taken["size"]  # as near to what was wanted as it aligns
            self._camera.start()
        except (IndexError, RuntimeError) as error:  # what picamera2 raises without a camera, or with one in use
            raise DeviceLost("libcamera has no camera, or it is in use: 'rpicam-hello --list-cameras'") from error

    def newest(self) -> Image.Image:
        """Wait for the next frame and take its luma.

        Raises:
            DeviceLost: it is of another form than was agreed.
        """
        from PIL import Image  # noqa: PLC0415 - only in the camera's process

        pixels = self._camera.capture_array(self._stream)
        # YUV420: rows of luma, then those of colour. YUYV: luma and colour of each pixel. Rows may be longer.
        luma = pixels[..., 0] if pixels.ndim == 3 else pixels  # noqa: PLR2004 - rows, columns, and what is in one
        width, height = self._size
        if luma.ndim != 2 or luma.shape[0] < height or luma.shape[1] < width:  # noqa: PLR2004 - rows and columns
            raise DeviceLost("the camera gives frames of another form: set width and height that it has")
        return Image.fromarray(luma[:height, :width])


def _configuration(camera: Any, settings: Camera.Settings) -> tuple[str, Any]:
    """The stream to read, and all that is asked for: of a ribbon's camera the small stream, whose luma comes apart."""
    size = (settings.width, settings.height)
    stream, streams = "lores", {"main": {"size": size}, "lores": {"size": size, "format": "YUV420"}}
    if "ColorFilterArrangement" not in camera.camera_properties:  # on USB: it has one stream, finished
        stream, streams = "main", {"main": {"size": size, "format": "YUYV"}}
    controls = _controls(camera, settings.exposure_us)
    # Without a queue: a frame that was waiting is somebody's from before.
    return stream, camera.create_video_configuration(**streams, buffer_count=4, queue=False, controls=controls)


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
