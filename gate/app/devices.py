"""Which driver a configuration names, made with its settings."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any, Final

from drivers import DRIVERS
from drivers.barrier import BARRIERS
from gate.app.reader_pins import ReaderPins
from gate.config_bind import Roots, bind
from gate.credentials import social_security
from gate.credentials.iso7816 import RecordedDialogue
from gate.errors import ConfigError
from gate.model import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drivers import Driver
    from drivers.barrier import Barrier
    from gate.config import GateConfig
    from gate.config_devices import ReaderConfig


def driver(reader: ReaderConfig, roots: Roots) -> Driver:
    """The driver of one configured reader.

    Raises:
        ConfigError: no such driver, or its settings don't fit; the message names the key.
    """
    where = f'[[readers]] "{reader.name}"'
    kind = driver_class(DRIVERS, reader.driver, where)
    made: Driver = kind(
        reader.name,
        bind(kind.Settings, reader.settings, roots, where),
        *DIALOGUES.get(reader.driver, ()),
        **_approval(reader, roots),
    )
    return made


def barrier(config: GateConfig, roots: Roots) -> Barrier | None:
    """The configured barrier, None where there is none.

    Raises:
        ConfigError: no such driver, its settings don't fit, or people go a way here that it has no relay for.
    """
    if config.barrier is None:
        return None
    kind = driver_class(BARRIERS, config.barrier.driver, "[barrier]")
    made: Barrier = kind("barrier", bind(kind.Settings, config.barrier.settings, roots, "[barrier]"))
    wanted = {config.checkpoint.direction, *(reader.direction for reader in config.readers if reader.direction)}
    for direction in sorted(wanted - made.directions):
        way = "entry" if direction is Direction.IN else "exit"
        raise ConfigError(f'somebody presents here to go "{direction}": write [barrier.{way}] with relay = …')
    return made


def driver_class(table: Mapping[str, str], name: str, where: str) -> Any:
    """The class of a driver."""
    if (target := table.get(name)) is None:
        raise ConfigError(f'{where}: no driver "{name}"; known: {", ".join(sorted(table))}')
    module_name, class_name = target.split(":")
    return getattr(importlib.import_module(module_name), class_name)  # from a table, never from the configuration


def _approval(reader: ReaderConfig, roots: Roots) -> dict[str, Any]:
    """An ID reader is served only where it is the one that was there before."""
    if reader.driver != "idcard":
        return {}
    return {"approval": functools.partial(ReaderPins(roots.state).objection, reader.name)}


def social_security_dialogue() -> RecordedDialogue:
    """What a card reader plays with each card."""
    return RecordedDialogue(social_security.read())


DIALOGUES: Final[Mapping[str, tuple[Callable[[], RecordedDialogue], ...]]] = {"smartcard": (social_security_dialogue,)}
"""Drivers that talk to a card -> how a dialogue with one begins; the others need nothing of that."""
