"""In and out, once on each code, so often on each permit: a lane that remembers whom it let through."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from lane_rig import HERE, Rig, all_well, card, disk_that_hangs, serve

from gate.app.logs import parse
from gate.credentials import identify
from gate.errors import JournalError
from gate.model import (
    Assurance,
    CodeReference,
    Credential,
    CredentialKind,
    Direction,
    Holder,
    Moment,
    OneTimeCode,
    PassageResult,
    Past,
    PayloadKind,
    PermitRecord,
    Reading,
    Records,
    TestRecord,
    TestResult,
)
from gate.status.source import Found

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from gate.credentials.trusted import Trusted

PLANT = replace(HERE, site_class="plant", zone="plant")
DOOR = {"inside-reader": Direction.OUT}
FAMILY = 0


def _parse(code: bytes, _: Trusted, moment: Moment) -> Credential:
    """``DYNAMIC:<whose>:<which>``; nobody in particular is a family, whose code its issuer resolves."""
    whose, which = (int(part) for part in code.split(b":")[1:])
    return Credential(
        CredentialKind.HEALTH_CODE,
        Assurance.DYNAMIC_CODE,
        None if whose == FAMILY else Holder("", pseudonym=bytes([whose] * 16)),
        reference=CodeReference("family", str(which)) if whose == FAMILY else None,
        one_time=OneTimeCode(bytes([which] * 16), moment.at + timedelta(minutes=5)),
    )


@pytest.fixture(autouse=True)
def _dynamic_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A format of codes that live for five minutes: a row in the table, as every format."""
    row = identify.CodeClass(CredentialKind.HEALTH_CODE, lambda code, _: code.startswith(b"DYNAMIC:"), _parse)
    monkeypatch.setattr(identify, "CODE_CLASSES", (row, *identify.CODE_CLASSES))


class Family:
    """A gateway to the issuer of the family's code: three people."""

    async def resolve(self, reference: CodeReference) -> Sequence[Found]:
        assert reference.issuer == "family"
        return [Found(bytes([person] * 16), Records()) for person in (11, 12, 13)]


def at_the_plant(
    folder: Path,
    scenario: Callable[[Rig], Awaitable[None]],
    answer: Callable[[bytes], Awaitable[Records | None]] = all_well,
    **others: Any,
) -> None:
    serve(folder, scenario, answer, **{"rules": "anti-passback", "place": PLANT, "directions": DOOR, **others})


def dynamic(whose: int, which: int, reader: str = "gun") -> Reading:
    return Reading(reader, PayloadKind.CODE_TEXT, f"DYNAMIC:{whose}:{which}".encode(), time.monotonic())


def leaving() -> Reading:
    return replace(card(), reader="inside-reader")


async def heard(rig: Rig, *readings: Reading) -> list[str]:
    """What each of them hears, one after the other; afterwards everything is on disk."""
    before = len([detail for kind, detail in rig.observed.events if kind == "said"])
    for number, reading in enumerate(readings, 1):
        rig.service.take(reading)
        await rig.observed.until("said", before + number)
    await rig.settled()
    return (await rig.observed.until("said", before + len(readings)))[before:]


# --- in and out -------------------------------------------------------------------------------------------------


def test_nobody_goes_in_twice_and_everybody_comes_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def scenario(rig: Rig) -> None:
        assert await heard(rig, card(), card(), leaving(), leaving(), card()) == [
            "permitted",
            "already_inside",
            "exit_recorded",
            "exit_recorded",
            "permitted",
        ]
        assert rig.look("direction, zone, outcome") == [
            ("in", "plant", "pass"),
            ("in", "plant", "refer"),
            ("out", "plant", "pass"),
            ("out", "plant", "pass"),
            ("in", "plant", "pass"),
        ]
        told = [parse(record.message) for record in caplog.records if record.message.startswith("presentation ")]
        assert [values["direction"] for values in told] == ["in", "in", "out", "out", "in"]

    at_the_plant(tmp_path, scenario)


