"""Changes laid over each other: what is said is what a dictionary would say, whenever they came and however many."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from status_lists import (
    AS_OF,
    GREEN,
    KEY,
    RED,
    SIGNERS,
    YELLOW,
    bits,
    changed,
    desk,
    holder,
    opened,
    path_of,
    published,
    said,
    signed,
)

from gate.errors import StatusUnavailable
from gate.status.cache.added import Added
from gate.status.cache.folder import ListFolder
from gate.status.cache.payload import Status

if TYPE_CHECKING:
    from pathlib import Path

    from gate.status.cache.generation import Generation

GONE = Status()
PEOPLE = 700
STEPS = st.lists(
    st.dictionaries(st.integers(0, PEOPLE + 200), st.sampled_from([RED, YELLOW, GREEN, GONE]), max_size=60), max_size=5
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS, looked=st.sets(st.integers(1, 5)))
def test_changes_that_come_one_by_one_or_together_leave_what_a_dictionary_would(
    tmp_path_factory: pytest.TempPathFactory, steps: list[dict[int, Status]], looked: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("list")
    truth = dict.fromkeys(range(PEOPLE), RED)
    published(folder, truth, "city")
    lists = ListFolder(folder, "city", KEY)
    lists.newest(SIGNERS)
    one_by_one = ListFolder(folder, "city", KEY)
    one_by_one.newest(SIGNERS)
    for number, step in enumerate(steps, 1):
        before = lists.newest(SIGNERS) if number in looked else None
        earlier = dict(truth)
        changed(folder, step, "city", number)
        truth |= step
        found = lists.newest(SIGNERS) if number in looked else opened(folder, "city")
        apart = one_by_one.look(SIGNERS)
        if number in looked:
            one_by_one.lay()
        for sequence in range(PEOPLE + 210):
            assert said(apart, sequence) == bits(truth.get(sequence, GONE)), "each change asked by itself"
            assert said(found, sequence) == bits(truth.get(sequence, GONE))
            if before is not None:
                assert said(before, sequence) == bits(earlier.get(sequence, GONE)), "who still asks the one before"


def test_a_change_that_is_damaged_or_lost_after_it_served_is_not_kept_in_memory(tmp_path: Path) -> None:
    published(tmp_path, {1: RED, 2: RED})
    for number, status in enumerate((YELLOW, GREEN, RED), 1):
        changed(tmp_path, {1: status, 9: status}, hours=number)
    lists = ListFolder(tmp_path, "exceptions", KEY)
    assert said(lists.newest(SIGNERS), 9) == bits(RED)
    good = path_of(tmp_path, 2).read_bytes()
    path_of(tmp_path, 2).write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    found = lists.newest(SIGNERS)
    assert [said(found, n) for n in (1, 2, 9)] == [bits(YELLOW), bits(RED), bits(YELLOW)]
    assert found.changes == 1
    assert found.newest.change == 1, "it says the age of what serves"
    path_of(tmp_path, 1).unlink()
    assert [said(lists.newest(SIGNERS), n) for n in (1, 9)] == [bits(RED), 0]
    assert lists.newest(SIGNERS).people == 2


def test_whoever_asks_while_changes_come_gets_an_answer_of_one_of_them(tmp_path: Path) -> None:
    published(tmp_path / "desk", dict.fromkeys(range(PEOPLE), RED))
    changed(tmp_path / "desk", dict.fromkeys(range(PEOPLE), YELLOW))
    changed(tmp_path / "desk", dict.fromkeys(range(PEOPLE), GREEN), hours=2)
    gate = tmp_path / "gate"
    gate.mkdir()
    shutil.copy(tmp_path / "desk" / "g0000000001.whole", gate)
    lists = ListFolder(gate, "exceptions", KEY)
    serving, stop, wrong = [lists.newest(SIGNERS)], threading.Event(), list[int]()

    def ask() -> None:
        while not stop.is_set():
            generation = serving[0]
            wanted = bits((RED, YELLOW, GREEN)[generation.changes])
            wrong.extend(n for n in range(0, PEOPLE, 7) if said(generation, n) != wanted)

    asking = threading.Thread(target=ask)
    asking.start()
    for number in (1, 2):
        shutil.copy(path_of(tmp_path / "desk", number), gate / "brought")
        (gate / "brought").rename(path_of(gate, number))
        serving[0] = lists.newest(SIGNERS)
    stop.set()
    asking.join()
    assert not wrong
    assert serving[0].changes == 2


def test_more_different_values_than_two_bytes_can_number(tmp_path: Path) -> None:
    whole = published(tmp_path, dict.fromkeys(range(100), RED))
    rows = {opened(tmp_path).list.find(KEY.hash(holder(n)))[0]: n for n in range(100)}
    signed(tmp_path, whole, 1, list(range(1, 60_001)), {row: row * 600 for row in range(0, 100, 2)})
    signed(tmp_path, whole, 2, list(range(60_001, 120_001)), {row: row * 600 for row in range(0, 100, 3)})
    lists = ListFolder(tmp_path, "exceptions", KEY)
    found = lists.newest(SIGNERS)
    signed(tmp_path, whole, 3, [7], {98: 0})
    for generation in (found, lists.newest(SIGNERS), opened(tmp_path)):
        for row, sequence in rows.items():
            wanted = bits(RED) if row % 2 else row * 600 + 1
            wanted = row * 600 + 60_001 if row % 3 == 0 else wanted
            wanted = 7 if row == 98 and generation.changes == 3 else wanted
            assert said(generation, sequence) == wanted


@pytest.mark.parametrize(
    ("values", "rows", "why"),
    [
        ([5], {100: 0}, "a row that there is none of"),
        ([5], {255: 0}, "a row that there is none of"),
        ([5], {3: 1}, "a value that it does not hold"),
    ],
)
def test_a_change_of_rows_or_values_that_are_not_there_is_refused_and_the_one_before_serves(
    tmp_path: Path, values: list[int], rows: dict[int, int], why: str
) -> None:
    whole = published(tmp_path, dict.fromkeys(range(100), RED))
    signed(tmp_path, whole, 1, [9], {0: 0})
    signed(tmp_path, whole, 2, values, rows)
    lists = ListFolder(tmp_path, "exceptions", KEY)
    at_once = lists.look(SIGNERS)
    assert at_once.changes == 2, "nobody has looked through it yet"
    assert answers(at_once) <= {9, bits(RED), None}
    found = lists.lay()
    assert found is not None
    for generation in (found, lists.look(SIGNERS), opened(tmp_path)):
        assert generation.changes == 1
        assert sorted(said(generation, n) for n in range(100)) == [9] + [bits(RED)] * 99
        assert why in lists.notes[0]
    signed(tmp_path, whole, 2, [8], {0: 0})
    assert lists.look(SIGNERS).changes == 2, "a good one in its place is taken"


def answers(generation: Generation) -> set[int | None]:
    """What it says about those hundred; None where it says that it can't."""

    def answer(sequence: int) -> int | None:
        try:
            return said(generation, sequence)
        except StatusUnavailable:
            return None

    return set(map(answer, range(100)))


