"""Tables for the configuration, as ``gate run --check-config`` of this very version takes them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drivers import DRIVERS, THERMOMETERS
from drivers.barrier import BARRIERS
from gate.app.devices import driver_class
from gate.config_bind import Roots, bind
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.app.probe.kernel import Device

GATE: Final = "/dev/gate/"
_SAFE: Final = re.compile(r"/dev/(?!.*\.\.)[A-Za-z0-9_.:@+,/-]{1,200}")
"""Paths that stand in quotes as they are. udev lets more into its names than a configuration should hold."""
_ROOTS: Final = Roots(Path("/etc/gate"), Path("/var/lib/gate"))


@dataclass(frozen=True, slots=True)
class Stanza:
    """What to paste, where the device is what ``use`` says."""

    use: str
    toml: str


def path(device: Device, others: Iterable[Device], *wanted: str) -> str:
    """The name of a device that stays: the gate's own, by its serial number, by its socket, or as it is now.

    Args:
        device: the one that is meant.
        others: every device; a name that two of them have is no name. Chips without a serial number share one.
        wanted: names below /dev/gate that fit the use; another one would mislead whoever reads the configuration.
    """
    shared = {link for other in others if other is not device for link in other.links}
    links = [link for link in device.links if link not in shared and _SAFE.fullmatch(link)]
    ours = [link for link in links if link in {GATE + name for name in wanted}]
    by_serial = [link for link in links if "/by-id/" in link and device.usb is not None and device.usb.serial]
    by_socket = [link for link in links if "/by-path/" in link]
    return next(iter((*sorted(ours), *sorted(by_serial), *sorted(by_socket), device.node)))


def reader(use: str, driver: str, name: str, **settings: str) -> Stanza | None:
    """A table of ``[[readers]]``; None where this version has no such driver, or one with other settings."""
    lines = ["[[readers]]", f'name = "{name}"', f'driver = "{driver}"', *_lines(settings)]
    return _checked(use, lines, DRIVERS, "readers", {"name", "driver"})


def thermometer(use: str, driver: str, **settings: str) -> Stanza | None:
    """The table ``[thermometer]``; None as above."""
    return _checked(
        use, ["[thermometer]", f'driver = "{driver}"', *_lines(settings)], THERMOMETERS, "thermometer", {"driver"}
    )


def barrier(use: str, driver: str, relay: int, **settings: str) -> Stanza | None:
    """The table ``[barrier]`` with its way in; which relay that is only the wires tell."""
    lines = ["[barrier]", f'driver = "{driver}"', *_lines(settings), "", "[barrier.entry]"]
    said = "the board's channel" if driver == "lcus" else "GPIO number (BCM)"
    lines += [f"relay = {relay:<22} # {said}: look at the wires"]
    return _checked(use, lines, BARRIERS, "barrier", {"driver"})


def _lines(settings: dict[str, str]) -> list[str]:
    if not all(_SAFE.fullmatch(value) or re.fullmatch(r"[a-z0-9:]+", value) for value in settings.values()):
        return ["="]  # no TOML at all: what can't be quoted safely is not offered
    return [f'{key} = "{value}"' for key, value in settings.items()]


def _checked(use: str, lines: list[str], table: Any, key: str, common: set[str]) -> Stanza | None:
    text = "\n".join(lines) + "\n"
    try:
        found = tomllib.loads(text)[key]
        settings = found[0] if isinstance(found, list) else found
        kind = driver_class(table, settings["driver"], key)
        bind(kind.Settings, {name: value for name, value in settings.items() if name not in common}, _ROOTS, key)
    except (ConfigError, tomllib.TOMLDecodeError):
        return None
    return Stanza(use, text)
