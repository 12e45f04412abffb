"""The voice through a real ``aplay``: bit for bit, the newest wins, and a dead card holds nobody up."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.model import Reason
from voice import phrases, player, speaker
from voice.pack import BUNDLED, Pack
from voice.simulated import SimulatedSoundCard
from voice.speaker import LAST_ANNOUNCEMENT, Settings, Speaker
from voice.wav import RATE, decode, silence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

pytestmark = pytest.mark.skipif(shutil.which("aplay") is None, reason="aplay is missing: apt-get install alsa-utils")

PACK = Pack.open((BUNDLED,), phrases.load(["zh-CN", "en"]))
DEADLINE = 30.0


def pcm(reason: Reason, language: str = "zh-CN") -> bytes:
    return PACK.clip(reason, language).pcm


@pytest.fixture
def card(tmp_path: Path) -> Iterator[SimulatedSoundCard]:
    folder = tmp_path / "card"
    folder.mkdir()
    with SimulatedSoundCard(folder) as simulated:
        yield simulated


class Rig:
    """A running speaker and what it reports."""

    def __init__(self, environment: Mapping[str, str], spill: Path, settings: Settings) -> None:
        self.faults: asyncio.Queue[str | None] = asyncio.Queue()
        self.speaker = Speaker(PACK, settings, spill, on_fault=self.faults.put_nowait, environment=environment)
        self.spill = spill / LAST_ANNOUNCEMENT

    async def say(self, reason: Reason, advice: Reason | None = None) -> float | None:
        async with asyncio.timeout(DEADLINE):
            return await self.speaker.say(reason, advice)

    async def fault(self) -> str | None:
        async with asyncio.timeout(DEADLINE):
            return await self.faults.get()


@asynccontextmanager
async def running(environment: Mapping[str, str], spill: Path, settings: Settings | None = None) -> AsyncIterator[Rig]:
    rig = Rig(environment, spill, settings or Settings())
    task = asyncio.create_task(rig.speaker.run())
    try:
        yield rig
    finally:
        task.cancel()
        async with asyncio.timeout(DEADLINE):
            await asyncio.wait({task})
        assert task.cancelled(), task
        assert not children()


def children() -> list[str]:
    """Players of this process that still run or were not reaped."""
    pids = [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
    return [name for pid in pids if (name := Path(f"/proc/{pid}/comm").read_text().strip()) in {"aplay", "sleep"}]


async def heard(card: SimulatedSoundCard, count: int) -> list[bytes]:
    """What the card played, without the silence that fills the player's last period."""
    announcements = await asyncio.to_thread(card.heard, count, DEADLINE)
    assert len(announcements) >= count
    return announcements


def test_the_card_gets_every_sample_and_nothing_else(card: SimulatedSoundCard, tmp_path: Path) -> None:
    async def play() -> bytes:
        async with running(card.environment, tmp_path) as rig:
            before = time.monotonic()
            taken = await rig.say(Reason.GREEN_CODE)
            assert taken is not None
            assert before < taken
            return (await heard(card, 1))[0]

    played = asyncio.run(play())
    said = pcm(Reason.GREEN_CODE)
    assert played[: len(said)] == said
    assert not any(played[len(said) :])
    assert not (tmp_path / LAST_ANNOUNCEMENT).exists()


def test_both_languages_follow_each_other_after_the_lead_in(card: SimulatedSoundCard, tmp_path: Path) -> None:
    async def play() -> bytes:
        settings = Settings(languages=("zh-CN", "en"), lead_in_ms=300)
        async with running(card.environment, tmp_path, settings) as rig:
            await rig.say(Reason.PRESENT_AGAIN)
            return (await heard(card, 1))[0]

    played = asyncio.run(play())
    first, second = pcm(Reason.PRESENT_AGAIN), pcm(Reason.PRESENT_AGAIN, "en")
    assert played.startswith(silence(0.3) + first + silence(0.25) + second)


