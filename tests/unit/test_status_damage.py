"""Any byte of any file may be wrong, the process may die at any instant: never a wrong record, the last good serves."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from reliability import Found, note, times
from status_lists import (
    GREEN,
    KEY,
    RED,
    SIGNER,
    SIGNERS,
    STRANGER,
    YELLOW,
    bits,
    changed,
    desk,
    opened,
    published,
    said,
    sorter,
    terms,
)

from gate.errors import StatusUnavailable
from gate.pseudonym import PseudonymKey
from gate.status.cache import change, parcel
from gate.status.cache import folder as folders
from gate.status.cache.compaction import read_recipe
from gate.status.cache.crypto import ListKey
from gate.status.cache.file import write_signed
from gate.status.cache.folder import ListFolder
from gate.status.cache.layout import HEAD_BYTES, read_head
from gate.status.cache.prepare import prepare, start

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gate.status.cache.layout import Header, Kind

WHOLE, CHANGE = "g0000000001.whole", "g0000000001-01.change"
PEOPLE = {1: RED, 2: YELLOW, 3: GREEN}
WRONG_BYTE = "list of people: any byte wrong"
BREAKS = "list of people: damaged or cut off while it serves"
OTHER = "list of people: forged with a stolen gate's key, older, renamed or another's"


def answer(folder: Path, sequence: int, kind: Kind = "exceptions") -> int | None:
    """What a gate says; None: it can't."""
    try:
        return said(opened(folder, kind), sequence)
    except StatusUnavailable:
        return None


def test_every_byte_of_a_list_may_be_wrong(tmp_path: Path) -> None:
    published(tmp_path, PEOPLE)
    good = (tmp_path / WHOLE).read_bytes()
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1 << at % 8
        (tmp_path / WHOLE).write_bytes(bad)
        assert [answer(tmp_path, n) for n in (1, 4)] == [None, None], at
    note(Found(WRONG_BYTE, len(good), remark="Nothing is said by it; a list before it serves."))


def test_every_byte_of_a_change_may_be_wrong_and_the_list_before_it_serves(tmp_path: Path) -> None:
    published(tmp_path, PEOPLE)
    changed(tmp_path, {1: YELLOW, 4: RED})
    good = (tmp_path / CHANGE).read_bytes()
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1 << at % 8
        (tmp_path / CHANGE).write_bytes(bad)
        found = opened(tmp_path)
        assert [said(found, n) for n in (1, 4)] == [bits(RED), 0], at
        assert found.newest == found.whole, "it says the age of what serves"
    note(Found(WRONG_BYTE, len(good)))


@pytest.mark.parametrize("name", ["g0000000001.pack", "g0000000002.head"])
def test_every_byte_of_what_travels_may_be_wrong(tmp_path: Path, name: str) -> None:
    published(tmp_path, PEOPLE)
    if name.endswith("head"):
        desk(tmp_path).fold()

    def read(file: Path) -> None:
        if name.endswith("head"):
            read_recipe(file, SIGNERS)
        else:
            parcel.unpack(file, tmp_path / "made", KEY, SIGNERS)

    good = (tmp_path / name).read_bytes()
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1 << at % 8
        (tmp_path / name).write_bytes(bad)
        with pytest.raises(StatusUnavailable):
            read(tmp_path / name)
    assert not list(tmp_path.glob("made*")), "nothing is left of what was refused"
    note(Found(WRONG_BYTE, len(good)))


@pytest.mark.parametrize("name", [WHOLE, CHANGE])
def test_a_file_that_is_cut_off_or_full_of_zeros_says_nothing(tmp_path: Path, name: str) -> None:
    published(tmp_path, PEOPLE)
    changed(tmp_path, {1: YELLOW})
    good = (tmp_path / name).read_bytes()
    before = None if name == WHOLE else bits(RED)
    sizes = (0, 1, 7, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 19, len(good) - 1)
    for size in sizes:
        for rest in (b"", bytes(len(good) - size)):
            (tmp_path / name).write_bytes(good[:size] + rest)
            assert answer(tmp_path, 1) == before
    note(Found("list of people: cut off, or zeros from some byte on", 2 * len(sizes)))


def test_a_block_that_breaks_while_the_list_serves_says_nothing_and_the_others_go_on(tmp_path: Path) -> None:
    published(tmp_path, dict.fromkeys(range(900), RED))
    found = opened(tmp_path)
    with (tmp_path / WHOLE).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    silent = 0
    for sequence in range(900):
        try:
            assert said(found, sequence) == bits(RED)
        except StatusUnavailable:
            silent += 1
    assert 0 < silent < 300
    note(Found(BREAKS, 1, remark="Whom it can't tell of any more, nothing is said about."))


