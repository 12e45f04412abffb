"""``gate camera``: the process that has the camera and hands decoded codes to the gate (gate-camera.service)."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.camera import Camera
from drivers.camera_process import serve
from gate.app.logs import configure, line
from gate.config_bind import Roots, bind
from gate.config_file import load
from gate.errors import ConfigError, DeviceLost

if TYPE_CHECKING:
    import argparse

    from drivers.camera_process import Source

log = logging.getLogger("gate.camera")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "--config", type=Path, default=Path("/etc/gate/gate.toml"), metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=Path("/var/lib/gate"),
        metavar="FOLDER",
        help="where relative paths of devices start, as in gate run; nothing there is opened (default: %(default)s)",
    )
    parser.epilog = (
        "Serves the one reader whose driver is camera. Ends by an error when the camera is lost; start it again."
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until ended; 1 where the camera can't be had, or is lost."""
    configure()
    try:
        settings = _settings(arguments.config, arguments.state)
        serve(lambda: _open(settings), settings.socket, os.environ)
    except (ConfigError, DeviceLost) as fault:
        log.critical(line("no-camera", why=str(fault)))
    except OSError as fault:
        log.critical(line("no-service-manager", why=fault.strerror or ""))
    # Libraries of cameras leave threads behind that nobody ends.
    sys.stderr.flush()
    os._exit(1)


def _settings(file: Path, state: Path) -> Camera.Settings:
    config = load(file, state)
    cameras = [reader for reader in config.readers if reader.driver == "camera"]
    if len(cameras) != 1:
        raise ConfigError(f'{file}: {len(cameras)} readers have the driver "camera"; this process serves exactly one')
    roots = Roots(file.resolve().parent, state)
    return bind(Camera.Settings, cameras[0].settings, roots, f'[[readers]] "{cameras[0].name}"')


def _open(settings: Camera.Settings) -> Source:
    if settings.source == "picamera2":
        from drivers.camera_picamera2 import Picamera2Source  # noqa: PLC0415 - only the one that is wanted

        return Picamera2Source(settings)
    from drivers.camera_v4l2 import V4l2Source  # noqa: PLC0415 - as above

    return V4l2Source(settings)
