"""Thermometers at work: the serial one on a pseudo-terminal, the I2C one on a bus that stands in for the kernel's."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import smbus2.smbus2
from desk import at_desk

from drivers.gymcu90614 import GyMcu90614
from drivers.mlx90614 import Mlx90614
from drivers.mlx90614_bus import KernelBus
from drivers.mlx90614_words import hundredths
from drivers.simulated.gymcu90614 import Line, PtyThermometer
from drivers.simulated.mlx90614 import SimulatedMlx90614
from gate.errors import ConfigError, DeviceLost
from gate.model import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.model import ThermometerReading

WAIT_S = 30


class Taken:
    """Readings as they come."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[ThermometerReading] = asyncio.Queue()
        self.take = self._queue.put_nowait

    @property
    def none(self) -> bool:
        return self._queue.empty()

    async def until(self, wanted: Callable[[ThermometerReading], bool]) -> ThermometerReading:
        async with asyncio.timeout(WAIT_S):
            while not wanted(reading := await self._queue.get()):
                pass
        return reading


def serial(port: Path, taken: Taken, baud: int = 9_600) -> GyMcu90614:
    return GyMcu90614("thermometer", GyMcu90614.Settings(port, baud), taken.take)


def i2c(sensor: SimulatedMlx90614, taken: Taken) -> Mlx90614:
    return Mlx90614("thermometer", Mlx90614.Settings(Path("/dev/i2c-1")), taken.take, lambda _: sensor)


