"""A signed bundle goes to one gate, its site, a few rings and all; and back by itself where a gate falls sick of it."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from static_site import RingGate, named, served
from trust_bundles import FILES, UNTIL, contents, keys, root, signed, write

from fleet.errors import FleetError
from fleet.publishing.command import main
from fleet.publishing.rings import SOAK, Stage
from fleet.publishing.site import Site
from fleet.publishing.worker import step
from gate.trust.publish import renew
from gate.wire.heartbeat import Clock, Device, Heartbeat, Held, Journal, KeyTier
from gate.wire.message import encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from fleet_rig import FleetServer

NUMBERS = itertools.count()


class City:
    """Five gates: two of one site, and one in a low, a middle and a high ring; a site's folder, a clock of its own."""

    def __init__(self, server: FleetServer, base: str, folder: Path) -> None:
        self.server, self.folder, self.site = server, folder, folder / "site"
        self.now = datetime.now(UTC)
        self.audited = server.sql("SELECT coalesce(max(id), 0) FROM audit")[0][0]
        run = f"p{next(NUMBERS)}"
        names = [
            *(named(25, 100, f"{run}-{which}") for which in ("pilot", "beside")),
            *(named(low, high, f"{run}-ring") for low, high in ((0, 5), (5, 25), (25, 100))),
        ]
        self.pilot = names[0]
        self.gates = {name: RingGate(name, base, folder / name) for name in names}
        for number, name in enumerate(names):
            server.enrolled(name, f"{run}-site" if number < 2 else f"{run}-elsewhere-{number}")

    def bundle(self, version: int, says: str, **changes: Any) -> Path:
        """A signed bundle in a folder."""
        files = {**FILES, "value-sets.json": b'{"%s": []}' % says.encode()}
        return write(self.folder / f"bundle-{next(NUMBERS)}", contents(version, files, **changes))

    def publish(self, release: Path, back: Path | None, *more: str) -> None:
        (self.folder / "root.json").write_bytes(root())
        way = [] if back is None else ["--back", str(back)]
        main([str(release), *way, "--site", str(self.site), "--root", str(self.folder / "root.json"), *more])
        self.server.sql("UPDATE rollouts SET began_at = %s WHERE state = 'running'", self.now)

    def published(self) -> None:
        """Version 1 is with everybody who asks."""
        self.publish(self.bundle(1, "old"), None, "--at-once")
        self.work()
        self.server.sql("UPDATE rollouts SET state = 'done'")

    def begin(self) -> None:
        """Everybody has version 1; version 2 and its way back are on their way."""
        self.publish(self.bundle(1, "old"), None, "--at-once")
        self.settle()
        assert self.state() == ("all", "done", "")
        self.publish(self.bundle(2, "new"), self.bundle(3, "old"), "--pilot", self.pilot)

    def fetch(self) -> list[str | None]:
        return [gate.fetch() for gate in self.gates.values()]

    def beats(self, **sick: Mapping[str, Any]) -> None:
        """Each gate tells what it holds; those that are named are changed, or say nothing."""
        for name, gate in self.gates.items():
            if (changes := sick.get(name.split("-")[1], {})) is not None:
                self.told(name, {"trust": Held(gate.fetch() or "none@0"), **changes})

    def told(self, name: str, changes: Mapping[str, Any]) -> None:
        beat = {
            "device": name,
            "software": "0.5.0",
            "uptime_s": 60,
            "clock": Clock(self.now, trusted=True),
            "readers": (Device("id-reader"),),
            "rules": Held("station-48h@1", due_s=3600),
            "journal": Journal(0, 0, 0),
            "key_tier": KeyTier.FILE,
        }
        self.server.sql(
            "INSERT INTO reports (device_id, seen_at, heartbeat) SELECT id, %s, %s FROM devices WHERE name = %s"
            " ON CONFLICT (device_id) DO UPDATE SET seen_at = excluded.seen_at, heartbeat = excluded.heartbeat",
            self.now,
            encode(Heartbeat(**{**beat, **changes})),
            name,
        )

    def settle(self, lasted: timedelta = timedelta(seconds=10), **sick: Any) -> None:
        """Time goes by; the gates fetch and tell, and the worker looks."""
        self.work()
        self.now += lasted
        self.beats(**sick)
        self.work()

    def work(self) -> None:
        while step(Site(self.site), self.now):
            pass

    def work_apart(self) -> None:
        """The same in another thread, with a connection of its own."""
        from django.db import connection  # noqa: PLC0415 - Django is set up by the fixture

        self.work()
        connection.close()

    def state(self) -> tuple[Any, ...]:
        return self.server.sql("SELECT stage, state, why FROM rollouts ORDER BY id DESC LIMIT 1")[0]

    def audit(self) -> list[str]:
        """What became of version 2, in this test."""
        found = self.server.sql(
            "SELECT what FROM audit WHERE subject = 'trust@2' AND id > %s ORDER BY id", self.audited
        )
        return [what.removeprefix("rollout ") for (what,) in found]


