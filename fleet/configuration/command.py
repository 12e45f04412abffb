"""``fleet configuration``: what is set at the console, as the files that two people sign."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fleet.configuration.checks import faults
from fleet.errors import FleetError
from fleet.prepare import use_django
from gate import durable
from gate.errors import ConfigError, TrustError
from gate.trust import settings
from gate.trust.bundle import CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gate.trust.bundle import Bundle

MOST_NAMED: Final = 20


def main(arguments: Sequence[str]) -> int:
    """Write the files of the role config, checked for every gate; ``gate trust make --config`` signs them."""
    parser = argparse.ArgumentParser("fleet configuration", description=main.__doc__)
    parser.add_argument("out", type=Path, help="a new folder")
    asked = parser.parse_args(arguments)
    use_django(os.environ["FLEET_DSN"])
    from fleet.configuration.said import Said, gates, with_bases  # noqa: PLC0415 - Django is set up by now

    said, found, wrong = Said.now(), {}, []
    for device, base in with_bases(gates()):
        if values := said.values(device):
            found[device.name] = values
            wrong += [(device.name, fault) for fault in faults(base, values)]
    _refuse(wrong)
    try:
        asked.out.mkdir(parents=True)
        for name, data in settings.written(found).items():
            durable.write(asked.out / name, data, 0o644)
    except OSError as fault:
        raise FleetError(f"{fault.filename}: {fault.strerror}") from None
    print(f"{asked.out}: settings of {len(found)} gates; sign them: gate trust make … --config {asked.out}")
    return 0


def check(found: Bundle) -> None:
    """Refuse a bundle that sets something for a gate which it could not live with.

    Raises:
        FleetError: it names the gates, and the sentence that each would print.
    """
    from fleet.configuration.said import gates, with_bases  # noqa: PLC0415 - Django is set up by now

    try:
        said = dict(_all(found.others.get(CONFIG, {})))
    except (TrustError, ConfigError) as fault:
        raise FleetError(f"settings: {fault}") from None
    bases = {device.name: base for device, base in with_bases(gates())} if said else {}
    _refuse([(name, fault) for name, own in said.items() for fault in faults(bases.get(name), own)])


def _all(files: Mapping[str, bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, data in files.items():
        for device, own in settings.read(data).items():
            if settings.file_of(device) != name:
                raise TrustError(f"{CONFIG}/{name}: sets something for {device!r}, which does not look into it")
            yield device, own


def _refuse(wrong: list[tuple[str, str]]) -> None:
    if wrong:
        named = [f"{name}: {fault}" for name, fault in wrong[:MOST_NAMED]]
        more = len(wrong) - len(named)
        raise FleetError(
            "\n  ".join(["not every gate could live with it", *named, *([f"… {more} more"] if more else [])])
        )
