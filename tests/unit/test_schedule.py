from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from rule_set_samples import blob, rule_set

from gate.model import Moment
from gate.rules.ruleset import RuleSet, load
from gate.rules.schedule import in_force

MIDNIGHT = datetime(2022, 6, 30, 16, tzinfo=UTC)
OLD = replace(load(blob(rule_set())), id="old", valid_to=MIDNIGHT + timedelta(days=1))
NEW = replace(OLD, id="new", valid_from=MIDNIGHT, valid_to=MIDNIGHT + timedelta(hours=1))


def at(seconds: int, *sets: RuleSet) -> str | None:
    """Which one is in force so many seconds after midnight, in whatever order the sets are held."""
    moment = Moment(MIDNIGHT + timedelta(seconds=seconds), trusted=True)
    found = [in_force(order, moment) for order in permutations(sets)]
    assert all(one is found[0] for one in found)
    return None if found[0] is None else f"{found[0].id}@{found[0].version}"


@pytest.mark.parametrize(
    ("seconds", "name"),
    [(-1, "old@3"), (0, "new@3"), (1, "new@3"), (3_599, "new@3"), (3_600, "old@3"), (86_399, "old@3"), (86_400, None)],
)
def test_an_announced_set_takes_over_and_ends_to_the_second(seconds: int, name: str | None) -> None:
    assert at(seconds, OLD, NEW) == name


def test_of_one_id_the_highest_version_that_is_valid() -> None:
    coming = replace(OLD, version=4, valid_from=MIDNIGHT)
    correction = replace(OLD, version=5, valid_from=OLD.valid_from, valid_to=MIDNIGHT + timedelta(seconds=10))
    assert at(-1, OLD, coming) == "old@3"
    assert at(0, OLD, coming) == "old@4"
    assert at(9, OLD, coming, correction) == "old@5", "the highest version, not the one that became valid last"
    assert at(10, OLD, coming, correction) == "old@4"


def test_of_several_ids_the_one_that_became_valid_last() -> None:
    namesake = replace(NEW, id="newer")
    assert at(0, OLD, NEW, namesake) == "newer@3", "two from the same moment: by id, so that every gate agrees"
    assert at(0, OLD, replace(NEW, version=1)) == "new@1", "versions of different ids are not compared"


def test_without_sets_none_is_in_force() -> None:
    assert at(0) is None