@pytest.fixture
def city(fleet_server: FleetServer, tmp_path: Path) -> Iterator[City]:
    """The only gates that there are."""
    others = fleet_server.sql("UPDATE devices SET state = 'revoked' WHERE state = 'active' RETURNING id")
    fleet_server.sql("DELETE FROM rollouts")
    with served(tmp_path / "site") as base:
        found = City(fleet_server, base, tmp_path)
        yield found
    fleet_server.sql("DELETE FROM rollouts")
    fleet_server.sql("UPDATE devices SET state = 'revoked' WHERE name = ANY(%s)", list(found.gates))
    fleet_server.sql("UPDATE devices SET state = 'active' WHERE id = ANY(%s)", [id_ for (id_,) in others])


def test_it_goes_to_one_gate_its_site_few_many_and_all(city: City) -> None:
    city.begin()
    seen = []
    for stage in Stage:
        assert city.state() == (stage, "running", "")
        city.settle(timedelta(minutes=1))
        seen.append(city.fetch())
        city.settle(SOAK[stage])
    assert [sum(one == "trust@2" for one in fetched) for fetched in seen] == [1, 2, 3, 4, 5]
    assert city.state() == ("all", "done", "")
    assert city.fetch() == ["trust@2"] * 5
    assert {gate.content for gate in city.gates.values()} == {"new"}
    assert not list((city.site / "rings").glob("gate-*"))
    assert city.audit() == ["begun", *["goes on"] * 4, "done"]


@pytest.mark.parametrize(
    "sick",
    [{"readers": (Device("id-reader", 9),)}, {"clock": Clock(datetime(2021, 1, 1, tzinfo=UTC), trusted=False)}, None],
)
def test_a_sick_gate_stops_it_and_all_that_had_it_go_back(city: City, sick: Any) -> None:
    city.begin()
    city.settle(SOAK[Stage.GATE])
    assert city.state() == ("site", "running", "")
    city.settle(timedelta(minutes=6), beside=sick)
    assert city.state() == ("site", "back", "sick")
    assert city.audit() == ["begun", "goes on", "goes back"]
    city.work()
    assert city.fetch() == ["trust@3"] * 5
    assert {gate.content for gate in city.gates.values()} == {"old"}
    assert not list((city.site / "rings").glob("gate-*"))


def test_a_gate_that_falls_silent_as_planned_does_not_stop_it(city: City) -> None:
    city.begin()
    city.settle(SOAK[Stage.GATE])
    city.server.sql(
        "INSERT INTO planned_absences (site_id, begins, ends, why, made_by)"
        " SELECT site_id, %s, %s, 'night', 'somebody' FROM devices WHERE name LIKE %s",
        city.now,
        city.now + timedelta(days=1),
        city.pilot.partition("-")[0] + "-beside%",
    )
    city.settle(timedelta(minutes=6), beside=None)
    assert city.state() == ("site", "running", "")


def test_after_the_way_back_the_next_release_has_to_come_after_it(city: City) -> None:
    city.begin()
    city.settle(timedelta(minutes=6), pilot=None)
    assert city.state() == ("gate", "back", "sick")
    with pytest.raises(FleetError, match="not newer than what gates have"):
        city.publish(city.bundle(3, "mended"), city.bundle(4, "old"), "--pilot", city.pilot)
    city.beats()
    city.publish(city.bundle(4, "mended"), city.bundle(5, "old"), "--pilot", city.pilot)
    city.work()
    assert city.fetch() == ["trust@4", *["trust@3"] * 4]


def test_a_gate_that_was_sick_before_does_not_stop_it(city: City) -> None:
    city.begin()
    broken = {"readers": (Device("id-reader", 9),)}
    city.server.sql("DELETE FROM rollouts WHERE state = 'running'")
    city.beats(pilot=broken)
    city.publish(city.bundle(4, "new"), city.bundle(5, "old"), "--pilot", city.pilot)
    city.settle(SOAK[Stage.GATE], pilot=broken)
    assert city.state() == ("site", "running", "")


def test_gates_that_do_not_take_it_hold_it(city: City) -> None:
    city.begin()
    city.settle(timedelta(hours=3), pilot={"trust": Held("trust@1")})
    assert city.state() == ("gate", "held", "too few")


def test_an_emergency_is_everywhere_at_once_and_goes_back_as_well(city: City) -> None:
    city.publish(city.bundle(1, "old"), None, "--at-once")
    city.settle()
    city.publish(city.bundle(2, "new"), city.bundle(3, "old"), "--at-once")
    city.work()
    assert city.fetch() == ["trust@2"] * 5
    city.now += timedelta(minutes=1)
    city.beats(ring={"readers": (Device("id-reader", 9),)})
    city.work()
    assert city.state() == ("all", "back", "sick")
    city.work()
    assert city.fetch() == ["trust@3"] * 5


