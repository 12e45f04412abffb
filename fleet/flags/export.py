"""``fleet flags``: whoever has a flag now, as the table that the desk lays over the city's (``gate status build``)."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.errors import FleetError
from fleet.prepare import use_django
from gate import durable

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = "holder,code"


def main(arguments: Sequence[str]) -> int:
    """Write whoever has a flag now, for ``gate status build --flags``; ``FLEET_DSN`` names the database."""
    parser = argparse.ArgumentParser("fleet flags", description=main.__doc__)
    parser.add_argument("table", type=Path, help="a CSV file, written anew")
    asked = parser.parse_args(arguments)
    use_django(os.environ["FLEET_DSN"])
    found = worst()
    lines = [HEAD, *(f"{holder.hex()},{colour}" for holder, colour in sorted(found.items()))]
    try:
        durable.write(asked.table, "".join(f"{line}\n" for line in lines).encode(), 0o600)
    except OSError as fault:
        raise FleetError(f"{asked.table}: {fault.strerror}") from None
    print(f"{asked.table}: {len(found)} people")
    return 0


def worst() -> dict[bytes, str]:
    """Of whoever has a flag now, the worst colour of all."""
    from django.utils import timezone  # noqa: PLC0415 - Django is set up by now

    from fleet.console.audit import note  # noqa: PLC0415 - the same
    from fleet.flags.changes import in_force  # noqa: PLC0415 - the same
    from fleet.registry.flags import FlagColour  # noqa: PLC0415 - the same

    ranks = {colour.value: rank for rank, colour in enumerate(FlagColour)}
    found: dict[bytes, str] = {}
    for holder, colour in in_force(timezone.now()).values_list("holder", "change__colour"):
        before = found.setdefault(bytes(holder), colour)
        found[bytes(holder)] = max(before, colour, key=ranks.__getitem__)
    note(None, "flags exported", "all", f"{len(found)} people")
    return found
