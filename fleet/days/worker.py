"""Looks every few minutes whether a day is past its time, in the process of ``fleet run``."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import psycopg

from fleet.days.retention import drop
from fleet.errors import FleetError

if TYPE_CHECKING:
    from fleet.days.retention import Keeping

EVERY_S: Final = 600.0
LOG: Final = logging.getLogger("fleet.days")


def start(keeping: Keeping) -> None:
    """Look as long as the process lives."""
    threading.Thread(target=_run, args=(keeping,), name="days", daemon=True).start()


def _run(keeping: Keeping) -> None:
    wait = threading.Event()
    while True:
        turn(keeping, datetime.now(UTC))
        wait.wait(EVERY_S)


def turn(keeping: Keeping, now: datetime) -> None:
    """Drop what is past its time; whatever is in the way is said, and the next turn tries again."""
    try:
        for day in drop(keeping, now):
            LOG.info("day-dropped day=%s", day)
    except (FleetError, psycopg.Error) as fault:
        LOG.warning("days-wait why=%r", str(fault)[:500])
    except Exception:
        LOG.exception("a fault of the days'")