def test_a_list_that_is_cut_off_while_it_serves_ends_no_process(tmp_path: Path) -> None:
    published(tmp_path, dict.fromkeys(range(900), RED))
    found = opened(tmp_path)
    os.truncate(tmp_path / WHOLE, HEAD_BYTES)
    with pytest.raises(StatusUnavailable, match="cut off"):
        said(found, 1)
    note(Found(BREAKS, 1))


def test_a_stolen_gate_can_write_no_list(tmp_path: Path) -> None:
    """It has the key that encrypts, but can't sign a header, and blocks of its own are not what was signed."""
    desk(tmp_path, signer=STRANGER).whole(sorter({1: GREEN}), terms())
    with pytest.raises(StatusUnavailable, match="signed by nobody"):
        opened(tmp_path)
    shutil.rmtree(tmp_path)
    header = published(tmp_path, {1: RED})
    data = bytearray((tmp_path / WHOLE).read_bytes())
    block = KEY.blocks(header.salt).open(0, bytes(data[HEAD_BYTES + 20 :]))
    forged = KEY.blocks(header.salt).seal(0, block[:-4] + bits(GREEN).to_bytes(4, "big"))
    data[HEAD_BYTES + 20 :] = forged
    (tmp_path / WHOLE).write_bytes(data)
    assert answer(tmp_path, 1) is None
    note(Found(OTHER, 2))


def test_the_disk_tells_nothing_without_the_key(tmp_path: Path) -> None:
    published(tmp_path, {1: RED})
    with pytest.raises(StatusUnavailable, match="another key"):
        said(opened(tmp_path, key=ListKey.of(PseudonymKey(b"x" * 32))), 1)


def test_changes_of_other_lists_are_passed_over(tmp_path: Path) -> None:
    for name in ("a", "b"):
        published(tmp_path / name, PEOPLE)
        changed(tmp_path / name, {1: YELLOW})
        changed(tmp_path / name, {1: GREEN}, hours=2)
    shutil.copy(tmp_path / "b" / CHANGE, tmp_path / "a" / CHANGE)
    assert answer(tmp_path / "a", 1) == bits(RED), "not the one that was meant, nor the one after it"
    shutil.copy(tmp_path / "b" / "g0000000001-02.change", tmp_path / "b" / CHANGE)
    assert answer(tmp_path / "b", 1) == bits(RED), "out of turn"
    note(Found(OTHER, 2))


def test_a_city_s_list_is_no_exceptions_list(tmp_path: Path) -> None:
    published(tmp_path, PEOPLE, "city")
    assert answer(tmp_path, 1) is None
    assert answer(tmp_path, 1, "city") == bits(RED)


def test_an_older_list_is_refused_once_newer_ones_served(tmp_path: Path) -> None:
    desk_of, gate = tmp_path / "desk", tmp_path / "gate"
    gate.mkdir()
    for number in (1, 2, 3):
        published(desk_of, {1: (RED, YELLOW, GREEN)[number - 1]}, hours=number)
        shutil.copy(desk_of / f"g000000000{number}.whole", gate)
        assert opened(gate).whole.number == number
    (gate / "g0000000003.whole").unlink()
    assert opened(gate).whole.number == 2, "the one before stands in for a lost one"
    (gate / "g0000000002.whole").unlink()
    lists = ListFolder(gate, "exceptions", KEY)
    with pytest.raises(StatusUnavailable, match="older than generation 3"):
        lists.newest(SIGNERS)
    note(Found(OTHER, 1))


def test_a_renamed_old_list_is_refused_too(tmp_path: Path) -> None:
    published(tmp_path, {1: GREEN})
    (tmp_path / WHOLE).rename(tmp_path / "g0000000009.whole")
    assert answer(tmp_path, 1) is None
    note(Found(OTHER, 1))


def test_a_key_that_was_withdrawn_ends_its_lists(tmp_path: Path) -> None:
    published(tmp_path, {1: RED})
    lists = ListFolder(tmp_path, "exceptions", KEY)
    assert lists.newest(SIGNERS).whole.number == 1
    with pytest.raises(StatusUnavailable, match="signed by nobody"):
        lists.newest(frozenset())