def test_of_two_workers_one_moves_it_at_a_time(city: City) -> None:
    from fleet.publishing.moves import ALONE  # noqa: PLC0415 - Django is set up by the fixture

    city.begin()
    city.work()
    with psycopg.connect(city.server.ready.dsn) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (ALONE,))
        city.settle(SOAK[Stage.GATE])
        assert city.state() == ("gate", "running", "")
    assert city.fetch() == ["trust@2", *["trust@1"] * 4]
    city.settle()
    assert city.state() == ("site", "running", "")


def test_whoever_presses_a_button_meanwhile_is_waited_for(city: City) -> None:
    city.begin()
    city.work()
    with ThreadPoolExecutor(1) as pool, psycopg.connect(city.server.ready.dsn) as person:
        person.execute("UPDATE rollouts SET state = 'back', why = 'hand' WHERE state = 'running'")
        working = pool.submit(city.work_apart)
        person.commit()
        working.result(60)
    city.work()
    assert city.fetch() == ["trust@3"] * 5


def test_timestamps_are_renewed_in_an_order_that_leaves_the_way_back_open(city: City) -> None:
    city.published()
    release, back = city.bundle(2, "new"), city.bundle(3, "old")
    city.publish(release, back, "--pilot", city.pilot)
    for folder in (release, back):
        name = folder / "timestamp.json"
        name.write_bytes(renew(name.read_bytes(), keys().timestamp, UNTIL))
    with pytest.raises(FleetError, match="renew version 3 first"):
        city.publish(release, None)
    city.publish(back, None)
    city.publish(release, None)
    with pytest.raises(FleetError, match="gate trust renew makes a newer"):
        city.publish(release, None)
    city.work()
    assert city.gates[city.pilot].fetch() == "trust@2"
    city.server.sql("UPDATE rollouts SET state = 'back' WHERE state = 'running'")
    city.work()
    assert city.gates[city.pilot].fetch() == "trust@3"


def test_only_one_is_open(city: City) -> None:
    city.published()
    city.publish(city.bundle(2, "new"), city.bundle(3, "old"), "--pilot", city.pilot)
    with pytest.raises(FleetError, match="version 2 is open"):
        city.publish(city.bundle(4, "new"), city.bundle(5, "old"), "--pilot", city.pilot)


def once_signed(bundle: dict[str, bytes]) -> dict[str, bytes]:
    return bundle | {"trust.json": signed(bundle["trust.json"], keys().trust[:1])}


def unsigned(bundle: dict[str, bytes]) -> dict[str, bytes]:
    return bundle | {"targets.json": json.dumps({**json.loads(bundle["targets.json"]), "signatures": []}).encode()}


def changed(bundle: dict[str, bytes]) -> dict[str, bytes]:
    return bundle | {"trust/value-sets.json": b"{}"}


def strangers(bundle: dict[str, bytes]) -> dict[str, bytes]:
    return bundle | contents(9, signed_by=keys("theirs"))


@pytest.mark.parametrize("attack", [once_signed, unsigned, changed, strangers])
@pytest.mark.parametrize("which", ["release", "way back", "emergency"])
def test_what_two_people_have_not_signed_is_refused(city: City, attack: Any, which: str) -> None:
    city.published()
    before = sorted(path for path in city.site.rglob("*"))
    good, bad = (write(city.folder / name, contents(4)) for name in ("good", "bad"))
    write(bad, attack(contents(5)))
    given = {"release": (bad, good), "way back": (good, bad), "emergency": (bad, None)}[which]
    more = ("--at-once",) if which == "emergency" else ("--pilot", city.pilot)
    with pytest.raises(FleetError, match="refused"):
        city.publish(*given, *more)
    assert city.state()[1] == "done"
    assert sorted(path for path in city.site.rglob("*")) == before


@pytest.mark.parametrize(
    ("release", "back", "why"),
    [
        ((1, "new"), (5, "old"), "not newer than what gates have"),
        ((4, "new"), (4, "old"), "take only newer ones"),
        ((4, "new"), (3, "old"), "take only newer ones"),
        ((4, "new"), (5, "another"), "does not hold what gates have now"),
    ],
)
def test_what_gates_would_not_take_is_refused(city: City, release: Any, back: Any, why: str) -> None:
    city.published()
    with pytest.raises(FleetError, match=why):
        city.publish(city.bundle(*release), city.bundle(*back), "--pilot", city.pilot)
    assert city.state()[1] == "done"


def test_without_a_way_back_it_does_not_begin(city: City) -> None:
    with pytest.raises(FleetError, match="give --back FOLDER"):
        city.publish(city.bundle(1, "old"), None, "--pilot", city.pilot)
