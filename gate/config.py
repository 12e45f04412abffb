"""The configuration of a gate: its sections, and what must fit together in them."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gate.config_bind import ConfigPath, Roots, bind
from gate.config_devices import BarrierConfig, ReaderConfig, read_barrier, read_readers
from gate.errors import ConfigError
from gate.model import Checkpoint
from gate.net.trust import TlsTrust, pin_from
from gate.rules.temperature import LONGEST_S, Correction

THERMOMETER = "thermometer"
"""What notices and the log call the one thermometer."""
MOST_WAIT_MS = 2500
HELD_MARGIN_MS = 200
"""What is held here is still heard where the gateway took all of its time."""
MOST_LEAD_IN_MS = 2000
MAX_CONFIG_BYTES = 256 * 1024


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
    """A server of static files that has the newest signed bundle; docs/trust.md."""

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


@dataclass(frozen=True, slots=True)
class JournalConfig:
    """Where passages are recorded."""

    path: Path
    commit_limit_ms: int = 300
    """A pass whose record takes longer becomes ``refer`` (DESIGN invariant 3)."""


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


def load(path: Path, state: Path) -> GateConfig:
    """Read a configuration file.

    Args:
        path: the TOML file.
        state: the state directory (``/var/lib/gate`` on a device).

    Raises:
        ConfigError: it can't be read, is no TOML, or holds a key or value that the gate does not know.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as fault:
        raise ConfigError(f"{path}: can't be read ({fault.strerror}); give the file with --config FILE") from None
    if len(raw) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_CONFIG_BYTES // 1024} KiB; this is no configuration of a gate")
    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise ConfigError(f"{path}: is not TOML: {fault}") from None
    roots = Roots(path.resolve().parent, state.resolve())
    readers = read_readers(table.pop("readers", []), str(path))
    thermometer = _thermometer(table.pop("thermometer", None), roots, path)
    barrier = read_barrier(table.pop("barrier", None), str(path))
    config = bind(GateConfig, table, roots, str(path))
    fitted = dataclasses.replace(config.checkpoint, thermometer=thermometer is not None)
    if config.checkpoint.thermometer and not fitted.thermometer:
        raise ConfigError(f"{path}: [checkpoint] thermometer: says that one is fitted; write a table [thermometer]")
    config = dataclasses.replace(config, checkpoint=fitted, readers=readers, thermometer=thermometer, barrier=barrier)
    _check(config, str(path))
    return config


def _thermometer(table: Any, roots: Roots, path: Path) -> ThermometerConfig | None:
    if table is None:
        return None
    where = f"{path}: [thermometer]"
    if not isinstance(table, dict) or not isinstance(table.get("driver"), str):
        raise ConfigError(f'{where}: key "driver" is missing; write driver = "…"')
    settings = dict(table)
    driver, correction = settings.pop("driver"), settings.pop("correction", {})
    if not isinstance(correction, dict):
        raise ConfigError(f"{where}: [correction] must be a table")
    return ThermometerConfig(driver, bind(Correction, correction, roots, f"{where}: [correction]"), settings)


def _check(config: GateConfig, where: str) -> None:
    try:
        ZoneInfo(config.checkpoint.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f'{where}: [checkpoint] time_zone "{config.checkpoint.time_zone}" is unknown; write e.g. "Asia/Shanghai"'
        ) from None
    if config.status.file is None and config.status.lookup is None:
        raise ConfigError(f"{where}: [status] says nowhere where records come from; write file or [status.lookup]")
    margin = 0 if config.status.lookup is None else HELD_MARGIN_MS
    waits = (config.status.deadline_ms, config.journal.commit_limit_ms)
    measuring = 0 if config.thermometer is None else int(LONGEST_S * 1000)  # while the sources are asked
    if min(waits) < 1 or max(waits[0] + margin, measuring) + waits[1] > MOST_WAIT_MS:
        raise ConfigError(
            f"{where}: [status] deadline_ms and [journal] commit_limit_ms must be at least 1 each and at most "
            f"{MOST_WAIT_MS - margin} together: a person gets an answer within 3 s"
        )
    if not 0 <= config.voice.lead_in_ms <= MOST_LEAD_IN_MS:
        raise ConfigError(f"{where}: [voice] lead_in_ms must be 0 to {MOST_LEAD_IN_MS}")
    if config.thermometer is not None and any(reader.name == THERMOMETER for reader in config.readers):
        raise ConfigError(
            f'{where}: a reader is named "{THERMOMETER}", as the thermometer; give each a name of its own'
        )
    _check_signed(config, where)
    if config.demo is not None and config.demo.clock.tzinfo is None:
        raise ConfigError(f"{where}: [demo] clock has no time zone; write e.g. 2021-06-20T08:00:00+08:00")


def _check_signed(config: GateConfig, where: str) -> None:
    rules, trust = config.rules, config.trust
    names = [path.name for path in rules.sets]
    if rules.from_bundle:
        if names or rules.orders is not None:
            raise ConfigError(
                f"{where}: [rules] from_bundle means that rule sets and orders come in the signed bundle; "
                f"remove sets and orders, or from_bundle"
            )
    elif not names or len(set(names)) < len(names):
        raise ConfigError(f"{where}: [rules] sets needs at least one file, and each a name of its own")
    if (trust.bundle is None) == (trust.server is None):
        raise ConfigError(f"{where}: [trust] needs bundle = … or a table [trust.server], one of the two")
    if trust.server is not None and trust.server.every_minutes < 1:
        raise ConfigError(f"{where}: [trust.server] every_minutes must be at least 1")