@given(st.binary(max_size=HEAD_BYTES))
def test_no_head_of_a_stranger_does_more_than_be_refused(data: bytes) -> None:
    for head in (data, data.ljust(HEAD_BYTES, b"\0"), (b"GSL1" + data)[:HEAD_BYTES].ljust(HEAD_BYTES, b"\0")):
        with pytest.raises(StatusUnavailable):
            read_head(head, SIGNERS)


@given(st.binary(max_size=600), st.integers(1, 4), st.integers(4, 6))
def test_a_parcel_of_junk_is_refused(junk: bytes, buckets: int, suffix: int) -> None:
    with suppress(StatusUnavailable):
        for block in parcel._unpack(junk, buckets, suffix):
            assert len(block) % (suffix + 4) == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.binary(max_size=200), st.integers(0, 40), st.integers(0, 5))
def test_a_change_of_junk_is_refused_or_says_something_even_where_it_is_signed(
    tmp_path: Path, junk: bytes, people: int, added: int
) -> None:
    """Whoever signs it may make mistakes as well."""
    whole = published(tmp_path, PEOPLE)
    (tmp_path / "floor.json").unlink(missing_ok=True)
    blocks = change.packed(junk)
    about = {"number": whole.number, "change": 1, "of": whole.salt, "salt": "0" * 32, "blocks": len(blocks)}
    about |= {"people": people, "added": added, "raw": len(junk)}

    def described(directory: str, size: int) -> tuple[Header, Ed25519PrivateKey]:
        return structs.replace(whole, **about, directory=directory, bytes=size), SIGNER

    path = tmp_path / f"g{whole.number:010}-01.change"
    write_signed(path, len(blocks), blocks, KEY.blocks("0" * 32), described)
    found = opened(tmp_path)
    with suppress(StatusUnavailable):
        said_of = [said(found, sequence) for sequence in range(6)]
        assert all(isinstance(one, int) for one in said_of)
    with suppress(StatusUnavailable):
        list(found.folded(found.whole.origin))
    path.unlink()


WORKS_S = 0.6
"""About how long such a process works: it is killed before it begins, in the middle, or once it is done."""
KILLS, SAMPLE = 500, 6


def test_whatever_instant_preparing_is_killed_the_last_good_list_serves(tmp_path: Path) -> None:
    """kill -9 while a parcel is unpacked or a list compacted, at random."""
    published(tmp_path / "desk", dict.fromkeys(range(900), RED))
    changed(tmp_path / "desk", {1: YELLOW})
    desk(tmp_path / "desk").fold()
    draw = random.Random(7)
    kills = times(KILLS, SAMPLE)
    for turn in range(kills):
        gate = tmp_path / f"gate-{turn}"
        gate.mkdir()
        for name in (WHOLE, CHANGE, ("g0000000002.pack", "g0000000002.head")[turn % 2]):
            shutil.copy(tmp_path / "desk" / name, gate)
        process = start(gate, "exceptions", KEY, SIGNERS)
        with suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0, WORKS_S))
        process.kill()
        process.communicate()
        found = opened(gate)
        assert said(found, 1) == bits(YELLOW)
        assert said(found, 2) == bits(RED)
        assert not list(prepare(gate, "exceptions", KEY, SIGNERS))
        assert opened(gate).whole.number == 2
        assert not list(gate.glob("*.new"))
        shutil.rmtree(gate)
    remark = "The last good list serves meanwhile; the next one is made at the next try."
    note(Found("list of people: kill -9 while it is unpacked or folded", kills, remark=remark, in_full=KILLS))


def test_nothing_older_than_the_one_before_is_kept(tmp_path: Path) -> None:
    for number in range(1, 5):
        published(tmp_path, {1: RED}, hours=number)
        assert opened(tmp_path).whole.number == number
    assert not list(prepare(tmp_path, "exceptions", KEY, SIGNERS))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "floor.json",
        "g0000000003.whole",
        "g0000000004.whole",
    ]


def test_what_can_not_be_made_is_named(tmp_path: Path) -> None:
    published(tmp_path, {1: RED})
    (tmp_path / "g0000000002.pack").write_bytes(b"junk")
    (tmp_path / "g0000000003.head").write_bytes(b"junk")
    assert list(prepare(tmp_path, "exceptions", KEY, SIGNERS)) == [
        "g0000000003.head: is no list of people",
        "g0000000002.pack: is no list of people",
    ]


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    published(tmp_path, {1: RED})
    for name in ("notes.txt", "g1.whole", "g0000000001-00.whole", "g0000000001.change"):
        (tmp_path / name).write_bytes(b"x")
    assert [str(name) for name in folders.names(tmp_path)] == ["g0000000001.pack", WHOLE]