def test_advice_follows_the_pass(card: SimulatedSoundCard, tmp_path: Path) -> None:
    async def play() -> bytes:
        async with running(card.environment, tmp_path) as rig:
            await rig.say(Reason.GREEN_CODE, Reason.SECOND_TEST_DUE)
            return (await heard(card, 1))[0]

    played = asyncio.run(play())
    assert played.startswith(pcm(Reason.GREEN_CODE) + silence(0.25) + pcm(Reason.SECOND_TEST_DUE))


def test_a_new_announcement_cuts_off_the_one_before(card: SimulatedSoundCard, tmp_path: Path) -> None:
    async def play() -> list[bytes]:
        async with running(card.environment, tmp_path) as rig:
            before = time.monotonic()
            await rig.say(Reason.TEST_EXPIRED)
            assert await asyncio.to_thread(card.first_sample_after, before, DEADLINE) is not None
            await rig.say(Reason.GREEN_CODE)
            return await heard(card, 2)

    old, new = asyncio.run(play())
    assert len(old) < len(pcm(Reason.TEST_EXPIRED))
    assert pcm(Reason.TEST_EXPIRED).startswith(old)
    assert new.startswith(pcm(Reason.GREEN_CODE))


def test_of_a_burst_only_the_last_is_heard_to_the_end(card: SimulatedSoundCard, tmp_path: Path) -> None:
    async def play() -> tuple[list[float | None], list[bytes]]:
        async with running(card.environment, tmp_path) as rig:
            all_taken = await asyncio.gather(*(rig.say(reason) for reason in Reason))
            return all_taken, await heard(card, 1)

    taken, played = asyncio.run(play())
    assert taken[-1] is not None
    assert taken[:-1] == [None] * (len(Reason) - 1)
    assert played[-1].startswith(pcm(list(Reason)[-1]))


def test_a_stopped_gate_is_silent_at_once(card: SimulatedSoundCard, tmp_path: Path) -> None:
    async def play() -> None:
        async with running(card.environment, tmp_path) as rig:
            await rig.say(Reason.TEST_EXPIRED)

    asyncio.run(play())


def test_without_a_card_the_words_go_to_a_file_and_the_log_says_so_once(
    card: SimulatedSoundCard, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    card.unplug()

    async def play() -> None:
        async with running(card.environment, tmp_path) as rig:
            assert await rig.say(Reason.TEST_EXPIRED) is None
            assert "audio open error" in str(await rig.fault())
            assert await rig.say(Reason.GREEN_CODE) is None

    asyncio.run(play())
    assert decode((tmp_path / LAST_ANNOUNCEMENT).read_bytes()) == pcm(Reason.GREEN_CODE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card", LAST_ANNOUNCEMENT]
    assert [record.levelname for record in caplog.records if record.name == "voice.speaker"] == ["WARNING"]


def test_a_card_put_back_is_used_again(
    card: SimulatedSoundCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaker, "RETRY_SECONDS", (0.05, 0.2))
    card.unplug()

    async def play() -> list[bytes]:
        async with running(card.environment, tmp_path) as rig:
            assert await rig.say(Reason.TEST_EXPIRED) is None
            assert await rig.fault() is not None
            card.plug()
            assert await rig.fault() is None
            assert await rig.say(Reason.GREEN_CODE) is not None
            return await heard(card, 2)

    probe, announcement = asyncio.run(play())
    assert not any(probe)
    assert announcement.startswith(pcm(Reason.GREEN_CODE))


def test_a_card_put_back_is_used_again_where_people_come_without_a_pause(
    card: SimulatedSoundCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaker, "RETRY_SECONDS", (0.2, 0.2))
    card.unplug()

    async def play() -> bytes:
        async with running(card.environment, tmp_path) as rig, asyncio.timeout(DEADLINE):
            assert await rig.say(Reason.TEST_EXPIRED) is None
            assert await rig.fault() is not None
            card.plug()
            while await rig.say(Reason.GREEN_CODE) is None:
                pass
            assert await rig.fault() is None
            return (await heard(card, 1))[0]

    assert asyncio.run(play()).startswith(pcm(Reason.GREEN_CODE))


def test_a_player_that_is_missing_holds_nobody_up(card: SimulatedSoundCard, tmp_path: Path) -> None:
    async def play() -> None:
        async with running({**card.environment, "PATH": str(tmp_path)}, tmp_path) as rig:
            assert await rig.say(Reason.GREEN_CODE) is None
            assert "aplay" in str(await rig.fault())

    asyncio.run(play())
    assert (tmp_path / LAST_ANNOUNCEMENT).exists()


def fake_player(folder: Path, script: str) -> Mapping[str, str]:
    """An environment whose ``aplay`` is ``script``."""
    programs = folder / "programs"
    programs.mkdir()
    program = programs / "aplay"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}


def test_a_player_that_never_reads_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "TAKE_SECONDS", 0.2)

    async def play() -> None:
        async with running(fake_player(tmp_path, "exec sleep 1000"), tmp_path) as rig:
            assert await rig.say(Reason.GREEN_CODE) is None
            assert await rig.fault() == "the player hung and was killed"
            assert not children()

    asyncio.run(play())
    assert decode((tmp_path / LAST_ANNOUNCEMENT).read_bytes()) == pcm(Reason.GREEN_CODE)