def test_one_person_inside_keeps_nobody_else_out(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        assert await heard(rig, card(1), card(2)) == ["permitted", "permitted"]

    at_the_plant(tmp_path, scenario)


def test_inside_is_inside_after_a_restart(tmp_path: Path) -> None:
    async def morning(rig: Rig) -> None:
        assert await heard(rig, card()) == ["permitted"]

    async def after_the_restart(rig: Rig) -> None:
        assert await heard(rig, card(), leaving(), card()) == ["already_inside", "exit_recorded", "permitted"]

    at_the_plant(tmp_path, morning)
    at_the_plant(tmp_path, after_the_restart)


def test_whoever_did_not_go_through_may_come_again(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        assert await heard(rig, dynamic(1, 7)) == ["permitted"]
        ((row,),) = rig.look("id")
        await asyncio.wrap_future(rig.journal.complete(row, PassageResult.NOT_TAKEN))
        assert await heard(rig, dynamic(1, 7)) == ["permitted"], "neither inside nor a code used"

    at_the_plant(tmp_path, scenario)


def test_a_pass_that_came_too_late_counts_for_nothing(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        with disk_that_hangs(rig.path):
            assert await heard_while_the_disk_hangs(rig) == ["record_failed"]
        await rig.settled()
        assert rig.rows()[0] == ("pass", '["permitted"]', "not committed in time")
        past = await asyncio.wrap_future(rig.journal.past(bytes([1] * 16), "plant", bytes([7] * 16)))
        assert past == Past()

    async def heard_while_the_disk_hangs(rig: Rig) -> list[str]:
        rig.service.take(dynamic(1, 7))
        return await rig.observed.until("said")

    at_the_plant(tmp_path, scenario, commit_limit_s=0.02)


def test_where_no_profile_asks_for_it_people_come_as_often_as_they_like(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        assert await heard(rig, card(), card()) == ["green_code", "green_code"]

    serve(tmp_path, scenario)


# --- a code is good for once ------------------------------------------------------------------------------------


def test_two_people_do_not_come_in_on_one_code(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        assert await heard(rig, dynamic(1, 7), dynamic(2, 7), dynamic(2, 8)) == ["permitted", "code_used", "permitted"]
        assert rig.look("code") == [(bytes([7] * 16),), (bytes([7] * 16),), (bytes([8] * 16),)], "a server sees it too"

    at_the_plant(tmp_path, scenario)


def test_a_code_that_was_used_is_used_after_a_restart(tmp_path: Path) -> None:
    async def before(rig: Rig) -> None:
        assert await heard(rig, dynamic(1, 7)) == ["permitted"]

    async def after(rig: Rig) -> None:
        assert await heard(rig, dynamic(2, 7)) == ["code_used"]

    at_the_plant(tmp_path, before)
    at_the_plant(tmp_path, after)


def test_asking_for_a_fresh_code_again_and_again_ends_with_a_person(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        replayed = [dynamic(2, 7) for _ in range(3)]
        assert await heard(rig, dynamic(1, 7), *replayed) == [
            "permitted",
            "code_used",
            "code_used",
            "retries_exhausted",
        ]

    at_the_plant(tmp_path, scenario)


def test_a_code_that_let_nobody_in_may_be_shown_again(tmp_path: Path) -> None:
    known = False

    async def answer(_: bytes) -> Records | None:
        return Records() if known else None

    async def scenario(rig: Rig) -> None:
        nonlocal known
        assert await heard(rig, dynamic(1, 7)) == ["holder_unknown"]
        known = True
        assert await heard(rig, dynamic(1, 7)) == ["permitted"]

    at_the_plant(tmp_path, scenario, answer)


def test_a_familys_code_lets_the_family_in_once(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        assert await heard(rig, dynamic(FAMILY, 7)) == ["permitted"]
        assert len(rig.look("id")) == 3
        assert await heard(rig, dynamic(FAMILY, 7), dynamic(FAMILY, 8)) == ["code_used", "already_inside"]

    at_the_plant(tmp_path, scenario, gateway=Family())


def test_where_one_of_a_family_is_stopped_nothing_is_used_up_by_the_others(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    day = timedelta(days=1)
    permit = PermitRecord("office", now - day, frozenset({"plant"}), now - day, now + day, None, 2, "P-1")

    class OneIsUnknown(Family):
        async def resolve(self, reference: CodeReference) -> Sequence[Found]:
            *others, last = await super().resolve(reference)
            return [*others, replace(last, records=None)]

    async def answer(holder: bytes) -> Records | None:
        return Records(permits=(permit,)) if holder == bytes([11] * 16) else None

    async def scenario(rig: Rig) -> None:
        assert await heard(rig, dynamic(FAMILY, 7)) == ["holder_unknown"]
        assert rig.look("outcome, permit") == [("refer", None)] * 3
        past = await asyncio.wrap_future(rig.journal.past(bytes([11] * 16), "plant", bytes([7] * 16)))
        assert past == Past()

    at_the_plant(tmp_path, scenario, answer, gateway=OneIsUnknown())


def test_the_way_out_takes_a_code_that_was_used_and_does_not_use_it_up(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        assert await heard(rig, dynamic(1, 7, "inside-reader"), dynamic(1, 7), dynamic(1, 7, "inside-reader")) == [
            "exit_recorded",
            "permitted",
            "exit_recorded",
        ]

    at_the_plant(tmp_path, scenario)


# --- a past that can't be read ----------------------------------------------------------------------------------


class NoMemory:
    """A disk that fails, or one that never answers."""

    def __init__(self, *, answers: bool) -> None:
        self._answers = answers

    def past(self, holder: bytes | None, zone: str, code: bytes | None) -> Future[Past]:
        assert zone == "plant"
        assert holder is not None or code is not None
        future: Future[Past] = Future()
        if self._answers:
            future.set_exception(JournalError("the journal failed: disk I/O error"))
        return future


@pytest.mark.parametrize("answers", [True, False])
def test_nobody_goes_in_on_a_past_that_can_not_be_read_and_everybody_out(
    answers: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(rig: Rig) -> None:
        assert await heard(rig, card(), dynamic(1, 7), leaving(), dynamic(1, 7, "inside-reader")) == [
            "presence_unknown",
            "presence_unknown",
            "exit_recorded",
            "exit_recorded",
        ]
        assert sum(record.message.startswith("past-unknown") for record in caplog.records) == 4

    at_the_plant(tmp_path, scenario, history=NoMemory(answers=answers))


def test_a_card_needs_no_past_where_no_profile_asks_but_a_dynamic_code_does(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        assert await heard(rig, card(), dynamic(1, 7)) == ["green_code", "presence_unknown"]

    place = replace(HERE, zone="plant")
    at_the_plant(tmp_path, scenario, rules="station-48h", place=place, history=NoMemory(answers=True))


# --- permits ----------------------------------------------------------------------------------------------------


def test_a_permit_for_two_entries_lets_in_twice_and_out_as_often_as_needed(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    day = timedelta(days=1)
    permit = PermitRecord("office", now - day, frozenset({"east-3"}), now - day, now + day, None, 2, "P-1")
    negative = TestRecord("lab", now, TestResult.NEGATIVE, now - timedelta(hours=9), now - timedelta(hours=1))

    async def answer(_: bytes) -> Records | None:
        return Records(tests=(negative,), permits=(permit,))

    async def scenario(rig: Rig) -> None:
        people = [card(), leaving(), card(), card(), leaving()]
        assert await heard(rig, *people) == ["permitted", "permitted", "permitted", "permit_entries", "permitted"]
        assert rig.look("permit") == [("P-1",), ("P-1",), ("P-1",), (None,), ("P-1",)]

    place = replace(HERE, site_class="residential", zone="east-3")
    at_the_plant(tmp_path, scenario, answer, rules="controlled-zone", place=place)
