"""A lane with a thermometer: normal passes, high is measured again and then referred, none is never a pass."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lane_rig import HERE, Rig, card, serve

from drivers.gymcu90614 import GyMcu90614
from drivers.mlx90614 import Mlx90614
from drivers.simulated.gymcu90614 import PtyThermometer
from drivers.simulated.mlx90614 import SimulatedMlx90614
from gate.app.supervise import supervise
from gate.app.thermometer import Thermometer
from gate.config import THERMOMETER
from gate.lane import LaneState
from gate.rules.temperature import Correction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from drivers import Driver

SCHOOL = replace(HERE, site_class="school", thermometer=True)
WAIT_S = 20


class Serial:
    """A serial thermometer on a pseudo-terminal."""

    def __init__(self, folder: Path) -> None:
        self._module = PtyThermometer(folder / "port")
        self._module.plug()

    def driver(self, thermometer: Thermometer) -> Driver:
        return GyMcu90614(THERMOMETER, GyMcu90614.Settings(self._module.port), thermometer.take)

    def shows(self, target: int) -> None:
        self._module.target = target

    def plug(self) -> None:
        self._module.plug()

    def unplug(self) -> None:
        self._module.unplug()


class I2c:
    """A sensor on a bus that stands in for the kernel's."""

    def __init__(self, _: Path) -> None:
        self._sensor = SimulatedMlx90614()

    def driver(self, thermometer: Thermometer) -> Driver:
        return Mlx90614(THERMOMETER, Mlx90614.Settings(Path("/dev/i2c-1")), thermometer.take, lambda _: self._sensor)

    def shows(self, target: int) -> None:
        self._sensor.target = target

    def plug(self) -> None:
        self._sensor.plugged = True

    def unplug(self) -> None:
        self._sensor.plugged = False


Device = Serial | I2c


@pytest.fixture(params=[Serial, I2c])
def device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Device]:
    found: Device = request.param(tmp_path)
    yield found
    found.unplug()


def at_school(folder: Path, device: Device, scenario: Callable[[Rig], Awaitable[None]]) -> None:
    """Run a school's lane with this thermometer under supervision, as the daemon does."""
    thermometer = Thermometer(Correction())

    async def supervised(rig: Rig) -> None:
        async with supervision(device.driver(thermometer), rig):
            await until_lamp(rig, "reader_offline", on=False)
            await scenario(rig)

    serve(folder, supervised, rules="school", place=SCHOOL, thermometer=thermometer)


@asynccontextmanager
async def supervision(driver: Driver, rig: Rig) -> AsyncIterator[None]:
    task = asyncio.create_task(supervise(driver, rig.service.take))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until_lamp(rig: Rig, name: str, *, on: bool) -> None:
    """Wait for what the supervision tells the lane to be on the screen."""
    async with asyncio.timeout(WAIT_S):
        while rig.observed.lamps.get(name) is not on:
            rig.observed.changed.clear()
            await rig.observed.changed.wait()


async def present(rig: Rig, sequence: int = 1) -> str:
    """Somebody presents a card; what is said."""
    before = len(await rig.observed.until("said", 0))
    rig.service.take(card(sequence))
    return (await rig.observed.until("said", before + 1))[-1]


def test_a_normal_temperature_passes(device: Device, tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        device.shows(3650)
        assert await present(rig) == "green_code"

    at_school(tmp_path, device, scenario)


def test_high_once_is_measured_again_and_high_twice_is_for_the_staff(device: Device, tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        device.shows(3790)
        assert await present(rig) == "temperature_again"
        assert await present(rig) == "temperature_high"
        await rig.settled()
        assert [outcome for outcome, *_ in rig.rows()] == ["retry", "refer"]
        assert rig.service.lane.state is LaneState.IDLE, "nothing is released"

    at_school(tmp_path, device, scenario)


def test_high_once_and_normal_then_passes_and_the_next_person_is_measured_for_the_first_time(
    device: Device, tmp_path: Path
) -> None:
    async def scenario(rig: Rig) -> None:
        device.shows(3790)
        assert await present(rig) == "temperature_again"
        device.shows(3650)
        assert await present(rig) == "green_code"
        device.shows(3790)
        assert await present(rig, 2) == "temperature_again"

    at_school(tmp_path, device, scenario)


def test_nobody_in_front_of_it_is_not_measured(device: Device, tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        device.shows(2200)
        assert await present(rig) == "temperature_unknown"

    at_school(tmp_path, device, scenario)


def test_unplugged_nobody_passes_unmeasured_and_plugged_in_again_it_works(device: Device, tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        device.shows(3650)
        assert await present(rig) == "green_code"
        device.unplug()
        await until_lamp(rig, "reader_offline", on=True)
        assert await present(rig, 2) == "temperature_unknown"
        device.plug()
        await until_lamp(rig, "reader_offline", on=False)
        assert await present(rig, 2) == "green_code"

    at_school(tmp_path, device, scenario)
