"""How far a rollout goes, and when it goes on, stops or goes back."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.publishing.rings import SOAK, STAGES, Count, Reach, Stage, Verdict, following, holds, judge, reach
from gate.trust.ring import RINGS, ring_of
from gate.wire.heartbeat import Clock, Heartbeat, Held, KeyTier

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-_", min_size=1, max_size=64)
STAGE = st.sampled_from(STAGES)
LASTED = st.timedeltas(timedelta(), timedelta(days=30))


@st.composite
def counts(draw: st.DrawFn) -> Count:
    covered = draw(st.integers(0, 21390))
    heard = draw(st.integers(0, covered))
    away = draw(st.integers(0, covered - heard))
    return Count(covered, heard, draw(st.integers(0, heard)), draw(st.integers(0, covered)), away)


def test_a_gates_ring_is_the_same_for_ever() -> None:
    assert [ring_of(name) for name in ("north-station-1", "north-station-2", "gate-7")] == [33, 71, 64]


def test_rings_are_of_one_size() -> None:
    sizes = Counter(ring_of(f"gate-{number}") for number in range(21390))
    assert set(sizes) == set(range(RINGS))
    assert 150 < min(sizes.values()) <= max(sizes.values()) < 280


@given(NAMES, NAMES, st.frozensets(NAMES, max_size=5))
def test_each_stage_covers_all_that_the_one_before_did(name: str, pilot: str, site: frozenset[str]) -> None:
    covered = [reach(stage, pilot, site).covers(name) for stage in STAGES]
    assert covered == sorted(covered)
    assert covered[-1]
    assert all(reach(stage, pilot, site).covers(pilot) for stage in STAGES)


def test_the_first_stage_is_one_gate_and_the_second_its_site() -> None:
    site = frozenset({"a", "b"})
    assert reach(Stage.GATE, "a", site) == Reach(frozenset({"a"}), 0)
    assert reach(Stage.SITE, "a", site).links == ("gate-a", "gate-b")
    assert reach(Stage.FEW, "a", site).links == ("gate-a", "gate-b", "00", "01", "02", "03", "04")


@given(STAGE, st.lists(st.integers(0, 9), min_size=5, max_size=5).map(sorted))
def test_stages_that_add_nobody_are_left_out_and_the_last_one_always_comes(stage: Stage, sizes: list[int]) -> None:
    covered = dict(zip(STAGES, sizes, strict=True))
    found = following(stage, covered)
    if stage is Stage.ALL:
        assert found is None
    else:
        assert found is not None
        assert STAGES.index(found) > STAGES.index(stage)
        assert found is Stage.ALL or covered[found] > covered[stage]


@given(STAGE, counts(), LASTED, st.booleans(), st.booleans())
def test_nothing_goes_on_that_makes_gates_sick_or_that_few_have(
    stage: Stage, count: Count, lasted: timedelta, at_once: bool, may_go_back: bool
) -> None:
    found = judge(stage, count, lasted, at_once=at_once, may_go_back=may_go_back)
    if count.sick > count.covered // 100:
        assert found is (Verdict.BACK if may_go_back else Verdict.STOP)
    elif found is Verdict.ON:
        assert count.holding >= 1
        assert 2 * count.heard >= count.covered
        assert at_once or lasted >= SOAK[stage]
    else:
        assert found in {Verdict.WAIT, Verdict.STOP}


@given(STAGE, counts(), st.booleans())
def test_it_does_not_wait_for_ever(stage: Stage, count: Count, at_once: bool) -> None:
    assert judge(stage, count, timedelta(days=7), at_once=at_once, may_go_back=True) is not Verdict.WAIT


def test_one_sick_gate_is_too_many_where_few_are_covered() -> None:
    for covered, sick, found in ((1, 1, Verdict.BACK), (99, 1, Verdict.BACK), (100, 1, Verdict.WAIT)):
        count = Count(covered, covered, covered, sick)
        assert judge(Stage.SITE, count, timedelta(), at_once=False, may_go_back=True) is found


def test_an_emergency_waits_for_the_gates_alone() -> None:
    count = Count(10, 10, 10, 0)
    assert judge(Stage.ALL, count, timedelta(), at_once=True, may_go_back=False) is Verdict.ON
    assert judge(Stage.ALL, count, timedelta(), at_once=False, may_go_back=False) is Verdict.WAIT


def test_gates_that_are_switched_off_as_planned_are_not_waited_for() -> None:
    lasted = SOAK[Stage.MANY]
    for away, found in ((0, Verdict.WAIT), (7, Verdict.ON)):
        count = Count(10, 2, 2, 0, away)
        assert judge(Stage.MANY, count, lasted, at_once=False, may_go_back=True) is found
    asleep = Count(10, 0, 0, 0, 10)
    for days, found in ((3, Verdict.WAIT), (5, Verdict.STOP)):
        assert judge(Stage.MANY, asleep, timedelta(days=days), at_once=False, may_go_back=True) is found


@pytest.mark.parametrize(
    ("trust", "rules", "has"),
    [
        ("trust@7", "station@3", True),
        ("trust@7", "station@2", False),
        ("trust@7", "its-own@1", True),
        ("trust@7", None, True),
        ("trust@6", "station@3", False),
        ("trust@8", "station@3", False),
        (None, "station@3", False),
    ],
)
def test_a_gate_has_it_that_believes_it_and_judges_by_its_rules(
    trust: str | None, rules: str | None, has: bool
) -> None:
    beat = Heartbeat(
        device="gate-7",
        software="0.5.0",
        uptime_s=60,
        clock=Clock(datetime(2026, 1, 1, tzinfo=UTC), trusted=True),
        readers=(),
        rules=None if rules is None else Held(rules),
        trust=None if trust is None else Held(trust),
        key_tier=KeyTier.FILE,
    )
    assert holds(beat, 7, {("station", 3), ("hospital", 1)}) is has
