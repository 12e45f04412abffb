"""Sets the stage: a state directory as a city would fill it, simulated devices, and the daemon on their wires."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gate.app.demo.certificates import certificates
from gate.app.demo.daemon import Daemon
from gate.app.demo.devices import Devices
from gate.app.demo.people import people
from gate.config_file import load
from gate.credentials import cose, hcert, resident_id
from gate.credentials.revocation import NameKind
from gate.credentials.sealing_keys import SealingKey, SealingKeys
from gate.errors import ConfigError
from gate.pseudonym import load_or_make_key
from gate.status.file import encode
from gate.trust import digest_lists, publish, revocation_files, sealing_keys
from gate.trust.anchors import Anchors
from gate.trust.load import ANCHORS, HEALTH_CODES, REVOCATION, SEALING_KEYS
from gate.trust.revocation_files import PublishedList
from voice.simulated import SimulatedSoundCard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from gate.app.demo.certificates import Certificates
    from gate.app.demo.people import Person
    from gate.config import GateConfig

CONFIG: Final = Path(__file__).resolve().parents[3] / "config" / "demo.toml"
ISSUERS: Final = CONFIG.parent / "health-codes"
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
UNTIL: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""End of the demonstration's bundle, whatever its clock shows."""


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
    installed = install(config_file, state)
    config = load(installed, state)
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
        screen = await daemon.start(installed, state, os.environ if sound is None else sound.environment)
        yield Stage(daemon, devices, sound, codes, screen, config.demo.panel)


def install(config_file: Path, state: Path) -> Path:
    """Copy a configuration and the rules beside it to where a root of our own making may be put beside them."""
    folder = _folder(state / "config")
    rules = config_file.parent / "rules"
    if rules.is_dir():
        shutil.copytree(rules, folder / "rules", dirs_exist_ok=True)
    return Path(shutil.copyfile(config_file, folder / config_file.name))


def fill(config: GateConfig, everybody: Mapping[str, Person], codes: Certificates) -> None:
    """Write what a city would have sent to a real gate: records under pseudonyms, a signed bundle of whom to believe.

    The keys that sign it are thrown away; ``config`` is one that ``install`` has put in place.
    """
    key = load_or_make_key(config.status.key)
    known = {}
    for person in everybody.values():
        holder = resident_id.parse(person.block).holder
        if person.records is not None and holder is not None and holder.document is not None:
            known[key.pseudonym(holder.document)] = person.records
    if config.status.file is not None:
        config.status.file.write_bytes(encode(known))
    anchors = [{"certificate": base64.b64encode(der).decode("ascii")} for der in codes.signers] + codes.city.anchors
    lists = {f"{REVOCATION}{name}": data for name, data in revocation_lists(codes).items()}
    issuers = {f"{HEALTH_CODES}{path.name}": path.read_bytes() for path in sorted(ISSUERS.glob("*.toml"))}
    sealing = SealingKey("demo", LONG_AGO.date(), UNTIL.date(), X25519PrivateKey.generate().public_key())
    days = {SEALING_KEYS: sealing_keys.encode(SealingKeys((sealing,)))}
    _give({ANCHORS: json.dumps({"anchors": anchors}).encode(), **days, **lists, **issuers}, config)


def revocation_lists(codes: Certificates) -> dict[str, bytes]:
    """What each country of the signers has revoked: most of them nothing."""
    signers = Anchors.from_certificates((der, None) for der in (*codes.signers, *codes.city.certificates))
    # One of the official test signers names no country.
    revoked: dict[str, list[bytes]] = {signer.country: [] for signer in signers if signer.country}
    for text in codes.revoked:
        message = hcert.decode(text.encode()).message
        country = signers.candidates(message.key_id)[0].country
        revoked[country].append(hashlib.sha256(cose.unchangeable_part(message)).digest())
    lists = {country: _published(digests) for country, digests in revoked.items()}
    return revocation_files.files(lists, LONG_AGO, UNTIL)


def _published(digests: list[bytes]) -> tuple[PublishedList, ...]:
    return (PublishedList((NameKind.SIGNATURE,), "hashes", 1, digest_lists.whole(digests, 1)),) if digests else ()


def _give(files: Mapping[str, bytes], config: GateConfig) -> None:
    if config.trust.bundle is None:
        raise ConfigError("a demonstration makes its own bundle: its configuration needs [trust] bundle")
    keys = publish.make_keys()
    config.trust.root.write_bytes(publish.make_root(keys, UNTIL))
    for name, data in publish.make_bundle(files, keys, 1, UNTIL).items():
        path = config.trust.bundle / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _has_sound_card() -> bool:
    return any(Path("/proc/asound").glob("card[0-9]*"))


def _folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path
