"""Without a word from the fleet personal caches end; nothing that a thief can do to clocks or power prolongs them."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reliability import Found, note

from gate import lease as lease_module
from gate.lease import NOTED_S, Lease, Uptime, uptime
from gate.model import Moment

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600.0
SPOKEN = Moment(datetime(2026, 12, 1, tzinfo=UTC), trusted=True)


@dataclass
class Machine:
    """A machine that is switched on and off."""

    seconds: float = 20.0
    start: int = 1

    def now(self) -> Uptime:
        return Uptime(str(self.start), self.seconds)

    def power_cycle(self, boot_s: float = 20.0) -> None:
        self.start += 1
        self.seconds = boot_s


class Gate:
    """Caches, and a lease on them."""

    def __init__(self, folder: Path, hours: float = 72) -> None:
        self.machine = Machine()
        self.hours = hours
        self.file = folder / "lease"
        self.caches = (folder / "status.json", folder / "pseudonym.key", folder / "cache")
        self.journal = folder / "journal.sqlite"
        self.fill()
        self.start()

    def fill(self) -> None:
        for path in (*self.caches[:2], self.journal):
            path.write_text("999999199001010016")
        self.caches[2].mkdir(exist_ok=True)
        (self.caches[2] / "generation").write_text("999999199001010016")
        self.caches[0].with_name("status.json-wal").write_text("999999199001010016")

    def start(self) -> None:
        self.lease = Lease(self.file, lambda: timedelta(hours=self.hours), self.caches, self.machine.now)
        self.lease.tick()

    def run(self, hours: float) -> None:
        while hours > 0:
            self.machine.seconds += min(hours, 6) * HOUR
            self.lease.tick()
            hours -= 6

    def hear(self, moment: Moment = SPOKEN) -> None:
        self.lease.contact(moment)
        self.lease.tick()

    def over(self) -> bool:
        return self.lease.over

    @property
    def left(self) -> list[str]:
        return sorted(path.name for path in self.journal.parent.iterdir())


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def test_after_72_hours_nothing_personal_is_left_but_the_journal(gate: Gate) -> None:
    gate.run(71.9)
    assert not gate.over()
    assert "status.json" in gate.left
    gate.run(0.2)
    assert gate.over()
    assert gate.left == ["journal.sqlite", "lease"]
    note(Found("72 hours without contact", 1, remark="What was known about people is erased; the journal stays."))


def test_a_word_from_the_fleet_begins_it_anew(gate: Gate) -> None:
    gate.run(71.9)
    gate.hear()
    gate.run(71.9)
    assert not gate.over()
    assert gate.lease.heard_at == SPOKEN.at
    gate.run(0.3)
    assert gate.over()


def test_it_goes_on_over_restarts_of_the_program(gate: Gate) -> None:
    for _ in range(36):
        gate.run(1.9)
        gate.machine.seconds += HOUR / 10
        gate.start()
    assert gate.over()


def test_cutting_the_power_again_and_again_shortens_it(gate: Gate) -> None:
    gate.hours, starts = 6, 0
    while not gate.over():
        gate.machine.power_cycle()
        gate.start()
        starts += 1
    assert starts <= 6 * HOUR / NOTED_S
    assert gate.left == ["journal.sqlite", "lease"]
    note(Found("no contact, and the power is cut again and again", starts, remark="That shortens the lease."))


def test_what_was_not_noted_before_a_power_cut_is_counted_after_it(gate: Gate) -> None:
    gate.run(71)
    gate.machine.seconds += NOTED_S - 1
    gate.machine.power_cycle()
    gate.start()
    assert gate.lease.spent_s >= 71 * HOUR + NOTED_S


def test_no_clock_has_a_say(gate: Gate) -> None:
    gate.hear(Moment(datetime(2030, 1, 1, tzinfo=UTC), trusted=True))
    gate.run(72.2)
    assert gate.over()
    gate.fill()
    gate.hear(Moment(datetime(1970, 1, 1, tzinfo=UTC), trusted=False))
    gate.run(1)
    assert not gate.over()


def test_what_is_signed_may_change_it_at_any_time(gate: Gate) -> None:
    gate.run(10)
    gate.hours = 8
    gate.run(0.1)
    assert gate.over()


def test_it_stays_over_until_the_fleet_is_heard(gate: Gate) -> None:
    gate.run(73)
    gate.start()
    assert gate.over()
    gate.hear()
    assert not gate.over()
    gate.start()
    assert not gate.over()


def test_new_caches_after_that_are_erased_at_the_next_end(gate: Gate) -> None:
    gate.run(73)
    gate.hear()
    gate.fill()
    gate.run(73)
    assert gate.left == ["journal.sqlite", "lease"]


def test_an_end_that_was_cut_short_anywhere_is_finished_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    calls = {name: getattr(os, name) for name in ("unlink", "rmdir", "replace", "fsync")}

    def tried(number: int) -> bool:
        """An end that is cut short before the change of the disk with this number; whether it came to that."""
        folder = tmp_path / str(number)
        folder.mkdir()
        gate, left = Gate(folder), itertools.count(number, -1)
        gate.run(71.9)
        gate.machine.seconds += HOUR
        with monkeypatch.context() as patch:
            for name, call in calls.items():

                def counted(*args: object, _call: object = call, **options: object) -> object:
                    if next(left) <= 0:
                        raise Killed
                    return _call(*args, **options)  # type: ignore[operator]

                patch.setattr(os, name, counted)
            try:
                gate.lease.tick()
                cut = False
            except Killed:
                cut = True
        gate.machine.power_cycle()
        gate.start()
        gate.run(1)
        assert gate.over()
        assert {"journal.sqlite", "lease"} <= set(gate.left) <= {"journal.sqlite", "lease", "lease.new"}
        return cut

    cuts = sum(itertools.takewhile(bool, map(tried, itertools.count())))
    assert cuts > 6
    note(Found("72 hours without contact, killed while it erases", cuts, remark="The next start goes on with it."))


def test_a_disk_that_refuses_is_tried_again(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.run(71.9)
    gate.machine.seconds += HOUR

    def refuse(_: object) -> None:
        raise OSError("read-only")

    with monkeypatch.context() as patch:
        patch.setattr(lease_module, "erase", refuse)
        with pytest.raises(OSError, match="read-only"):
            gate.lease.tick()
        assert gate.over(), "sources are dropped all the same"
    gate.lease.tick()
    assert gate.left == ["journal.sqlite", "lease"]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_a_damaged_note_begins_a_lease(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("lease")
    (folder / "lease").write_bytes(data)
    gate = Gate(folder)
    assert not gate.over()
    assert gate.lease.spent_s == 0


def test_this_machine_says_how_long_it_is_on() -> None:
    first, second = uptime(), uptime()
    assert first.boot == second.boot
    assert 0 < first.seconds <= second.seconds
