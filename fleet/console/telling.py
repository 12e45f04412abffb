"""Tells people of new alarms, by mail or webhook: tried again ever later, and never by the thread of a page."""

from __future__ import annotations

import logging
import random
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import Error, close_old_connections, transaction
from django.utils import timezone
from django.utils.translation import override

from fleet.console import senders
from fleet.console.alarm_words import district, what
from fleet.registry.models import Alarm
from fleet.registry.notices import Notice

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.console.recipients import Recipient, Recipients

EVERY_S: Final = 5.0
NAMED: Final = 20
"""Alarms that a notice spells out; of the rest it says how many they are."""
FIRST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(hours=1)
GIVEN_UP: Final = timedelta(days=1)
"""After so long it is no news any more."""
MOST_WAITING: Final = 100
"""Notices for one recipient; the oldest are dropped first, and the alarms stand on their page."""
KEPT: Final = timedelta(days=30)

LOG = logging.getLogger("fleet.console")


def start(recipients: Recipients) -> None:
    """Tell whatever waits, beside the pages, as long as the process lives."""
    if recipients.to:
        threading.Thread(target=_run, args=(recipients,), name="notices", daemon=True).start()


def _run(recipients: Recipients) -> None:
    wait = threading.Event()
    while True:
        close_old_connections()
        try:
            while tell_one(recipients, timezone.now()):
                pass
        except Error as fault:
            LOG.warning("notices-wait why=%r", str(fault)[:200])
        except Exception:
            LOG.exception("a fault of the notices'")
        wait.wait(EVERY_S)


def write(recipients: Recipients, now: datetime) -> None:
    """Put down what is to be told of alarms that nobody was told of yet, in one transaction with the caller's."""
    fresh = list(Alarm.objects.filter(told=False).select_related("device__site__district", "district"))
    Alarm.objects.filter(id__in=[one.id for one in fresh]).update(told=True)
    if not recipients.to:
        return
    Notice.objects.filter(made_at__lt=now - KEPT).delete()
    for one in recipients.to:
        theirs = [alarm for alarm in fresh if _is_for(one, alarm)]
        if not theirs:
            continue
        told = [_words(alarm) for alarm in theirs[:NAMED]]
        Notice.objects.create(recipient=one.name, alarms=told, count=len(theirs), made_at=now, next_at=now)
        waiting = Notice.objects.filter(recipient=one.name, told_at=None, next_at__lt=now + GIVEN_UP)
        extra = waiting.order_by("-id").values_list("id", flat=True)[MOST_WAITING:]
        Notice.objects.filter(id__in=list(extra)).delete()


def tell_one(recipients: Recipients, now: datetime) -> bool:
    """Try the notice that has waited longest for its time; gives whether there was one.

    Others may try others meanwhile: of this one they keep off.
    """
    known = {one.name: one for one in recipients.to}
    with transaction.atomic():
        due = Notice.objects.select_for_update(skip_locked=True).filter(told_at=None, next_at__lte=now)
        notice = due.filter(recipient__in=known).order_by("next_at", "id").first()
        if notice is None:
            return False
        if now - notice.made_at > GIVEN_UP:
            LOG.error("notice-given-up to=%r why=%r", notice.recipient, notice.why)
            notice.delete()
            return True
        _try(notice, known[notice.recipient], recipients, now)
    return True


def _try(notice: Notice, to: Recipient, recipients: Recipients, now: datetime) -> None:
    notice.attempts += 1
    try:
        senders.send(to, recipients, notice)
    except senders.NotSent as fault:
        notice.why = str(fault)[:200]
        wait = min(FIRST * 2 ** min(notice.attempts - 1, 10), LONGEST)
        notice.next_at = now + wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load
        if notice.attempts == 1:
            LOG.warning("notice-waits to=%r why=%r", notice.recipient, notice.why)
    else:
        notice.told_at, notice.why = now, ""
    notice.save()


def _is_for(one: Recipient, alarm: Alarm) -> bool:
    where = district(alarm)
    return not one.districts or where is None or where.name in one.districts


def _words(alarm: Alarm) -> dict[str, Any]:
    """One alarm, in both languages: whoever reads it has no console before them."""
    said = {}
    for language in ("zh-hans", "en"):
        with override(language):
            said[language] = what(alarm)
    where, gate = district(alarm), alarm.device
    return {
        "since": alarm.began_at.isoformat(timespec="seconds"),
        "district": "" if where is None else where.name,
        "site": "" if gate is None else gate.site.name,
        "gate": "" if gate is None else gate.name,
        "kind": alarm.kind,
        "what": said,
    }
