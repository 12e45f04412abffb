"""The configuration of a gate: its sections, and how they are read."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from gate.config_bind import ConfigPath, Roots, bind
from gate.config_checks import check
from gate.config_devices import BarrierConfig, ReaderConfig, read_barrier, read_readers
from gate.config_levels import NO_SETTINGS, Settings, overlaid
from gate.errors import ConfigError
from gate.model import Checkpoint
from gate.net.trust import TlsTrust, pin_from
from gate.rules.temperature import Correction

MAX_CONFIG_BYTES = 256 * 1024
ENROLLED = "enrolled.toml"
"""In the state directory: the table [fleet] that ``gate enrol`` writes. One in the configuration comes before it."""


@dataclass(frozen=True, slots=True)
class RulesConfig:
    """Which rules judge; a rule set itself says which of its profiles is for whom."""

    certificate_rules: ConfigPath
    """EU rules over a certificate's own content; every one that applies must hold."""
    sets: tuple[ConfigPath, ...] = ()
    """Rule sets that are held; the one in force at the moment of presentation judges."""
    from_bundle: bool = False
    """Rule sets and orders come in the signed bundle, and from nowhere else."""
    certificate_country: str = "CN"
    """Whose acceptance rules of that file apply here."""
    orders: Path | None = None
    """Grace and emergency orders; they come and go, so the file lies in the state directory."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """A server, and what it has to prove."""

    url: str
    """``https://name[:port][/path]``."""
    ca_file: ConfigPath | None = None
    """PEM certificates of the authorities that may name it."""
    pins: tuple[str, ...] = ()
    """SHA-256 of its public key in base64, the one in use and a spare."""

    def trust(self) -> TlsTrust:
        """Whom to believe there.

        Raises:
            ConfigError: a pin is none.
        """
        return TlsTrust(self.ca_file, frozenset(pin_from(pin) for pin in self.pins))


@dataclass(frozen=True, slots=True)
class TrustServerConfig(ServerConfig):
    """A server of static files that has the newest signed bundle; docs/trust.md. With rings: docs/fleet.md."""

    every_minutes: int = 15
    """Between two refreshes, more or less."""


@dataclass(frozen=True, slots=True)
class TrustConfig:
    """Whom the gate believes."""

    root: ConfigPath
    """The pinned root: which keys sign bundles. It comes with the installation and is never written by the gate."""
    bundle: Path | None = None
    """Folder of a signed bundle (docs/trust.md); bundles come and go, so it lies in the state directory."""
    server: TrustServerConfig | None = None
    """In place of the folder."""


@dataclass(frozen=True, slots=True)
class LookupConfig(ServerConfig):
    """The city's gateway, asked at each presentation; docs/lookup.md."""


@dataclass(frozen=True, slots=True)
class StatusConfig:
    """Where records about holders come from."""

    key: Path
    """32 random bytes that turn document numbers into pseudonyms; made at the first start."""
    file: Path | None = None
    lookup: LookupConfig | None = None
    deadline_ms: int = 800
    permits: Path | None = None
    """The list of permits that ``gate permits import`` makes; None: there is none."""
    exceptions: Path | None = None
    """Folder of the signed list of whoever is not green (docs/offline-lists.md); None: there is none."""
    city: Path | None = None
    """Folder of the list of everybody; only with a key that is held in hardware."""


@dataclass(frozen=True, slots=True)
class JournalConfig:
    """Where passages are recorded."""

    path: Path
    commit_limit_ms: int = 300
    """A pass whose record takes longer becomes ``refer`` (DESIGN invariant 3)."""
    keep_days: int = 30
    """What the server has, or refused for good, is dropped after so many days."""
    most_mb: int = 1024
    """A larger file drops its oldest rows that the server has; it still grows by those that it has not."""


@dataclass(frozen=True, slots=True)
class VoiceConfig:
    """What is spoken, and how."""

    languages: tuple[str, ...] = ("zh-CN",)
    """Spoken one after the other."""
    lead_in_ms: int = 0
    """Silence before each phrase, for HDMI outputs that swallow the first syllable."""
    packs: tuple[Path, ...] = ()
    """Folders of clips made by ``gate voice build``, tried before the pack that comes with the program."""
    fallback: Path | None = None
    """Folder that takes the newest announcement where there is no sound card; None: the state directory."""


@dataclass(frozen=True, slots=True)
class KioskConfig:
    """Where the screen's page is served."""

    host: str = "127.0.0.1"
    port: int = 8765
    languages: tuple[str, ...] = ("zh-CN", "en")
    """The first one is shown large."""


@dataclass(frozen=True, slots=True)
class DemoConfig:
    """Only in a demonstration: the screen says so, and every record is marked."""

    clock: datetime
    """The gate believes that it was started at this moment."""
    panel: str | None = None
    """Address of the page from which presentations are repeated."""


@dataclass(frozen=True, slots=True)
class ThermometerConfig:
    """The one thermometer, where there is one; ``settings`` as those of a reader."""

    driver: str
    correction: Correction
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FleetConfig:
    """Where records, heartbeats and the inventory go to; docs/wire.md."""

    url: str
    """``https://name[:port][/path]``."""
    device: str
    """The name that this gate is enrolled by."""
    key: Path
    """Its private key, which proves that (Ed25519, PEM)."""
    ca_file: ConfigPath | None = None
    """PEM certificates of the authorities that may name the server."""
    pins: tuple[str, ...] = ()
    """SHA-256 of the server's public key in base64, the one in use and a spare."""
    lease_hours: int = 720
    """Personal lists are erased after so long without contact, or earlier where what is signed says so."""

    def trust(self) -> TlsTrust:
        """Whom to believe there.

        Raises:
            ConfigError: a pin is none.
        """
        return TlsTrust(self.ca_file, frozenset(pin_from(pin) for pin in self.pins))


@dataclass(frozen=True, slots=True)
class GateConfig:
    """The whole file."""

    checkpoint: Checkpoint
    rules: RulesConfig
    trust: TrustConfig
    status: StatusConfig
    journal: JournalConfig
    voice: VoiceConfig = field(default_factory=VoiceConfig)
    kiosk: KioskConfig = field(default_factory=KioskConfig)
    demo: DemoConfig | None = None
    barrier: BarrierConfig | None = None
    readers: tuple[ReaderConfig, ...] = ()
    thermometer: ThermometerConfig | None = None
    fleet: FleetConfig | None = None
    """None: nothing goes out."""

    @property
    def device(self) -> str | None:
        """The name that this gate is enrolled by; None: it is in no fleet."""
        return None if self.fleet is None else self.fleet.device


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
        with path.open("rb") as file:
            raw = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as fault:
        raise ConfigError(f"{path}: can't be read ({fault.strerror}); give the file with --config FILE") from None
    if len(raw) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_CONFIG_BYTES // 1024} KiB; this is no configuration of a gate")
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
