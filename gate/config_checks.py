"""What must fit together in a configuration, section by section."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gate.config_devices import THERMOMETER
from gate.errors import ConfigError
from gate.rules.temperature import LONGEST_S

if TYPE_CHECKING:
    from gate.config import GateConfig

MOST_WAIT_MS: Final = 2500
HELD_MARGIN_MS: Final = 200
"""What is held here is still heard where the gateway took all of its time."""
MOST_LEAD_IN_MS: Final = 2000
LEAST_JOURNAL_MB: Final = 16
MOST_LEASE_HOURS: Final = 720
DEVICE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def check(config: GateConfig, where: str) -> None:
    """Refuse what can't work.

    Args:
        config: of all sections.
        where: the file, for messages.

    Raises:
        ConfigError: it says which key, and what to write.
    """
    for check_section in (_place, _rules, _trust, _waits, _journal, _devices, _fleet, _demo):
        check_section(config, where)


def _place(config: GateConfig, where: str) -> None:
    try:
        ZoneInfo(config.checkpoint.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f'{where}: [checkpoint] time_zone "{config.checkpoint.time_zone}" is unknown; write e.g. "Asia/Shanghai"'
        ) from None


def _rules(config: GateConfig, where: str) -> None:
    rules = config.rules
    names = [path.name for path in rules.sets]
    if rules.from_bundle:
        if names or rules.orders is not None:
            raise ConfigError(
                f"{where}: [rules] from_bundle means that rule sets and orders come in the signed bundle; "
                f"remove sets and orders, or from_bundle"
            )
    elif not names or len(set(names)) < len(names):
        raise ConfigError(f"{where}: [rules] sets needs at least one file, and each a name of its own")


def _trust(config: GateConfig, where: str) -> None:
    trust = config.trust
    if (trust.bundle is None) == (trust.server is None):
        raise ConfigError(f"{where}: [trust] needs bundle = … or a table [trust.server], one of the two")
    if trust.server is not None and trust.server.every_minutes < 1:
        raise ConfigError(f"{where}: [trust.server] every_minutes must be at least 1")


def _waits(config: GateConfig, where: str) -> None:
    """Everybody has an answer in time (DESIGN invariant 2)."""
    status = config.status
    if not any((status.file, status.lookup, status.exceptions, status.city)):
        raise ConfigError(f"{where}: [status] says nowhere where records come from; write file or [status.lookup]")
    margin = 0 if config.status.lookup is None else HELD_MARGIN_MS
    waits = (config.status.deadline_ms, config.journal.commit_limit_ms)
    measuring = 0 if config.thermometer is None else int(LONGEST_S * 1000)  # while the sources are asked
    if min(waits) < 1 or max(waits[0] + margin, measuring) + waits[1] > MOST_WAIT_MS:
        raise ConfigError(
            f"{where}: [status] deadline_ms and [journal] commit_limit_ms must be at least 1 each and at most "
            f"{MOST_WAIT_MS - margin} together: a person gets an answer within 3 s"
        )


def _journal(config: GateConfig, where: str) -> None:
    if config.journal.keep_days < 1 or config.journal.most_mb < LEAST_JOURNAL_MB:
        raise ConfigError(f"{where}: [journal] keep_days must be at least 1, and most_mb at least {LEAST_JOURNAL_MB}")


def _devices(config: GateConfig, where: str) -> None:
    if not 0 <= config.voice.lead_in_ms <= MOST_LEAD_IN_MS:
        raise ConfigError(f"{where}: [voice] lead_in_ms must be 0 to {MOST_LEAD_IN_MS}")
    if config.thermometer is not None and any(reader.name == THERMOMETER for reader in config.readers):
        raise ConfigError(
            f'{where}: a reader is named "{THERMOMETER}", as the thermometer; give each a name of its own'
        )


def _fleet(config: GateConfig, where: str) -> None:
    if config.fleet is None:
        return
    if not DEVICE_ID.fullmatch(config.fleet.device):
        raise ConfigError(
            f'{where}: [fleet] device "{config.fleet.device}" is none; write letters, digits, ".", "_" and "-"'
        )
    if not 1 <= config.fleet.lease_hours <= MOST_LEASE_HOURS:
        raise ConfigError(f"{where}: [fleet] lease_hours must be 1 to {MOST_LEASE_HOURS}")


def _demo(config: GateConfig, where: str) -> None:
    if config.demo is not None and config.demo.clock.tzinfo is None:
        raise ConfigError(f"{where}: [demo] clock has no time zone; write e.g. 2021-06-20T08:00:00+08:00")
