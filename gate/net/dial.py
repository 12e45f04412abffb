"""From a name to a connection, within a deadline."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

from gate.errors import NetworkFault, NetworkTrouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.net.trust import Server

NO_TIME_LEFT_S = 0.001
"""A timeout of zero would mean: don't block."""


def dial(server: Server, ends: float, hold: Callable[[socket.socket], None]) -> socket.socket:
    """Connect to a server that proves who it is.

    Every address of the name gets its share of the time: one that swallows packets (IPv6 in many a network) must not
    keep the next one from being tried.

    Args:
        server: whom.
        ends: ``time.monotonic()`` of the deadline. The name server's answer is waited for however long it takes.
        hold: is told of each socket before it is connected, so that somebody else can cut it.

    Raises:
        NetworkFault: it can't be reached, or is not who was meant.
        OSError: the connection broke.
    """
    addresses = _addresses(server)
    failed = _nameless(server)
    for left in range(len(addresses), 0, -1):
        family, address = addresses[-left]
        link = socket.socket(family, socket.SOCK_STREAM)
        try:
            hold(link)
            link.settimeout(max((ends - time.monotonic()) / left, NO_TIME_LEFT_S))
            link.connect(address)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.settimeout(max(ends - time.monotonic(), NO_TIME_LEFT_S))
            return server.secured(link)
        except TimeoutError:
            link.close()
            failed = NetworkFault(NetworkTrouble.TIMEOUT, f"{server.host}: no connection in time; is the network up?")
        except OSError as fault:
            link.close()
            failed = _unreachable(server, fault)
        except BaseException:
            link.close()
            raise
    raise failed


def _addresses(server: Server) -> list[tuple[socket.AddressFamily, Any]]:
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _nameless(server) from None
    return [(family, address) for family, _, _, _, address in found]


def _nameless(server: Server) -> NetworkFault:
    return NetworkFault(
        NetworkTrouble.UNREACHABLE,
        f"{server.host}: no such name; is it spelled right, and does this machine reach its name server?",
    )


def _unreachable(server: Server, fault: OSError) -> NetworkFault:
    why = fault.strerror or "cut off"
    return NetworkFault(
        NetworkTrouble.UNREACHABLE,
        f"{server.host}: can't be reached on port {server.port} ({why}); is the server up and the network let through?",
    )