@pytest.mark.parametrize(
    "version",
    [{}, {"behind": b"\x14"}, {"more": b"\x0e"}, {"starts_alone": False}, {"rate": 115_200}],
    ids=["nine bytes", "ten bytes", "longer data", "on request", "fast"],
)
def test_every_version_of_the_serial_module_is_understood(version: dict[str, Any], tmp_path: Path) -> None:
    async def scenario() -> None:
        taken = Taken()
        with PtyThermometer(tmp_path / "port", **version) as module:
            module.target, module.ambient = 3650, 2412
            async with at_desk(serial(module.port, taken, version.get("rate", 9_600))) as desk:
                assert await desk.notice() is NoticeKind.ONLINE
                reading = await taken.until(lambda _: True)
                assert (reading.target, reading.ambient) == (3650, 2412)
                module.target = 3790
                assert (await taken.until(lambda reading: reading.target == 3790)).at_monotonic > reading.at_monotonic

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (Line.SILENCE, "nothing arrives .* power"),
        (Line.NOISE, "no frames of a GY-MCU90614: check .* baud"),
        (Line.BAD_SUMS, "no frames of a GY-MCU90614"),
    ],
)
def test_a_serial_line_without_good_frames_is_lost_and_gives_no_reading(line: Line, words: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        taken = Taken()
        with PtyThermometer(tmp_path / "port") as module:
            module.target, module.line = 3650, line
            async with at_desk(serial(module.port, taken)) as desk:
                with pytest.raises(DeviceLost, match=words):
                    await desk.notice()
        assert taken.none

    asyncio.run(scenario())


def test_a_wrong_rate_is_named(tmp_path: Path) -> None:
    async def scenario() -> None:
        with PtyThermometer(tmp_path / "port") as module:
            async with at_desk(serial(module.port, Taken(), 115_200)) as desk:
                with pytest.raises(DeviceLost, match="at 115200 baud are no frames"):
                    await desk.notice()

    asyncio.run(scenario())


def test_a_moment_of_noise_costs_readings_and_no_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        taken = Taken()
        with PtyThermometer(tmp_path / "port") as module:
            module.target = 3650
            async with at_desk(serial(module.port, taken)) as desk:
                assert await desk.notice() is NoticeKind.ONLINE
                module.target, module.noisy_frames = 3790, 5
                await taken.until(lambda reading: reading.target == 3790)
                assert not desk.task.done()

    asyncio.run(scenario())


def test_a_serial_module_that_is_unplugged_is_lost_and_works_again_when_it_is_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        with PtyThermometer(tmp_path / "port") as module:
            for _ in range(2):
                async with at_desk(serial(module.port, Taken())) as desk:
                    assert await desk.notice() is NoticeKind.ONLINE
                    module.unplug()
                    with pytest.raises(DeviceLost, match="check plug and cable"):
                        await desk.notice()
                module.plug()

    asyncio.run(scenario())


def test_a_serial_module_is_opened_once_only_and_closed_at_the_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        with PtyThermometer(tmp_path / "port") as module:
            async with at_desk(serial(module.port, Taken())) as desk:
                assert await desk.notice() is NoticeKind.ONLINE
                async with at_desk(serial(module.port, Taken())) as second:
                    with pytest.raises(DeviceLost, match="in use by another program"):
                        await second.notice()
            async with at_desk(serial(module.port, Taken())) as third:
                assert await third.notice() is NoticeKind.ONLINE

    asyncio.run(scenario())


def test_an_i2c_sensor_measures_once_it_has_settled() -> None:
    async def scenario() -> None:
        sensor, taken = SimulatedMlx90614(), Taken()
        sensor.target, sensor.ambient = 3649, 2413
        async with at_desk(i2c(sensor, taken)) as desk:
            assert await desk.notice() is NoticeKind.ONLINE
            reading = await taken.until(lambda _: True)
            assert (reading.target, reading.ambient) == (3649, 2413)
        assert sensor.closed == 1

    asyncio.run(scenario())


def unplug(sensor: SimulatedMlx90614) -> None:
    sensor.plugged = False


def disturb(sensor: SimulatedMlx90614) -> None:
    sensor.noisy = 10_000


def blind(sensor: SimulatedMlx90614) -> None:
    sensor.error_flag = True


@pytest.mark.parametrize(
    ("harm", "words"),
    [(unplug, "nothing answers at address 0x5a"), (disturb, "PEC wrong"), (blind, "error flag set")],
)
def test_an_i2c_sensor_without_good_words_is_lost_and_gives_no_reading(
    harm: Callable[[SimulatedMlx90614], None], words: str
) -> None:
    async def scenario() -> None:
        sensor, taken = SimulatedMlx90614(), Taken()
        harm(sensor)
        async with at_desk(i2c(sensor, taken)) as desk:
            with pytest.raises(DeviceLost, match=words):
                await desk.notice()
        assert taken.none
        assert sensor.closed == 1

    asyncio.run(scenario())


def test_single_damaged_words_are_dropped() -> None:
    async def scenario() -> None:
        sensor, taken = SimulatedMlx90614(), Taken()
        sensor.target = 3649
        async with at_desk(i2c(sensor, taken)) as desk:
            assert await desk.notice() is NoticeKind.ONLINE
            sensor.target, sensor.noisy = 3791, 5
            assert (await taken.until(lambda reading: reading.target != 3649)).target == 3791

    asyncio.run(scenario())


def test_a_bus_that_hangs_keeps_nobody_from_ending() -> None:
    async def scenario() -> None:
        sensor = SimulatedMlx90614()
        async with at_desk(i2c(sensor, Taken())) as desk:
            assert await desk.notice() is NoticeKind.ONLINE
            sensor.free.clear()
        assert desk.task.cancelled()
        sensor.free.set()

    asyncio.run(scenario())
    for thread in threading.enumerate():
        if thread.name.startswith("mlx90614"):
            thread.join(WAIT_S)
            assert not thread.is_alive()


def test_a_bug_in_the_thread_ends_the_driver_as_it_is() -> None:
    class Odd(SimulatedMlx90614):
        def read(self, address: int, command: int, size: int) -> bytes:
            raise ValueError(f"{address} {command} {size}")

    async def scenario() -> None:
        async with at_desk(i2c(Odd(), Taken())) as desk:
            with pytest.raises(ValueError, match="90 6 3"):
                await desk.notice()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/dev/i2c-999", "no bus /dev/i2c-999: switch I2C on"),
        ("/dev/null", "/dev/null is no I2C bus"),
        ("/dev", "/dev is no I2C bus"),
    ],
)
def test_what_is_no_i2c_bus_is_refused_with_advice(path: str, words: str) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))

    async def scenario() -> None:
        settings = Mlx90614.Settings(Path(path))
        async with at_desk(Mlx90614("thermometer", settings, Taken().take)) as desk:
            with pytest.raises(DeviceLost, match=words):
                await desk.notice()

    asyncio.run(scenario())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_word_is_asked_for_in_one_transfer_of_two_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What smbus2 hands to the kernel. Here the ioctl itself is stood in for: no kernel has seen this."""
    asked: list[tuple[int, int, bytes | int]] = []

    def ioctl(_: int, request: int, data: Any) -> int:
        if request == 0x0705:  # I2C_FUNCS
            data.value = 1
            return 0
        assert request == 0x0707  # I2C_RDWR
        write, read = (data.msgs[index] for index in range(data.nmsgs))
        asked.append((write.addr, write.flags, bytes(write)))
        asked.append((read.addr, read.flags, read.len))
        ctypes.memmove(read.buf, bytes.fromhex("7A 3C 92"), 3)
        return 0

    monkeypatch.setattr(smbus2.smbus2, "ioctl", ioctl)
    (tmp_path / "i2c").touch()
    bus = KernelBus(tmp_path / "i2c")
    assert hundredths(0x5A, 0x07, bus.read(0x5A, 0x07, 3)) == 3649
    assert asked == [(0x5A, 0, b"\x07"), (0x5A, 1, 3)]
    bus.close()


def test_settings_that_no_thermometer_has_are_refused() -> None:
    with pytest.raises(ConfigError, match="5 is no rate of a GY-MCU90614; write one of 9600, 115200"):
        GyMcu90614.Settings(Path("/dev/ttyUSB0"), 5)
    with pytest.raises(ConfigError, match="0x0 is no address of a sensor"):
        Mlx90614.Settings(Path("/dev/i2c-1"), 0)
