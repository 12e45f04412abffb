"""A root shell in the machine, on its second serial port: a script goes in, its output and status come back.

The machine's end is ``tests/hil/guest/usr/local/sbin/hil-shell``.
"""

from __future__ import annotations

import base64
import itertools
import socket
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCRIPT_BYTES: Final = 16_000
"""More belongs on the shared folder: nothing holds the sender back on this line."""
COMMAND_S: Final = 300.0
"""Far beyond what anything takes, also on an emulated machine beside other work."""
SLACK_S: Final = 20.0
"""The machine may be so slow that its own clock of a command lags behind ours."""


class ConsoleError(Exception):
    """The machine does not answer, or a command failed; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a script."""

    status: int
    """124: it took too long."""
    output: str


class Shell(ABC):
    """A root shell, wherever the machine stands."""

    @abstractmethod
    def run(self, script: str, seconds: float = COMMAND_S) -> Ran:
        """Run a bash script, whatever comes of it. What it leaves in the background must not hold its output open.

        Raises:
            ConsoleError: no answer, long after the script's time was over.
        """

    def check(self, script: str, seconds: float = COMMAND_S) -> str:
        """The output of a script that must succeed.

        Raises:
            ConsoleError: it failed, or there was no answer.
        """
        ran = self.run(script, seconds)
        if ran.status:
            raise ConsoleError(f"status {ran.status} from: {script}\n{ran.output}")
        return ran.output


class Console(Shell):
    """A connection to the shell of one emulated machine.

    Args:
        path: QEMU's end of the serial port, a Unix socket.
        alive: raises where the machine's process has ended.
    """

    def __init__(self, path: Path, alive: Callable[[], None]) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._alive = alive
        self._rest = b""
        # So that an answer to somebody before us, e.g. before the machine was saved, is never ours.
        self._numbers = itertools.count(time.monotonic_ns())

    def close(self) -> None:
        self._socket.close()

    def wait(self, seconds: float) -> None:
        """Wait until the shell answers.

        Raises:
            ConsoleError: it does not in that time.
        """
        until = time.monotonic() + seconds
        number = self._send("true", seconds)
        while (line := self._line(until)) is not None:
            if line == "= hello":  # what was asked before is lost, or answered
                number = self._send("true", seconds)
            elif line.startswith(f"= {number} "):
                return
        raise ConsoleError(f"no shell within {seconds:.0f} s")

    def run(self, script: str, seconds: float = COMMAND_S) -> Ran:
        ran = self._ask(script, seconds, seconds + SLACK_S)
        if ran is None:
            raise ConsoleError(f"no answer within {seconds:.0f} s to: {script}")
        return ran

    def _ask(self, script: str, seconds: float, patience_s: float) -> Ran | None:
        number = self._send(script, seconds)
        until = time.monotonic() + patience_s
        while (line := self._line(until)) is not None:
            fields = line.split(" ")
            if fields[:2] == ["=", number]:  # anything else is an echo, or for somebody before us
                return Ran(int(fields[2]), base64.b64decode(fields[3]).decode("utf-8", "replace"))
        return None

    def _send(self, script: str, seconds: float) -> str:
        """Ask for something; gives the question's number."""
        if len(script) > SCRIPT_BYTES:
            raise ValueError("too long for the serial line: put it into the shared folder")
        number = str(next(self._numbers))
        request = f"{number} {seconds:.0f} {base64.b64encode(script.encode()).decode()}\n"
        self._socket.settimeout(SLACK_S)
        try:
            self._socket.sendall(request.encode())
        except OSError:
            self._alive()
            raise
        return number

    def _line(self, until: float) -> str | None:
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            if left <= 0:
                return None
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                return None
            if not data:
                self._alive()
                return None
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode("ascii", "replace").rstrip("\r")  # an empty output leaves a space at the end
