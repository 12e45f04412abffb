"""``gate run --check-config``: everything that the configuration names, tried without serving anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ParamSpec

import msgspec

from gate.app import rule_files, status_lists, thermometer, trust_slot
from gate.app.build import clock_of
from gate.app.devices import barrier, driver
from gate.app.fleet.key import load_key
from gate.errors import ConfigError, GateError
from gate.files import read_bounded
from gate.net.client import Client
from gate.pseudonym import load_or_make_key
from gate.rules import orders, ruleset
from gate.rules.eu_rules import EuRules
from gate.status.file import StatusFile
from gate.status.permit_store import PermitListReader
from gate.trust.bundle import RULES
from gate.webserver import require_loopback, require_port
from voice import phrases
from voice.pack import BUNDLED, Pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gate.config import FleetConfig, GateConfig, LookupConfig
    from gate.config_bind import Roots

P = ParamSpec("P")


def faults(config: GateConfig, roots: Roots) -> Iterator[str]:
    """One sentence for each thing that would not work; none: the gate can go to work.

    What may still come (records, whom to believe) is named too: without it people are referred, but the gate starts. Of
    orders that were never given nothing is said.
    """
    yield from dict.fromkeys((*fitting(config, roots), *_opening(config, roots)))  # a bad pin is seen by both


def _opening(config: GateConfig, roots: Roots) -> Iterator[str]:
    yield from _rules(config, roots)
    yield from _people(config)
    if config.fleet is not None:
        yield from _tried("[fleet] ", _fleet, config.fleet)
    yield from Pack.open((*config.voice.packs, BUNDLED), phrases.load(phrases.available())).problems


def fitting(config: GateConfig, roots: Roots) -> Iterator[str]:
    """Those of them that show on any machine, also where the gate itself is elsewhere: nothing is opened."""
    yield from _devices(config, roots)
    yield from _tried("", require_loopback, config.kiosk.host, "kiosk")
    yield from _tried("", require_port, config.kiosk.port, "kiosk")
    for languages in (config.kiosk.languages, config.voice.languages):
        yield from _tried("", phrases.load, languages)
    if config.fleet is not None:
        yield from _tried("[fleet] ", config.fleet.trust)
    if config.status.lookup is not None:
        yield from _tried("[status.lookup] ", config.status.lookup.trust)


def _devices(config: GateConfig, roots: Roots) -> Iterator[str]:
    for reader in config.readers:
        yield from _tried("", driver, reader, roots)
    if not config.readers:
        yield "there is no reader; write [[readers]] with name and driver"
    yield from _tried("", thermometer.fit, config.thermometer, roots)
    yield from _tried("", barrier, config, roots)


def _rules(config: GateConfig, roots: Roots) -> Iterator[str]:
    for path in config.rules.sets:
        yield from _tried(f"{path}: ", _rule_set, path)
    yield from _tried(f"{config.rules.certificate_rules}: ", _certificate_rules, config.rules.certificate_rules)
    yield from trust_slot.faults(config.trust, roots.state, clock_of(config), config.device)
    if config.rules.from_bundle:
        yield from _tried("[rules] from_bundle: ", _rules_in_bundle, config, roots)
    if config.rules.orders is not None and config.rules.orders.exists():
        yield from _tried(f"{config.rules.orders}: ", _orders, config.rules.orders)


def _people(config: GateConfig) -> Iterator[str]:
    if config.status.file is not None:
        yield from _tried("", StatusFile.open, config.status.file)
    if config.status.lookup is not None:
        yield from _tried("[status.lookup] ", _lookup, config.status.lookup)
    if config.status.permits is not None:
        yield from _tried("", _permits, config.status.permits, config.status.key)
    yield from _tried("", status_lists.check, config.status)


def _rule_set(path: Path) -> object:
    return ruleset.load(read_bounded(path))


def _rules_in_bundle(config: GateConfig, roots: Roots) -> None:
    rule_files.check(trust_slot.held(config.trust, roots.state, config.device).others.get(RULES, {}))


def _certificate_rules(path: Path) -> object:
    return EuRules.from_json(msgspec.json.decode(read_bounded(path), type=list[Any]))


def _orders(path: Path) -> object:
    return orders.load(read_bounded(path))


def _lookup(config: LookupConfig) -> None:
    Client(config.url, config.trust()).close()


def _permits(path: Path, key: Path) -> None:
    if not key.exists():  # nothing is made here
        raise ConfigError(f"{key}: there is no key yet, so no list of permits; make one: gate permits import LIST.csv")
    PermitListReader(path, load_or_make_key(key)).close()


def _fleet(config: FleetConfig) -> None:
    Client(config.url, config.trust())
    load_key(config.key)


def _tried(where: str, attempt: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Iterator[str]:
    try:
        attempt(*args, **kwargs)
    except (GateError, OSError, ValueError, RecursionError) as fault:
        yield f"{where}{fault}"
