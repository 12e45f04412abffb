"""What systemd is told, over a real datagram socket, and that only a lane which serves people feeds the watchdog."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING

import pytest
from lane_rig import Rig, card, serve

from gate.app.judge import Judge
from gate.health import Health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gate.model import Records

PID = 4242


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The end that systemd holds."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(0)
        yield listener


def told(manager: socket.socket) -> list[str]:
    lines = []
    with contextlib.suppress(BlockingIOError):
        while True:
            lines.append(manager.recv(4096).decode())
    return lines


async def spin(times: int = 50) -> None:
    """Let everybody on the loop have so many turns."""
    for _ in range(times):
        await asyncio.sleep(0)


def test_ready_and_stopping_are_told(manager: socket.socket) -> None:
    health = Health.from_environment({"NOTIFY_SOCKET": manager.getsockname()}, PID)
    health.ready()
    health.stopping()
    assert told(manager) == ["READY=1", "STOPPING=1"]


def test_a_socket_without_a_file_is_reached() -> None:
    name = f"gate-test-{os.getpid()}"
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(f"\0{name}")
        manager.settimeout(0)
        Health.from_environment({"NOTIFY_SOCKET": f"@{name}"}, PID).ready()
        assert told(manager) == ["READY=1"]


def test_without_a_service_manager_nothing_is_told() -> None:
    health = Health.from_environment({}, PID)
    health.ready()
    asyncio.run(health.watch(Lane()))


def test_a_manager_that_is_gone_is_no_bug(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Health(str(tmp_path / "nobody")).ready()
    assert "not-told" in caplog.text


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"WATCHDOG_USEC": "15000000"}, 5.0),
        ({"WATCHDOG_USEC": "15000000", "WATCHDOG_PID": str(PID)}, 5.0),
        ({"WATCHDOG_USEC": "15000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_fed_three_times_a_period_where_it_watches_this_process(
    environment: dict[str, str], expected: float | None
) -> None:
    assert Health.from_environment({"NOTIFY_SOCKET": "/run/n", **environment}, PID).feed_every_s == expected


class Lane:
    """Turns at once."""

    async def turn(self) -> None:
        return


def watched(manager: socket.socket, scenario: Callable[[Rig], object], folder: Path, answer: object = None) -> None:
    """Run a lane whose watchdog is fed as often as the loop comes round."""

    async def main(rig: Rig) -> None:
        watch = asyncio.create_task(Health(manager.getsockname(), 0).watch(rig.service))
        try:
            await scenario(rig)  # type: ignore[misc]  # every scenario is a coroutine
        finally:
            watch.cancel()

    serve(folder, main, *([answer] if answer else []))  # type: ignore[arg-type]  # as ``serve`` takes it


def test_an_idle_lane_feeds_the_watchdog(manager: socket.socket, tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await spin()
        assert set(told(manager)) == {"WATCHDOG=1"}
        rig.service.take(card())
        await rig.observed.until("said")
        told(manager)
        await spin()
        assert set(told(manager)) == {"WATCHDOG=1"}, "it goes on after somebody was served"

    watched(manager, scenario, tmp_path)


def test_somebody_who_is_never_answered_stops_the_feeding_though_the_loop_lives(
    manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(rig: Rig) -> None:
        monkeypatch.setattr(Judge, "judge", never)
        rig.service.take(card())
        await spin()
        told(manager)
        await spin(1000)
        assert told(manager) == []

    watched(manager, scenario, tmp_path)


def test_a_lane_that_takes_no_more_events_stops_the_feeding_though_the_loop_lives(
    manager: socket.socket, tmp_path: Path
) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service._events.get = never  # type: ignore[method-assign,assignment]  # the same, between two people
        await spin()
        told(manager)
        await spin(1000)
        assert told(manager) == []

    watched(manager, scenario, tmp_path)


def test_a_loop_that_hangs_feeds_nobody(manager: socket.socket, tmp_path: Path) -> None:
    async def scenario(_: Rig) -> None:
        await spin()
        told(manager)
        manager.settimeout(0.05)
        with pytest.raises(TimeoutError):  # this waits without letting anybody on the loop have a turn
            manager.recv(4096)
        manager.settimeout(0)
        await spin()
        assert told(manager), "and it would have been fed"

    watched(manager, scenario, tmp_path)


async def never(*_: object) -> Records:
    """What hangs."""
    await asyncio.Event().wait()
    raise AssertionError
