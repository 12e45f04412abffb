"""QEMU's control socket (QMP): one JSON object a line, answers and events mixed."""

from __future__ import annotations

import json
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

ANSWER_S: Final = 60.0
"""Saving a machine's memory takes longest."""


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """A connection to one QEMU.

    Args:
        path: its socket, which is there already.

    Raises:
        OSError: nobody listens there yet.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_S)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._rest = b""
        self._events: deque[dict[str, Any]] = deque(maxlen=1000)
        self._read(ANSWER_S)  # the greeting
        self.run("qmp_capabilities")

    def close(self) -> None:
        self._socket.close()

    def run(self, command: str, **arguments: Any) -> Any:
        """What a command returns; keys are written as in Python: ``command_line`` for ``command-line``.

        Raises:
            QmpError: it was refused, or QEMU is gone.
        """
        message = {"execute": command, "arguments": {key.replace("_", "-"): value for key, value in arguments.items()}}
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as fault:
            raise QmpError(f"{command}: QEMU is gone ({fault})") from None
        while True:
            answer = self._read(ANSWER_S)
            if "error" in answer:
                raise QmpError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def monitor(self, line: str) -> None:
        """A command that only QEMU's human monitor has, such as ``savevm``.

        Raises:
            QmpError: it had something to say, which such commands only have when they fail.
        """
        said = self.run("human-monitor-command", command_line=line)
        if said.strip():
            raise QmpError(f"{line}: {said.strip()}")

    def event(self, name: str, seconds: float) -> dict[str, Any]:
        """Wait for an event; those that came before count, once.

        Raises:
            QmpError: it did not come in time.
        """
        until = time.monotonic() + seconds
        while True:
            for event in self._events:
                if event["event"] == name:
                    self._events.remove(event)
                    return event
            left = until - time.monotonic()
            if left <= 0:
                raise QmpError(f"no event {name} within {seconds:.0f} s")
            self._read(left)

    def _read(self, seconds: float) -> dict[str, Any]:
        """The next message; an empty one where there was none in time. Events are kept."""
        self._socket.settimeout(seconds)
        try:
            while b"\n" not in self._rest:
                data = self._socket.recv(65536)
                if not data:
                    raise QmpError("QEMU is gone")
                self._rest += data
        except TimeoutError:
            return {}
        except OSError as fault:
            raise QmpError(f"QEMU is gone ({fault})") from None
        line, self._rest = self._rest.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        if "event" in message:
            self._events.append(message)
        return message
