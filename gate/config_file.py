"""The file with a gate's configuration, and what is laid over it: how they are read."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.config import FleetConfig, GateConfig, ThermometerConfig
from gate.config_bind import Roots, bind
from gate.config_checks import check
from gate.config_devices import read_barrier, read_readers
from gate.config_levels import NO_SETTINGS, Settings, overlaid
from gate.errors import ConfigError
from gate.files import TooLargeError, read_bounded
from gate.rules.temperature import Correction

MAX_CONFIG_BYTES = 256 * 1024
ENROLLED = "enrolled.toml"
"""In the state directory: the table [fleet] that ``gate enrol`` writes. One in the configuration comes before it."""


@dataclass(frozen=True, slots=True)
class _Enrolled:
    """All that the file of that name may hold."""

    fleet: FleetConfig


def load(path: Path, state: Path, settings: Settings = NO_SETTINGS) -> GateConfig:
    """Read a configuration file, and what ``gate enrol`` wrote where it has no ``[fleet]``.

    Args:
        path: the TOML file.
        state: the state directory (``/var/lib/gate`` on a device).
        settings: what the fleet has set.

    Raises:
        ConfigError: one can't be read, is no TOML, or holds a key or value that the gate does not know.
    """
    table = read_table(path)
    config = read(table, Roots(path.resolve().parent, state.resolve()), str(path), settings)
    if config.fleet is None:
        config = dataclasses.replace(config, fleet=enrolled(state, settings))
    check(config, str(path))
    return config


def read(own: dict[str, Any], roots: Roots, where: str, settings: Settings = NO_SETTINGS) -> GateConfig:
    """What a configuration's table says, not yet whether all of it fits together.

    Args:
        own: the table.
        roots: what paths are relative to.
        where: the file, for messages.
        settings: what the fleet has set; of the fleet itself only where the table has a ``[fleet]``.

    Raises:
        ConfigError: it holds a key or value that the gate does not know.
    """
    table = overlaid(own, settings)
    if "fleet" not in own:
        table.pop("fleet", None)
    readers = read_readers(table.pop("readers", []), where)
    thermometer = _thermometer(table.pop("thermometer", None), roots, where)
    barrier = read_barrier(table.pop("barrier", None), where)
    config = bind(GateConfig, table, roots, where)
    fitted = dataclasses.replace(config.checkpoint, thermometer=thermometer is not None)
    if config.checkpoint.thermometer and not fitted.thermometer:
        raise ConfigError(f"{where}: [checkpoint] thermometer: says that one is fitted; write a table [thermometer]")
    return dataclasses.replace(config, checkpoint=fitted, readers=readers, thermometer=thermometer, barrier=barrier)


def told(path: Path, state: Path) -> dict[str, Any]:
    """The base that a fleet is told of: the file's table, with the fleet that the device was enrolled by.

    Raises:
        ConfigError: one can't be read, or is no TOML.
    """
    table = read_table(path)
    if "fleet" not in table and enrolled(state) is not None:
        table["fleet"] = read_table(state / ENROLLED)["fleet"]
    return table


def enrolled(state: Path, settings: Settings = NO_SETTINGS) -> FleetConfig | None:
    """The fleet that this device was enrolled by; None: by none, or the state is none of this process's business.

    Raises:
        ConfigError: what was written then can't be used any more.
    """
    file = state / ENROLLED
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):  # the camera's process sees no state at all
        return None
    state = state.resolve()
    ours = {name: value for name, value in settings.items() if name.startswith("fleet.")}
    return bind(_Enrolled, overlaid(read_table(file), ours), Roots(state, state), str(file)).fleet


def read_table(path: Path) -> dict[str, Any]:
    """The table in a TOML file.

    Raises:
        ConfigError: it can't be read, or is no TOML.
    """
    try:
        raw = read_bounded(path, MAX_CONFIG_BYTES)
    except TooLargeError:
        raise ConfigError(
            f"{path}: larger than {MAX_CONFIG_BYTES // 1024} KiB; this is no configuration of a gate"
        ) from None
    except OSError as fault:
        raise ConfigError(f"{path}: can't be read ({fault.strerror}); give the file with --config FILE") from None
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise ConfigError(f"{path}: is not TOML: {fault}") from None


def _thermometer(table: Any, roots: Roots, file: str) -> ThermometerConfig | None:
    if table is None:
        return None
    where = f"{file}: [thermometer]"
    if not isinstance(table, dict) or not isinstance(table.get("driver"), str):
        raise ConfigError(f'{where}: key "driver" is missing; write driver = "…"')
    settings = dict(table)
    driver, correction = settings.pop("driver"), settings.pop("correction", {})
    if not isinstance(correction, dict):
        raise ConfigError(f"{where}: [correction] must be a table")
    return ThermometerConfig(driver, bind(Correction, correction, roots, f"{where}: [correction]"), settings)
