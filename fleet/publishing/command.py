"""``fleet publish``: a bundle that two people have signed, and its way back, onto their way to the gates."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.configuration import command as configuration
from fleet.errors import FleetError
from fleet.prepare import use_django
from fleet.publishing import release
from fleet.publishing.site import Site

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    parser.add_argument("--at-once", action="store_true", help="an emergency: to every gate now")
    asked = parser.parse_args(arguments)
    use_django(os.environ["FLEET_DSN"])
    try:
        print(_published(Site(asked.site), asked))
    except OSError as fault:
        raise FleetError(f"{fault.filename}: {fault.strerror}") from None
    return 0


def _published(site: Site, asked: argparse.Namespace) -> str:
    """Do it; gives what there is to say."""
    from fleet.publishing import moves  # noqa: PLC0415 - Django is set up by now

    root = asked.root.read_bytes()
    made = release.read(asked.bundle, root)
    if asked.back is None and not asked.at_once:
        if not site.has(made.version):
            raise FleetError("a rollout has to be able to go back by itself: give --back FOLDER (docs/fleet.md)")
        moves.renew(site, made)
        return f"version {made.version}: timestamp {made.timestamp}"
    back = None if asked.back is None else release.read(asked.back, root)
    configuration.check(made.bundle)
    _begin(site, made, back, asked)
    return f"version {made.version}: {'to every gate now' if asked.at_once else 'begun'}"


def _begin(site: Site, made: release.Release, back: release.Release | None, asked: argparse.Namespace) -> None:
    from django.db import IntegrityError  # noqa: PLC0415 - Django is set up by now

    from fleet.publishing import moves  # noqa: PLC0415 - the same
    from fleet.registry.models import Device, DeviceState  # noqa: PLC0415 - the same

    gates = Device.objects.filter(state=DeviceState.ACTIVE)
    pilot = gates.filter(name=asked.pilot).first() if asked.pilot is not None or not asked.at_once else gates.first()
    if pilot is None:
        raise FleetError(f"there is no gate {asked.pilot!r}; name the one that gets it first with --pilot")
    try:
        moves.begin(site, made, back, pilot, at_once=asked.at_once)
    except IntegrityError:
        raise FleetError("somebody else has begun a rollout at the same moment") from None
