"""Whether a gate could live with new settings: all that they name is opened, and the fleet asked where it would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.app.config_check import faults
from gate.app.fleet.key import load_key
from gate.app.fleet.session import Tokens
from gate.config_bind import Roots
from gate.config_file import load
from gate.config_levels import ASKED_FIRST, check
from gate.errors import ConfigError, NetworkFault, WireFault
from gate.net.client import Client

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from gate.config import FleetConfig, GateConfig


def attempt(now: GateConfig, said: Mapping[str, Any], file: Path, state: Path) -> None:
    """Try it as ``gate run --check-config`` does. What is wrong with the gate already is no fault of the settings.

    Args:
        now: the configuration in force.
        said: what the fleet sets.
        file: the gate's own configuration.
        state: the state directory.

    Raises:
        ConfigError: this gate can't live with it; what the command would print.
    """
    new = load(file, state, check(said))
    roots = Roots(file.resolve().parent, state.resolve())
    known = set(faults(now, roots))
    found = [fault for fault in faults(new, roots) if fault not in known]
    if found:
        raise ConfigError("; ".join(found))
    if new.fleet is not None and said.keys() & ASKED_FIRST and _way(new.fleet) != _way(now.fleet):
        _ask(new.fleet)


def _way(fleet: FleetConfig | None) -> object:
    return None if fleet is None else (fleet.url, fleet.pins)


def _ask(fleet: FleetConfig) -> None:
    """Ask the fleet for a token where it is said to be.

    Raises:
        ConfigError: nobody there knows this gate.
    """
    client = Client(fleet.url, fleet.trust())
    try:
        Tokens(fleet.url, fleet.device, load_key(fleet.key)).get(client)
    except (NetworkFault, WireFault) as fault:
        raise ConfigError(f"[fleet] url: no fleet that knows this gate answers at {fleet.url}: {fault}") from None
    finally:
        client.close()
