"""One replica of the device plane, as a process."""

from __future__ import annotations

import argparse
import logging
import os
import resource
from typing import TYPE_CHECKING, Final

import uvicorn

from fleet.listening import listen
from fleet.plane.app import MOST_AT_ONCE, application
from fleet.plane.enrolment import Entrance
from fleet.plane.joined import Joined

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

KEEP_ALIVE_S: Final = 75
"""A gate's heartbeat finds its connection still open."""
STOP_S: Final = 10
HERE: Final = "127.0.0.1"
FILES: Final = 2 * MOST_AT_ONCE
"""Open at once, as far as this user may: a shell's usual limit is 1,024."""


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop.

    ``FLEET_DSN`` names the database, ``FLEET_URL`` the server's address as gates have it, ``FLEET_PINS`` the SHA-256
    of its TLS keys (base64, with commas), which gates are told when they enrol.
    """
    parser = argparse.ArgumentParser("fleet plane", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8770)
    parser.add_argument(
        "--metrics-port", type=int, help=f"{HERE}'s, where Prometheus finds /metrics; none unless given"
    )
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    listener = listen(asked.host, asked.port)
    pins = tuple(filter(None, os.environ.get("FLEET_PINS", "").split(",")))
    metrics = None if asked.metrics_port is None else listen(HERE, asked.metrics_port)
    serve(os.environ["FLEET_DSN"], Entrance(os.environ["FLEET_URL"], pins), listener, metrics)
    return 0


def serve(dsn: str, entrance: Entrance, listener: socket.socket, metrics: socket.socket | None = None) -> None:
    """Serve on a listening socket, and Prometheus on another, until SIGINT or SIGTERM.

    What is under way is answered first.
    """
    metrics_port = None if metrics is None else metrics.getsockname()[1]
    config = uvicorn.Config(
        application(dsn, entrance, metrics_port),
        http=Joined,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        backlog=2048,
    )
    uvicorn.Server(config).run(sockets=[listener, *([] if metrics is None else [metrics])])
