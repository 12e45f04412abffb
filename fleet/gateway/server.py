"""The gateway as a process."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from fleet.gateway.app import application
from fleet.gateway.config import load
from fleet.listening import listen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.gateway.config import Config

KEEP_ALIVE_S: Final = 75
"""A gate takes a connection again for 50 s."""
STOP_S: Final = 3
PROXY: Final = "127.0.0.1"
"""Whose word about a gate's address is taken: the nginx of this machine."""


def main(arguments: Sequence[str]) -> int:
    """Stand between gates and provincial interfaces until told to stop."""
    parser = argparse.ArgumentParser("fleet gateway", description=main.__doc__)
    parser.add_argument("--config", type=Path, required=True, help="its configuration; docs/gateway.md")
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    config = load(asked.config)
    listener = listen(config.host, config.port)
    print(f"gateway: http://{config.host}:{listener.getsockname()[1]}", flush=True)
    server(config).run(sockets=[listener])
    return 0


def server(config: Config) -> uvicorn.Server:
    """Serves on whatever sockets it is given."""
    serving = uvicorn.Config(
        application(config),
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=PROXY,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        backlog=2048,
    )
    return uvicorn.Server(serving)
