"""Sockets on which the fleet's servers are asked."""

from __future__ import annotations

import socket

from fleet.errors import FleetError


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
