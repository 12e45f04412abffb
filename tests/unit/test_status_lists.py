"""A list and its changes: found as they were written, whatever order they came in and whoever made them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from status_lists import (
    AS_OF,
    GREEN,
    HOUR,
    KEY,
    RED,
    SIGNERS,
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

from gate.errors import ConfigError, StatusUnavailable
from gate.model import Colour, TestResult
from gate.status.cache import parcel
from gate.status.cache.compaction import compact, read_recipe
from gate.status.cache.layout import MOST_CHANGES, false_match, shared_place
from gate.status.cache.payload import AMBIGUOUS, Status
from gate.status.cache.prepare import prepare
from gate.status.cache.whole import Sorter, bits_for

if TYPE_CHECKING:
    from pathlib import Path

GONE = Status()


def test_everybody_is_found_and_nobody_else(tmp_path: Path) -> None:
    published(tmp_path, {n: RED if n % 2 else YELLOW for n in range(400)})
    found = opened(tmp_path)
    assert all(said(found, n) == bits(RED if n % 2 else YELLOW) for n in range(400))
    assert not any(said(found, n) for n in range(400, 900))
    assert found.people == 400


def test_an_empty_list_knows_nobody(tmp_path: Path) -> None:
    published(tmp_path, {})
    assert not said(opened(tmp_path), 1)


def test_the_newest_change_counts(tmp_path: Path) -> None:
    published(tmp_path, {1: RED, 2: RED, 3: RED})
    changed(tmp_path, {1: YELLOW, 4: RED, 5: YELLOW}, hours=1)
    changed(tmp_path, {2: GONE, 4: GONE, 5: RED}, hours=2)
    found = opened(tmp_path)
    assert [said(found, n) for n in range(1, 7)] == [bits(s) for s in (YELLOW, GONE, RED, GONE, RED, GONE)]
    assert found.newest.as_of == AS_OF + 2 * HOUR


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.dictionaries(st.integers(0, 300), st.sampled_from([RED, YELLOW, GREEN, GONE])), max_size=4), st.data()
)
def test_any_changes_leave_what_a_dictionary_would(
    tmp_path_factory: pytest.TempPathFactory, steps: list[dict[int, Status]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("list")
    truth = dict.fromkeys(range(data.draw(st.integers(0, 300))), RED)
    published(folder, truth, "city")
    for hours, step in enumerate(steps, 1):
        changed(folder, step, "city", hours)
        truth |= step
    before = opened(folder, "city")
    desk(folder, "city").fold()
    after = opened(folder, "city")
    assert after.whole.number == 2
    assert after.changes == 0
    for sequence in range(310):
        wanted = bits(truth.get(sequence, GONE))
        assert said(before, sequence) == wanted
        assert said(after, sequence) == wanted


def test_a_gate_unpacks_the_very_list_that_was_signed(tmp_path: Path) -> None:
    published(tmp_path / "desk", dict.fromkeys(range(900), RED))
    parcel.unpack(tmp_path / "desk" / "g0000000001.pack", tmp_path / "made", KEY, SIGNERS)
    assert (tmp_path / "made").read_bytes() == (tmp_path / "desk" / "g0000000001.whole").read_bytes()


def test_a_gate_makes_the_next_list_from_its_head_alone(tmp_path: Path) -> None:
    published(tmp_path, dict.fromkeys(range(500), RED))
    changed(tmp_path, {1: GONE, 600: YELLOW})
    desk(tmp_path).fold()
    signed = tmp_path / "g0000000002.whole"
    wanted = signed.read_bytes()
    signed.unlink()
    (tmp_path / "g0000000002.pack").unlink()
    (tmp_path / "floor.json").unlink()
    assert not list(prepare(tmp_path, "exceptions", KEY, SIGNERS))
    assert signed.read_bytes() == wanted


def test_a_list_is_made_from_nothing_but_what_it_was_made_from(tmp_path: Path) -> None:
    published(tmp_path, dict.fromkeys(range(500), RED))
    changed(tmp_path, {1: GONE})
    desk(tmp_path).fold()
    recipe = read_recipe(tmp_path / "g0000000002.head", SIGNERS)
    (tmp_path / "g0000000002.whole").unlink()
    (tmp_path / "g0000000001-01.change").unlink()
    (tmp_path / "floor.json").unlink()
    with pytest.raises(StatusUnavailable, match="other files"):
        compact(recipe, tmp_path / "made", opened(tmp_path), KEY)
    assert not list(tmp_path.glob("made*"))


def test_times_that_are_far_from_the_origin_go_on_in_the_next_list(tmp_path: Path) -> None:
    test = Status(result=TestResult.NEGATIVE, sampled_at=AS_OF, reported_at=AS_OF + HOUR)
    published(tmp_path, {1: test}, "city")
    changed(tmp_path, {2: RED}, "city", hours=20 * 24)
    desk(tmp_path, "city").fold()
    found = opened(tmp_path, "city")
    assert found.whole.origin > AS_OF - 60 * 24 * HOUR
    slot = said(found, 1) >> 8 & 0x1FFF
    assert found.whole.origin + slot * 900 == AS_OF


def test_two_people_of_one_hash_are_unknown_and_one_given_twice_is_named() -> None:
    people = Sorter()
    people.add(b"abcdefgh", 5, 2)
    people.add(b"abcdefXX", 6, 3)
    people.add(b"zzzzzzzz", 7, 4)
    people.add(b"zzzzzzzz", 8, 9)
    assert list(people.twice()) == [(4, 9)]
    assert list(people.drained()) == [(b"abcdef", AMBIGUOUS), (b"zzzzzz", 7)]


def test_the_desk_refuses_what_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="build a whole list first"):
        changed(tmp_path, {1: RED})
    published(tmp_path, {1: RED})
    with pytest.raises(ConfigError, match="older"):
        changed(tmp_path, {1: RED}, hours=-1)
    with pytest.raises(ConfigError, match="other columns"):
        desk(tmp_path).change(sorter({1: RED}), terms(covers=("code", "travel")))
    for hours in range(MOST_CHANGES):
        changed(tmp_path, {hours: YELLOW}, hours=hours)
    with pytest.raises(ConfigError, match="fold"):
        changed(tmp_path, {1: RED}, hours=20)


def test_odds_are_what_the_birthday_of_hashes_says() -> None:
    assert false_match(7_500_000) == pytest.approx(2.7e-8, rel=0.02)
    assert shared_place(7_500_000) == pytest.approx(0.1, rel=0.02)
    assert bits_for(7_500_000) == 16
    assert bits_for(0) == bits_for(1) == 0
    assert all(
        64 <= people / (1 << bits_for(people)) <= 128 for people in random.Random(1).sample(range(200, 10**7), 99)
    )


def test_a_colour_of_every_kind_comes_back(tmp_path: Path) -> None:
    people = {number: Status(colour=colour) for number, colour in enumerate(Colour)}
    published(tmp_path, people)
    found = opened(tmp_path)
    assert [said(found, number) for number in people] == [bits(status) for status in people.values()]
