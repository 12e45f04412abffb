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

from fleet.console.audit import note
from fleet.errors import FleetError
from fleet.prepare import claims_key, vouchers_file
from fleet.registry.models import Claim, Device
from gate.wire import enrol

if TYPE_CHECKING:
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


def make(site: Site, wanted: Wanted, user: Any) -> Made:
    """Make a claim and note who did.

    Raises:
        FleetError: no device could use it; the message says why.
    """
    other = Device.objects.filter(name=wanted.device).exclude(site=site).first()
    if other is not None:
        raise FleetError(f"{wanted.device}: a gate of this name stands at {other.site.name}")
    until = timezone.now() + timedelta(days=wanted.days)
    said = {
        "id": secrets.token_bytes(8),
        "secret": secrets.token_bytes(16),
        "url": os.environ["FLEET_URL"],
        "pins": [base64.b64decode(pin) for pin in os.environ.get("FLEET_PINS", "").split(",") if pin] or [NO_PIN],
        "site": str(site.name),
        "device": wanted.device,
        "serial": wanted.serial,
        "until": int(until.timestamp()),
    }
    try:
        claim = msgspec.convert(list(said.values()), enrol.Claim)
    except msgspec.ValidationError:
        raise FleetError(
            f"{wanted.device or '?'}, {wanted.serial or '?'}: no name of a gate, or no serial number"
        ) from None
    text = enrol.write_claim(claim, _key(), _vouchers())
    Claim.objects.create(
        label=claim.label,
        secret=sha256(claim.secret).digest(),
        site=site,
        device=claim.device,
        serial=claim.serial,
        expires_at=until,
        made_by=user,
    )
    note(user, "claim made", claim.device, f"claim {claim.label} at {site.name}")
    return Made(claim.label, claim.site, claim.device, claim.serial, text)


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
