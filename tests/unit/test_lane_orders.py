"""What cities ordered, as it is heard and seen at a lane: companions, retries that end, advice, emergency entrances."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from children import BIRTH, CHILD, PARENT, PARK, STRANGER, family
from lane_rig import HERE, Rig, card, code, serve

from gate.app.companions import WAIT_S, Companions, WaitingChild
from gate.app.demo.people import healthy
from gate.app.judgement import Judgement
from gate.model import (
    ArrivalRecord,
    ArrivalRisk,
    Assurance,
    Checkpoint,
    Credential,
    CredentialKind,
    Decision,
    Direction,
    Notice,
    NoticeKind,
    Outcome,
    Reason,
    Records,
    TestRecord,
    TestResult,
)

if TYPE_CHECKING:
    from pathlib import Path

MALL = Checkpoint("m", "mall", "1", Direction.IN, attended=True)
EMERGENCY = Checkpoint("e", "hospital", "emergency", Direction.IN, attended=True)


def test_a_small_child_passes_with_a_companion_who_was_tested(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(card(CHILD, birth=BIRTH))
        assert await rig.observed.until("said") == ["companion_needed"]
        rig.service.take(card(PARENT))
        assert (await rig.observed.until("said", 2))[1] == "green_code"
        await rig.settled()
        assert [row[0] for row in rig.rows()] == ["retry", "pass", "pass"], "both are on record"
        rig.service.take(card(PARENT))
        await rig.observed.until("said", 3)
        await rig.settled()
        assert len(rig.rows()) == 4, "the child waits no longer"

    serve(tmp_path, scenario, family(TestResult.NEGATIVE), rules="children", place=PARK)


def test_a_companions_bad_test_keeps_both_out_and_the_record_says_whose_it_was(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(card(CHILD, birth=BIRTH))
        await rig.observed.until("said")
        rig.service.take(card(PARENT))
        await rig.observed.until("said", 2)
        await rig.settled()
        _, parent, child = rig.rows()
        assert parent[0] == child[0] == "refer"
        assert '"companion_test"' in child[1]
        assert '"test_positive"' in parent[1]

    serve(tmp_path, scenario, family(TestResult.POSITIVE), rules="children", place=PARK)


def test_a_companion_whom_nobody_knows_vouches_for_nothing(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(card(CHILD, birth=BIRTH))
        await rig.observed.until("said")
        rig.service.take(card(CHILD, birth=BIRTH))
        assert (await rig.observed.until("said", 2))[1] == "companion_needed", "the child is not its own companion"
        rig.service.take(card(STRANGER))
        await rig.observed.until("said", 3)
        await rig.settled()
        assert [row[0] for row in rig.rows()[2:]] == ["refer", "refer"]

    serve(tmp_path, scenario, family(TestResult.NEGATIVE), rules="children", place=PARK)


def test_a_child_does_not_wait_for_the_next_family() -> None:
    card = Credential(CredentialKind.RESIDENT_ID, Assurance.CHIP)
    child = Judgement(card, b"child", Decision(Outcome.RETRY, ()), HERE)
    next_one = replace(child, holder=b"somebody else")
    companions = Companions()
    companions.wait(WaitingChild("id-reader", child, since=100.0))
    assert companions.join(next_one, 100.1 + WAIT_S) is None
    companions.wait(WaitingChild("id-reader", child, since=100.0))
    assert companions.join(replace(child, holder=None), 101.0) is None, "a code that names nobody"
    on_the_way_out = replace(next_one, place=replace(HERE, direction=Direction.OUT))
    assert companions.join(on_the_way_out, 101.0) is None, "whoever leaves is nobody's companion"
    joined = companions.join(next_one, 100.0 + WAIT_S)
    assert joined is not None
    assert joined.judgement is child
    assert companions.join(next_one, 101.0) is None


def test_asking_again_ends_with_a_person(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        for count in range(1, 5):
            rig.service.take(card(CHILD, birth=BIRTH))
            await rig.observed.until("said", count)
        assert await rig.observed.until("said", 4) == ["companion_needed"] * 3 + ["retries_exhausted"]

    serve(tmp_path, scenario, family(TestResult.NEGATIVE), rules="children", place=PARK)


def test_a_pass_says_what_to_do_by_when(tmp_path: Path) -> None:
    arrived = datetime.now(UTC) - timedelta(days=2)
    tested = arrived + timedelta(hours=5)

    async def answer(_: bytes) -> Records | None:
        good = healthy(datetime.now(UTC))
        return replace(
            good,
            arrivals=(ArrivalRecord("city", tested, arrived, ArrivalRisk.LOW),),
            tests=(TestRecord("lab", tested, TestResult.NEGATIVE, tested, tested),),
        )

    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        assert await rig.observed.until("said") == ["green_code second_test_due"]
        advice = rig.observed.advice[-1]
        assert advice is not None
        assert advice.startswith("请于")
        assert advice.endswith("前完成第二次核酸")

    serve(tmp_path, scenario, answer, rules="arrival-3-days-2-tests", place=MALL)


def test_an_emergency_entrance_never_sounds_like_a_refusal(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(card())  # nobody knows this person
        rig.service.take(code(b"pushing in"))  # one at a time
        await rig.observed.until("said", 2)
        rig.service.take(code(b"no code that anybody knows"))
        rig.service.take(Notice("id-reader", NoticeKind.PRESENT_AGAIN, "detail", time.monotonic()))
        await rig.observed.until("said", 3)
        assert set(await rig.observed.until("said", 3)) == {Reason.STAFF_CALLED.value}

    async def nobody(_: bytes) -> Records | None:
        return None

    serve(tmp_path, scenario, nobody, rules="hospital", place=EMERGENCY)


def test_rules_past_their_refresh_go_on_judging_and_the_guard_sees_it(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        assert await rig.observed.until("said") == ["green_code"]
        assert rig.observed.lit("rules_overdue")

    serve(tmp_path, scenario, refresh_by=datetime(2021, 6, 1, tzinfo=UTC))


def test_a_code_that_can_not_be_read_ends_with_a_person_too(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        for count in range(1, 5):
            rig.service.take(code(b"HC1:damaged"))
            await rig.observed.until("said", count)
        assert await rig.observed.until("said", 4) == ["code_unreadable"] * 3 + ["retries_exhausted"]
        rig.service.take(code(b"HC1:damaged"))
        assert (await rig.observed.until("said", 5))[4] == "code_unreadable", "the next one begins anew"

    serve(tmp_path, scenario)


def test_a_card_that_does_not_lie_still_ends_with_a_person_too(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        for _ in range(4):
            rig.service.take(Notice("id-reader", NoticeKind.PRESENT_AGAIN, "detail", time.monotonic()))
        assert await rig.observed.until("said", 4) == ["present_again"] * 3 + ["retries_exhausted"]

    serve(tmp_path, scenario)
