"""Puts a gate together from its configuration. One broken part is named and left out; the rest goes to work."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from gate.app import clock_watch, status_lists, thermometer
from gate.app.clock_watch import ClockWatch
from gate.app.devices import barrier, driver
from gate.app.fleet.commands import Able
from gate.app.fleet.devices import Devices
from gate.app.fleet.kept import keys
from gate.app.fleet.link import fleet, tokens_of
from gate.app.fleet.vitals import Vitals
from gate.app.gate import Gate
from gate.app.judge import Judge
from gate.app.logs import line
from gate.app.personal import LEASE_OVER, WHY, Personal, lease_on, lists
from gate.app.questions import questions
from gate.app.records import nobody, sources
from gate.app.rule_files import BundleRules, LocalFiles
from gate.app.rule_slot import RuleSlot
from gate.app.service import LaneService
from gate.app.trust_slot import TrustSlot
from gate.clock import Clock, DemoClock, SystemClock, WatchedClock
from gate.errors import RuleSetError
from gate.files import read_bounded
from gate.journal.retention import Keep, Retention
from gate.journal.store import Journal
from gate.kiosk.server import KioskServer, KioskSettings
from gate.kiosk.state import StatusFlag
from gate.lease import erase
from gate.pseudonym import load_or_make_key, throwaway_key
from gate.rules.eu_rules import EuRules
from gate.wire.commands import CommandKind
from voice import phrases
from voice.pack import BUNDLED, Pack
from voice.speaker import Settings, Speaker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gate.app.records import Sources
    from gate.app.settings.slot import SettingsSlot
    from gate.config import GateConfig
    from gate.config_bind import Roots
    from gate.lease import Lease
    from gate.pseudonym import PseudonymKey
    from gate.trust.bundle import Bundle
    from voice.phrases import Catalogue

log = logging.getLogger("gate")


def build(config: GateConfig, roots: Roots, settings: SettingsSlot | None = None) -> Gate:
    """Open everything that a gate needs.

    Args:
        config: as it is in force.
        roots: what its paths are relative to.
        settings: offered whatever the fleet sets anew.

    Raises:
        ConfigError: the configuration names something that does not exist at all (driver, language, port).
        JournalError: nothing can be recorded, so nothing can be let in; better not to start than to pretend.
    """
    clock: Clock = DemoClock(config.demo.clock) if config.demo is not None else clock_watch.watched(roots.state)
    rules, take_rules = rules_of(config, roots, clock)
    takers = [take for take in (take_rules, None if settings is None else settings.offer) if take is not None]
    trust = TrustSlot(config.trust, roots.state, clock, lambda found: [take(found) for take in takers], config.device)
    catalogue = phrases.load(_languages(config))
    kiosk = KioskServer(_kiosk_settings(config), {tag: catalogue.ui[tag] for tag in config.kiosk.languages})
    keep = Keep(config.journal.keep_days, config.journal.most_mb << 20)
    journal = Journal(config.journal.path, Retention(keep, clock.moment))
    journal.open()
    if journal.set_aside is not None:
        log.error(line("journal-damaged", set_aside=journal.set_aside.name))
    speaker = _speaker(config, roots, phrases.load(config.voice.languages), kiosk)
    lease = lease_on(config, roots.state, lambda: trust.current.lease)
    tokens = tokens_of(config.fleet)
    key, found = _people(config, lease, trust, kiosk, clock, None if tokens is None else tokens.for_gateway)
    personal = Personal(key, found)
    measures, of_thermometer = thermometer.fit(config.thermometer, roots)
    judge = Judge(
        checkpoint=config.checkpoint,
        directions={reader.name: reader.direction for reader in config.readers if reader.direction is not None},
        rules=rules,
        certificate_rules=_certificate_rules(config.rules.certificate_rules),
        certificate_country=config.rules.certificate_country,
        trust=trust,
        status=personal,
        gateway=personal,
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
    read_again = _reading_again(rules if take_rules is None else None, trust, settings)
    vitals = Vitals(
        clock=clock,
        devices=Devices(one.name for one in drivers),
        barrier=None if opens is None else Devices((opens.name,)),
        screen=kiosk,
        rules=rules,
        trust=trust,
        journal=config.journal.path,
        settings=settings,
    )

    def wipe() -> str:
        personal.drop()
        service.mark(LEASE_OVER)
        paths = [*lists(config), *keys(config, roots.state)]
        erase(paths)
        return f"erased: {', '.join(str(path) for path in paths)}"

    orders = {CommandKind.REFRESH: read_again, CommandKind.WIPE: wipe}
    return Gate(
        service=service,
        read_again=read_again,
        trust=trust,
        kiosk=kiosk,
        journal=journal,
        speaker=speaker,
        drivers=drivers,
        barrier=opens,
        clock_watch=watch,
        vitals=vitals,
        fleet=fleet(config, tokens, journal, vitals, Able(orders, questions(config, roots)), lease),
        lease=lease,
        personal=personal,
        settings=settings,
    )


def _people(
    config: GateConfig,
    lease: Lease | None,
    trust: TrustSlot,
    kiosk: KioskServer,
    clock: Clock,
    token: Callable[[], str | None] | None,
) -> tuple[PseudonymKey, Sources]:
    """The key of pseudonyms, and whoever is asked about people."""
    if lease is not None and lease.over:  # what is left of the lists is not opened any more
        return throwaway_key(), nobody(WHY, config.status)
    key = load_or_make_key(config.status.key)
    lists = status_lists.fit(config.status, key, lambda: trust.current.status_signers, clock)
    return key, sources(config.status, key, kiosk, clock.heard, lists, token)


def _reading_again(rules: RuleSlot | None, trust: TrustSlot, settings: SettingsSlot | None) -> Callable[[], None]:
    """What looks for new rules, trust and settings; rules of a bundle, and settings, come with it."""

    def again() -> None:
        if rules is not None:
            rules.refresh()
        trust.ask()
        if settings is not None:
            settings.ask()

    return again


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
