"""Rule sets and orders that come in the signed bundle: taken with it, each for itself, and good across restarts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from trust_bundles import FILES, contents, installed, write
from vectors import ROOT

from gate.app.rule_files import LAST_GOOD, PLACES, BundleRules
from gate.app.rule_slot import RuleSlot
from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

    from gate.trust.bundle import Bundle


STATION: dict[str, Any] = json.loads((ROOT / "config/rules/station-48h.json").read_text(encoding="utf-8"))


def rules(**changes: Any) -> bytes:
    return json.dumps(STATION | changes).encode()


def orders(*identifiers: str) -> bytes:
    now = datetime.now(UTC)
    times = {"issued_at": -1, "valid_from": -1, "valid_to": 1}
    common = {
        "kind": "grace",
        **{key: (now + timedelta(hours=hours)).isoformat() for key, hours in times.items()},
        "profiles": ["station"],
        "parameters": {"min_doses": 1},
        "Description": [{"lang": "zh-CN", "desc": "宽限。"}, {"lang": "en", "desc": "Grace."}],
    }
    return json.dumps([{"id": identifier, **common} for identifier in identifiers]).encode()


class Station:
    """A gate whose rules come in its bundle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bundles = 0
        self.give(**{"a.json": rules(version=3)})
        self.start()

    def give(self, **files: bytes) -> None:
        self.bundles += 1
        installed(self.folder, contents(self.bundles, FILES, others={"rules": files}))

    def start(self) -> None:
        state = self.folder / "state"
        files = BundleRules(self.folder / "root.json", state)
        self.rules = RuleSlot(files, SystemClock())

        def take(found: Bundle) -> None:
            files.give(found)
            self.rules.refresh()

        self.trust = TrustSlot(installed(self.folder, {}), state, SystemClock(), take)

    def next(self, **files: bytes) -> str | None:
        """Which rules are in force once such a bundle was given."""
        self.give(**files)
        self.trust.refresh()
        return self.in_force

    @property
    def in_force(self) -> str | None:
        found = self.rules.at(SystemClock().moment())
        return None if found is None else f"{found.id}@{found.version}"

    @property
    def orders(self) -> list[str]:
        return [order.id for order in self.rules.orders]


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def test_rules_are_those_of_the_bundle(station: Station) -> None:
    assert station.in_force == "station-48h@3"
    assert station.next(**{"a.json": rules(version=4)}) == "station-48h@4"
    station.start()
    assert station.in_force == "station-48h@4"


def test_a_bad_rule_set_is_refused_alone_and_the_rest_of_the_bundle_is_used(station: Station) -> None:
    later = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert station.next(**{"a.json": rules(version=4, rules=[])}) == "station-48h@3"
    assert station.trust.state.name == "trust@2", "whom to believe is known all the same"
    station.start()
    assert station.in_force == "station-48h@3", "and after a restart"
    assert station.next(**{"a.json": b"{", "b.json": rules(id="other", version=1, valid_from=later)}) == "other@1"


def test_an_older_rule_set_in_a_newer_bundle_is_refused(station: Station) -> None:
    assert station.next(**{"a.json": rules(version=2)}) == "station-48h@3"
    station.start()
    assert station.in_force == "station-48h@3"


def test_a_rule_set_that_a_newer_bundle_leaves_out_is_gone_unless_nothing_else_is_in_force(
    station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert station.next(**{"b.json": rules(id="other", version=1, valid_from=yesterday)}) == "other@1"
    assert station.next(**{"c.json": rules(version=9, valid_from=tomorrow)}) == "other@1"
    assert "rule-sets-gone" in caplog.text
    assert station.next() == "other@1", "no rules at all are no order to let nobody in"


def test_orders_come_and_go_with_the_bundle(station: Station) -> None:
    good = {"a.json": rules(version=3)}
    station.next(**good, **{"orders.json": orders("LAB-1")})
    assert station.orders == ["LAB-1"]
    station.next(**good, **{"orders.json": b"{"})
    assert station.orders == ["LAB-1"], "a bad file cancels nothing"
    station.start()
    assert station.orders == ["LAB-1"]
    station.next(**good)
    assert station.orders == []
    station.start()
    assert station.orders == []


def test_what_was_good_last_is_believed_for_its_signatures_only(station: Station, tmp_path: Path) -> None:
    station.next(**{"a.json": b"{"})
    place = tmp_path / "state" / LAST_GOOD / PLACES[0]
    kept = place / "rules/a.json"
    kept.write_bytes(kept.read_bytes().replace(b"172800", b"999999"))
    station.start()
    assert station.in_force is None, "whoever can only write to the disk makes no rules"
    write(place, {"rules/a.json": rules(version=3)})
    station.start()
    assert station.in_force == "station-48h@3"
