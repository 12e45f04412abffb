"""Making claims: the text goes to whoever asked for it, and nowhere else."""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from django.utils import timezone
from django.utils.translation import gettext

from fleet.console.audit import note_all
from fleet.errors import FleetError
from fleet.prepare import claims_key, vouchers_file
from fleet.registry.models import Claim, Device
from gate.wire import claims

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.registry.models import Site

MOST_DAYS: Final = 90
NO_PIN: Final = bytes(32)
"""Where no TLS stands before the server, i.e. on loopback alone, there is no key to pin."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One claim that somebody asks for."""

    device: str
    serial: str
    days: int


@dataclass(frozen=True, slots=True)
class Made:
    """One claim as it is handed out."""

    label: str
    site: str
    device: str
    serial: str
    text: str


class _Vouchers(msgspec.Struct):
    vouchers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A claim that is good once ``keep`` has put it into the tables."""

    row: Claim
    made: Made


def make(site: Site, wanted: Wanted, user: Any) -> Made:
    """Make a claim and note who did.

    Raises:
        FleetError: no device could use it; the message says why.
    """
    (drawn,) = draw_up([(site, wanted)])
    if isinstance(drawn, str):
        raise FleetError(drawn)
    keep([drawn], user)
    return drawn.made


def draw_up(asked: Sequence[tuple[Site, Wanted]]) -> list[Drawn | str]:
    """Claims that are in no table yet; text says why one can't be."""
    names = [wanted.device for _, wanted in asked]
    stands = dict(Device.objects.filter(name__in=names).values_list("name", "site__name"))
    key, vouchers = _key(), _vouchers()
    pins = [base64.b64decode(pin) for pin in os.environ.get("FLEET_PINS", "").split(",") if pin] or [NO_PIN]
    found: list[Drawn | str] = []
    for site, wanted in asked:
        until = timezone.now() + timedelta(days=wanted.days)
        said = {
            "id": secrets.token_bytes(8),
            "secret": secrets.token_bytes(16),
            "url": os.environ["FLEET_URL"],
            "pins": pins,
            "site": str(site.name),
            "device": wanted.device,
            "serial": wanted.serial,
            "until": int(until.timestamp()),
        }
        if (other := stands.get(wanted.device, site.name)) != site.name:
            found.append(
                gettext("%(gate)s: a gate of this name stands at %(site)s") % {"gate": wanted.device, "site": other}
            )
            continue
        try:
            claim = msgspec.convert(list(said.values()), claims.Claim)
        except msgspec.ValidationError:
            names_of = {"gate": wanted.device or "?", "serial": wanted.serial or "?"}
            found.append(gettext("%(gate)s, %(serial)s: no name of a gate, or no serial number") % names_of)
            continue
        made = Made(claim.label, claim.site, claim.device, claim.serial, claims.write_claim(claim, key, vouchers))
        found.append(Drawn(_row(site, claim, until), made))
    return found


def keep(drawn: Sequence[Drawn], user: Any) -> None:
    """Put claims into the tables, and note who made each."""
    for one in drawn:
        one.row.made_by = user
    Claim.objects.bulk_create([one.row for one in drawn], batch_size=1000)
    note_all(user, "claim made", [(one.made.device, f"claim {one.made.label} at {one.made.site}") for one in drawn])


def _row(site: Site, claim: claims.Claim, until: datetime) -> Claim:
    return Claim(
        label=claim.label,
        secret=sha256(claim.secret).digest(),
        site=site,
        device=claim.device,
        serial=claim.serial,
        expires_at=until,
    )


def _key() -> Any:
    return claims_key(Path(os.environ["FLEET_CLAIMS_KEY"]))


def _vouchers() -> list[bytes]:
    """What the holders of the root have signed, as ``gate trust vouch`` wrote it."""
    file = vouchers_file(Path(os.environ["FLEET_CLAIMS_KEY"]))
    if not file.exists():
        return []
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_Vouchers)
        return [base64.urlsafe_b64decode(one + "=" * (-len(one) % 4)) for one in found.vouchers]
    except ValueError:
        raise FleetError(f"{file} is not what gate trust vouch writes") from None
