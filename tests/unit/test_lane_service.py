"""One lane from payload to announcement, over a real journal; voice and screen are observed at their interfaces."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from lane_rig import Rig, all_well, card, code, disk_that_hangs, serve

from gate.errors import StatusUnavailable
from gate.lane import LaneState
from gate.model import (
    Notice,
    NoticeKind,
    Outcome,
    PayloadKind,
    Reading,
    Reason,
    Records,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pass_is_on_disk_before_it_is_shown_or_spoken(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        at_announcement: list[list[tuple[str, str, str | None]]] = []
        say = rig.observed.say

        def say_and_look(reason: Reason, advice: Reason | None = None) -> asyncio.Future[float | None]:
            at_announcement.append(rig.rows())
            return say(reason, advice)

        rig.observed.say = say_and_look  # type: ignore[method-assign]  # looks at the disk at that very moment
        rig.service.take(card())
        assert await rig.observed.until("said") == ["green_code"]
        assert at_announcement == [[("pass", '["green_code"]', None)]]
        assert [detail for kind, detail in rig.observed.events if kind == "shown"] == ["deciding", "pass green_code"]

    serve(tmp_path, scenario)


def test_nobody_is_let_in_on_a_record_that_can_not_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(rig: Rig) -> None:
        with disk_that_hangs(rig.path):
            rig.service.take(card())
            assert await rig.observed.until("said") == ["record_failed"]
            assert rig.observed.lit("record_failed")
            assert ("shown", "refer record_failed") in rig.observed.events
            assert rig.service.lane.state is LaneState.IDLE, "nothing is released"
        rig.service.take(card())
        assert await rig.observed.until("said", 2) == ["record_failed", "green_code"], "the next person is served"
        assert not rig.observed.lit("record_failed")
        assert [row for row in rig.rows() if row[0] == "pass" and row[2] is None] == [("pass", '["green_code"]', None)]
        assert sum(record.message.startswith("record-failed") for record in caplog.records) == 1

    serve(tmp_path, scenario)


def test_a_pass_that_lands_on_disk_too_late_is_withdrawn(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        with disk_that_hangs(rig.path):
            rig.service.take(card())
            assert await rig.observed.until("said") == ["record_failed"]
        rig.service.take(code(b"hello"))  # rows are written in order: once this one is there, so is the one before
        await rig.observed.until("said", 2)
        await rig.settled()
        assert rig.rows()[0] == ("pass", '["green_code"]', "not committed in time")

    serve(tmp_path, scenario, commit_limit_s=0.02)


def test_a_refusal_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        with disk_that_hangs(rig.path):
            rig.service.take(code(b"hello"))
            assert await rig.observed.until("said") == ["code_unrecognised"]

    serve(tmp_path, scenario)


@pytest.mark.parametrize("broken", ["never answers", "says it can't"])
def test_a_source_that_is_broken_or_slow_refers(broken: str, tmp_path: Path) -> None:
    async def answer(_: bytes) -> Records | None:
        if broken == "never answers":
            await asyncio.Event().wait()
        raise StatusUnavailable(broken)

    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        assert await rig.observed.until("said") == ["status_unavailable"]

    serve(tmp_path, scenario, answer)


def test_one_person_at_a_time(tmp_path: Path) -> None:
    release = asyncio.Event()

    async def answer(_: bytes) -> Records | None:
        await release.wait()
        return await all_well(_)

    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        await rig.observed.until("shown")
        rig.service.take(code(b"pushing in"))
        assert await rig.observed.until("said") == ["one_at_a_time"]
        release.set()
        assert await rig.observed.until("said", 2) == ["one_at_a_time", "green_code"]
        assert rig.service.lane.turned_away == 1
        assert len(rig.rows()) == 1, "who pushed in was not judged"

    serve(tmp_path, scenario, answer)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [(NoticeKind.PRESENT_AGAIN, "one_at_a_time"), (NoticeKind.READER_UNSERVICEABLE, "reader_unserviceable")],
)
def test_whoever_is_not_read_while_another_is_decided_about_is_answered(
    kind: NoticeKind, answer: str, tmp_path: Path
) -> None:
    release = asyncio.Event()

    async def records(_: bytes) -> Records | None:
        await release.wait()
        return await all_well(_)

    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        await rig.observed.until("shown")
        rig.service.take(Notice("gun", kind, "detail", time.monotonic()))
        assert await rig.observed.until("said") == [answer]
        release.set()
        assert await rig.observed.until("said", 2) == [answer, "green_code"]

    serve(tmp_path, scenario, records)


def test_the_next_person_may_come_right_after_a_release(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        for count in range(1, 6):
            rig.service.take(card())
            await rig.observed.until("said", count)
        assert await rig.observed.until("said", 5) == ["green_code"] * 5

    serve(tmp_path, scenario)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.CODE_UNREADABLE),
        (b"x" * 100_000, Reason.CODE_UNREADABLE),
        (b"HC1:" + b"6BF" * 900, Reason.CODE_UNREADABLE),
        (b"\xff\xfe\x00", Reason.CODE_UNRECOGNISED),
        (b"%s%n$(reboot)\n\x1b[2J", Reason.CODE_UNRECOGNISED),
        (b"999999199001010016", Reason.BARE_NUMBER),
    ],
)
def test_whatever_a_code_holds_somebody_gets_an_answer(data: bytes, reason: Reason, tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(code(data))
        assert await rig.observed.until("said") == [reason.value]
        rig.service.take(card())
        assert (await rig.observed.until("said", 2))[1] == "green_code"

    serve(tmp_path, scenario)


def test_a_card_that_makes_no_sense_is_referred(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(Reading("id-reader", PayloadKind.RESIDENT_ID_BLOCK, bytes(256), time.monotonic()))
        assert await rig.observed.until("said") == ["document_invalid"]

    serve(tmp_path, scenario)


def test_what_devices_have_to_say_is_heard_and_shown(tmp_path: Path) -> None:
    def notice(kind: NoticeKind) -> Notice:
        return Notice("id-reader", kind, "detail", time.monotonic())

    async def scenario(rig: Rig) -> None:
        rig.service.take(notice(NoticeKind.OFFLINE))
        assert rig.observed.lit("reader_offline")
        rig.service.take(notice(NoticeKind.ONLINE))
        assert not rig.observed.lit("reader_offline")
        rig.service.take(notice(NoticeKind.PRESENT_AGAIN))
        rig.service.take(notice(NoticeKind.READER_UNSERVICEABLE))
        assert await rig.observed.until("said", 2) == ["present_again", "reader_unserviceable"]
        assert rig.observed.lit("reader_offline"), "a reader that answers but can't work is out as well"
        rig.service.take(notice(NoticeKind.ONLINE))
        assert not rig.observed.lit("reader_offline")

    serve(tmp_path, scenario)


def test_retry_and_refer_are_shown_as_such(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(code(b"hello"))
        await rig.observed.until("said")
        assert rig.observed.events[-2] == ("shown", f"{Outcome.RETRY.value} code_unrecognised")

    serve(tmp_path, scenario)
