"""The configuration of a gate: its sections. ``config_file`` reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from gate.config_bind import ConfigPath
from gate.config_devices import BarrierConfig, ReaderConfig
from gate.model import Checkpoint
from gate.net.trust import TlsTrust, pin_from
from gate.rules.temperature import Correction


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
