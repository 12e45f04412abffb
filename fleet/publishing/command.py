"""``fleet publish``: a bundle that two people have signed, and its way back, onto their way to the gates."""

from __future__ import annotations

import argparse
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet.configuration import command as configuration
from fleet.errors import FleetError
from fleet.hidden import secret
from fleet.prepare import use_django
from fleet.publishing import release
from fleet.publishing.site import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.registry.models import Device

_WORDS: Final = {
    "running": "begun",
    "planned": "planned",
    "waiting": "waits until somebody else confirms it at the console",
}


def main(arguments: Sequence[str]) -> int:
    """Publish a bundle that ``gate trust make`` made, ring by ring; ``FLEET_DSN`` names the database.

    One that was published before, with a newer timestamp (``gate trust renew``), is renewed where it is.
    """
    parser = argparse.ArgumentParser("fleet publish", description=main.__doc__)
    parser.add_argument("bundle", type=Path, help="its folder")
    parser.add_argument("--back", type=Path, help="what gates have now, signed as a version after the bundle's")
    parser.add_argument("--site", type=Path, required=True, help="the folder that a web server serves")
    parser.add_argument("--root", type=Path, required=True, help="the root that is installed with the gates")
    parser.add_argument("--pilot", help="the gate that gets it first, then its site")
    parser.add_argument("--at-once", action="store_true", help="an emergency: to every gate, once somebody confirms it")
    parser.add_argument("--as", dest="who", metavar="USER", help="of the console, who asks for the emergency")
    parser.add_argument("--at", type=_time, metavar="TIME", help="begin then, e.g. 2026-12-01T03:00:00+08:00")
    parser.add_argument("--anyway", action="store_true", help="though much would have been decided otherwise")
    asked = parser.parse_args(arguments)
    use_django(os.environ["FLEET_DSN"])
    try:
        print(_published(Site(asked.site), asked))
    except OSError as fault:
        raise FleetError(f"{fault.filename}: {fault.strerror}") from None
    return 0


def _published(site: Site, asked: argparse.Namespace) -> str:
    """Do it; gives what there is to say."""
    from django.db import IntegrityError  # noqa: PLC0415 - Django is set up by now
    from django.utils import timezone  # noqa: PLC0415 - the same

    from fleet.publishing import effect, moves  # noqa: PLC0415 - the same
    from fleet.registry.rollouts import Rollout  # noqa: PLC0415 - the same

    root = asked.root.read_bytes()
    made = release.read(asked.bundle, root)
    if asked.back is None and not asked.at_once:
        if not site.has(made.version):
            raise FleetError("a rollout has to be able to go back by itself: give --back FOLDER (docs/fleet.md)")
        moves.renew(site, made)
        return f"version {made.version}: timestamp {made.timestamp}"
    back = None if asked.back is None else release.read(asked.back, root)
    configuration.check(made.bundle)
    last = Rollout.begun().first()
    before = {} if last is None else site.rules(last.settled[0])
    found = effect.effect(before, made.files, timezone.now(), effect.IN_AN_EMERGENCY if asked.at_once else None)
    print("\n".join(found.lines()))
    if found.too_much and not asked.anyway:
        raise FleetError("more than one in twenty would or may be decided otherwise; --anyway says that it is meant")
    if asked.at is not None and not timezone.now() < asked.at < made.signed_until:
        raise FleetError(f"--at is past, or after the end of its signatures ({made.signed_until:%Y-%m-%d %H:%M} UTC)")
    for id_, kind, until in made.orders:
        print(f"{kind} order {id_}, until {until}")
    who = _emergency_by(asked) if asked.at_once and last is not None else ""
    how = moves.How(pilot=_pilot(asked), at_once=asked.at_once, asked_by=who, starts_at=asked.at, effect=found.table())
    try:
        begun = moves.begin(site, made, back, how)
    except IntegrityError:
        raise FleetError("somebody else has begun a rollout at the same moment") from None
    return f"version {made.version}: {_WORDS[begun.state]}"


def _pilot(asked: argparse.Namespace) -> Device:
    from fleet.registry.models import Device, DeviceState  # noqa: PLC0415 - Django is set up by now

    gates = Device.objects.filter(state=DeviceState.ACTIVE)
    pilot: Device | None
    pilot = gates.filter(name=asked.pilot).first() if asked.pilot is not None or not asked.at_once else gates.first()
    if pilot is None:
        raise FleetError(f"there is no gate {asked.pilot!r}; name the one that gets it first with --pilot")
    return pilot


def _emergency_by(asked: argparse.Namespace) -> str:
    """Whoever asks for it, who proves that; gates that have nothing yet are no emergency.

    Raises:
        FleetError: it is nobody who may.
    """
    from django.contrib.auth import authenticate  # noqa: PLC0415 - Django is set up by now

    from fleet.console import codes, permissions  # noqa: PLC0415 - the same

    if asked.who is None or asked.at is not None:
        raise FleetError("an emergency is now, and somebody's: give --as USER, and not --at")
    password = secret(f"password of {asked.who} at the console")
    code = secret(f"code of {asked.who}, or a recovery code") if codes.has_one(asked.who) else ""
    user = authenticate(username=asked.who, password=password, code=code)
    if user is None or not permissions.may_publish(user):
        raise FleetError("that is nobody who may publish")
    return str(user.get_username())


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise argparse.ArgumentTypeError("write a time with its zone, e.g. 2026-12-01T03:00:00+08:00")
    return at
