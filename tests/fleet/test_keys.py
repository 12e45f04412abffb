"""Keys of the day: any two of some people open one together, nobody alone; gates read the public halves."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from datetime import date, timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.days import daykeys, keyfiles, people, wrapping
from fleet.days.people import Person, Unlocked
from fleet.errors import FleetError
from gate.trust import sealing_keys

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 12, 1)
PASSPHRASE = "correct horse battery"  # noqa: S105 - nobody's
NAMES = ("li-wei", "wang-fang", "zhao-min")


@pytest.fixture
def three(tmp_path: Path) -> dict[str, Person]:
    return {name: people.make(name, tmp_path, f"{PASSPHRASE} {name}") for name in NAMES}


def here(folder: Path, *names: str) -> tuple[Unlocked, Unlocked]:
    one, other = (people.unlock(folder / f"{name}.key", f"{PASSPHRASE} {name}") for name in names)
    return one, other


def made(folder: Path, day: date = DAY) -> daykeys.DayKey:
    found = daykeys.read(folder, day)
    assert found is not None
    return found


def test_any_two_open_a_day_together(tmp_path: Path, three: dict[str, Person]) -> None:
    days = tmp_path / "days"
    daykeys.make(days, [DAY], list(three.values()))
    for two in permutations(NAMES, 2):
        opened = daykeys.unlock(made(days), here(tmp_path, *two))
        assert opened.public_key().public_bytes_raw() == made(days).public_key
    assert days.stat().st_mode & 0o077 == 0
    assert keyfiles.path_of(days, DAY).stat().st_mode & 0o077 == 0


def test_nobody_opens_it_alone_and_nobody_else_at_all(tmp_path: Path, three: dict[str, Person]) -> None:
    days = tmp_path / "days"
    daykeys.make(days, [DAY, DAY + timedelta(1)], [three["li-wei"], three["wang-fang"]])
    one, other = here(tmp_path, "li-wei", "wang-fang")
    for two in (
        (one, one),
        (one, Unlocked("wang-fang", one.private_key)),
        here(tmp_path, "li-wei", "zhao-min"),
        (Unlocked("li-wei", other.private_key), Unlocked("wang-fang", one.private_key)),
    ):
        with pytest.raises(FleetError, match=r"is not one that .* can open together"):
            daykeys.unlock(made(days), two)
    content = keyfiles.path_of(days, DAY).read_bytes()
    private = daykeys.unlock(made(days), (one, other)).private_bytes_raw()
    assert private not in content
    moved = daykeys.DayKey("2026-12-02", made(days).public_key, made(days).pairs)
    with pytest.raises(FleetError, match="can open together"):
        daykeys.unlock(moved, (one, other))
    swapped = daykeys.DayKey("2026-12-01", made(days, DAY + timedelta(1)).public_key, made(days).pairs)
    with pytest.raises(FleetError, match="not the one that gates seal to"):
        daykeys.unlock(swapped, (one, other))


def test_two_people_are_two(tmp_path: Path, three: dict[str, Person]) -> None:
    one = three["li-wei"]
    for wrong, why in (
        ([one], "two people at least"),
        ([one, one], "one name"),
        ([one, Person("somebody", one.public_key)], "one key"),
    ):
        with pytest.raises(FleetError, match=why):
            daykeys.make(tmp_path / "days", [DAY], wrong)
    assert not (tmp_path / "days").exists()


def test_gates_read_the_public_halves(tmp_path: Path, three: dict[str, Person]) -> None:
    days = tmp_path / "days"
    daykeys.make(days, [DAY, DAY + timedelta(1)], list(three.values()))
    found, notes = sealing_keys.load(daykeys.for_gates(days))
    assert notes == ()
    key = found.of(DAY)
    assert key is not None
    assert key.id == "2026-12-01"
    assert key.public_key.public_bytes_raw() == made(days).public_key
    assert found.last_day == DAY + timedelta(1)


def test_keys_are_never_written_over(tmp_path: Path, three: dict[str, Person]) -> None:
    daykeys.make(tmp_path / "days", [DAY], list(three.values()))
    before = made(tmp_path / "days")
    with pytest.raises(FleetError, match="has a key already"):
        daykeys.make(tmp_path / "days", [DAY - timedelta(1), DAY], list(three.values()))
    assert made(tmp_path / "days") == before
    with pytest.raises(FleetError, match="File exists"):
        people.make("li-wei", tmp_path, PASSPHRASE)


def test_a_person_needs_their_passphrase(tmp_path: Path, three: dict[str, Person]) -> None:
    file = tmp_path / "li-wei.key"
    with pytest.raises(FleetError, match="that is not the passphrase"):
        people.unlock(file, PASSPHRASE)
    assert people.name_in(file) == "li-wei"
    assert people.read(tmp_path / "li-wei.pub").name == three["li-wei"].name
    assert file.stat().st_mode & 0o077 == 0
    renamed = json.loads(file.read_text()) | {"person": "wang-fang"}
    file.write_text(json.dumps(renamed))
    with pytest.raises(FleetError, match="or the file was changed"):
        people.unlock(file, f"{PASSPHRASE} li-wei")
    for name, words, why in (("Li Wei", PASSPHRASE, "is no name"), ("li", "short", "12 characters")):
        with pytest.raises(FleetError, match=why):
            people.make(name, tmp_path, words)


@given(st.binary(max_size=400) | st.from_regex(rb'\{"person":"[a-z]{0,3}","public_key":"[A-Za-z0-9+/=]{0,50}"\}'))
def test_whatever_lies_in_a_file_is_a_key_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = keyfiles.path_of(folder, DAY)
    path.write_bytes(content)
    for read in (people.read, people.name_in, lambda _: daykeys.read(folder, DAY)):
        with contextlib.suppress(FleetError):
            read(path)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_halves_make_what_was_cut(key: bytes, pad: bytes) -> None:
    assert wrapping._xor(wrapping._xor(key, pad), pad) == key


@pytest.mark.parametrize("again", [PASSPHRASE, f"{PASSPHRASE}?"])
def test_at_a_screen_a_passphrase_is_asked_for_twice_and_not_shown(tmp_path: Path, again: str) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "fleet", "keys", "person", "li-wei", "--to", str(tmp_path)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as asking:
        seen = b""
        for prompt, typed in ((b"of li-wei: ", PASSPHRASE), (b"of li-wei, again: ", again)):
            while not seen.endswith(prompt):
                seen += os.read(ours, 1024)
            os.write(ours, f"{typed}\n".encode())
        assert asking.wait(60) == (again != PASSPHRASE)
    os.close(theirs)
    os.close(ours)
    assert PASSPHRASE.encode() not in seen
    if again == PASSPHRASE:
        assert people.unlock(tmp_path / "li-wei.key", PASSPHRASE).name == "li-wei"
    else:
        assert list(tmp_path.iterdir()) == []


def test_the_command_makes_a_person_and_days(tmp_path: Path) -> None:
    def said(*options: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fleet", "keys", *options]
        return subprocess.run(
            command, input=typed, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONWARNINGS": ""}
        )

    for name in NAMES[:2]:
        assert said("person", name, "--to", str(tmp_path), typed=f"{PASSPHRASE} {name}\n").returncode == 0
    assert "is missing" in said("person", "somebody", "--to", str(tmp_path)).stderr
    both = [word for name in NAMES[:2] for word in ("--for", str(tmp_path / f"{name}.pub"))]
    days = ("--keys", str(tmp_path / "days"), "--days", "2")
    assert "2026-12-01 to 2026-12-02" in said("days", *both, *days, "--from", "2026-12-01").stdout
    assert "2026-12-03 to 2026-12-04" in said("days", *both, *days).stdout
    found, _ = sealing_keys.load((tmp_path / "days" / "sealing-keys.json").read_bytes())
    assert len(found.keys) == 4
    daykeys.unlock(made(tmp_path / "days"), here(tmp_path, *NAMES[:2]))
    assert "two people at least" in said("days", *both[:2], *days).stderr
