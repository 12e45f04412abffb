"""The camera's end of the socket: one gate listens, and what nobody takes is thrown away."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Self

from gate.errors import DeviceLost

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from drivers.camera_wire import Frame

_UMASK = 0o117
"""The socket is for its owner and its group: the gate belongs to the camera's."""

_FIRST_INHERITED = 3
"""SD_LISTEN_FDS_START"""


class Link:
    """A listening Unix socket and the one who has connected. Nothing here ever waits.

    Args:
        listening: bound, listening, not blocking.
    """

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._gate: socket.socket | None = None

    @classmethod
    def inherited(cls, environment: Mapping[str, str]) -> Self | None:
        """The socket that systemd has opened for this process (``sd_listen_fds(3)``), if it has."""
        if environment.get("LISTEN_PID") != str(os.getpid()) or environment.get("LISTEN_FDS") != "1":
            return None
        listening = socket.socket(fileno=_FIRST_INHERITED)
        listening.settimeout(0)
        return cls(listening)

    @classmethod
    def listen(cls, path: Path) -> Self:
        """Open the socket; one that a dead process has left behind is replaced.

        Raises:
            DeviceLost: another camera process has it, or it can't be made.
        """
        if _answers(path):
            raise DeviceLost(f"{path} is in use: another camera process runs; stop that one")
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        before = os.umask(_UMASK)
        try:
            if path.is_socket():
                path.unlink()
            listening.bind(str(path))
            listening.listen(1)
        except OSError as error:
            listening.close()
            raise DeviceLost(f"{path} can't be made ({error.strerror}): its folder must be there and ours") from error
        finally:
            os.umask(before)
        return cls(listening)

    def send(self, frame: Frame) -> None:
        """Tell the gate, if one listens; one that does not take what it is told is let go and may come again."""
        if self._gate is None:
            return
        data = frame.to_bytes()
        try:
            whole = self._gate.send(data, socket.MSG_NOSIGNAL) == len(data)
        except OSError:
            whole = False
        if not whole:
            self._hang_up()

    def turn(self) -> None:
        """Let in who waits, send away who is one too many, and let go of who is gone or talks: a gate only listens."""
        if self._gate is not None and self._gone(self._gate):
            self._hang_up()
        try:
            came, _ = self._listening.accept()
        except OSError:  # nobody, or gone again
            return
        came.settimeout(0)
        if self._gate is None:
            self._gate = came
        else:
            came.close()

    def close(self) -> None:
        """Let everybody go."""
        self._hang_up()
        self._listening.close()

    def _gone(self, gate: socket.socket) -> bool:
        try:
            gate.recv(1)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def _hang_up(self) -> None:
        if self._gate is not None:
            self._gate.close()
            self._gate = None


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(str(path))
        except BlockingIOError:  # its queue is full, so it is there
            return True
        except OSError:
            return False
        return True
