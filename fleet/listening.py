"""Sockets on which the fleet's servers are asked."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Final

from fleet.errors import FleetError

if TYPE_CHECKING:
    import subprocess

START_S: Final = 60.0
_HERE: Final = "127.0.0.1"
_POLL_S: Final = 0.05


def listen(host: str, port: int) -> socket.socket:
    """Take a port; connections to it send at once.

    Raises:
        FleetError: it can't be had.
    """
    try:
        listener = socket.create_server((host, port))
    except OSError as fault:
        raise FleetError(f"{host}:{port} can't be listened on ({fault}); is another program using it?") from None
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else an answer's body waits 40 ms for an ACK
    return listener


def await_listener(running: subprocess.Popen[bytes], part: str, port: int, hint: str = "") -> None:
    """Wait until a process of ours listens on loopback.

    Raises:
        FleetError: it ends before, or never does.
    """
    ends = time.monotonic() + START_S
    while running.poll() is None and time.monotonic() < ends:
        with contextlib.suppress(OSError), socket.create_connection((_HERE, port), 1):
            return
        time.sleep(_POLL_S)
    raise FleetError(f"the {part} does not start; is port {port} in use?{hint}")


def free_ports(count: int) -> list[int]:
    """Ports of this machine at which nobody listens now."""
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(socket.create_server((_HERE, 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in found]
