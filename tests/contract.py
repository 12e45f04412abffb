"""The contract of ``drivers.Driver``, property by property; ``contract_report`` tries it on every driver."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from desk import Desk, at_desk
from rig import Rig, until

from drivers import TRAFFIC
from gate.app.devices import driver
from gate.config_bind import Roots
from gate.config_devices import ReaderConfig
from gate.errors import DeviceLost
from gate.model import Notice, NoticeKind, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from gate.model import ReaderEvent

HOLDS: Final = "holds"
CLOSING_S: Final = 1.0


class Bench:
    """One rig, and the driver that a configuration would make for it."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig = rig
        self._folder = folder

    @contextlib.asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        """The driver, started."""
        reader = ReaderConfig("reader", self.rig.driver, dict(self.rig.settings))
        async with at_desk(driver(reader, Roots(self._folder, self._folder))) as desk:
            yield desk


async def comes_online(desk: Desk) -> None:
    """The next thing that the driver says is that it works."""
    event = await desk.next()
    assert isinstance(event, Notice), event
    assert event.kind is NoticeKind.ONLINE, event


async def lost(desk: Desk) -> tuple[list[ReaderEvent], DeviceLost]:
    """What the driver still says before it ends, which it must by ``DeviceLost``."""
    events: list[ReaderEvent] = []
    while True:
        try:
            events.append(await desk.next())
        except DeviceLost as end:
            return events, end


async def closes(bench: Bench) -> str:
    """Cancelled at rest and amid a reading; then nothing of it is left, and the device can be opened again."""
    for amid in (False, True):
        before = await held()
        bench.rig.plug()
        async with bench.desk() as desk:
            await comes_online(desk)
            if amid:
                await bench.rig.begin()
            started = time.monotonic()
            desk.task.cancel()
            await asyncio.wait({desk.task})
            assert time.monotonic() - started < CLOSING_S
            assert desk.task.cancelled()
        if not amid:
            async with bench.desk() as again:
                await comes_online(again)
        bench.rig.lose()
        await until(lambda before=before: _held() <= before)  # type: ignore[misc]
    return HOLDS


async def held() -> tuple[int, int, int]:
    """Files, threads and children of this process, once the loop itself is at rest."""
    await asyncio.sleep(0)
    return _held()


def _held() -> tuple[int, int, int]:
    children = 0
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            children += len((thread / "children").read_text().split())
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), children


async def tells_loss(bench: Bench) -> str:
    """Lost because it is not there, or because it goes; and served again when it is back."""
    async with bench.desk() as desk:
        await lost(desk)
    for _ in range(2):
        bench.rig.plug()
        async with bench.desk() as desk:
            await comes_online(desk)
            bench.rig.lose()
            await lost(desk)
    return HOLDS


async def needs_the_whole(bench: Bench) -> str:
    """Half of something, then the device goes: no reading, and none of it in the next one."""
    bench.rig.plug()
    async with bench.desk() as desk:
        await comes_online(desk)
        await bench.rig.begin()
        bench.rig.lose()
        events, _ = await lost(desk)
        assert not [event for event in events if isinstance(event, Reading)], "a reading from half of something"
    bench.rig.plug()
    async with bench.desk() as desk:
        await comes_online(desk)
        await bench.rig.present()
        assert isinstance(await desk.next(), Reading)
        bench.rig.lose()
        events, _ = await lost(desk)
        assert not [event for event in events if isinstance(event, Reading)]
    return HOLDS


async def keeps_quiet(bench: Bench) -> str:
    """Nothing of what was read whole, or by half, is in a log, a notice, an error or a ``repr``."""
    bench.rig.plug()
    with logged() as records:
        async with bench.desk() as desk:
            await comes_online(desk)
            await bench.rig.present()
            event = await desk.next()
            assert isinstance(event, Reading), event
            bench.rig.lose()
            events, first = await lost(desk)
        bench.rig.plug()
        async with bench.desk() as desk:
            await comes_online(desk)
            await bench.rig.begin()
            bench.rig.lose()
            more, second = await lost(desk)
    assert any(secret in event.data for secret in bench.rig.secrets), "the rig names what it does not present"
    said = " ".join([*map(repr, (event, *events, *more, first, second)), *records])
    for secret in bench.rig.secrets:
        for form in (secret.hex(), secret.hex(" "), secret.decode("utf-8", "replace"), secret.decode("utf-16-le")):
            assert form.lower() not in said.lower(), "identity data above TRAFFIC"
    return HOLDS


@contextlib.contextmanager
def logged() -> Iterator[list[str]]:
    """Whatever is logged above ``TRAFFIC`` meanwhile, with every logger at its most talkative."""
    texts: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: texts.append(record.getMessage()) if record.levelno > TRAFFIC else None  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(TRAFFIC)
    try:
        yield texts
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


async def refuses_a_second(bench: Bench) -> str:
    """Two programs on one device would each read half of a person."""
    if bench.rig.shared:
        return bench.rig.shared
    bench.rig.plug()
    async with bench.desk() as first:
        await comes_online(first)
        async with bench.desk() as second:
            await lost(second)
        assert not first.task.done()
        await bench.rig.present()
        assert isinstance(await first.next(), Reading)
    bench.rig.lose()
    return HOLDS


PROPERTIES: Final[Mapping[str, Callable[[Bench], Awaitable[str]]]] = {
    "cancelled: closed within 1 s": closes,
    "lost: `DeviceLost`, never `OSError`": tells_loss,
    "nothing from half a frame": needs_the_whole,
    "no identity data in a log": keeps_quiet,
    "second opening refused": refuses_a_second,
}
"""Column of the table -> how it is tried; it gives the cell."""
