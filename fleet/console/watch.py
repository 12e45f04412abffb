"""Keeps the table of alarms: looks every minute what is wrong with which gate, since when, and what is over."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from django.db import Error, close_old_connections, connection, transaction
from django.utils import timezone

from fleet.console import telling
from fleet.console.recipients import NOBODY
from fleet.locks import Lock
from fleet.registry.models import Alarm, Device, DeviceState
from fleet.registry.plans import Plans
from fleet.troubles import Trouble, read, troubles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fleet.console.recipients import Recipients

EVERY_S: Final = 60.0
SILENT: Final = timedelta(minutes=15)
"""The list shows a gate as offline after five; somebody who restarts one wakes nobody."""
OFFLINE: Final = Alarm.OFFLINE
KEPT: Final = timedelta(days=90)
"""Alarms that are over."""
MOST_OF_ONE: Final = 20
"""Alarms of one gate: whatever names it has for its devices, they do not fill the table."""
_AT_ONCE: Final = 1000

LOG = logging.getLogger("fleet.console")

Key = tuple[int, str, str]
"""A gate, what is wrong, and with which part."""


def start(recipients: Recipients = NOBODY) -> None:
    """Look every minute, beside the pages, as long as the process lives; tell these of what is new."""
    threading.Thread(target=_run, args=(recipients,), name="alarms", daemon=True).start()


def _run(recipients: Recipients) -> None:
    wait = threading.Event()
    while True:
        close_old_connections()
        try:
            look(timezone.now(), recipients)
        except Error as fault:
            LOG.warning("alarms-wait why=%r", str(fault)[:200])
        except Exception:
            LOG.exception("a fault of the alarms'")
        wait.wait(EVERY_S)


def look(now: datetime, recipients: Recipients = NOBODY) -> None:
    """Bring the table up to date with what gates have told, unless somebody does already."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (Lock.ALARMS,))
            if not cursor.fetchone()[0]:
                return
        there = {_key(alarm): alarm for alarm in Alarm.objects.filter(ended_at=None, device__isnull=False)}
        found, silent, plans = dict[Key, Any](), set[int](), Plans(now)
        for id_, site, seen_at, beat in _told():
            if now - seen_at > SILENT:
                silent.add(id_)
                if plans.of(id_, site).missed(seen_at, now, SILENT) > SILENT:
                    found[id_, OFFLINE, ""] = seen_at
            else:
                found |= dict.fromkeys(_wrong(id_, beat), now)
        over = [
            alarm.id for key, alarm in there.items() if key not in found and (key[0] not in silent or key[1] == OFFLINE)
        ]
        new = [_alarm(key, since) for key, since in found.items() if key not in there]
        Alarm.objects.filter(id__in=over).update(ended_at=now)
        Alarm.objects.bulk_create(new, batch_size=_AT_ONCE)
        telling.write(recipients, now)
        Alarm.objects.filter(ended_at__lt=now - KEPT).delete()


def _told() -> Iterator[tuple[int, int, datetime, bytes]]:
    """What each gate at work told last; one that has never told anything is not mounted yet."""
    reporting = Device.objects.filter(state=DeviceState.ACTIVE).exclude(report__seen_at=None)
    columns = ("id", "site_id", "report__seen_at", "report__heartbeat")
    yield from reporting.values_list(*columns).iterator(chunk_size=_AT_ONCE)


def _wrong(id_: int, body: bytes) -> Iterator[Key]:
    if (beat := read(body)) is not None:
        for trouble, detail in islice(troubles(beat), MOST_OF_ONE):
            yield id_, trouble.value, detail.replace("\0", "") if trouble is Trouble.GONE else ""


def _key(alarm: Alarm) -> Key:
    return alarm.device_id, alarm.kind, alarm.part


def _alarm(key: Key, since: datetime) -> Alarm:
    return Alarm(device_id=key[0], kind=key[1], part=key[2], began_at=since)
