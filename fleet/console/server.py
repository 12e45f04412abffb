"""The console, as a process."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from fleet.console.bounded import Bounded
from fleet.console.recipients import NOBODY, load
from fleet.prepare import use_django

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Serve the pages on an address, until told to stop; the environment is that of ``fleet plane``."""
    parser = argparse.ArgumentParser("fleet console", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8771)
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    recipients = load(Path(os.environ["FLEET_ALARMS"])) if os.environ.get("FLEET_ALARMS") else NOBODY
    use_django(os.environ["FLEET_DSN"])
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: PLC0415 - Django is set up by now
    from django.core.asgi import get_asgi_application  # noqa: PLC0415 - the same

    from fleet.console import telling, watch  # noqa: PLC0415 - the same

    watch.start(recipients)
    telling.start(recipients)
    uvicorn.run(
        Bounded(ASGIStaticFilesHandler(get_asgi_application())),
        host=asked.host,
        port=asked.port,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    return 0
