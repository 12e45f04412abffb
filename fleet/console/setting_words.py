"""What every setting is called, what it means, and how a value is typed in and shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gate.config_levels import SETTINGS, Kind, check

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Final[Mapping[str, tuple[Any, Any]]] = {
    "checkpoint.site_class": (
        gettext_lazy("Kind of site"),
        gettext_lazy("e.g. station, hospital, school, office; rules may ask for it"),
    ),
    "checkpoint.zone": (gettext_lazy("Zone"), gettext_lazy("which zone the gate leads into; permits name zones")),
    "checkpoint.direction": (gettext_lazy("Direction"), gettext_lazy("in or out")),
    "checkpoint.attended": (
        gettext_lazy("Attended"),
        gettext_lazy("yes where a guard stands beside it and compares a code with a face or a card"),
    ),
    "checkpoint.time_zone": (
        gettext_lazy("Time zone"),
        gettext_lazy("decides when a day begins, e.g. Asia/Shanghai"),
    ),
    "rules.certificate_country": (
        gettext_lazy("Country of the certificate rules"),
        gettext_lazy("whose acceptance rules for certificates apply, e.g. CN"),
    ),
    "trust.server.every_minutes": (
        gettext_lazy("Looks for new rules every … minutes"),
        gettext_lazy("more or less, so that gates do not ask together"),
    ),
    "status.deadline_ms": (
        gettext_lazy("Waits for records, ms"),
        gettext_lazy("no answer by then: what the gate holds itself counts, or the person is sent to staff"),
    ),
    "status.lookup.url": (
        gettext_lazy("Address of the city's gateway"),
        gettext_lazy("asked at each presentation, e.g. https://gateway.example"),
    ),
    "status.lookup.pins": (
        gettext_lazy("Keys of the city's gateway"),
        gettext_lazy("SHA-256 of its public key in base64, the one in use and a spare"),
    ),
    "journal.commit_limit_ms": (
        gettext_lazy("Waits for the disk, ms"),
        gettext_lazy("a pass that can't be recorded by then is sent to staff"),
    ),
    "journal.keep_days": (
        gettext_lazy("Keeps sent records, days"),
        gettext_lazy("what was not sent yet is kept longer"),
    ),
    "journal.most_mb": (
        gettext_lazy("Largest journal, MB"),
        gettext_lazy("a larger one drops the oldest of what was sent first"),
    ),
    "voice.languages": (gettext_lazy("Spoken languages"), gettext_lazy("one after the other, e.g. zh-CN, en")),
    "voice.lead_in_ms": (
        gettext_lazy("Silence before speaking, ms"),
        gettext_lazy("for screens that swallow the first syllable; 0 to 2000"),
    ),
    "kiosk.languages": (gettext_lazy("Languages on the screen"), gettext_lazy("the first one is shown large")),
    "thermometer.correction.offset_tenths": (
        gettext_lazy("Temperature correction, tenths of a degree"),
        gettext_lazy("added to what the sensor sees; only where a thermometer is fitted"),
    ),
    "thermometer.correction.per_degree_hundredths": (
        gettext_lazy("Temperature correction for cold, hundredths"),
        gettext_lazy("for each degree below 25.0 °C around the sensor; only where a thermometer is fitted"),
    ),
    "barrier.within_ms": (
        gettext_lazy("Barrier: time to walk in, ms"),
        gettext_lazy("as long as the turnstile stays released; only where there is a barrier"),
    ),
    "barrier.jam_ms": (
        gettext_lazy("Barrier: counts as jammed after, ms"),
        gettext_lazy("the passage is blocked for so long; only where there is a barrier"),
    ),
    "fleet.url": (
        gettext_lazy("Address of this server"),
        gettext_lazy("a gate takes a new one only once this fleet has answered it there"),
    ),
    "fleet.pins": (
        gettext_lazy("Keys of this server"),
        gettext_lazy("SHA-256 of its public key in base64, the one in use and a spare"),
    ),
    "fleet.lease_hours": (
        gettext_lazy("Hours without contact"),
        gettext_lazy("after so many, lists of people on the gate are erased; 1 to 720"),
    ),
}
"""Setting -> what it is called, and what it means."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}", re.ASCII)
YES: Final = "yes"
NO: Final = "no"


def typed(name: str, text: str) -> Any:
    """A value as somebody typed it.

    Raises:
        ValueError: it is no number.
        ConfigError: it is none that can be set.
    """
    text = text.strip()
    value: Any
    match SETTINGS[name]:
        case Kind.NUMBER:
            if not _NUMBER.fullmatch(text):
                raise ValueError("no whole number")
            value = int(text)
        case Kind.WORDS:
            value = [word for word in re.split(r"[\s,,、;]+", text) if word]
        case Kind.CHOICE:
            value = {YES: True, NO: False}.get(text, text)
        case _:
            value = text
    return check({name: value})[name]


def text_of(value: Any) -> str:
    """A value as it is typed; empty for none."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def shown(value: Any) -> str:
    """A value as it is read."""
    if value is None:
        return str(_("not set"))
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return text_of(value)
