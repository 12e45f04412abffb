"""What somebody may try who is between a gate and its server, or has some of the keys: none of it is ever believed."""

from __future__ import annotations

import datetime as dt
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import tuf.ngclient._internal.trusted_metadata_set as tuf_client
from net_rig import Server
from reliability import Found, note
from trust_bundles import UNTIL, keys, relisted, rotated, signed
from trust_site import Site, WrongClock, held, start, versioned
from tuf.api.metadata import TargetFile

from gate.app.trust_source import STAGING
from gate.clock import SystemClock
from gate.model import Moment
from gate.trust import publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.app.trust_slot import TrustSlot

ROLLBACK = "rollback to an older one"
REPLAY = "wiped cache and an old one replayed"
FREEZE = "freeze: a new one is kept back"
MIXED = "mix and match of several days' parts"
STOLEN = "one of two keys stolen"
REDELEGATED = "a stolen targets key, or a slip of those who sign, gives a role away"
SMUGGLED = "a role lists files of another one"
CLOCK = "clock 400 days back, or 20 years ahead"
RULES = {"rules": {"a.json": b"{}"}, "config": {"gate.toml": b"x = 1"}, "software": {"gate.deb": b"deb"}}


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    with Server(site.serve) as running:
        yield running


@pytest.fixture
def slot(site: Site, server: Server, tmp_path: Path) -> TrustSlot:
    """A gate that uses version 3."""
    site.put(versioned(3))
    found = start(tmp_path, server)
    found.refresh()
    assert held(found) == "v3"
    return found


def refused(slot: TrustSlot, why: str, what: str) -> None:
    """It goes on with what it has, and does not call that fresh; ``what`` somebody tried is taken down."""
    slot.refresh()
    assert held(slot) == "v3"
    assert slot.state.fault is not None
    assert why in slot.state.fault
    assert not slot.state.fresh(Moment(datetime.now(UTC), trusted=True))
    note(Found(f"signed bundle: {what}", 1, remark="The one before is used on."))


