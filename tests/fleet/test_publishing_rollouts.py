"""A signed bundle goes to one gate, its site, a few rings and all; and back by itself where a gate falls sick of it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from trust_bundles import UNTIL, contents, keys, signed, write

from fleet.errors import FleetError
from fleet.locks import Lock
from fleet.publishing.rings import SOAK, Stage
from gate.trust.publish import renew
from gate.wire.heartbeat import Clock, Device, Held

if TYPE_CHECKING:
    from fleet_city import City


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
    city.emergency(city.bundle(2, "new"), city.bundle(3, "old"))
    city.work()
    assert city.fetch() == ["trust@2"] * 5
    city.now += timedelta(minutes=1)
    city.beats(ring={"readers": (Device("id-reader", 9),)})
    city.work()
    assert city.state() == ("all", "back", "sick")
    city.work()
    assert city.fetch() == ["trust@3"] * 5


def test_of_two_workers_one_moves_it_at_a_time(city: City) -> None:

    city.begin()
    city.work()
    with psycopg.connect(city.server.ready.dsn) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (Lock.SITE,))
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
