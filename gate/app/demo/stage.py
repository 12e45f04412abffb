"""Sets the stage: a state directory as a city would fill it, simulated devices, and the daemon on their wires."""

from __future__ import annotations

import base64
import json
import os
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.app.demo.certificates import certificates
from gate.app.demo.daemon import Daemon
from gate.app.demo.devices import Devices
from gate.app.demo.people import people
from gate.config import GateConfig, load
from gate.credentials import resident_id
from gate.errors import ConfigError
from gate.pseudonym import load_or_make_key
from gate.status.file import encode
from voice.simulated import SimulatedSoundCard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from gate.app.demo.certificates import Certificates
    from gate.app.demo.people import Person

CONFIG: Final = Path(__file__).resolve().parents[3] / "config" / "demo.toml"


@dataclass(frozen=True, slots=True)
class Stage:
    """A running gate and everything around it."""

    daemon: Daemon
    devices: Devices
    sound: SimulatedSoundCard | None
    """None where the machine has a sound card of its own."""
    certificates: Certificates
    screen: str
    """Address of the kiosk screen."""
    panel: str
    """Where the demonstration's panel is expected."""


@asynccontextmanager
async def set_stage(state: Path, config_file: Path = CONFIG) -> AsyncIterator[Stage]:
    """Start the daemon on simulated devices; everything is gone again afterwards but ``state``.

    Args:
        state: an empty folder, the daemon's state directory.
        config_file: a configuration with a ``[demo]`` section and the readers of ``config/demo.toml``.

    Raises:
        ConfigError: the configuration is no demonstration's.
        GateError: the daemon did not come up.
    """
    config = load(config_file, state)
    if config.demo is None or config.demo.panel is None:
        raise ConfigError(f"{config_file}: [demo] with clock and panel is missing; take the file as it was shipped")
    codes, everybody = certificates(config.demo.clock), people(config.demo.clock)
    fill(config, everybody, codes)
    async with AsyncExitStack() as stack:
        sound = None if _has_sound_card() else stack.enter_context(SimulatedSoundCard(_folder(state / "sound")))
        daemon = Daemon()
        devices = Devices(state, everybody, daemon.offline, daemon.online)
        stack.callback(devices.close)
        stack.push_async_callback(daemon.stop)
        screen = await daemon.start(config_file, state, os.environ if sound is None else sound.environment)
        yield Stage(daemon, devices, sound, codes, screen, config.demo.panel)


def fill(config: GateConfig, everybody: Mapping[str, Person], codes: Certificates) -> None:
    """Write what a city would have sent to a real gate: records under pseudonyms, and the signers to believe."""
    key = load_or_make_key(config.status.key)
    known = {}
    for person in everybody.values():
        holder = resident_id.parse(person.block).holder
        if person.records is not None and holder is not None and holder.document is not None:
            known[key.pseudonym(holder.document)] = person.records
    config.status.file.write_bytes(encode(known))
    anchors = [{"certificate": base64.b64encode(der).decode("ascii")} for der in codes.signers] + codes.city.anchors
    config.rules.anchors.write_text(json.dumps({"anchors": anchors}), encoding="utf-8")


def _has_sound_card() -> bool:
    return any(Path("/proc/asound").glob("card[0-9]*"))


def _folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path