def machine_shows(monkeypatch: pytest.MonkeyPatch, wrong_by: timedelta) -> None:
    """Let python-tuf, which asks the machine itself, see such a clock."""

    class Shifted(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Shifted:
            shown = dt.datetime.now(tz) + wrong_by
            return cls.fromtimestamp(shown.timestamp(), tz)

    class Module:
        datetime = Shifted
        timezone = dt.timezone

    monkeypatch.setattr(tuf_client, "datetime", Module)


def test_an_older_bundle_is_refused(site: Site, slot: TrustSlot) -> None:
    site.replace(versioned(2))
    refused(slot, "older", ROLLBACK)


def test_an_old_bundle_in_its_time_is_refused_even_when_all_that_was_fetched_is_gone(
    site: Site, server: Server, slot: TrustSlot, tmp_path: Path
) -> None:
    site.replace(versioned(2))
    shutil.rmtree(tmp_path / "state" / STAGING)
    refused(slot, "timestamp: version 2 is older than 3", REPLAY)
    shutil.rmtree(tmp_path / "state" / STAGING, ignore_errors=True)
    after_a_restart = start(tmp_path, server)
    refused(after_a_restart, "timestamp: version 2 is older than 3", REPLAY)


def test_a_bundle_that_somebody_keeps_back_is_seen_by_its_end(
    site: Site, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = versioned(3)
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    made["timestamp.json"] = publish.renew(made["timestamp.json"], keys().timestamp, soon)
    site.put(made)
    clock = WrongClock(timedelta(0))
    slot = start(tmp_path, server, clock)
    slot.refresh()
    assert slot.state.fresh(clock.moment())
    two_days = timedelta(days=2)
    machine_shows(monkeypatch, two_days)
    later = WrongClock(two_days).moment()
    assert not slot.state.fresh(later), "even before it asks again"
    assert slot.current.overdue(later), "and every record says so"
    refused(slot, "past its end", FREEZE)


def test_parts_of_bundles_of_different_days_do_not_fit(site: Site, slot: TrustSlot) -> None:
    before, after = versioned(3), versioned(4)
    for name in ("snapshot.json", "targets.json", "trust.json"):
        site.replace(after)
        site.files[f"4.{name}"] = before[name]
        refused(slot, "", MIXED)
    online = relisted(after | {"targets.json": versioned(2)["targets.json"]})
    site.replace(online)
    refused(slot, "older", MIXED)


def test_a_new_snapshot_of_old_parts_is_refused_even_when_all_that_was_fetched_is_gone(
    site: Site, slot: TrustSlot, tmp_path: Path
) -> None:
    old = versioned(2)
    mixed = relisted(versioned(4) | {name: old[name] for name in ("trust.json", "trust/value-sets.json")})
    site.replace(mixed)
    shutil.rmtree(tmp_path / "state" / STAGING)
    refused(slot, "trust: version 2 is older than 3", MIXED)


@pytest.mark.parametrize("role", ["targets", "trust", "rules", "config", "software"])
def test_one_of_two_keys_is_not_enough_even_with_those_that_lie_on_servers(
    role: str, site: Site, slot: TrustSlot
) -> None:
    made = versioned(4, others=RULES)
    made[f"{role}.json"] = signed(made[f"{role}.json"], getattr(keys(), role)[:1])
    site.replace(relisted(made))
    refused(slot, "not signed by enough", STOLEN)


def test_one_of_two_root_keys_makes_no_root(site: Site, slot: TrustSlot) -> None:
    thief = keys("thief")
    newer = signed(publish.make_root(thief, UNTIL, 2), (*keys().root[:1], *thief.root))
    site.replace(publish.make_bundle({}, thief, 9, UNTIL) | {"2.root.json": newer})
    refused(slot, "not signed by enough", STOLEN)


@pytest.mark.parametrize("role", ["trust", "rules"])
def test_a_targets_key_alone_gives_a_role_to_nobody(role: str, site: Site, slot: TrustSlot) -> None:
    thief = keys("thief")
    made = publish.make_bundle({}, rotated(**{role: getattr(thief, role)}), 4, UNTIL, RULES)
    made["targets.json"] = signed(made["targets.json"], keys().targets[:1])
    site.replace(relisted(made))
    refused(slot, "not signed by enough", REDELEGATED)


def test_a_root_by_which_one_targets_key_is_enough_is_refused_though_python_tuf_takes_it(
    site: Site, slot: TrustSlot
) -> None:
    """Signed by both root keys: an accident of whoever keeps them, which one stolen key later makes use of."""

    def lowered(found: dict[str, Any]) -> None:
        found["roles"]["targets"]["threshold"] = 1

    thief = keys("thief")
    made = publish.make_bundle({}, rotated(trust=thief.trust), 4, UNTIL)
    made["targets.json"] = signed(made["targets.json"], keys().targets[:1])
    newer = signed(publish.make_root(keys(), UNTIL, 2), keys().root, lowered)
    site.replace(relisted(made) | {"2.root.json": newer})
    refused(slot, "one stolen key would be enough", REDELEGATED)


@pytest.mark.parametrize("role", ["trust", "rules", "config", "software"])
def test_a_delegation_that_one_key_fulfils_is_refused_though_python_tuf_takes_it(
    role: str, site: Site, slot: TrustSlot
) -> None:
    def lowered(found: dict[str, Any]) -> None:
        for delegated in found["delegations"]["roles"]:
            if delegated["name"] == role:
                delegated["threshold"] = 1

    made = versioned(4, others=RULES)
    made["targets.json"] = signed(made["targets.json"], keys().targets, lowered)
    site.replace(relisted(made))
    refused(slot, f"{role}: one stolen key would be enough", REDELEGATED)


@pytest.mark.parametrize("role", ["rules", "config", "software"])
@pytest.mark.parametrize("into", ["trust", "rules", "config", "software"])
def test_no_role_puts_files_among_those_of_another(role: str, into: str, site: Site, slot: TrustSlot) -> None:
    if role == into:
        return
    made = versioned(4, others=RULES)
    smuggled = f"{into}/anchors.json"
    data = b'{"anchors": []}'
    lists = TargetFile.from_data(smuggled, data).to_dict()

    def listed(found: dict[str, Any]) -> None:
        found["targets"][smuggled] = lists

    def delegated(found: dict[str, Any]) -> None:
        for delegation in found["delegations"]["roles"]:
            if delegation["name"] == role:
                delegation["paths"].append(f"{into}/*")

    made[f"{role}.json"] = signed(made[f"{role}.json"], getattr(keys(), role), listed)
    site.replace(relisted(made | {smuggled: data}))
    refused(slot, f"{role}: lists a file that is not its own", SMUGGLED)
    made["targets.json"] = signed(made["targets.json"], keys().targets, delegated)
    site.replace(relisted(made | {smuggled: data}))
    refused(slot, "", SMUGGLED)


def test_who_delegates_lists_no_files_of_a_role(site: Site, slot: TrustSlot) -> None:
    """python-tuf looks there first; here only the role itself says what its files are."""

    def listed(found: dict[str, Any]) -> None:
        found["targets"]["trust/value-sets.json"] = {"length": 10**12, "hashes": {"sha256": "0" * 64}}

    made = versioned(4)
    made["targets.json"] = signed(made["targets.json"], keys().targets, listed)
    site.replace(relisted(made))
    refused(slot, "trust/value-sets.json: is missing", SMUGGLED)


def test_a_delegated_role_that_the_snapshot_leaves_out_is_missed(site: Site, slot: TrustSlot) -> None:
    made = versioned(4, others=RULES)
    del made["rules.json"]
    site.replace(relisted(made))
    refused(slot, "", MIXED)


def test_a_role_that_was_away_comes_back_no_older(site: Site, slot: TrustSlot, tmp_path: Path) -> None:
    site.replace(versioned(4, "v3", others=RULES))
    slot.refresh()
    site.replace(versioned(5, "v3"))
    shutil.rmtree(tmp_path / "state" / STAGING)  # python-tuf does not let a role go
    slot.refresh()
    assert slot.state.fault is None
    old = versioned(3, others=RULES)
    site.replace(relisted(versioned(6, others=RULES) | {"rules.json": old["rules.json"]}))
    shutil.rmtree(tmp_path / "state" / STAGING)
    refused(slot, "rules: version 3 is older than 4", ROLLBACK)


def test_a_clock_set_back_brings_no_old_bundle_back(
    site: Site, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """python-tuf takes what was in its time 400 days ago; the floors of versions and of time are the gate's own."""
    ago = datetime.now(UTC).replace(microsecond=0) - timedelta(days=390)
    old = publish.make_bundle({"value-sets.json": b'{"old": []}'}, keys(), 2, ago)
    site.put(versioned(3))
    start(tmp_path, server).refresh()
    machine_shows(monkeypatch, timedelta(days=-400))
    clock = WrongClock(timedelta(days=-400))
    slot = start(tmp_path, server, clock)
    site.replace(old)
    shutil.rmtree(tmp_path / "state" / STAGING)
    refused(slot, "timestamp: version 2 is older than 3", CLOCK)
    assert not clock.moment().trusted
    site.replace(versioned(3))
    slot.refresh()
    assert not slot.state.fresh(clock.moment())


def test_a_clock_far_ahead_stops_nothing(
    server: Server, slot: TrustSlot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine_shows(monkeypatch, timedelta(days=365 * 20))
    refused(slot, "past its end", CLOCK)
    monkeypatch.undo()
    assert held(start(tmp_path, server, SystemClock())) == "v3"
    slot.refresh()
    assert slot.state.fault is None, "and once the clock is right again, nothing of it is left"
