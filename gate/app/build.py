"""Puts a gate together from its configuration. One broken part is named and left out; the rest goes to work."""

from __future__ import annotations

import functools
import importlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from drivers import DRIVERS
from drivers.barrier import BARRIERS
from gate.app import clock_watch, thermometer
from gate.app.clock_watch import ClockWatch
from gate.app.files import read_bounded
from gate.app.judge import Judge
from gate.app.logs import line
from gate.app.reader_pins import ReaderPins
from gate.app.records import sources
from gate.app.rule_files import BundleRules, LocalFiles
from gate.app.rule_slot import RuleSlot
from gate.app.service import LaneService
from gate.app.trust_slot import TrustSlot
from gate.clock import Clock, DemoClock, SystemClock, WatchedClock
from gate.config_bind import Roots, bind
from gate.credentials import social_security
from gate.credentials.iso7816 import RecordedDialogue
from gate.errors import ConfigError, RuleSetError
from gate.journal.store import Journal
from gate.kiosk.server import KioskServer, KioskSettings
from gate.kiosk.state import StatusFlag
from gate.model import Direction
from gate.pseudonym import load_or_make_key
from gate.rules.eu_rules import EuRules
from voice import phrases
from voice.pack import BUNDLED, Pack
from voice.speaker import Settings, Speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from drivers import Driver
    from drivers.barrier import Barrier
    from gate.config import GateConfig
    from gate.config_devices import ReaderConfig
    from gate.net.client import Client
    from gate.status.permits import PermitList
    from gate.trust.bundle import Bundle
    from voice.phrases import Catalogue

log = logging.getLogger("gate")


@dataclass(frozen=True, slots=True)
class Gate:
    """One device, ready to run."""

    service: LaneService
    rules: RuleSlot
    rules_in_bundle: bool
    """They are refreshed with the bundle, in its thread."""
    trust: TrustSlot
    kiosk: KioskServer
    journal: Journal
    permits: PermitList | None
    clients: tuple[Client, ...]
    speaker: Speaker
    drivers: tuple[Driver, ...]
    barrier: Barrier | None
    clock_watch: ClockWatch | None


def build(config: GateConfig, roots: Roots) -> Gate:
    """Open everything that a gate needs.

    Raises:
        ConfigError: the configuration names something that does not exist at all (driver, language, port).
        JournalError: nothing can be recorded, so nothing can be let in; better not to start than to pretend.
    """
    clock: Clock = DemoClock(config.demo.clock) if config.demo is not None else clock_watch.watched(roots.state)
    rules, take_rules = rules_of(config, roots, clock)
    trust = TrustSlot(config.trust, roots.state, clock, take_rules)
    catalogue = phrases.load(_languages(config))
    kiosk = KioskServer(_kiosk_settings(config), {tag: catalogue.ui[tag] for tag in config.kiosk.languages})
    journal = Journal(config.journal.path)
    journal.open()
    if journal.set_aside is not None:
        log.error(line("journal-damaged", set_aside=journal.set_aside.name))
    speaker = _speaker(config, roots, phrases.load(config.voice.languages), kiosk)
    key = load_or_make_key(config.status.key)
    found = sources(config.status, key, kiosk, clock.heard)
    measures, of_thermometer = thermometer.fit(config.thermometer, roots)
    judge = Judge(
        checkpoint=config.checkpoint,
        directions={reader.name: reader.direction for reader in config.readers if reader.direction is not None},
        rules=rules,
        certificate_rules=_certificate_rules(config.rules.certificate_rules),
        certificate_country=config.rules.certificate_country,
        trust=trust,
        status=found.status,
        gateway=found.gateway,
        history=journal,
        status_deadline_s=found.deadline_s,
        key=key,
        thermometer=measures,
    )
    opens = barrier(config, roots)
    service = LaneService(
        judge=judge,
        journal=journal,
        commit_limit_s=config.journal.commit_limit_ms / 1000,
        voice=speaker,
        screen=kiosk,
        texts=catalogue.texts,
        clock=clock,
        marks=("demo",) if config.demo is not None else (),
        barrier=opens,
    )
    watch = ClockWatch(clock, roots.state, kiosk, found.witness) if isinstance(clock, WatchedClock) else None
    drivers = (*(driver(reader, roots) for reader in config.readers), *of_thermometer)
    return Gate(
        service=service,
        rules=rules,
        rules_in_bundle=config.rules.from_bundle,
        trust=trust,
        kiosk=kiosk,
        journal=journal,
        permits=found.permits,
        clients=found.clients,
        speaker=speaker,
        drivers=drivers,
        barrier=opens,
        clock_watch=watch,
    )


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


def _speaker(config: GateConfig, roots: Roots, catalogue: Catalogue, kiosk: KioskServer) -> Speaker:
    pack = Pack.open((*config.voice.packs, BUNDLED), catalogue)
    for problem in pack.problems:
        log.warning(line("voice-pack", problem=problem))
    spill = config.voice.fallback or roots.state
    try:
        spill.mkdir(parents=True, exist_ok=True)
    except OSError as fault:  # it matters only where there is no sound card either
        log.warning(line("voice-fallback", folder=str(spill), why=str(fault)))
    return Speaker(
        pack,
        Settings(languages=config.voice.languages, lead_in_ms=config.voice.lead_in_ms),
        spill,
        on_fault=lambda fault: kiosk.set_status(StatusFlag.SOUND_OFF, on=fault is not None),
    )


def rules_of(config: GateConfig, roots: Roots, clock: Clock) -> tuple[RuleSlot, Callable[[Bundle], None] | None]:
    """The rules, and what is to be told of a new bundle where they come in bundles."""
    if not config.rules.from_bundle:
        return RuleSlot(LocalFiles(config.rules.sets, config.rules.orders, roots.state), clock), None
    files = BundleRules(config.trust.root, roots.state)
    rules = RuleSlot(files, clock)

    def take(found: Bundle) -> None:
        files.give(found)
        rules.refresh()

    return rules, take


def clock_of(config: GateConfig) -> Clock:
    """The clock that a command goes by."""
    return DemoClock(config.demo.clock) if config.demo is not None else SystemClock()


def _languages(config: GateConfig) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*config.kiosk.languages, *config.voice.languages)))


def _kiosk_settings(config: GateConfig) -> KioskSettings:
    demo = config.demo
    return KioskSettings(
        config.kiosk.host,
        config.kiosk.port,
        config.kiosk.languages,
        demo=demo is not None,
        panel_url=demo.panel if demo is not None else None,
    )


def _certificate_rules(path: Path) -> EuRules:
    try:
        return EuRules.from_json(_json(path))
    except (OSError, ValueError, RecursionError, RuleSetError) as fault:
        log.error(line("certificate-rules-refused", file=path.name, why=str(fault)))
        return EuRules(())  # no rule applies then, and every certificate is referred


def _json(path: Path) -> list[Any]:
    return msgspec.json.decode(read_bounded(path), type=list[Any])
