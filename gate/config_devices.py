"""The devices that a configuration names: what is common to all; the rest is known to their drivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gate.errors import ConfigError
from gate.model import Direction

THERMOMETER = "thermometer"
"""What notices and the log call the one thermometer."""


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """One device; ``settings`` are bound to the driver's own dataclass by whoever knows the driver."""

    name: str
    driver: str
    settings: dict[str, Any]
    direction: Direction | None = None
    """Which way people go who present here, where it is not the checkpoint's: a door has a reader on each side."""


def read_readers(entries: Any, file: str) -> tuple[ReaderConfig, ...]:
    """The tables of ``[[readers]]``, each with a name of its own.

    Raises:
        ConfigError: one is of no such form; the message names it.
    """
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{file}: readers must be tables; write [[readers]] above each")
    readers: list[ReaderConfig] = []
    for number, entry in enumerate(entries, 1):
        where = f"{file}: [[readers]] number {number}"
        settings = dict(entry)
        for key in ("name", "driver"):
            if not isinstance(settings.get(key), str):
                raise ConfigError(f'{where}: key "{key}" is missing; write {key} = "…"')
        direction = settings.pop("direction", None)
        if direction not in (None, *Direction):
            raise ConfigError(f'{where}: key "direction" must be "in" or "out"')
        readers.append(
            ReaderConfig(
                settings.pop("name"),
                settings.pop("driver"),
                settings,
                None if direction is None else Direction(direction),
            )
        )
    names = [reader.name for reader in readers]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f'{file}: two readers are named "{name}"; give each a name of its own')
    return tuple(readers)


@dataclass(frozen=True, slots=True)
class BarrierConfig:
    """What lets people through; ``settings`` as for a reader."""

    driver: str
    settings: dict[str, Any]


def read_barrier(table: Any, file: str) -> BarrierConfig | None:
    """The table ``[barrier]``; None where there is none.

    Raises:
        ConfigError: it names no driver.
    """
    if table is None:
        return None
    if not isinstance(table, dict) or not isinstance(table.get("driver"), str):
        raise ConfigError(f'{file}: [barrier] must be a table with driver = "…"')
    return BarrierConfig(table["driver"], {key: value for key, value in table.items() if key != "driver"})
