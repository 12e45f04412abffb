"""What an alarm says, on its page and to whoever is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from fleet.console.states import worded
from fleet.flags import changes
from fleet.publishing.moves import EMERGENCY
from fleet.registry.models import Alarm
from fleet.troubles import Trouble

if TYPE_CHECKING:
    from fleet.registry.models import District


def what(alarm: Alarm) -> str:
    """In the language in force."""
    if alarm.kind == EMERGENCY:
        return str(_("emergency: to every gate at once"))
    if alarm.kind == changes.ALARM:
        return str(_("unusually many flags, held until a second person looks"))
    if alarm.kind == Alarm.OFFLINE:
        return str(_("offline"))
    return worded(Trouble(alarm.kind), alarm.part)


def district(alarm: Alarm) -> District | None:
    """Whose it is; None: everybody's."""
    found: District | None = alarm.district if alarm.device is None else alarm.device.site.district
    return found