def test_a_player_that_never_ends_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "OVERRUN_SECONDS", 0.2 - PACK.clip(Reason.GREEN_CODE, "zh-CN").seconds)

    async def play() -> None:
        environment = fake_player(tmp_path, "cat > /dev/null\nexec sleep 1000")
        async with running(environment, tmp_path) as rig:
            assert await rig.say(Reason.GREEN_CODE) is not None
            assert await rig.fault() == "the player hung and was killed"

    asyncio.run(play())


def test_a_hanging_player_does_not_delay_the_next_announcement(tmp_path: Path) -> None:
    started, second = tmp_path / "started", tmp_path / "second"
    os.mkfifo(started)
    script = f"mkdir {second} || exec cat > /dev/null\necho started > {started}\nexec sleep 1000"

    async def play() -> None:
        async with running(fake_player(tmp_path, script), tmp_path) as rig:
            first = rig.speaker.say(Reason.TEST_EXPIRED)
            assert await asyncio.to_thread(started.read_text) == "started\n"
            assert await rig.say(Reason.GREEN_CODE) is not None
            assert await first is None
            assert rig.faults.empty()

    asyncio.run(play())


def test_a_killed_player_is_a_fault_that_is_told(card: SimulatedSoundCard, tmp_path: Path) -> None:
    async def play() -> None:
        async with running(card.environment, tmp_path) as rig:
            await rig.say(Reason.TEST_EXPIRED)
            playback = rig.speaker._playback
            assert playback is not None
            os.kill(playback._child.pid, signal.SIGKILL)
            assert "status -9" in str(await rig.fault())

    asyncio.run(play())
    assert decode((tmp_path / LAST_ANNOUNCEMENT).read_bytes()) == pcm(Reason.TEST_EXPIRED)


def test_a_player_s_complaint_can_not_forge_a_log_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> str:
        environment = fake_player(tmp_path, r"printf 'bad \033[31mcard\007' >&2; exit 1")
        async with running(environment, tmp_path) as rig:
            assert await rig.say(Reason.GREEN_CODE) is None
            return str(await rig.fault())

    assert asyncio.run(play()) == "bad ?[31mcard?"
    assert "\033" not in caplog.text


def test_a_folder_that_is_gone_is_no_reason_to_stop(card: SimulatedSoundCard, tmp_path: Path) -> None:
    card.unplug()

    async def play() -> None:
        async with running(card.environment, tmp_path / "gone") as rig:
            assert await rig.say(Reason.GREEN_CODE) is None
            assert await rig.say(Reason.GREEN_CODE) is None

    asyncio.run(play())


def test_the_simulated_card_takes_sound_at_the_pace_of_sound(card: SimulatedSoundCard, tmp_path: Path) -> None:
    async def play() -> float:
        async with running(card.environment, tmp_path) as rig:
            before = time.monotonic()
            await rig.say(Reason.PRESENT_AGAIN)
            first = await asyncio.to_thread(card.first_sample_after, before, DEADLINE)
            assert first is not None
            played = (await heard(card, 1))[0]
            return (time.monotonic() - first) / (len(played) / 2 / RATE)

    assert asyncio.run(play()) > 0.9
