"""A gate on a bench, reached by ssh as root: what tests need that plug nothing in and switch nothing off.

The same script goes to bash on the device that would go to the emulated machine's shell; log and screen are streamed
likewise. What stands on its wires is somebody's own affair.
"""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Self

from hil.machine.console import COMMAND_S, ConsoleError, Ran, Shell

if TYPE_CHECKING:
    from pathlib import Path

_SSH = ("ssh", "-o", "BatchMode=yes")
_SSH_FAILED = 255
_LOG = "journalctl --follow --lines=0 --output=cat _SYSTEMD_UNIT=gate.service"
_SCREEN = "while :; do curl --silent --no-buffer http://127.0.0.1:8765/events; sleep 1; done"


class SshConsole(Shell):
    """A root shell on a device, one connection a script."""

    def __init__(self, host: str) -> None:
        self._host = host

    def run(self, script: str, seconds: float = COMMAND_S) -> Ran:
        command = [*_SSH, self._host, "bash -s"]
        try:
            ran = subprocess.run(
                command,
                # What ssh itself says, of a new host or from a banner, is no part of the answer.
                input=f"exec 2>&1\n{script}",
                capture_output=True,
                timeout=seconds,
                text=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ConsoleError(f"{self._host}: no answer within {seconds:.0f} s to: {script}") from None
        if ran.returncode == _SSH_FAILED:
            raise ConsoleError(f"{self._host}: {ran.stderr.strip()}")
        return Ran(ran.returncode, ran.stdout.rstrip("\n"))


class Bench:
    """A device that is there already; use it as a context manager.

    Args:
        host: for ssh, e.g. ``root@192.0.2.7``.
        folder: an empty one, for the log and the screen.
    """

    def __init__(self, host: str, folder: Path) -> None:
        self.folder = folder
        self.console = SshConsole(host)
        self.started_at = time.monotonic()
        self._streams = [self._stream(host, "log", _LOG), self._stream(host, "screen", _SCREEN)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams:
            stream.kill()
            stream.wait()

    def require_alive(self) -> None:
        """Make sure that the connections stand.

        Raises:
            ConsoleError: one has ended.
        """
        if any(stream.poll() is not None for stream in self._streams):
            raise ConsoleError("a connection to the device has ended")

    def _stream(self, host: str, name: str, command: str) -> subprocess.Popen[bytes]:
        with (self.folder / name).open("wb") as file:
            return subprocess.Popen([*_SSH, host, command], stdin=subprocess.DEVNULL, stdout=file)
