"""What a fleet sets for a gate: signed, for it alone, tried, taken when nobody is there, and given up by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from net_rig import Server, head
from settings_rig import DEVICE, WORKS, Lives, SetGate, bundle, until_restart, while_at_work
from static_site import named
from trust_site import Site

from gate.__main__ import main
from gate.app.run import _built
from gate.app.settings.start import start
from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock
from gate.config_file import load
from gate.errors import TrustError
from gate.trust import settings
from gate.trust.ring import ring_of

if TYPE_CHECKING:
    from pathlib import Path

LEAD_IN = {"voice.lead_in_ms": 300}


def taken(gate: SetGate, version: int = 1, said: dict[str, object] | None = None) -> None:
    """Give it settings, and let it start with them."""
    gate.given(version, {gate.device: LEAD_IN if said is None else said})
    until_restart(gate.begin(), Lives())


def test_it_comes_from_a_plain_file_server_and_is_taken_when_nobody_is_there(tmp_path: Path) -> None:
    site = Site()
    site.put(bundle(1, {DEVICE: LEAD_IN}))
    with Server(site.serve) as server:
        gate = SetGate(tmp_path, server=server.base)
        slot = gate.begin()
        assert gate.config.voice.lead_in_ms == 0
        while_at_work(slot, Lives(quiet_s=-1))
        assert slot.told.holds == settings.NOTHING, "somebody is at the gate"
        until_restart(slot, Lives())
        again = gate.begin()
        assert gate.config.voice.lead_in_ms == 300
        while_at_work(again, Lives())
        assert again.told == type(again.told)(settings.digest(LEAD_IN))
        gate.begin()
        assert not gate.started.note.trial


def test_a_gate_takes_what_stands_under_its_own_name_and_asks_for_no_other_file(tmp_path: Path) -> None:
    ring = ring_of(DEVICE)
    neighbour, stranger = named(ring, ring + 1, "gate"), named((ring + 1) % 100, (ring + 1) % 100 + 1, "gate")
    site = Site()
    site.put(bundle(1, {neighbour: LEAD_IN, stranger: LEAD_IN}))
    with Server(site.serve) as server:
        gate = SetGate(tmp_path, server=server.base)
        while_at_work(gate.begin(), Lives())
        assert gate.begin().told.holds == settings.NOTHING
    assert [path.rpartition(".")[0][-2:] for path in site.asked if path.startswith("config/")] == [f"{ring:02}"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"voice.lead_in_ms": 5000}, "[voice] lead_in_ms must be 0 to 2000"),
        ({"voice.languages": ["tlh"]}, "tlh"),
        ({"barrier.within_ms": 8000}, '[barrier] must be a table with driver = "…"'),
        ({"trust.root": "mine.json"}, "trust.root: can't be set from the fleet"),
        ({"fleet.url": "http://127.0.0.1:1"}, "[fleet] url: no fleet that knows this gate answers"),
    ],
)
def test_what_it_can_not_live_with_is_refused_in_the_words_of_the_gate(
    said: dict[str, object], why: str, tmp_path: Path
) -> None:
    gate = SetGate(tmp_path)
    gate.given(1, {DEVICE: said})
    slot = gate.begin()
    assert slot.told.holds == settings.NOTHING
    assert slot.told.refused == settings.digest(said)
    assert why in (slot.told.why or "")
    while_at_work(slot, Lives())
    assert gate.begin().told.refused, "after a restart it is still said, and not tried again"


def test_what_was_refused_is_tried_again_when_somebody_asks(tmp_path: Path) -> None:
    gate = SetGate(tmp_path)
    gate.given(1, {DEVICE: {"barrier.within_ms": 7000}})
    gate.begin()
    gate.file.write_text(
        gate.file.read_text("utf-8")
        + '[barrier]\ndriver = "lcus"\nport = "x"\n[barrier.entry]\nrelay = 1\nfail = "secure"\n',
        "utf-8",
    )
    slot = gate.begin()
    while_at_work(slot, Lives())
    assert slot.told.refused
    slot.ask()
    until_restart(slot, Lives())
    gate.begin()
    assert gate.config.barrier is not None
    assert gate.config.barrier.settings["within_ms"] == 7000


def test_a_gate_that_misses_something_afterwards_goes_back_and_says_so(tmp_path: Path) -> None:
    gate = SetGate(tmp_path)
    taken(gate)
    slot = gate.begin()
    assert gate.config.voice.lead_in_ms == 300
    until_restart(slot, Lives(WORKS - {"gun"}))
    after = gate.begin()
    assert gate.config.voice.lead_in_ms == 0
    assert after.told.why == "with it the gate had to do without: gun"
    while_at_work(after, Lives())
    assert after.told.refused == settings.digest(LEAD_IN), "the same ones are not taken again by themselves"


def test_what_was_gone_before_is_no_fault_of_the_settings(tmp_path: Path) -> None:
    gate = SetGate(tmp_path)
    gate.given(1, {DEVICE: LEAD_IN})
    until_restart(gate.begin(), Lives(WORKS - {"gun"}))
    slot = gate.begin()
    while_at_work(slot, Lives(WORKS - {"gun"}))
    assert slot.told.holds == settings.digest(LEAD_IN)
    assert gate.begin().told.refused is None


def test_a_gate_that_does_not_stay_up_goes_back(tmp_path: Path) -> None:
    gate = SetGate(tmp_path)
    taken(gate)
    for _ in range(3):
        gate.begin()
        assert gate.config.voice.lead_in_ms == 300
    slot = gate.begin()
    assert gate.config.voice.lead_in_ms == 0
    assert "did not stay up" in (slot.told.why or "")


def test_a_running_gate_tells_where_it_stands_and_what_was_set_by_hand(tmp_path: Path) -> None:
    gate = SetGate(tmp_path)
    gate.given(1, {DEVICE: {"voice.lead_in_ms": 5000}})
    built = _built(start(gate.file, gate.state))
    try:
        assert built.settings is not None
        built.settings.look()
        told = built.vitals.now(DEVICE).settings
        assert told is not None
        assert "lead_in_ms must be 0 to 2000" in (told.why or "")
        assert json.loads(built.settings.base or "")["fleet"]["device"] == DEVICE
        assert built.works == frozenset(), "nothing has shown yet that it works"
        assert built.quiet_s >= 0
        before = built.vitals.news()
        gate.given(2, {})
        built.trust.refresh()
        built.settings.look()
        assert built.vitals.news() != before, "it is told at once"
    finally:
        built.close()


def test_a_gate_that_can_not_be_built_goes_back_in_the_same_start(tmp_path: Path) -> None:
    gate = SetGate(tmp_path)
    taken(gate)
    gate.begin()
    before = gate.started.again("no sound")
    assert before is not None
    assert (before.config.voice.lead_in_ms, before.note.why) == (0, "no sound")
    assert before.again("still") is None, "there is nothing else to go back to"


def test_newer_settings_follow_and_older_ones_are_what_it_goes_back_to(tmp_path: Path) -> None:
    gate = SetGate(tmp_path)
    taken(gate)
    while_at_work(gate.begin(), Lives())
    taken(gate, 2, {"voice.lead_in_ms": 700})
    slot = gate.begin()
    assert gate.config.voice.lead_in_ms == 700
    until_restart(slot, Lives(frozenset()))
    gate.begin()
    assert gate.config.voice.lead_in_ms == 300


def test_what_is_taken_back_at_the_desk_is_no_fault_any_more(tmp_path: Path) -> None:
    gate = SetGate(tmp_path)
    gate.given(1, {DEVICE: {"voice.lead_in_ms": 5000}})
    assert gate.begin().told.refused
    gate.given(2, {})
    assert gate.begin().told == type(gate.begin().told)(settings.NOTHING)


def test_whoever_can_only_write_to_the_disk_sets_nothing(tmp_path: Path) -> None:
    gate = SetGate(tmp_path)
    taken(gate)
    while_at_work(gate.begin(), Lives())
    (file,) = (gate.state / "settings").glob("*/config/*.json")
    file.write_bytes(file.read_bytes().replace(b"300", b"301"))
    slot = gate.begin()
    assert gate.config.voice.lead_in_ms == 0
    assert "is not the file that was signed" in (slot.told.why or "")


def test_a_note_of_another_place_names_no_folder_elsewhere(tmp_path: Path) -> None:
    gate = SetGate(tmp_path)
    taken(gate)
    note = gate.state / "settings" / "in-force.json"
    note.write_text(json.dumps({"holds": "../trust"}))
    slot = gate.begin()
    assert gate.config.voice.lead_in_ms == 0
    assert "no name of any" in (slot.told.why or "")
    note.write_bytes(b"\xff")
    gate.begin()
    assert gate.config.voice.lead_in_ms == 0


def test_check_config_tries_what_is_in_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gate = SetGate(tmp_path)
    taken(gate)
    main(["run", "--check-config", "--config", str(gate.file), "--state", str(gate.state)])
    assert "can't be used" not in capsys.readouterr().out


def test_a_gate_that_joins_a_fleet_goes_on_with_the_copy_from_before_and_reads_its_settings(tmp_path: Path) -> None:
    site = Site()
    site.put(bundle(1, {DEVICE: LEAD_IN}))
    with Server(site.serve) as server:
        gate = SetGate(tmp_path, server=server.base)
        config = load(gate.file, gate.state).trust
        TrustSlot(config, gate.state, SystemClock()).refresh()
        site.behave = lambda peer, _: peer.link.sendall(head(b"", status="503 Busy"))
        offline = TrustSlot(config, gate.state, SystemClock(), device=DEVICE)
        offline.refresh()
        assert offline.state.name == "trust@1"
        site.behave = None
        until_restart(gate.begin(), Lives())
        gate.begin()
        assert gate.config.voice.lead_in_ms == 300


def test_what_is_set_is_written_alike_and_read_back() -> None:
    said = {f"gate-{number}": {"voice.lead_in_ms": number} for number in range(300)}
    files = settings.written(said)
    assert files == settings.written(dict(reversed(said.items())))
    assert {name: own for data in files.values() for name, own in settings.read(data).items()} == said
    for bad in (b"", b"[]", b'{"gates": {"a": 1}}', b'{"gates": {}, "more": 1}', b"[" * 100_000):
        with pytest.raises(TrustError):
            settings.read(bad)
