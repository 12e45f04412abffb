"""Whose temperature it is: which readings count for a presentation, and what is made of them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from gate.app.thermometer import Thermometer
from gate.errors import ConfigError
from gate.model import Decision, Outcome, Reason, Temperature, ThermometerReading
from gate.rules.temperature import Correction, measured_tenths, tenths

if TYPE_CHECKING:
    from collections.abc import Sequence

AGAIN = Decision(Outcome.RETRY, (Reason.TEMPERATURE_AGAIN,))
NO_CORRECTION = Correction()


def measured(readings: Sequence[tuple[float, int]], correction: Correction = NO_CORRECTION) -> int | None:
    """What is measured of somebody who presented two seconds ago; readings by seconds since then, and hundredths."""

    async def scenario() -> Temperature | None:
        since = time.monotonic() - 2.0
        thermometer = Thermometer(correction)
        for after, target in readings:
            thermometer.take(ThermometerReading(target, 2500, since + after))
        return await thermometer.measure("somebody", since)

    found = asyncio.run(scenario())
    return None if found is None else found.tenths


def test_the_median_of_five_readings_is_the_temperature() -> None:
    assert measured([(0.1, 3640), (0.2, 3650), (0.3, 3655), (0.4, 3645), (0.5, 4400)]) == 365


def test_of_two_in_the_middle_the_higher_counts() -> None:
    assert measured([(0.1 * n, target) for n, target in enumerate((3650, 3650, 3650, 3740, 3740, 3740))]) == 374


def test_whoever_stood_there_before_the_credential_is_somebody_else() -> None:
    before = [(-0.1 * n, 3990) for n in range(1, 20)]
    assert measured(before) is None
    assert measured([*before, *((0.11 * n, 3650) for n in range(1, 6))]) == 365


def test_what_comes_later_than_a_second_is_the_next_one_s() -> None:
    assert measured([(1.0 + 0.1 * n, 3650) for n in range(1, 9)]) is None
    assert measured([(0.9, 3650)] * 4 + [(1.1, 3650)] * 4) is None


def test_a_wall_and_a_cup_are_nobody() -> None:
    assert measured([(0.1 * n, 2200) for n in range(10)]) is None
    assert measured([(0.1 * n, 6000) for n in range(10)]) is None
    assert measured([(0.1 * n, target) for n, target in enumerate((2200, 2999, 3650, 3650, 4501, 3650, 3650))]) is None
    assert measured([(0.1 * n, target) for n, target in enumerate((3000, 3000, 3000, 4500, 4500))]) == 300


def test_without_readings_nobody_waits_longer_than_a_second_and_nothing_is_measured() -> None:
    assert measured([]) is None


def test_a_measurement_ends_as_soon_as_there_is_enough() -> None:
    async def scenario() -> None:
        thermometer = Thermometer(NO_CORRECTION)
        since = time.monotonic() + 3600  # only readings can end this
        measuring = asyncio.create_task(thermometer.measure("somebody", since))
        for after in (0.1, 0.2, 0.3, 0.4, 0.5):
            await asyncio.sleep(0)
            assert not measuring.done()
            thermometer.take(ThermometerReading(3650, 2500, since + after))
        assert await measuring == Temperature(365, 1)

    asyncio.run(scenario())


def test_a_flood_of_readings_is_bounded() -> None:
    assert measured([(n / 100_000, 3650) for n in range(60_000)]) == 365


def test_who_is_asked_again_is_measured_a_second_time_and_never_a_third() -> None:
    async def scenario() -> None:
        thermometer = Thermometer(NO_CORRECTION)
        since = time.monotonic() - 2.0

        async def number(who: str) -> int:
            for _ in range(5):
                thermometer.take(ThermometerReading(3800, 2500, since + 0.5))
            found = await thermometer.measure(who, since)
            assert found is not None
            return found.measurement

        assert await number("a") == 1
        thermometer.note("a", AGAIN)
        assert await number("a") == 2
        thermometer.note("a", AGAIN)
        assert await number("a") == 2
        assert await number("b") == 1
        thermometer.note("a", Decision(Outcome.RETRY, (Reason.TEMPERATURE_UNKNOWN,)))
        assert await number("a") == 2, "not measured in between"
        thermometer.note("a", Decision(Outcome.PASS, (Reason.GREEN_CODE,)))
        assert await number("a") == 1
        thermometer.note("b", Decision(Outcome.RETRY, (Reason.TEMPERATURE_UNKNOWN,)))
        assert await number("b") == 1, "whoever was not measured is measured for the first time"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("correction", "ambient", "found"),
    [
        (Correction(), 500, 345),
        (Correction(offset_tenths=20), 500, 365),
        (Correction(offset_tenths=-5), 2500, 340),
        (Correction(per_degree_hundredths=4), 1500, 349),
        (Correction(per_degree_hundredths=4), 3500, 341),
        (Correction(per_degree_hundredths=50), -2000, 355),
        (Correction(offset_tenths=20, per_degree_hundredths=4), 1500, 369),
    ],
)
def test_the_correction_is_what_the_documents_say(correction: Correction, ambient: int, found: int) -> None:
    assert measured_tenths([ThermometerReading(3450, ambient, 0.0)] * 5, correction) == found


@pytest.mark.parametrize(("hundredths", "rounded"), [(3649, 365), (3644, 364), (3645, 365), (3725, 373), (3724, 372)])
def test_rounding(hundredths: int, rounded: int) -> None:
    assert tenths(hundredths) == rounded


def test_a_correction_that_no_sensor_needs_is_refused() -> None:
    with pytest.raises(ConfigError, match='"offset_tenths": -51 must be -50 to 50'):
        Correction(offset_tenths=-51)
    with pytest.raises(ConfigError, match='"per_degree_hundredths": 51 must be 0 to 50'):
        Correction(per_degree_hundredths=51)
