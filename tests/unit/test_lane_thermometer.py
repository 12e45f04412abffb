"""A lane with a thermometer: normal passes, high is measured again and then referred, none is never a pass."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from health_codes import CITY, TRUSTING_CITY, Provider, answer, person
from lane_rig import HERE, Rig, card, code, serve
from signed_certificates import believing, content

from drivers.gymcu90614 import GyMcu90614
from drivers.mlx90614 import Mlx90614
from drivers.simulated.gymcu90614 import PtyThermometer
from drivers.simulated.mlx90614 import SimulatedMlx90614
from gate.app.supervise import supervise
from gate.app.thermometer import Thermometer
from gate.config_devices import THERMOMETER
from gate.credentials import hcert_issue
from gate.lane import LaneState
from gate.rules.temperature import Correction
from gate.trust.anchors import Anchors
from gate.trust.signer_certificate import key_id

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


def at_school(folder: Path, device: Device, scenario: Callable[[Rig], Awaitable[None]], **more: Any) -> None:
    """Run a school's lane with this thermometer under supervision, as the daemon does."""
    thermometer = Thermometer(Correction())

    async def supervised(rig: Rig) -> None:
        async with supervision(device.driver(thermometer), rig):
            await until_lamp(rig, "reader_offline", on=False)
            await scenario(rig)

    serve(folder, supervised, rules="school", place=SCHOOL, thermometer=thermometer, **more)


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


def test_of_a_family_with_one_code_nobody_is_measured(tmp_path: Path) -> None:
    device = I2c(tmp_path)
    code_of_two, code_of_one = b"JKM:222222", b"JKM:111111"
    people = {"222222": answer(person(1, at=None), person(2, at=None)), "111111": answer(person(1, at=None))}

    async def scenario(rig: Rig) -> None:
        device.shows(3650)
        for number, shown in enumerate((code_of_one, code_of_two), 1):
            rig.service.take(code(shown))
            await rig.observed.until("said", number)
        await rig.settled()
        assert ["temperature_unknown" in found for _, found, _ in rig.rows()] == [False, True, True]

    at_school(
        tmp_path,
        device,
        scenario,
        trusted=TRUSTING_CITY,
        gateway=Provider(CITY, people, datetime.now(UTC)),
    )


def test_whoever_shows_a_certificate_is_measured_too(tmp_path: Path) -> None:
    device, now = I2c(tmp_path), datetime.now(UTC)
    key, der = hcert_issue.throwaway_signer("XX", now - timedelta(days=30))
    signed = hcert_issue.issue(content(), key, key_id(der), "XX", now - timedelta(days=1), now + timedelta(days=9))

    async def scenario(rig: Rig) -> None:
        for number, (target, expected) in enumerate(((2200, "temperature_unknown"), (3790, "temperature_again")), 1):
            device.shows(target)
            rig.service.take(code(signed.encode()))
            await rig.observed.until("said", number)
            await rig.settled()
            assert expected in rig.rows()[-1][1]

    at_school(tmp_path, device, scenario, trusted=believing(Anchors.from_certificates([(der, None)])))