def test_a_list_is_made_only_from_changes_that_were_looked_through(tmp_path: Path) -> None:
    published(tmp_path, {1: RED})
    changed(tmp_path, {1: YELLOW})
    with pytest.raises(ValueError, match="not laid over each other"):
        list(ListFolder(tmp_path, "exceptions", KEY).look(SIGNERS).folded(AS_OF))


@given(st.lists(st.dictionaries(st.binary(min_size=6, max_size=6), st.integers(0, 2**32 - 1), max_size=90), max_size=4))
def test_people_who_were_added_are_found_as_in_a_dictionary(changes: list[dict[bytes, int]]) -> None:
    truth = {place: said for one in changes for place, said in one.items()}
    found = Added([sorted(one.items()) for one in changes])
    assert list(found) == sorted(truth.items())
    assert all(found.find(place) == said for place, said in truth.items())
    assert all(
        found.find(bytes([place[0] ^ 1]) + place[1:]) == truth.get(bytes([place[0] ^ 1]) + place[1:]) for place in truth
    )
    for first in range(8):
        assert list(found.beginning_with(first, 3)) == [one for one in sorted(truth.items()) if one[0][0] >> 5 == first]
    again = Added([found, *([sorted(changes[-1].items())] if changes else [])])
    assert list(again) == sorted(truth.items())


def test_a_change_that_would_fold_gives_the_list_that_a_gate_makes(tmp_path: Path) -> None:
    """Whatever way the changes came to lie over each other, the list that comes of them is the same to the byte."""
    published(tmp_path, dict.fromkeys(range(PEOPLE), RED))
    lists = ListFolder(tmp_path, "exceptions", KEY)
    for number in range(1, 4):
        changed(tmp_path, dict.fromkeys(range(number, PEOPLE + 90, number + 2), YELLOW), hours=number)
        lists.newest(SIGNERS)
    one_by_one, together = lists.newest(SIGNERS), opened(tmp_path)
    assert list(one_by_one.folded(one_by_one.whole.origin)) == list(together.folded(together.whole.origin))
    desk(tmp_path).fold()
    assert opened(tmp_path).whole.people == PEOPLE + 90 - sum(
        all((n - number) % (number + 2) for number in range(1, 4)) for n in range(PEOPLE, PEOPLE + 90)
    )
